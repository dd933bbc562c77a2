"""The segmenter, its training and its evaluation on tiny made-up photos."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from landscape.errors import LandscapeError
from landscape.evaluation.segmentation import evaluate_segmentation, overlap
from landscape.models.files import save_weights
from landscape.models.frozen import load_segmenter
from landscape.networks.segmenter import build_segmenter
from landscape.training.data import masks as mask_data
from landscape.training.data.lakes import flood
from landscape.training.data.mask_batches import augment, training_batches
from landscape.training.data.masks import LabelledPhoto, group_duplicates, read_labelled_photos
from landscape.training.segmentation import (
    SegmentationSettings,
    export_segmenter,
    segmentation_loss,
    train_segmenter,
)

TINY = SegmentationSettings(size=64, batch=2, warmup=1)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six labelled photos in two sets; names that start with "out" are held out."""
    rng = np.random.default_rng(0)
    for source in ("hand_labelled", "ade20k_sky_subset"):
        for folder in ("images", "labels"):
            (tmp_path / "masks" / source / folder).mkdir(parents=True)
        for name in ("out_a", "in_a", "in_b"):
            labels = np.zeros((48, 72), np.uint8)
            labels[: rng.integers(10, 24)], labels[30:] = 1, 2
            if source != "hand_labelled":
                labels[labels == 2] = 0
            noise = cv2.resize(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8), (72, 48))
            cv2.imwrite(str(tmp_path / "masks" / source / "images" / f"{source[0]}_{name}.jpg"), noise)
            cv2.imwrite(str(tmp_path / "masks" / source / "labels" / f"{source[0]}_{name}.png"), labels)
    monkeypatch.setattr(mask_data, "is_held_out", lambda name: "out" in name)
    return tmp_path / "masks"


def test_shapes_and_gradients() -> None:
    torch.manual_seed(0)
    network = build_segmenter()
    logits = network(torch.rand(2, 3, 64, 96) * 2 - 1)
    assert logits.shape == (2, 3, 64, 96)
    logits.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    assert 2 * sum(p.numel() for p in network.parameters()) < 8e6


def test_loss_of_not_sky_says_nothing_about_water() -> None:
    logits = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1)).requires_grad_()
    segmentation_loss(logits, torch.full((1, 4, 4), mask_data.NOT_SKY)).backward()
    assert logits.grad is not None
    p = logits.detach().softmax(1)
    split = p[:, 0] / (p[:, 0] + p[:, 2])
    expected = p[:, 1] * torch.stack([-split, torch.ones_like(split), -(1 - split)])[:, 0] / 16
    torch.testing.assert_close(logits.grad[0], expected)


