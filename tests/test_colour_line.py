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


def test_an_edge_is_put_where_the_colours_change() -> None:
    """A mask that is off by a few pixels gets the ridge's own line, and what is neither stands still."""
    line = round(HORIZON * HEIGHT)
    photo = np.empty((HEIGHT, WIDTH, 3), np.float32)
    photo[:line], photo[line:] = (150, 170, 210), (95, 80, 65)
    photo[line - 3 : line, 90:110] = (190, 40, 30)
    photo = np.clip(photo + np.random.default_rng(0).normal(0, 3, photo.shape), 0, 255).astype(np.uint8)
    mask = (
        np.clip(line + 1.5 - np.arange(HEIGHT, dtype=np.float32), 0, 4)[:, None] / 4 * np.ones((1, WIDTH), np.float32)
    )
    matte = along_colours(photo, mask)
    beside = np.r_[0:80, 120:WIDTH]
    assert matte[line:, beside].max() < 0.02 and matte[: line - 3].min() > 0.98
    assert matte[line - 3 : line, 92:108].max() < 0.2
