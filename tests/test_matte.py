"""One matte for everything: files, sizes, what is painted, what the network corrects, and how it is judged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.compose.compositor import Compositor
from landscape.compose.scenery import Scenery
from landscape.errors import LandscapeError
from landscape.evaluation.matte import Drawn, agreement, draw, score, summarise, worst_crops
from landscape.images.filters import resize
from landscape.images.similarity import ssim
from landscape.masks.editor import MaskEditor
from landscape.masks.find import solve
from landscape.masks.glow import find_glow
from landscape.masks.labels import write_labels
from landscape.masks.matte import Matte, in_steps
from landscape.masks.matte_files import read_mask, write_matte
from landscape.masks.strokes import Stroke
from landscape.settings import MotionSettings
from landscape.training.data.composites import KINDS, Composite, make_composite
from landscape.training.data.cuts import Cuts, cut_photo
from tests.mattes import hard_matte

HEIGHT, WIDTH = 120, 160


def sky_and_land(seed: int = 0, scale: int = 1) -> tuple[np.ndarray, Matte]:
    """A photo of clouds over land with a dark mast before them, and the matte that knows of it."""
    rng = np.random.default_rng(seed)
    height, width = scale * HEIGHT, scale * WIDTH
    noise = cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), 5 * scale)
    photo = np.float32([130, 160, 200]) + (25 * noise / noise.std())[..., None]
    line, mast = 80 * scale, (slice(30 * scale, 80 * scale), slice(70 * scale, 73 * scale))
    photo[line:] = np.float32([80, 90, 50]) + rng.normal(0, 10, (height - line, width, 1))
    labels = np.zeros((height, width), np.uint8)
    labels[:line] = 1
    photo[mast], labels[mast] = (25, 20, 15), 0
    return np.clip(photo, 0, 255).astype(np.uint8), hard_matte(labels)


def frame(photo: np.ndarray, matte: Matte, seconds: float = 2.0) -> np.ndarray:
    small = cv2.resize(photo, (64, 64), interpolation=cv2.INTER_AREA).transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    scenery = Scenery(photo, matte.resized(*photo.shape[:2]), small)
    return np.asarray(Compositor(scenery, MotionSettings(speed=1.5)).frame(small, seconds))


@settings(max_examples=20, deadline=None)
@given(height=st.integers(16, 70), width=st.integers(16, 70), seed=st.integers(0, 10**6))
def test_a_matte_comes_back_from_its_file_unchanged(tmp_path_factory, height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("mattes") / "matte.png"
    sky = in_steps(rng.random((height, width), dtype=np.float32))
    water = in_steps((1 - sky) * rng.random((height, width), dtype=np.float32))
    certainty = in_steps(rng.random((height, width), dtype=np.float32))
    write_matte(path, Matte(sky, water, np.zeros_like(sky), 0.5, certainty))
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    again = read_mask(path, pixels)
    for name, plane in (("sky", sky), ("water", water), ("certainty", certainty)):
        assert np.array_equal(getattr(again, name), plane)
    write_matte(path, again)
    assert np.array_equal(read_mask(path, pixels).sky, sky)


def test_what_is_frozen_is_neither_sky_nor_water_in_files(tmp_path: Path) -> None:
    photo, matte = sky_and_land()
    frozen = dataclasses.replace(matte, freeze=np.ones_like(matte.sky) * (np.arange(WIDTH) < 20))
    write_matte(tmp_path / "matte.png", frozen)
    assert np.array_equal(read_mask(tmp_path / "matte.png", photo).sky, frozen.moving)


def test_labels_and_bad_files_of_mattes(tmp_path: Path) -> None:
    photo, matte = sky_and_land()
    write_labels(tmp_path / "labels.png", matte.labels())
    read = read_mask(tmp_path / "labels.png", photo)
    assert ((read.sky > 0.5) == (matte.sky > 0.5)).mean() > 0.98 and read.certainty.min() == 1
    write_matte(tmp_path / "empty.png", hard_matte(np.zeros((HEIGHT, WIDTH), np.uint8)))
    (tmp_path / "cut.png").write_bytes((tmp_path / "empty.png").read_bytes()[:60])
    for name in ("empty.png", "cut.png", "none.png"):
        with pytest.raises(LandscapeError, match="mask"):
            read_mask(tmp_path / name, photo)


def test_painting_over_a_mast_changes_the_clip_as_painted() -> None:
    """Detection has no second word: what is painted as sky moves, mast or not, and what is erased stands."""
    photo, matte = sky_and_land()
    mast = np.zeros((HEIGHT, WIDTH), bool)
    mast[36:70, 71] = True
    editor = MaskEditor(matte)
    before = frame(photo, editor.masks(photo)).astype(int)
    assert np.abs(before - photo)[mast].mean() < 6
    editor.paint(Stroke(np.float32([[0.447, 0.2], [0.447, 0.66]]), 0.1, 0.0, "sky"))
    painted = editor.masks(photo)
    assert np.abs(frame(photo, painted).astype(int) - photo)[mast].mean() > 40
    assert painted.certainty[50, 71] > 0.99
    editor.paint(Stroke(np.float32([[0.1, 0.3], [0.3, 0.3]]), 0.1, 0.0, "none"))
    still = frame(photo, editor.masks(photo))
    assert np.array_equal(still[33:38, 20:44], photo[33:38, 20:44])


def test_painting_over_the_sun_lets_it_move() -> None:
    photo, matte = sky_and_land()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(x - 120, y - 30)
    sunny = np.where(distance[..., None] <= 6, 255, photo * 0.6 + 80 * np.exp(-((distance / 14) ** 2))[..., None])
    sunny = sunny.clip(0, 255).astype(np.uint8)
    matte = dataclasses.replace(matte, glow=find_glow(sunny, matte.sky))
    assert matte.glow is not None
    assert np.abs(frame(sunny, matte).astype(int) - sunny)[distance < 4].max() < 8
    editor = MaskEditor(matte)
    editor.paint(Stroke(np.float32([[120 / WIDTH, 30 / HEIGHT]]), 0.5, 0.0, "sky"))
    assert np.abs(frame(sunny, editor.masks(sunny)).astype(int) - sunny)[distance < 4].mean() > 20


def test_painting_over_a_hill_changes_the_clip_as_painted() -> None:
    """Whoever gives a hill to the sky sees it drift; a hill that was given to it stands where somebody erases."""
    photo, _ = sky_and_land()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    hill = (y < 80) & (y > 40 + np.abs(x - 60))
    rough = cv2.GaussianBlur(np.random.default_rng(2).normal(size=hill.shape).astype(np.float32), (0, 0), 2)
    photo[hill] = np.clip(np.float32([90, 100, 70]) + (30 * rough / rough.std())[..., None], 0, 255)[hill]
    inside = cv2.erode(hill.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    over = np.float32([[0.375, 0.45], [0.375, 0.6]])
    for known, paints, moves in ((0, "sky", True), (1, "none", False)):
        editor = MaskEditor(hard_matte(np.where(y < 80, np.where(hill, known, 1), 0).astype(np.uint8)))
        before = np.abs(frame(photo, editor.masks(photo)).astype(int) - photo)[inside]
        editor.paint(Stroke(over, 0.5, 0.0, paints))
        after = np.abs(frame(photo, editor.masks(photo)).astype(int) - photo)[inside]
        moved, stood = (after, before) if moves else (before, after)
        assert moved.mean() > 15 and stood.max() == 0


def test_wide_doubt_is_told_and_round_and_an_edge_is_none() -> None:
    """Somebody looks at it in the mask view."""
    y, x = np.mgrid[:300, :400]
    soft = np.zeros((300, 400, 3), np.float32)
    soft[..., 1] = np.clip((200 - y) / 8 + 0.5, 0, 1)  # as unsharp as segmenters are
    shares = np.stack([y < 200, 0 * y], axis=2).astype(np.float32)
    there = np.hypot(x - 150, y - 90) < 30
    soft[there, 1] = 0.3
    soft[..., 0] = 1 - soft[..., 1]
    *_, certainty = solve(np.full((300, 400, 3), 150, np.uint8), shares, soft, None)
    doubtful = certainty < 0.6
    assert (doubtful & there).sum() > 0.95 * there.sum() and (doubtful & ~there).sum() < 0.02 * there.sum()


def test_what_was_not_painted_stays_as_fine_as_it_was() -> None:
    rng = np.random.default_rng(1)
    sky = in_steps(rng.random((90, 1600), dtype=np.float32))
    editor = MaskEditor(Matte.certain(sky, np.zeros_like(sky), np.zeros_like(sky), 0.5))
    editor.paint(Stroke(np.float32([[0.1, 0.5]]), 0.01, 0.0, "none"))
    changed = editor.masks(np.zeros((90, 1600, 3), np.uint8))
    assert np.abs(changed.sky - sky)[:, 300:].max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("side", [384, 640])
def test_the_share_that_is_carried_is_the_reduced_one(side: int) -> None:
    """It does not depend on the size of the frame, up to the 2048 px of mattes."""
    photo, hard = sky_and_land(scale=13)
    photo, hard = resize(photo, 1536, 2048), hard.resized(1536, 2048)
    matte = dataclasses.replace(hard, sky=cv2.GaussianBlur(hard.sky, (0, 0), 2.5))
    height, width = round(side * 0.75), side
    share = draw(resize(photo, height, width), matte.resized(height, width), ()).sky
    reduced = resize(draw(photo, matte, ()).sky, height, width)
    band = (reduced > 0.02) & (reduced < 0.98)
    assert np.abs(share - reduced)[band].mean() < 0.02


def test_previews_show_what_the_clip_will_show() -> None:
    photo, matte = sky_and_land(scale=8)
    clip, preview = (frame(resize(photo, *size), matte, 1.0) for size in ((960, 1280), (576, 768)))
    everywhere = np.ones(preview.shape[:2], np.float32)
    assert ssim(resize(clip, 576, 768), preview, everywhere) >= 0.99


def cuts() -> Cuts:
    rng = np.random.default_rng(0)

    def picture(colour: tuple[int, int, int], contrast: float) -> np.ndarray:
        noise = cv2.GaussianBlur(rng.normal(size=(200, 300)).astype(np.float32), (0, 0), 6)
        return np.clip(np.float32(colour) + (contrast * noise / noise.std())[..., None], 0, 255).astype(np.uint8)

    return Cuts([picture((150, 170, 210), 20)], [picture((70, 80, 50), 15)], [picture((60, 90, 120), 10)])


@pytest.mark.parametrize("kind", KINDS)
def test_composites_are_what_they_say(kind: str) -> None:
    known = make_composite(cuts(), 5, 256, kind)
    again = make_composite(cuts(), 5, 256, kind)
    assert known.kind == kind and np.array_equal(known.pixels, again.pixels)
    assert known.pixels.shape[:2] == known.sky.shape == known.thing.shape and max(known.sky.shape) == 256
    assert (known.sky + known.water).max() < 1 + 1e-4 and known.thing.max() > 0.5
    pure = known.sky > 0.999
    assert np.abs(known.pixels[pure].astype(int) - known.backdrop[pure]).mean() < 6
    assert ((known.thing > 0.6) & (known.sky > 0.9)).sum() == 0


def test_the_judge_knows_right_from_wrong() -> None:
    known = make_composite(cuts(), 3, 256, "masts")
    shares = (known.sky, known.water, np.zeros_like(known.sky))
    right = Matte.certain(*shares, 0.6)
    wrong = Matte.certain(np.maximum(known.sky, known.thing), *shares[1:], 0.6)
    nothing = Matte.certain(0 * known.sky, *shares[1:], 0.6)
    figures = [score(known, draw(known.pixels, matte)) for matte in (right, wrong, nothing)]
    assert figures[0]["alpha"] < 0.02 < figures[1]["alpha"] and figures[0]["moved"] < 0.4 < figures[1]["moved"]
    assert figures[0]["change"] < 0.5 * figures[1]["change"] and figures[0]["trails"] <= figures[1]["trails"]
    assert figures[0]["stills"] < 0.02 and figures[2]["stills"] == 1
    summary = summarise({"kind": "masts"} | row for row in figures)
    assert set(summary) == {"masts", "all"} and summary["all"]["stills"] > 0.3
    large = cv2.resize(known.pixels, None, fx=2, fy=2)
    sizes = agreement(large, right.resized(*large.shape[:2]))
    assert len(sizes) == 4 and max(sizes.values()) < 0.02


def test_the_sky_between_two_bars_is_no_trail() -> None:
    """It stands out from them in the photo as well; a bar that the sky has carried off does so where none was."""
    bars = np.zeros((240, 320), np.float32)
    bars[40:200, 100:104] = bars[40:200, 114:118] = 1
    backdrop = np.full((240, 320, 3), 180, np.uint8)
    photo = np.where(bars[..., None] > 0, np.uint8(40), backdrop)
    known = Composite("cranes", photo, 1 - bars, 0 * bars, backdrop, bars)
    drawn = [Drawn(1 - bars, 0 * bars, [frame]) for frame in (photo, np.roll(photo, 60, axis=1))]
    trails = [score(known, each)["trails"] for each in drawn]
    assert trails[0] == 0 and trails[1] > 100


def test_the_sheet_shows_crops_of_photos(tmp_path: Path) -> None:
    for seed in range(3):
        cv2.imwrite(str(tmp_path / f"{seed}.png"), sky_and_land(seed)[0])
    paths = sorted(tmp_path.iterdir())
    sheet = worst_crops(paths, lambda pixels: sky_and_land()[1], side=160, size=64)
    assert sheet.shape == (2 * 64, 2 * (3 * 64 + 4), 3) and sheet.std() > 10


def test_cuts_are_the_largest_sure_rectangles() -> None:
    pixels = np.zeros((640, 960, 3), np.uint8)
    soft = np.zeros((160, 240, 3), np.float32)
    soft[:100, :, 1], soft[100:, :, 0] = 1, 1
    found = cut_photo(pixels, soft)
    assert set(found) == {1} and found[1].shape[1] == 960 and 320 <= found[1].shape[0] <= 400


def test_what_is_nowhere_frozen_takes_no_memory_at_any_size() -> None:
    sky = np.zeros((40, 60), np.float32)
    sky[:20] = 1
    matte = Matte.certain(sky, np.zeros_like(sky), np.broadcast_to(np.float32(0), sky.shape), 0.5)
    small = matte.resized(20, 30)
    assert small.freeze.strides == small.certainty.strides == (0, 0)
    assert small.freeze.shape == (20, 30) and small.freeze.max() == 0 and small.certainty.min() == 1
    assert small.sky.shape == (20, 30) and small.sky[0, 0] == 1 and small.sky[-1, -1] == 0
