"""The segmenter, its training and its evaluation on tiny made-up photos."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from landscape.cli import cli
from landscape.errors import LandscapeError
from landscape.evaluation.mask_sheet import mask_sheet, shrunk, tinted
from landscape.evaluation.segmentation import DRY, PhotoScore, evaluate_segmentation, overlap, score_photo, summarise
from landscape.models.files import save_weights
from landscape.models.frozen import load_segmenter
from landscape.networks.segmenter import build_segmenter
from landscape.training.data import label_rules
from landscape.training.data import masks as mask_data
from landscape.training.data.gravel import gravel
from landscape.training.data.lakes import flood
from landscape.training.data.mask_batches import augment, training_batches
from landscape.training.data.masks import LabelledPhoto, group_duplicates, read_labelled_photos
from landscape.training.data.poured import pour, strand
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
    segmentation_loss(logits, torch.full((1, 4, 4), label_rules.NOT_SKY)).backward()
    assert logits.grad is not None
    p = logits.detach().softmax(1)
    split = p[:, 0] / (p[:, 0] + p[:, 2])
    expected = p[:, 1] * torch.stack([-split, torch.ones_like(split), -(1 - split)])[:, 0] / 16
    torch.testing.assert_close(logits.grad[0], expected)


def test_loss_of_not_water_says_nothing_about_sky() -> None:
    logits = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(4))
    loss = segmentation_loss(logits, torch.full((1, 4, 4), label_rules.NOT_WATER))
    torch.testing.assert_close(loss, -(1 - logits.softmax(1)[:, 2]).log().mean())


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


def test_sets_of_water_alone_follow_the_list_and_their_groups(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    for folder in ("images", "labels"):
        (data / "rivers" / folder).mkdir(parents=True)
    rows = []
    for name, group in (("1", "bend"), ("2", "bend"), ("3", "out of the wood")):
        noise = cv2.resize(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8), (72, 48))
        labels = np.zeros((48, 72), np.uint8)
        labels[30:] = 2
        cv2.imwrite(str(data / "rivers" / "images" / f"{name}.jpg"), noise)
        cv2.imwrite(str(data / "rivers" / "labels" / f"{name}.png"), labels)
        rows.append({"set": "rivers", "name": name, "group": group})
    (data / label_rules.GROUPS).write_text(json.dumps(rows))
    listed = data.parent / "held_out_water.txt"
    listed.write_text("rivers/1 rapids\n")
    monkeypatch.setattr(label_rules, "HELD_OUT_WATER", listed)
    photos = {photo.name: photo for photo in read_labelled_photos(data) if photo.source == "rivers"}
    # The rule for names, which would hold out "out of the wood", is not asked.
    assert {name: photo.held_out for name, photo in photos.items()} == {"1": True, "2": True, "3": False}
    assert {name: photo.kind for name, photo in photos.items()} == {"1": "rapids", "2": "", "3": ""}
    assert photos["1"].labels_water and not photos["1"].labels_sky
    assert set(np.unique(photos["1"].labels)) == {2, label_rules.NOT_WATER}
    assert photos["3"].rank == 1 and photos["1"].rank == photos["2"].rank < 1


def test_the_bundled_list_of_held_out_water_names_every_set_and_kind() -> None:
    kinds = label_rules.water_kinds()
    held_out = {key.split("/")[0] for key in kinds}
    assert held_out <= set(label_rules.SHARES)
    assert held_out >= set(label_rules.WATER_SETS) - {label_rules.BESIDE}
    assert set(kinds.values()) == {"creek", "fall", "ice", "lake", "pond", "rapids", "river", "sea", "subject"}


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


def test_photos_beside_the_sets_need_an_outline_or_no_water(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = data.parent / label_rules.BESIDE
    beside.mkdir()
    rng = np.random.default_rng(2)
    for name in ("fall", "desert", "nobody_knows"):
        cv2.imwrite(str(beside / f"{name}.jpg"), rng.integers(0, 256, (48, 72, 3), dtype=np.uint8))
    left, top = [[0, 0], [50, 0], [50, 100], [0, 100]], [[0, 0], [100, 0], [100, 50], [0, 50]]
    (data.parent / "outlines.json").write_text(
        json.dumps({"outlines": {"fall": {"water": [left], "unknown": [top]}}, "wrong": []})
    )
    (data.parent / "dry.txt").write_text("desert\n")
    monkeypatch.setattr(mask_data, "OUTLINES", data.parent / "outlines.json")
    monkeypatch.setattr(mask_data, "DRY_PHOTOS", data.parent / "dry.txt")
    photos = {photo.name: photo for photo in read_labelled_photos(data) if photo.source == label_rules.BESIDE}
    assert set(photos) == {"fall", "desert"} and not any(photo.labels_sky for photo in photos.values())
    assert set(np.unique(photos["desert"].labels)) == {label_rules.NOT_WATER}
    corners = photos["fall"].labels[[5, 5, -5, -5], [5, -5, 5, -5]]
    assert corners.tolist() == [2, 255, 2, label_rules.NOT_WATER]


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


def test_poured_water_lies_on_ground_alone() -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((60, 80, 3), 90, np.uint8)
    labels = np.zeros((60, 80), np.uint8)
    labels[:20] = 1
    white = np.full((40, 50, 3), 250, np.uint8)
    fall = np.zeros((40, 50), np.uint8)
    fall[:, 15:35] = 2
    poured = 0
    for _ in range(10):
        mixed, found = pour(pixels, labels, white, fall, rng)
        assert np.array_equal(found[:18], labels[:18]) and np.array_equal(mixed[:14], pixels[:14])
        poured += (found == 2).any()
        assert (mixed[found == 2] > 90).all() and (mixed[found == 0] < 250).all()
    assert poured > 7
    dry, unchanged = pour(pixels, labels, white, np.zeros_like(fall), rng)
    assert dry is pixels and unchanged is labels


def test_stranded_ground_lies_on_water_alone_and_begins_below() -> None:
    rng = np.random.default_rng(0)
    pixels, labels = np.full((60, 80, 3), 90, np.uint8), np.zeros((60, 80), np.uint8)
    labels[:20], labels[40:] = 1, 2
    gravel, banks = np.full((50, 70, 3), 200, np.uint8), np.full((50, 70), 4, np.uint8)
    stranded = 0
    for _ in range(10):
        mixed, found = strand(pixels, labels, gravel, banks, rng)
        assert np.array_equal(found[:38], labels[:38]) and np.array_equal(mixed[:32], pixels[:32])
        stranded += (found[40:] == 0).any()
        assert (mixed[40:][found[40:] == 0] > 90).all()
    assert stranded > 7


def test_gravel_is_beach_below_and_unknown_above_and_differs() -> None:
    for seed in range(8):
        pixels, labels = gravel(90, 120, np.random.default_rng(seed))
        assert pixels.shape == (90, 120, 3) and set(np.unique(labels)) == {0, 255}
        assert (labels[:28] == 255).all() and (labels[-1] == 0).mean() > 0.5
        assert pixels[labels == 0].std() > 3
    first, again, other = (gravel(90, 120, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_set_of_ones_own_is_read_as_it_is_labelled(data: Path) -> None:
    own = data.parent / "mistaken"
    for folder in ("images", "labels"):
        (own / folder).mkdir(parents=True)
    labels = np.repeat(np.uint8([1, 0, 2, label_rules.NOT_WATER, 255]), 10)[:, None].repeat(60, 1)
    noise = np.random.default_rng(5).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    cv2.imwrite(str(own / "images" / "beach.jpg"), noise)
    cv2.imwrite(str(own / "labels" / "beach.png"), labels)
    photos = read_labelled_photos(data, own=own)
    assert len(photos) == len(read_labelled_photos(data)) + 1
    (photo,) = (photo for photo in photos if photo.source == label_rules.OWN)
    assert np.array_equal(photo.labels, labels) and photo.labels_sky and photo.labels_water and not photo.held_out
    with pytest.raises(LandscapeError, match="images"):
        read_labelled_photos(data, own=data.parent)


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
    assert figures["sets"]["all"]["photos"] == 2 and figures["sets"]["hand_labelled"]["water_photos"] == 1
    assert "water_iou" not in figures["sets"]["ade20k_sky_subset"]


def test_missing_or_wrong_weights(tmp_path: Path) -> None:
    (tmp_path / "wrong.safetensors").write_bytes(b"nothing")
    for name in ("wrong.safetensors", "missing.safetensors"):
        with pytest.raises(LandscapeError, match="weights"):
            load_segmenter(tmp_path / name)
    with pytest.raises(LandscapeError, match="train"):
        export_segmenter(tmp_path, tmp_path / "out.safetensors")


def test_a_file_of_weights_is_what_is_measured(data: Path, tmp_path: Path) -> None:
    """Figures of the bundled weights under another file's name would be believed."""
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"nothing")
    result = CliRunner().invoke(cli, ["evaluate", "segmentation", "--data", str(data), "--weights", str(other)])
    assert isinstance(result.exception, LandscapeError) and "does not hold" in str(result.exception)


