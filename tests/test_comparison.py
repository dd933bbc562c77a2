"""Methods beside real clips: what each makes, what is measured, and the test whether it shows."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from landscape.cli import cli
from landscape.errors import LandscapeError
from landscape.evaluation.cases import make_case
from landscape.evaluation.classifier import WINDOWS, classify, window_features
from landscape.evaluation.comparison import MOMENTS, REAL, compare, summarise
from landscape.evaluation.comparison_report import draw_curves, html_report, markdown_table, surest_windows
from landscape.evaluation.method_choice import EULERIAN, TEXTURE, WARP, choose_methods
from landscape.evaluation.methods import eulerian_frames, given_frames, texture_frames, warp_frames
from landscape.evaluation.metrics import direction_error, sky_flow
from landscape.settings import FitSettings
from tests.mattes import hard_matte

ROOT = Path(__file__).resolve().parents[1]
HEIGHT, WIDTH, LAND = 120, 160, 70


def clouds(length, seed=0):
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT, length)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.clip(130 + 45 * smooth / smooth.std(), 0, 255)


def real_frames(step=2, count=14, seed=0):
    """Clouds that go right over land that stands still."""
    strip, land = clouds(WIDTH + step * count, seed), clouds(WIDTH, seed + 100)
    frames = []
    for i in range(count):
        frame = strip[:, step * (count - i) :][:, :WIDTH].copy()
        frame[LAND:] = land[LAND:]
        frames.append(np.repeat(np.rint(frame).astype(np.uint8)[..., None], 3, axis=2))
    return frames


def case(seed=0, step=2):
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[:LAND] = 1
    return make_case(f"clip{seed}", real_frames(step, seed=seed), hard_matte(labels), seed)


def network(images):
    """Features that are quick: means of blocks, and their deviations."""
    blocks = torch.nn.functional.adaptive_avg_pool2d(images, 4).flatten(1)
    spread = torch.nn.functional.adaptive_avg_pool2d(images.square(), 4).flatten(1)
    return torch.cat([blocks, spread], dim=1)


def test_a_case_has_the_motion_of_the_real_sky():
    found = case()
    assert direction_error(found.motion.direction, 90) < 10 and found.motion.speed == 1
    real = sky_flow(found.frames, found.sky.astype(np.float32)).magnitude
    made = sky_flow(warp_frames(found), found.sky.astype(np.float32)).magnitude
    assert real == pytest.approx(2 / (WIDTH / 2), rel=0.25) and made == pytest.approx(real, rel=0.3)
    still = case(step=0)
    assert still.motion.speed == 0
    assert np.array_equal(warp_frames(still)[-1], still.first)


@pytest.mark.parametrize("method", [warp_frames, eulerian_frames, texture_frames])
def test_baselines_begin_at_the_photo_and_leave_the_land(method):
    found = case()
    frames = method(found)
    assert len(frames) == len(found.frames)
    assert np.abs(frames[0].astype(int) - found.first).mean() < 0.01
    assert all(np.array_equal(frame[LAND + 4 :], found.first[LAND + 4 :]) for frame in frames)
    assert all(np.abs(frame[: LAND - 8].astype(int) - found.first[: LAND - 8]).mean() > 1 for frame in frames[2:6])
    assert all(np.array_equal(a, b) for a, b in zip(frames, method(case()), strict=True))


def test_two_phases_come_back_and_a_warp_does_not():
    found = case()
    period = len(found.frames) // 2
    assert np.array_equal(eulerian_frames(found)[period], found.first)
    assert not np.array_equal(warp_frames(found)[period], found.first)


def test_a_dynamic_texture_learns_a_turning_state():
    """A sky that swings between two pictures goes on swinging at the same pace."""
    strips = [clouds(WIDTH, seed) - 130 for seed in (1, 2)]
    frames = []
    for i in range(24):
        light = 130 + np.cos(i / 3) * strips[0] + np.sin(i / 3) * strips[1]
        frames.append(np.repeat(np.clip(light, 0, 255).astype(np.uint8)[..., None], 3, axis=2))
    labels = np.ones((HEIGHT, WIDTH), np.uint8)
    made = texture_frames(make_case("swing", frames, hard_matte(labels)))
    inner = np.s_[10:-10, 10:-10, 0]
    for i in (3, 9, 15):
        assert np.corrcoef(made[i][inner].ravel(), frames[i][inner].ravel())[0, 1] > 0.8


def test_frames_of_another_program_are_read_by_name(tmp_path):
    found = case()
    for i, frame in enumerate(found.frames):
        (tmp_path / "clip0").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "clip0" / f"{i:03d}.png"), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    read = given_frames(found, tmp_path)
    assert len(read) == len(found.frames) and read[0].shape == found.first.shape
    assert np.abs(read[5].astype(int) - found.frames[5]).mean() < 4
    with pytest.raises(LandscapeError, match="holds nothing of the name “clip1”"):
        given_frames(case(1), tmp_path)
    (tmp_path / "clip0" / "013.png").unlink()
    with pytest.raises(LandscapeError, match="has 13 frames and the clip 14"):
        given_frames(found, tmp_path)


def rows(shift, places=8, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, (WINDOWS, 20)) + 2 * rng.normal(0, 1, 20) + shift for _ in range(places)]


def test_a_classifier_tells_what_differs_and_only_that():
    shift = np.zeros(20)
    shift[:4] = 5
    apart = classify(rows(0), rows(shift, seed=1))
    assert apart.accuracy > 0.9 and apart.low <= apart.accuracy <= apart.high
    alike = classify(rows(0), rows(0, seed=1))
    assert alike.low <= 0.5 <= alike.high
    # What tells one place from another is of no use for places that were not seen.
    places = [np.full((WINDOWS, 20), float(i)) for i in range(8)]
    assert classify(places, places).accuracy == pytest.approx(0.5, abs=0.1)
    assert classify(rows(0), rows(shift, seed=1)).accuracy == apart.accuracy
    with pytest.raises(ValueError, match="takes two"):
        classify(rows(0)[:1], rows(0)[:1])


@pytest.fixture(scope="module")
def compared():
    from landscape.models.bundle import PERCEPTUAL_FILE, default_folder
    from landscape.models.frozen import load_lpips

    methods, _ = choose_methods([WARP, EULERIAN, TEXTURE], None, FitSettings())

    def films(clips):
        """Logits that are quick: what changes over time."""
        return 100 * (clips[:, :, 1:] - clips[:, :, :-1]).abs().mean(dim=(3, 4)).flatten(1)

    perceptual = load_lpips(default_folder() / PERCEPTUAL_FILE)
    return compare([case(seed) for seed in range(2)], methods, perceptual, network, films, shown=1)


def test_methods_are_measured_beside_the_real_clips(compared):
    summary = summarise(compared)
    assert list(summary) == [REAL, WARP, EULERIAN, TEXTURE]
    real, warp = summary[REAL], summary[WARP]
    assert real["sky_flow_ratio"] == 1 and real["frechet"][0] == pytest.approx(0, abs=1e-3)
    assert "classifier" not in real and 0 <= warp["classifier"]["accuracy"] <= 1
    assert warp["static_ssim"] == [1.0] * MOMENTS and max(warp["static_lpips"]) < 1e-4
    assert warp["sky_flow_ratio"] == pytest.approx(1, abs=0.3) and warp["direction_error"] < 10
    assert "water_flow" not in warp
    assert real["fvd"] == pytest.approx(0, abs=1e-3) and warp["fvd"] > 0
    assert summarise(compared) == summary


def test_reports_show_all_methods(compared):
    summary = summarise(compared)
    table = markdown_table(summary)
    assert "Fréchet video distance" in table and table.count("\n") == 7 and "| warp |" in table and "2 clips" in table
    assert draw_curves(summary).startswith(b"\x89PNG")
    page = html_report(summary, compared)
    assert page.count("<video") == 4 and page.count("give it away most") == 3
    sheet = surest_windows(compared, WARP)
    assert sheet.dtype == np.uint8 and sheet.shape[1] == 480


def test_windows_are_told_by_what_changes():
    features = window_features(real_frames(), network)
    still = window_features([real_frames()[0]] * 14, network)
    change = np.s_[:, 96:192]
    assert features.shape == (WINDOWS, 288) and np.abs(still[change]).max() == 0 < np.abs(features[change]).max()


def test_unknown_methods_and_clips_without_sky_are_told(tmp_path):
    with pytest.raises(LandscapeError, match="Choose methods from: landscape, paper"):
        choose_methods(["magic"], None, FitSettings())
    with pytest.raises(LandscapeError, match="longer clips that show the sky"):
        summarise({REAL: compare([], {}, None, network)[REAL]})
    with pytest.raises(LandscapeError, match="12 frames or more"):
        raise CliRunner().invoke(cli, ["evaluate", "clips", str(tmp_path), "--length", "3"]).exception


@pytest.mark.slow
def test_the_command_compares_and_reports(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("alpine_clouds", "sea_coast"):
        photo = cv2.resize(cv2.imread(str(ROOT / f"assets/{name}.jpg")), (320, 214), interpolation=cv2.INTER_AREA)
        (tmp_path / "real" / name).mkdir(parents=True)
        for i in range(12):
            noisy = np.clip(np.roll(photo, 2 * i, axis=1) + rng.normal(0, 2, photo.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(tmp_path / "real" / name / f"{i:03d}.png"), noisy)
    options = ["--method", "landscape,warp", "--fit-steps", "10", "--frames", tmp_path / "real", "--turn", "90"]
    options += ["--json", tmp_path / "r.json", "--table", tmp_path / "t.md", "--html", tmp_path / "p.html"]
    result = CliRunner().invoke(cli, [str(item) for item in ("evaluate", "clips", tmp_path / "real", *options)])
    assert result.exit_code == 0, result.output + str(result.exception)
    methods = json.loads((tmp_path / "r.json").read_text())["methods"]
    assert list(methods) == [REAL, "landscape", "landscape +90°", WARP, "frames"] and len(methods[WARP]["clips"]) == 2
    given, real = methods["frames"]["summary"], methods[REAL]["summary"]
    assert given["frechet"] == pytest.approx(real["frechet"], abs=0.1)  # the real clips, given as frames
    assert (tmp_path / "p.html").read_text().count("<video") == 10
