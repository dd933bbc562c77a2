"""A scene that is there at once and gets better in the background."""

import time

import numpy as np
import pytest
import torch

from landscape.fit.numbers import FIT_NUMBERS
from landscape.fit.outlook import WorkClock, planned_steps
from landscape.fit.quality import Quality
from landscape.fit.stages import LATENT_STAGE, TUNE_STAGE
from landscape.scene.background_fit import BackgroundFit
from landscape.scene.scene import Scene
from landscape.settings import FitSettings, LightSettings, MotionSettings

FEW_STEPS = FitSettings(latent_steps=12, tune_steps=12)
MANY_STEPS = FitSettings(latent_steps=5000, tune_steps=5000)


@pytest.fixture
def started(photo, masks, small_models, monkeypatch):
    """Start refinements that snapshot after every step, and end them after the test."""
    monkeypatch.setattr("landscape.scene.background_fit.SHORTEST_PAUSE", 0.0)
    monkeypatch.setattr("landscape.scene.background_fit.SNAPSHOT_SHARE", 1e9)
    running = []

    def start(settings, masks=masks):
        running.append(BackgroundFit(photo, masks, small_models, settings).start())
        return running[-1]

    yield start
    for item in running:
        item.cancel()
        assert item.wait(60)


def newer(refinement, known, timeout):
    """Whether a scene newer than a version comes in time."""
    end = time.monotonic() + timeout
    while refinement.version <= known and not refinement.done and time.monotonic() < end:
        time.sleep(0.002)
    return refinement.version > known


def drawn(scene):
    return scene.inversion.reconstruction()


def test_result_is_that_of_the_blocking_way(started, photo, masks, small_models):
    refinement = started(FEW_STEPS)
    assert refinement.wait(120) and refinement.done and refinement.error is None
    scene = Scene.open(photo, small_models, FEW_STEPS, masks=masks)
    assert torch.equal(drawn(refinement.scene), drawn(scene))
    assert refinement.quality.ssim == scene.quality.ssim
    # Once in many runs LPIPS differs in its seventh digit, though the drawings are the same to the bit.
    assert refinement.quality.lpips == pytest.approx(scene.quality.lpips, rel=1e-6)
    assert refinement.version > 12
    assert (refinement.outlook.done, refinement.outlook.total) == (24, 24)
    assert refinement.outlook.seconds_left == 0


def test_first_scene_is_the_encoders_answer(started, small_models, photo, masks):
    refinement = started(MANY_STEPS)
    assert newer(refinement, 0, 60)
    version, scene = refinement.latest()
    start = Scene.open(photo, small_models, FitSettings(latent_steps=0, tune_steps=0), masks=masks)
    if version == 1:
        # Weights of a finished fit are rounded to half precision.
        assert torch.allclose(drawn(scene), drawn(start), rtol=0, atol=2e-3 * float(drawn(start).abs().max()))
    assert start.settled and "unlike" in " ".join(start.warnings)
    assert not scene.settled and not scene.warnings
    assert np.isfinite(scene.renderer(MotionSettings(), LightSettings(), 128).frame(0.5)).all()


def test_snapshots_stay_as_they_were_and_improve(started):
    refinement = started(FitSettings(latent_steps=40, tune_steps=20))
    seen, version = [], 0
    while newer(refinement, version, 60):
        version, scene = refinement.latest()
        seen.append((version, scene, drawn(scene).clone()))
    assert len(seen) > 3
    for _, scene, before in seen:
        assert torch.equal(drawn(scene), before)
    assert [number for number, _, _ in seen] == sorted({number for number, _, _ in seen})
    assert seen[-1][1].quality.ssim > seen[0][1].quality.ssim
    assert seen[-1][1].inversion.generator is not seen[-2][1].inversion.generator


def test_giving_way_rests_for_a_moment_and_cancelling_ends_it(started):
    refinement = started(MANY_STEPS)
    assert newer(refinement, 0, 60)
    refinement.give_way(0.5)
    refinement.give_way(0.1)
    time.sleep(0.3)  # the step that runs comes to its end
    known = refinement.version
    assert not newer(refinement, known, 0.1), "the longer rest stays"
    assert newer(refinement, known, 30)
    refinement.give_way(1000)
    refinement.cancel()
    assert refinement.wait(30)