def test_overlap_leaves_out_unknown() -> None:
    guess = np.array([[1, 1, 1, 0]], np.uint8)
    labels = np.array([[1, 3, 255, 1]], np.uint8)
    assert overlap(guess, labels, 1) == (0.25, 0.75)
    labels = np.array([[1, label_rules.NOT_WATER, 255, 1]], np.uint8)
    assert overlap(guess, labels, 1) == (0.25, 0.5)
    assert overlap(guess + 1, labels, 2) == (0.0, 0.5)


def test_the_scoreboard_sorts_kinds_and_photos_by_their_water(tmp_path: Path) -> None:
    found = {"blue": 2, "white": 0}

    class ByName(nn.Module):
        """Finds what the red value of a photo's first pixel says, everywhere."""

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            value = int(torch.round((images[0, 0, 0, 0] + 1) * 127.5)) // 100
            return torch.eye(3)[value].mul(20)[None, :, None, None].expand(len(images), 3, *images.shape[2:])

    def scored(name: str, label: int, guess: int, kind: str) -> PhotoScore:
        pixels = np.full((64, 64, 3), 100 * guess, np.uint8)
        labels = np.full((64, 64), label, np.uint8)
        return score_photo(ByName(), LabelledPhoto("rivers", name, pixels, labels, True, True, False, kind))

    scores = [scored("good", 2, found["blue"], "river"), scored("bad", 2, found["white"], "fall")]
    scores += [scored("dry", 0, found["white"], ""), scored("wet", 0, found["blue"], "")]
    assert [score.kind for score in scores] == ["river", "fall", DRY, DRY]
    assert [score.row.get("water_iou") for score in scores] == [1.0, 0.0, None, None]
    assert [score.row.get("false_water") for score in scores] == [None, None, 0.0, 1.0]
    figures = summarise(scores)
    assert figures["water_iou"] == round(1 / 3, 4) and "sky_iou" not in figures
    assert (figures["dry_photos"], figures["false_water"], figures["spoilt_dry_photos"]) == (2, 0.5, 1)


def test_the_sheet_shows_what_was_found_beside_the_labels() -> None:
    pixels = np.full((300, 600, 3), 100, np.uint8)
    labels = np.zeros((300, 600), np.uint8)
    labels[150:] = 2
    pictures = [shrunk(tinted(pixels, labels)), shrunk(pixels)]
    sheet = mask_sheet([(name, pictures) for name in ("one", "two", "three", "four")])
    assert sheet.shape == (2 * 256, 6 * 320, 3)
    assert tuple(sheet[120, 10]) == (162, 72, 72) and tuple(sheet[10, 10]) == (100, 100, 100)
    assert tuple(sheet[120, 330]) == (100, 100, 100) and not sheet[300:490, 700:].any()