def test_loss_ignores_unknown_and_equals_cross_entropy() -> None:
    logits = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2))
    labels = torch.randint(0, 3, (2, 4, 4), generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(segmentation_loss(logits, labels), nn.functional.cross_entropy(logits, labels))
    labels[0] = 255
    torch.testing.assert_close(segmentation_loss(logits, labels), nn.functional.cross_entropy(logits[1:], labels[1:]))
    assert segmentation_loss(logits, torch.full_like(labels, 255)) == 0


def test_reading_marks_held_out_and_not_sky(data: Path) -> None:
    photos = read_labelled_photos(data)
    assert [p.held_out for p in photos] == ["out" in p.name for p in photos]
    assert {p.source: set(np.unique(p.labels)) for p in photos} == {
        "hand_labelled": {0, 1, 2},
        "ade20k_sky_subset": {1, 3},
    }
    with pytest.raises(LandscapeError, match="labelled"):
        read_labelled_photos(data / "nothing")


def test_outlines_add_water_to_photos_that_know_the_sky_alone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outlines = data.parent / "outlines.json"
    lower_half = [[0, 65], [100, 65], [100, 100], [0, 100]]
    island = [[40, 75], [60, 75], [60, 90], [40, 90]]
    wanted = {"a_in_a": {"water": [lower_half], "islands": [island]}}
    outlines.write_text(json.dumps({"outlines": wanted, "wrong": ["a_in_b"]}))
    monkeypatch.setattr(mask_data, "OUTLINES", outlines)
    photos = {photo.name: photo for photo in read_labelled_photos(data)}
    assert "a_in_b" not in photos
    photo = photos["a_in_a"]
    assert photo.labels_water and not photos["a_out_a"].labels_water
    assert set(np.unique(photo.labels)) == {0, 1, 2, 255}
    height, width = photo.labels.shape
    assert (photo.labels[round(0.7 * height) : round(0.73 * height)] == 2).all()
    assert photo.labels[round(0.82 * height), width // 2] == 0
    assert (photo.labels[round(0.65 * height)] == 255).all() and photo.labels[0, 0] == 1


def test_the_bundled_outlines_lie_in_their_photos_and_contradict_no_list() -> None:
    drawn = json.loads(mask_data.OUTLINES.read_text())
    dry = set(mask_data.DRY_PHOTOS.read_text().split())
    assert len(drawn["outlines"]) > 40
    assert not dry & set(drawn["outlines"]) and not dry & set(drawn["wrong"])
    for shapes in drawn["outlines"].values():
        corners = np.concatenate([np.array(outline) for kind in shapes.values() for outline in kind])
        assert shapes["water"] and corners.min() >= 0 and corners.max() <= 100


def test_a_flooded_photo_mirrors_what_stands_above_the_water() -> None:
    height, width = 120, 160
    labels = np.zeros((height, width), np.uint8)
    labels[:50] = 1
    pixels = np.full((height, width, 3), (30, 90, 30), np.uint8)
    pixels[:50] = (120, 170, 250)
    lakes = 0
    for seed in range(12):
        flooded, found = flood(pixels, labels, np.random.default_rng(seed))
        water = found == 2
        if not water.any():
            assert np.array_equal(flooded, pixels) and np.array_equal(found, labels)
            continue
        lakes += 1
        line = int(np.flatnonzero(water.any(axis=1))[0])
        assert 50 < line <= round(0.85 * height)
        assert np.array_equal(flooded[~water], pixels[~water]) and np.array_equal(found[:line], labels[:line])
        near, far = flooded[line : line + 3].mean(axis=(0, 1)), flooded[water].mean(axis=0)
        assert near[1] > near[2]  # the green shore
        if (height - line) > 2 * (line - 50):
            assert far[2] > near[2]  # the blue sky
    assert lakes > 5


def test_photos_without_room_are_not_flooded() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    for labels in (np.zeros((40, 60), np.uint8), np.ones((40, 60), np.uint8)):
        flooded, found = flood(pixels, labels, rng)
        assert np.array_equal(flooded, pixels) and np.array_equal(found, labels)


def test_copies_stay_on_one_side(data: Path) -> None:
    (data / "sky_pseudo" / "images").mkdir(parents=True)
    (data / "sky_pseudo" / "labels").mkdir()
    for name, copy in (("h_out_a", "copy"), ("h_in_a", "copy2")):
        photo = cv2.imread(str(data / "hand_labelled" / "images" / f"{name}.jpg"))
        cv2.imwrite(str(data / "sky_pseudo" / "images" / f"{copy}.jpg"), photo)
        cv2.imwrite(str(data / "sky_pseudo" / "labels" / f"{copy}.png"), np.ones((48, 72), np.uint8))
    (data.parent / "stills").mkdir()
    photo = cv2.imread(str(data / "hand_labelled" / "images" / "h_in_b.jpg"))
    cv2.imwrite(str(data.parent / "stills" / "out_of_stills.jpg"), photo)
    photos = read_labelled_photos(data)
    assert {p.name: p.held_out for p in photos if p.source == "hand_labelled"} == {
        "h_in_a": False,
        "h_in_b": True,
        "h_out_a": True,
    }
    assert not [p for p in photos if p.source == "sky_pseudo"]


def test_groups_join_equal_names_and_equal_pictures() -> None:
    thumbnails = np.eye(5, dtype=np.float32)
    thumbnails[3] = thumbnails[0]
    groups = group_duplicates(thumbnails, ["a", "b", "b", "c", "d"])
    assert groups[0] == groups[3] and groups[1] == groups[2]
    assert len(set(groups.tolist())) == 3


def test_augmentation_moves_labels_with_the_photo() -> None:
    labels = np.zeros((90, 120), np.uint8)
    labels[:40, 20:] = 1
    pixels = np.where(labels[..., None] == 1, np.uint8(250), np.uint8(5)).repeat(3, axis=2)
    photo = LabelledPhoto("hand_labelled", "x", pixels, labels, False, True)
    agreement = []
    for seed in range(20):
        cut, moved = augment(photo, 64, np.random.default_rng(seed))
        assert cut.shape == (64, 64, 3) and moved.shape == (64, 64)
        grey, known = cut.mean(axis=2), moved != 255
        sky, rest = grey[moved == 1], grey[(moved == 0) & known]
        if len(sky) > 50 and len(rest) > 50:
            agreement.append(sky.mean() > rest.mean() + 10)
    assert len(agreement) > 5 and all(agreement)


def test_batches_depend_on_their_number_alone(data: Path) -> None:
    photos = read_labelled_photos(data)
    batches = training_batches(photos, 64, 2, 0, 0)
    next(batches)
    second, resumed = next(batches), next(training_batches(photos, 64, 2, 0, 1))
    torch.testing.assert_close(second[0], resumed[0])
    torch.testing.assert_close(second[1], resumed[1])


def test_training_resumes_exports_and_evaluates(data: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    seen: list[int] = []
    train_segmenter(data, whole, 3, settings=TINY, progress=lambda stage, done, total: seen.append(done))
    assert seen == [1, 2, 3]
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 3 and 0 <= lines[-1]["sky_iou"] <= 1
    train_segmenter(data, parts, 3, settings=TINY)
    resumed: list[int] = []
    train_segmenter(data, parts, 4, settings=TINY, progress=lambda stage, done, total: resumed.append(done))
    assert resumed == [4]
    weights = export_segmenter(whole, tmp_path / "segmenter.safetensors")
    assert weights.stat().st_size < 8e6
    network = load_segmenter(weights)
    assert not network.training and next(network.parameters()).dtype == torch.float32
    save_weights(tmp_path / "zero.safetensors", {key: 0 * value for key, value in network.state_dict().items()}, {})
    half = export_segmenter(whole, tmp_path / "half.safetensors", tmp_path / "zero.safetensors", 0.5)
    for key, value in load_segmenter(half).state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.5 * network.state_dict()[key], rtol=2e-3, atol=1e-3)
    figures = evaluate_segmentation(data, network)
    assert figures["all"]["photos"] == 2 and figures["hand_labelled"]["water_photos"] == 1
    assert "water_iou" not in figures["ade20k_sky_subset"]


def test_missing_or_wrong_weights(tmp_path: Path) -> None:
    (tmp_path / "wrong.safetensors").write_bytes(b"nothing")
    for name in ("wrong.safetensors", "missing.safetensors"):
        with pytest.raises(LandscapeError, match="weights"):
            load_segmenter(tmp_path / name)
    with pytest.raises(LandscapeError, match="train"):
        export_segmenter(tmp_path, tmp_path / "out.safetensors")


def test_overlap_leaves_out_unknown() -> None:
    guess = np.array([[1, 1, 1, 0]], np.uint8)
    labels = np.array([[1, 3, 255, 1]], np.uint8)
    assert overlap(guess, labels, 1) == (0.25, 0.75)
