"""Methods that are compared: those of this project, those that learn, and what is done to the frames of all."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from landscape.errors import LandscapeError
from landscape.evaluation.comparison import REAL, compare
from landscape.evaluation.kept import kept
from landscape.evaluation.method_choice import OURS, WARP, choose_methods
from landscape.evaluation.metrics import direction_error, sky_flow
from landscape.evaluation.own_methods import OwnMethods
from landscape.evaluation.predicted_motion import predicted_frames
from landscape.evaluation.recording import coded
from landscape.evaluation.single_image import single_image_frames
from landscape.settings import FitSettings
from tests.test_comparison import LAND, case, network


def test_this_project_animates_a_case_in_several_directions(small_models):
    found, own = case(), OwnMethods(small_models, FitSettings(latent_steps=4, tune_steps=4))
    frames, back = own.frames(found), own.frames(found, 180)
    paper = own.pipeline(found)  # of a generator that was never trained: it draws anything
    for clip in (frames, back, paper):
        assert len(clip) == len(found.frames) and clip[0].shape == found.first.shape
    for clip in (frames, back):
        assert np.abs(clip[6][: LAND - 8].astype(int) - clip[0][: LAND - 8]).mean() > 1
    assert np.abs(paper[0].astype(int) - frames[0]).mean() > 1
    assert np.abs(frames[0][LAND + 4 :].astype(int) - found.first[LAND + 4 :]).mean() < 3
    sky = found.sky.astype(np.float32)
    ahead, behind = (sky_flow(clip, sky).direction_deg for clip in (frames, back))
    assert direction_error(ahead, behind) > 120


def test_motion_is_learnt_from_other_places():
    found, others = case(0), [case(seed) for seed in range(4)]
    frames = predicted_frames(found, others)
    assert len(frames) == len(found.frames) and np.array_equal(frames[0], found.first)
    sky = found.sky.astype(np.float32)
    made, real = sky_flow(frames, sky), sky_flow(found.frames, sky)
    assert direction_error(made.direction_deg, real.direction_deg) < 30
    assert made.magnitude == pytest.approx(real.magnitude, rel=0.6)
    assert all(np.array_equal(frame[LAND + 4 :], found.first[LAND + 4 :]) for frame in frames)
    # It knows nothing of the clip itself but direction and pace.
    swapped = dataclasses.replace(found, frames=[found.first, *reversed(found.frames[1:])])
    again = predicted_frames(swapped, others)
    assert all(np.array_equal(a, b) for a, b in zip(frames, again, strict=True))
    with pytest.raises(LandscapeError, match="two clips or more"):
        predicted_frames(found, [found])


def test_a_model_of_one_image_moves_and_learns():
    found = case()
    frames, untrained = (single_image_frames(found, steps) for steps in (8, 0))
    assert len(frames) == len(found.frames)
    assert all(np.array_equal(frame[LAND + 4 :], found.first[LAND + 4 :]) for frame in frames)
    inner = np.s_[: LAND - 8]
    first, before = (np.abs(clip[0][inner].astype(int) - found.first[inner]).mean() for clip in (frames, untrained))
    assert first < 0.8 * before
    assert np.abs(frames[6][inner].astype(int) - frames[0][inner]).mean() > 0.5
    again = single_image_frames(found, 8)
    assert all(np.array_equal(a, b) for a, b in zip(frames, again, strict=True))


def test_frames_that_were_made_are_not_made_again(tmp_path):
    made = []

    def method(given):
        made.append(given.name)
        return [given.first] * len(given.frames)

    for question, count in (("a", 1), ("a", 1), ("b", 2)):
        frames = kept("m", method, tmp_path, question)(case())
        assert len(made) == count and len(frames) == len(case().frames)
        assert np.array_equal(frames[3], case().first)
    kept("m", method, tmp_path, "a")(case(1))
    kept("m", method, tmp_path, "a")(dataclasses.replace(case(), seed=9))
    assert len(made) == 4
    for file in tmp_path.glob("m-clip1-*"):
        file.write_bytes(b"PK\x03\x04")
    with pytest.raises(LandscapeError, match="delete it"):
        kept("m", method, tmp_path, "a")(case(1))


def test_coding_takes_noise_away_and_leaves_the_picture():
    rng = np.random.default_rng(0)
    frames = [np.clip(f + rng.normal(0, 6, f.shape), 0, 255).astype(np.uint8) for f in case().frames]
    fine, coarse = coded(frames, 10), coded(frames, 35)
    assert len(fine) == len(frames) and fine[0].shape == frames[0].shape

    def change(clip):
        return np.abs(clip[5][LAND + 4 :].astype(int) - clip[4][LAND + 4 :]).mean()

    assert change(coarse) < 0.3 * change(frames)
    errors = [np.abs(clip[5].astype(int) - frames[5]).mean() for clip in (fine, coarse)]
    assert errors[0] < errors[1] < 12
    odd = [np.ascontiguousarray(frame[:119, :159]) for frame in frames]
    assert coded(odd, 20)[0].shape == (119, 159, 3)


def test_real_and_made_frames_are_coded_alike():
    from landscape.models.bundle import PERCEPTUAL_FILE, default_folder
    from landscape.models.frozen import load_lpips

    found, perceptual = case(), load_lpips(default_folder() / PERCEPTUAL_FILE)
    methods = {"same": lambda given: given.frames, "back": lambda given: list(reversed(given.frames))}
    compared = compare([found], methods, perceptual, network, crf=30, turns={"back": 180.0})
    for name in ("static_ssim", "sky_flow"):
        assert compared["same"].clips["clip0"][name] == compared[REAL].clips["clip0"][name]
    assert compared[REAL].clips["clip0"]["static_ssim"][-1] < 1
    assert compared["back"].clips["clip0"]["direction_error"] < 15


def test_only_this_project_is_turned(small_models, tmp_path):
    methods, turns = choose_methods([OURS, WARP], small_models, FitSettings(), turns=[90, -90], keep=tmp_path)
    assert list(methods) == [OURS, "landscape +90°", "landscape -90°", WARP]
    assert turns == {"landscape +90°": 90, "landscape -90°": -90}
    with pytest.raises(LandscapeError, match="Only landscape"):
        choose_methods([WARP], small_models, FitSettings(), turns=[90])


def test_a_cached_picture_is_read_as_it_was(tmp_path):
    frame = cv2.randu(np.zeros((8, 8, 3), np.uint8), 0, 255)
    method = kept("m", lambda given: [frame], tmp_path, "")
    assert np.array_equal(method(case())[0], method(case())[0])
