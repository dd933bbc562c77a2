"""How much of a pixel is sky, by the colours on both sides of a border."""

from __future__ import annotations

import numpy as np
import pytest

from landscape.masks.colour_line import _share_between, along_colours

HEIGHT, WIDTH, HORIZON = 144, 216, 0.6


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_the_share_of_a_mixture_is_found(share: float) -> None:
    moving, other = np.float32([[160, 170, 205]]), np.float32([[35, 50, 70]])
    assert _share_between(share * moving + (1 - share) * other, moving, other)[0, 0] == pytest.approx(share, abs=0.01)


def test_other_colours_are_no_mixture() -> None:
    moving, other = np.float32([[160, 170, 205]]), np.float32([[35, 50, 70]])
    assert _share_between(np.float32([[200, 40, 30]]), moving, other)[0, 0] == 0


def test_a_halo_belongs_to_the_region() -> None:
    """Sharpening makes the sky beside a ridge brighter than it is anywhere, and tints it."""
    moving, other = np.float32([[215, 156, 109]]), np.float32([[50, 49, 64]])
    assert _share_between(np.float32([[235, 185, 140]]), moving, other)[0, 0] > 0.9


def test_blue_between_a_cloud_and_a_ridge_belongs_to_the_sky() -> None:
    line = round(HORIZON * HEIGHT)
    photo = np.empty((HEIGHT, WIDTH, 3), np.float32)
    photo[:line], photo[line:] = (245, 245, 245), (95, 90, 85)
    photo[: line // 2], photo[line - 3 : line, 90:110] = (90, 130, 190), (90, 130, 190)
    photo = np.clip(photo + np.random.default_rng(0).normal(0, 3, photo.shape), 0, 255).astype(np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[:line] = 1
    matte = along_colours(photo, mask)
    assert matte[line - 3 : line, 92:108].min() > 0.98
    assert matte[line:].max() < 0.02
