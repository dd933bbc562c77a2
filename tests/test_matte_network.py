"""The network that corrects the segmenter: what it is shown, its training, and what its bundled weights find."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from landscape.errors import LandscapeError
from landscape.masks.corrected import corrected
from landscape.masks.find import find_matte, solve
from landscape.models.bundle import MATTE_FILE, default_folder
from landscape.models.weights import load_matte
from landscape.networks.matte import MULTIPLE, MatteNetwork
from landscape.photo.read import read_photo
from landscape.training.data.matte_examples import Example, draw_batch
from landscape.training.matte import export_matte, matte_loss, train_matte
from tests.test_masking import ColourSegmenter

ASSETS = Path(__file__).parents[1] / "assets"


class Dark(nn.Module):
    """Says of dark pixels that they stand, and else what is known."""

    def forward(self, images: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        assert images.shape == soft.shape and images.shape[2] % MULTIPLE == images.shape[3] % MULTIPLE == 0
        assert max(images.shape) <= 768 and images.min() >= -1 and images.max() <= 1
        stands = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
        dark = images.mean(1, keepdim=True) < -0.8
        return torch.where(dark, stands, soft).clamp(min=1e-6).log()


def examples(count: int = 3) -> list[Example]:
    """Dark land under a pale sky with a darker mast, whose land alone the segmenter sees."""
    rng, found = np.random.default_rng(0), []
    for _ in range(count):
        sky = np.zeros((96, 128), np.float32)
        sky[:70] = 1
        soft = np.dstack([1 - sky, sky, 0 * sky])
        x = int(rng.integers(20, 100))
        sky[20:70, x : x + 3] = 0
        pixels = np.where(sky[..., None] > 0, 190, 60) + rng.normal(0, 2, (96, 128, 1)) * np.ones(3)
        truth = np.dstack([1 - sky, sky, 0 * sky])
        weight = np.ones(sky.shape, np.uint8)
        weight[18:70, x - 2 : x + 5] = 2
        found.append(
            Example(pixels.astype(np.uint8), soft.astype(np.float16), np.rint(255 * truth).astype(np.uint8), weight)
        )
    return found


def test_untrained_it_leaves_what_the_segmenter_says() -> None:
    torch.manual_seed(0)
    soft = torch.rand(1, 3, 32, 48).add(0.1)
    soft = soft / soft.sum(1, keepdim=True)
    found = MatteNetwork().eval()(torch.rand(1, 3, 32, 48), soft)
    torch.testing.assert_close(found.exp(), soft)


@pytest.mark.parametrize("size", [(90, 131), (700, 1500)])
def test_it_is_shown_whole_pictures_of_any_size(size: tuple[int, int]) -> None:
    soft = np.full((*size, 3), 1 / 3, np.float32)
    found = corrected(np.full((*size, 3), 200, np.uint8), soft, Dark())
    assert found.shape == soft.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, soft, atol=1e-5)


def test_what_it_sees_before_the_sky_stands() -> None:
    photo = np.full((240, 320, 3), (60, 60, 220), np.uint8)
    photo[180:] = (220, 60, 60)
    cv2.line(photo, (100, 180), (100, 60), (5, 5, 5), 3)
    masts = [find_matte(photo, ColourSegmenter(), network).sky[80:160, 100] for network in (None, Dark())]
    assert masts[1].max() < 0.1
    beside = find_matte(photo, ColourSegmenter(), Dark()).sky[80:160, 110:]
    assert beside.min() > 0.98


def test_what_both_are_in_doubt_about_is_settled_as_before() -> None:
    """The correction counts for what it takes away: half a hill is no matter of single pixels."""
    rng = np.random.default_rng(0)
    photo = np.full((120, 160, 3), (120, 150, 200), np.uint8)
    photo[80:] = (60, 70, 50)
    sky = np.zeros((120, 160), np.float32)
    sky[:80] = 1
    soft = np.dstack([1 - sky, sky, 0 * sky])
    soft[:80, :, 1] = cv2.GaussianBlur(rng.uniform(0.3, 1, (80, 160)).astype(np.float32), (0, 0), 4)
    soft[:80, :, 0] = 1 - soft[:80, :, 1]
    shares = np.ascontiguousarray(soft[..., 1:] > 0.5).astype(np.float32)
    alone, same = solve(photo, shares, soft, None), solve(photo, shares, soft, soft)
    for one, other in zip(alone, same, strict=True):
        np.testing.assert_array_equal(one, other)
    mast = soft.copy()
    mast[20:80, 70:73] = (0.9, 0.1, 0)
    assert solve(photo, shares, soft, mast)[0][30:70, 70:73].max() < 0.2


def test_what_seems_to_grow_needs_a_hint_of_the_network() -> None:
    """Flecks of cloud over a ridge look like twigs by their colours alone; the network sees that they are none."""
    rng = np.random.default_rng(5)
    light = 180 + rng.normal(size=(300, 400)).astype(np.float32)
    light[220:] = 50
    for lean in (-6, -3, 0, 3, 6):
        cv2.line(light, (200, 220), (200 + lean, 204), 135.0, 1, cv2.LINE_AA)
    photo = np.clip(light[..., None] * np.ones(3), 0, 255).astype(np.uint8)
    sky = np.zeros((300, 400), np.float32)
    sky[:220] = 1
    soft, shares = np.dstack([1 - sky, sky, 0 * sky]), np.dstack([sky, 0 * sky])
    hint = soft.copy()
    hint[204:220, 192:209] = (0.15, 0.85, 0)
    tree = [solve(photo, shares, soft, fine)[0][206:213, 198:203] for fine in (None, soft, hint)]
    assert tree[0].min(axis=1).max() < 0.4 and tree[2].min(axis=1).max() < 0.4
    assert tree[1].mean() > tree[2].mean() + 0.2


def test_where_several_labels_are_possible_any_is_right() -> None:
    shares = torch.tensor([0.3, 0.2, 0.5]).log().view(1, 3, 1, 1)
    weight = torch.ones(1, 1, 1)
    either = matte_loss(shares, torch.tensor([1.0, 0, 1]).view(1, 3, 1, 1), weight)
    exact = matte_loss(shares, torch.tensor([0.0, 1, 0]).view(1, 3, 1, 1), weight)
    assert float(either) == pytest.approx(-np.log(0.8), abs=1e-5)
    assert float(exact) == pytest.approx(-np.log(0.2), abs=1e-5)
    assert float(matte_loss(shares, torch.zeros(1, 3, 1, 1), 0 * weight)) == 0


def test_batches_keep_pictures_and_truth_together() -> None:
    images, soft, truth, weight = draw_batch([examples()], 64, 4, np.random.default_rng(1))
    assert images.shape == soft.shape == truth.shape == (4, 3, 64, 64) and weight.shape == (4, 64, 64)
    light = images.mean(1)
    for number in range(4):
        sky, rest = truth[number, 1] > 0.99, truth[number, 1] < 0.01
        assert light[number][sky].min() > light[number][rest].max()
    assert set(weight.unique().tolist()) == {1.0, 13.0}


def test_it_learns_and_resumes_and_is_written(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    sets = lambda: [examples(), examples()]  # noqa: E731
    train_matte(sets, whole, 14, size=64)
    losses = [json.loads(line)["loss"] for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]

    train_matte(sets, parts, 2, size=64)
    train_matte(sets, parts, 3, resume=True, size=64)
    with pytest.raises(LandscapeError):
        train_matte(sets, parts, 3, size=64)
    file = export_matte(whole, tmp_path / "matte.safetensors")
    assert file.stat().st_size < 1e6
    images, soft, *_ = draw_batch([examples()], 64, 2, np.random.default_rng(1))
    assert not torch.allclose(load_matte(file)(images, soft), MatteNetwork().eval()(images, soft))

    further = tmp_path / "further"
    train_matte(sets, further, 2, size=64, start_from=file)
    found = [
        load_matte(export_matte(further, tmp_path / f"{share}.safetensors", file, share))(images, soft)
        for share in (0.0, 0.5, 1.0)
    ]
    torch.testing.assert_close(found[0], load_matte(file)(images, soft))
    assert not torch.allclose(found[1], found[0]) and not torch.allclose(found[1], found[2])
    with pytest.raises(LandscapeError, match="train one first"):
        export_matte(tmp_path / "nothing", tmp_path / "out.safetensors")


def test_the_bundled_one_finds_twigs_and_masts_and_no_clouds() -> None:
    """Drawn before the real sky of a photo, which the segmenter is sure of."""
    whole = read_photo(ASSETS / "alpine_clouds.jpg").resized(1600).pixels
    photo = whole[: round(0.33 * whole.shape[0]), round(0.165 * whole.shape[1]) : round(0.435 * whole.shape[1])].copy()
    height, width = photo.shape[:2]
    sky = np.zeros((height, width), np.float32)
    ground = round(0.8 * height)
    sky[:ground] = 1
    photo[ground:] = (40, 44, 30)
    drawn = np.zeros((height, width), np.uint8)
    for x in (60, 200, 340):
        cv2.line(drawn, (x, ground), (x + 10, ground // 3), 255, 3, cv2.LINE_AA)
        for twig in range(ground // 3, ground - 20, 12):
            cv2.line(drawn, (x + 5, twig), (x + 30, twig - 20), 255, 1, cv2.LINE_AA)
    share = drawn[..., None] / np.float32(255)
    photo = (photo * (1 - share) + share * np.float32((45, 35, 30))).astype(np.uint8)
    network = load_matte(default_folder() / MATTE_FILE)
    taken = 1 - corrected(photo, np.dstack([1 - sky, sky, 0 * sky]), network)[..., 1]
    assert np.median(taken[(drawn == 255) & (sky > 0)]) > 0.5
    far = cv2.dilate(drawn, np.ones((9, 9), np.uint8)) == 0
    far[ground - 12 :] = False
    assert (taken[far] > 0.2).mean() < 0.005
