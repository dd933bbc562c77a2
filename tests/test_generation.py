"""The scoreboard of the generator and the curves of a run."""

import json
import os
import shutil
import time
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import linalg

from landscape.errors import LandscapeError
from landscape.evaluation.frechet import Moments, feature_moments, frechet_distance, lite0_features, moments
from landscape.evaluation.generation import disentanglement, frechet_distances
from landscape.evaluation.references import change_of_clips, reference_moments
from landscape.generate.sampler import Sampler
from landscape.images.tensors import from_pixels
from landscape.networks.generator import Z_DYNAMIC_WIDTH
from landscape.training.data.pictures import prepare
from landscape.training.run.curves import draw_curves, read_metrics


def normal(seed, size=4):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size))
    return Moments(rng.normal(size=size), root @ root.T, 100)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_frechet_distance_is_the_textbooks(a, b):
    first, second = normal(a), normal(b)
    root = linalg.sqrtm(first.covariance @ second.covariance)
    wanted = ((first.mean - second.mean) ** 2).sum() + np.trace(first.covariance + second.covariance - 2 * root).real
    assert frechet_distance(first, second) == pytest.approx(wanted, rel=1e-3, abs=1e-3)
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first), rel=1e-6, abs=1e-6)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)


def test_moments_are_those_of_all_batches_together():
    images = torch.randn(10, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    found = moments(images.split(4), lambda batch: batch.flatten(1))
    assert found.count == 10
    assert np.allclose(found.mean, images.flatten(1).double().mean(dim=0).numpy())
    assert np.allclose(found.covariance, np.cov(images.flatten(1).double().numpy(), rowvar=False))
    with pytest.raises(ValueError, match="two"):
        moments([images[:1]], lambda batch: batch.flatten(1))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    root, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("out")
    (root / "stills").mkdir()
    rng = np.random.default_rng(1)
    for i in range(60):
        Image.fromarray(rng.integers(0, 255, (40, 60, 3), np.uint8)).save(root / "stills" / f"s{i}.png")
    prepare(root, out, (32,))
    return out


def test_noise_is_far_from_the_generator_and_near_itself(prepared, small_generator):
    features = {"lite0": lite0_features()}
    sampler = Sampler(small_generator)
    found = frechet_distances(sampler, prepared, features, 60, reference=32)
    assert found["lite0_training"] > 2 * found["lite0_floor"] > 0
    assert found == frechet_distances(sampler, prepared, features, 60, reference=32)


def test_features_of_stills_are_measured_once(prepared, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "copy")
    # Some stills count to a folder that has three tenths of the batches.
    (folder / "index.json").write_text(json.dumps({"folders": ["clip frames", "stills", "stills_100px"]}))
    labels = np.load(folder / "0032" / "folders.npy")
    np.save(folder / "0032" / "folders.npy", np.where(np.arange(len(labels)) < 9, 2, 1))
    asked = []

    def network(images):
        asked.append(len(images))
        return images[..., : images.shape[3] // 2].mean(dim=(2, 3))

    measure = partial(reference_moments, folder, 32, "mean", network, lambda done, total: None)
    first = measure()
    stills, held_out = (np.load(folder / "0032" / f"{name}.npy") for name in ("stills", "held_out"))
    assert sum(asked) == len(stills) + len(held_out) + 1 == 61, "the first still tells whether it is the same network"
    halves = from_pixels(stills)
    halves[1::2] = halves[1::2].flip(3)
    means = halves[..., :16].mean(dim=(2, 3)).double().numpy()
    share = np.where(np.arange(len(stills)) < 9, 0.3 / 9, 0.7 / (len(stills) - 9))
    assert np.allclose(first.training.mean, share @ means, atol=1e-6)
    asked.clear()
    assert np.array_equal(measure().held_out.mean, first.held_out.mean) and sum(asked) == 1
    os.utime(folder / "0032" / "stills.npy", (time.time() + 9, time.time() + 9))
    measure()
    assert sum(asked) == 62, "stills written since are measured anew"
    asked.clear()
    other = reference_moments(folder, 32, "mean", lambda images: 1 + network(images), lambda done, total: None)
    assert sum(asked) > 60 and np.allclose(other.training.mean, 1 + first.training.mean, atol=1e-6)


def test_clips_change_by_what_moves_in_them(marked, tmp_path):
    prepared = shutil.copytree(marked, tmp_path / "copy")
    folder = prepared / "0016"
    clips, masks, starts = (np.load(folder / f"{name}.npy") for name in ("clips", "clips_moving", "starts"))

    def difference(one, two):
        return (one - two).abs().mean()

    # Frames brighten by a fifth of the range from one to the next; the upper half of the first two clips moves.
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        clips[start:end] = 50 * np.arange(end - start)[:, None, None, None]
    masks[:] = 255
    masks[:2, masks.shape[1] // 2 :] = 0
    np.save(folder / "clips.npy", clips)
    np.save(folder / "clips_moving.npy", masks)
    found = [change_of_clips(prepared, 16, difference, seed) for seed in range(40)]
    steps = np.array(found) / (50 / 127.5)
    assert np.allclose(steps * 2, np.round(steps * 2), atol=1e-3), "means of two clips' whole steps"
    assert 1.7 < steps.mean() < 2.3 and steps.min() >= 1, "two of five frames are 2 apart on average"
    assert change_of_clips(prepared, 16, difference, 3) == found[3]
    masks[:] = 255
    np.save(folder / "clips_moving.npy", masks)
    assert change_of_clips(prepared, 16, difference) is None, "nothing stands still"
    (folder / "clips_moving.npy").unlink()
    assert change_of_clips(prepared, 16, difference) is None


def test_stills_count_as_often_as_weighted():
    features = np.random.default_rng(0).normal(size=(6, 2))
    weights = np.array([1, 1, 2, 3, 1, 2], float)
    repeated = np.repeat(features, weights.astype(int), axis=0)
    found = feature_moments(features, weights)
    assert np.allclose(found.mean, repeated.mean(axis=0))
    ratio = found.covariance / np.cov(repeated, rowvar=False)
    assert np.allclose(ratio, ratio[0, 0]) and 1 < ratio[0, 0] < 1.25


def test_inputs_that_do_nothing_show_as_nothing(small_models):
    generator = small_models.generator
    with torch.no_grad():
        for block in generator.blocks:
            block.dynamic1.weight.zero_()
            block.dynamic2.weight.zero_()
        generator.mapping.layers[0].weight[:, -Z_DYNAMIC_WIDTH:] = 0

    def labels(image):
        logits = torch.zeros_like(image)
        logits[:, 1, : image.shape[2] // 2] = 1
        logits[:, 0, image.shape[2] // 2 :] = 1
        return logits

    found = disentanglement(generator, labels, small_models.perceptual, scenes=2)
    assert found["static_lpips"] == found["moving_lpips"] == pytest.approx(0, abs=1e-6)
    assert found["static_ssim"] == pytest.approx(1, abs=1e-6)
    assert found["flow"] == pytest.approx(0, abs=1e-6) and found["direction_error_deg"] == 180
    # z_dynamic still changes the length that M divides by, so the light is only nearly still.
    assert all(axis["luminance"] < 0.05 for axis in found["light"]) and len(found["light"]) == Z_DYNAMIC_WIDTH


def test_moving_inputs_move_and_scenes_without_sky_are_left_out(small_models):
    def half_sky(image):
        logits = torch.zeros_like(image)
        logits[:, 1, : image.shape[2] // 2] = 1
        logits[:, 0, image.shape[2] // 2 :] = 1
        return logits

    found = disentanglement(small_models.generator, half_sky, small_models.perceptual, scenes=3)
    assert found["scenes_with_sky"] == 3 and found["flow"] > 0 and found["moving_lpips"] > 0
    no_sky = disentanglement(
        small_models.generator, lambda image: torch.eye(3)[0].view(1, 3, 1, 1) + 0 * image, small_models.perceptual, 2
    )
    assert no_sky["scenes_with_sky"] == 0 and "flow" not in no_sky


def test_curves_are_drawn_from_the_metrics_alone(tmp_path):
    with pytest.raises(LandscapeError, match="folder of a run"):
        read_metrics(tmp_path / "metrics.jsonl")
    lines = [
        {"step": 50 * i, "images": 800 * i, "resolution": 8 if i < 5 else 16, "d_static": 1.0 / (i + 1)}
        for i in range(10)
    ]
    texts = [json.dumps(line) for line in lines]
    texts.append(json.dumps({"evaluation": {"lite0_training": 3.0}, "weights": "w"}))
    (tmp_path / "metrics.jsonl").write_text("\n".join(texts) + '\n{"step": 5')
    assert read_metrics(tmp_path / "metrics.jsonl")[-1] == {"lite0_training": 3.0, "images": 7200}
    with Image.open(draw_curves(tmp_path)) as picture:
        assert picture.width > 500 and np.asarray(picture.convert("L")).std() > 10
