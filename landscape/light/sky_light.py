"""The sky under a style: colours by elevation, by distance from the sun's side, and by how light a cloud is."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.pixels import Array
from landscape.light.measured import MeasuredLight
from landscape.light.sky_frame import SkyFrame, brightness

_ROWS, _COLUMNS = 64, 48
"""Size at which the colours are computed; they are smooth."""
_MOST_CONTRAST = 1.4
"""Most times by which a sky's own contrast grows: more would show the noise and the blocks of its file."""
_GLOW = (0.16, 0.22)
"""Reach of the glow on the sun's side along the horizon, in widths, and upwards, in heights of the sky."""
_GLOW_LIGHT = 70.0
"""Light that a full glow adds, 0 to 255."""


def sky_maps(
    measured: MeasuredLight, frame: SkyFrame, sun_side: float, own: Array | None, elevation: Array | None = None
) -> tuple[Array, Array, Array]:
    """Colours of a sky under a style.

    Args:
        measured: The style.
        frame: The photo's sky.
        sun_side: Where the sun is along the horizon, 0 (left) to 1.
        own: L of the photo's own sky, of which some is kept; see :meth:`MeasuredLight.sky_colours`.
        elevation: (h,) elevation of each row, the frame's own by default.

    Returns:
        (h, w, 3) each, 0 to 255: the colour of the middle, its change for each spread of deviation, and for its square.
    """
    rows = frame.elevation if elevation is None else elevation
    height, width = len(rows), len(frame.across)
    places = np.linspace(0, height - 1, _ROWS)
    heights = np.interp(places, np.arange(height), np.clip(rows, 0, 1))
    across = (np.arange(_COLUMNS) + 0.5) / _COLUMNS
    lab = measured.sky_colours(heights, np.abs(across - sun_side), own)
    dark, middle, light = (to_rgb(np.ascontiguousarray(lab[:, :, index])) for index in range(3))
    if measured.glow > 0:
        fall = np.exp(-((heights / _GLOW[1]) ** 2))[:, None] * np.exp(-(((across - sun_side) / _GLOW[0]) ** 2))
        glow = np.float32(measured.glow) * fall[..., None].astype(np.float32)
        dark, middle, light = (_lightened(part, glow) for part in (dark, middle, light))
    slope, bend = (light - dark) / 3, (light + dark - 2 * middle) / 4.5
    limit = np.clip(_MOST_CONTRAST * frame.spread / np.maximum(brightness(slope), 1e-3), 0, 1)[..., None]
    size = (width, height)
    maps = (middle, slope * limit, bend * limit)
    return tuple(cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_CUBIC) for part in maps)  # type: ignore[return-value]


def _lightened(colours: Array, glow: Array) -> Array:
    """Add light of the colours' own hue, which nears white where it is strong."""
    added = glow * np.float32(_GLOW_LIGHT) * (colours / np.maximum(colours.max(axis=2, keepdims=True), 1))
    return np.asarray(255 - (255 - colours) * np.exp(-added / np.maximum(255 - colours, 20)), np.float32)


def to_rgb(lab: Array) -> Array:
    """Colours (h, w, 3) in CIE Lab as RGB, 0 to 255."""
    return np.asarray(np.clip(cv2.cvtColor(np.asarray(lab, np.float32), cv2.COLOR_Lab2RGB), 0, 1) * 255, np.float32)