def test_previews_run_while_the_fit_goes_on(started):
    refinement = started(MANY_STEPS)
    assert newer(refinement, 0, 60)
    versions: list[int] = []
    for index in range(4):
        version, scene = refinement.latest()
        versions.append(version)
        frame = scene.renderer(MotionSettings(speed=2), LightSettings(), 128).frame(index / 10)
        assert frame.shape == (96, 128, 3)
        assert newer(refinement, version, 60)
    assert versions == sorted(set(versions))
    assert not refinement.done


def test_pause_rests_and_resume_goes_on(started):
    refinement = started(MANY_STEPS)
    assert newer(refinement, 2, 60)
    refinement.pause()
    assert refinement.paused
    time.sleep(0.5)
    version, outlook = refinement.version, refinement.outlook
    time.sleep(0.5)
    assert (refinement.version, refinement.outlook) == (version, outlook)
    refinement.resume()
    assert newer(refinement, version, 60)


def test_cancel_keeps_what_is_reached_even_while_paused(started):
    refinement = started(MANY_STEPS)
    assert newer(refinement, 3, 60)
    refinement.pause()
    refinement.cancel()
    assert refinement.wait(60) and refinement.error is None
    assert refinement.scene is not None
    assert refinement.scene.inversion.ssim == pytest.approx(refinement.quality.ssim)
    last = refinement.version
    time.sleep(0.2)
    assert refinement.version == last


def test_time_ends_the_work_and_rest_does_not_count(started):
    refinement = started(FitSettings(latent_steps=5000, tune_steps=5000, seconds=1.0))
    assert refinement.wait(60) and refinement.error is None
    assert refinement.scene.inversion.seconds < 20
    clock = WorkClock()
    with clock.resting():
        time.sleep(0.3)
    assert clock.seconds() < 0.2


def test_time_ends_the_blocking_way_too(photo, masks, small_models):
    steps = []
    settings = FitSettings(latent_steps=5000, tune_steps=5000, seconds=0.5)
    scene = Scene.open(photo, small_models, settings, masks=masks, progress=lambda *step: steps.append(step))
    assert scene.inversion.seconds < 20 and len(steps) < 5000


def test_masks_are_found_in_the_background(started):
    refinement = started(FitSettings(variant="E"), masks=None)
    assert refinement.wait(120) and refinement.scene.masks.sky.shape == (96, 128)
    assert refinement.outlook.total == 0


def test_errors_are_kept_for_the_caller(photo, small_models, masks):
    def broken(image):
        raise RuntimeError("no answer")

    models = type("Broken", (), {**vars(small_models), "encoder": staticmethod(broken)})()
    refinement = BackgroundFit(photo, masks, models, FEW_STEPS).start()
    assert refinement.wait(60) and refinement.scene is None
    assert "no answer" in str(refinement.error)


def test_two_refinements_do_not_disturb_each_other(started, photo, masks, small_models):
    first, second = started(FEW_STEPS), started(FitSettings(latent_steps=12, tune_steps=12, seed=1))
    assert first.wait(120) and second.wait(120)
    alone = Scene.open(photo, small_models, FEW_STEPS, masks=masks)
    assert torch.equal(drawn(first.scene), drawn(alone))


def test_score_is_the_worse_measure_on_a_scale_to_100():
    assert Quality(1.0, 0.0).score == 100
    assert Quality(0.96, 0.04).score == 92
    assert Quality(0.6, 0.01).score == 60
    assert Quality(-0.2, 0.3).score == 0
    assert Quality(0.9, 0.9).score == 0
    assert Quality(0.96, 0.04).enough and not Quality(0.959, 0.0).enough and not Quality(1.0, 0.041).enough


def test_plan_counts_the_steps_of_the_variant():
    product = FIT_NUMBERS["product"]
    steps = {LATENT_STAGE: product.latents_of("EOIFS").steps, TUNE_STAGE: product.tuning.steps}
    assert planned_steps(FitSettings()) == steps
    assert planned_steps(FitSettings(variant="E")) == {}
    assert planned_steps(FitSettings(variant="I2S", numbers="release")) == {LATENT_STAGE: 4000}
    assert planned_steps(FitSettings(variant="EOI", latent_steps=7)) == {LATENT_STAGE: 7}
