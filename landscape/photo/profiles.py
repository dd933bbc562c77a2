"""Colours given by primaries and a transfer function, brought to sRGB as browsers show them.

The numbers are those of ITU-T H.273 (the code points of cICP and nclx), ITU-R BT.2100 (PQ and HLG), BT.2408 (reference
white of 203 cd/m2) and the reference-white tone mapping of SMPTE ST 2094-50, which Chromium uses on ordinary screens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Light of encoded values 0 to 1; of PQ and HLG relative to reference white."""
Chromaticities = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""x and y of red, green, blue and white."""

WHITE = 203.0
"""Reference white in cd/m2."""
PEAK = 1000.0
"""Brightest light in cd/m2 where a file does not tell."""
_BLOCK = 1 << 20
"""Pixels converted at a time, which bounds the memory."""
_BEND, _POINTS = 0.65, 8
"""Of the curve above reference white, and points of it that count, ST 2094-50."""
_TABLE = 4096
"""Values of that curve that are kept."""

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
_BT709: Chromaticities = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
_BT2020: Chromaticities = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65)
_SMPTE170: Chromaticities = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
PRIMARIES: dict[int, Chromaticities] = {
    1: _BT709,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: _SMPTE170,
    7: _SMPTE170,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: _BT2020,
    10: ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),
    11: (*_P3, (0.314, 0.351)),
    12: (*_P3, _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
"""By the code points of H.273."""
ADOBE: Chromaticities = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)


def power(exponent: float) -> Curve:
    """A pure power."""
    return lambda values: np.power(values, exponent)


def _linear_then_power(exponent: float, offset: float, slope: float, start: float) -> Curve:
    def curve(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(values < start, values / slope, np.power((values + offset) / (1 + offset), exponent))

    return curve


def _pq(values: NDArray[np.float64]) -> NDArray[np.float64]:
    root = np.power(values, 32 / 2523)
    light = np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)
    return 10000 / WHITE * np.power(light, 16384 / 2610)


def _hlg(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of the scene; the screen's share of the curve depends on all three channels."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)


SRGB: Curve = _linear_then_power(2.4, 0.055, 12.92, 0.04045)
_SCREEN = power(2.4)  # how BT.1886 shows what a camera encoded with the curve of BT.709
_PQ, _HLG = 16, 18
TRANSFERS: dict[int, Curve] = {
    1: _SCREEN,
    4: power(2.2),
    5: power(2.8),
    6: _SCREEN,
    7: _linear_then_power(1 / 0.45, 0.111572, 4.0, 0.0912863),
    8: power(1.0),
    11: _SCREEN,
    13: SRGB,
    14: _SCREEN,
    15: _SCREEN,
    _PQ: _pq,
    17: lambda values: np.power(values, 2.6) * (52.37 / 48),
    _HLG: _hlg,
}
"""By the code points of H.273."""


@dataclass(frozen=True)
class Colours:
    """What the values of a picture mean.

    Attributes:
        primaries: x and y of red, green, blue and white.
        curve: Light of values.
        peak: Brightest light in cd/m2 of a picture with more than an ordinary screen shows, None of others.
    """

    primaries: Chromaticities = _BT709
    curve: Curve = SRGB
    peak: float | None = None
    narrow: bool = False

    @classmethod
    def of_codes(cls, primaries: int, transfer: int, peak: float | None = None) -> Colours | None:
        """Of two code points of H.273, None if one of them is not known.

        Args:
            primaries: ColourPrimaries.
            transfer: TransferCharacteristics.
            peak: Brightest light in cd/m2, if the file tells.
        """
        if primaries not in PRIMARIES or transfer not in TRANSFERS:
            return None
        bright = transfer in (_PQ, _HLG)
        return cls(PRIMARIES[primaries], TRANSFERS[transfer], (peak or PEAK) if bright else None)

    def usable(self) -> Colours | None:
        """Itself, or None where the primaries make no colours."""
        with np.errstate(all="ignore"):
            try:
                whole = np.isfinite(_matrix(self.primaries, _BT709)).all()
            except (ZeroDivisionError, np.linalg.LinAlgError):
                return None
        return self if whole else None


def to_srgb(values: NDArray[np.uint8] | NDArray[np.uint16], colours: Colours) -> NDArray[np.uint8]:
    """Values of a picture as sRGB shows them; what is beyond its colours is clipped.

    Args:
        values: (H, W, 3).
        colours: What they mean.

    Returns:
        (H, W, 3).
    """
    top = int(np.iinfo(values.dtype).max)
    light = colours.curve(np.arange(top + 1) / top).astype(np.float32)
    steps = np.arange(65536) / 65535
    encoded = np.where(steps <= 0.0031308, steps * 12.92, 1.055 * np.power(steps, 1 / 2.4) - 0.055)
    table = np.rint(encoded * 255).astype(np.uint8)
    result = np.empty(values.shape, np.uint8)
    rows = max(1, _BLOCK // max(1, values.shape[1]))
    between = _BT709 if colours.peak is None else _BT2020
    into = _matrix(colours.primaries, between)
    for start in range(0, len(values), rows):
        linear = light[values[start : start + rows]] @ into
        if colours.peak is not None:
            if colours.curve is _hlg:
                linear = _shown(linear)
            linear = _toned(linear, colours.peak) @ _matrix(_BT2020, _BT709)
        result[start : start + rows] = table[(np.clip(linear, 0, 1) * 65535 + 0.5).astype(np.uint16)]
    return result


def _shown(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light of a screen of 1000 cd/m2 relative to reference white, BT.2100's HLG OOTF."""
    luminance = np.maximum(scene @ np.array([0.2627, 0.6780, 0.0593], np.float32), 0)[..., None]
    return scene * np.power(luminance, np.float32(0.2)) * np.float32(PEAK / WHITE)


def _toned(light: NDArray[np.float32], peak: float) -> NDArray[np.float32]:
    """Fit light up to a peak into what an ordinary screen shows; hues stay, the brightest channel decides."""
    brightest = peak / WHITE
    if brightest <= 1:
        return light
    white = 1 - 0.5 * min(np.log2(brightest) / np.log2(PEAK / WHITE), 1.0)
    # Straight up to reference white, then a quadratic Bezier curve to the peak, of which a few points count: between
    # them the logarithm of the gain is a cubic.
    middle = 1 - _BEND + _BEND / white, (1 - _BEND) * white + _BEND
    t = np.linspace(0, 1, _POINTS)
    x, dx = _bezier(1.0, middle[0], brightest, t)
    y, dy = _bezier(white, middle[1], 1.0, t)
    gain, slope = np.log(y / x), dy / dx / y - 1 / x
    table = np.linspace(1, brightest, _TABLE)
    place = np.clip(np.searchsorted(x, table, side="right") - 1, 0, _POINTS - 2)
    step = x[place + 1] - x[place]
    u = (table - x[place]) / step
    ends = (1 - u) ** 2 * (1 + 2 * u), u**2 * (3 - 2 * u)
    slopes = u * (1 - u) ** 2 * step, -(u**2) * (1 - u) * step
    curve = np.exp(
        ends[0] * gain[place] + ends[1] * gain[place + 1] + slopes[0] * slope[place] + slopes[1] * slope[place + 1]
    )
    largest = light.max(axis=-1, keepdims=True)
    # Light beyond the peak is as bright as the peak.
    return (light * np.interp(largest, table, curve) * np.minimum(brightest / np.maximum(largest, 1), 1)).astype(
        np.float32
    )


def _bezier(
    start: float, middle: float, end: float, t: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A quadratic curve and its slope at parameters from 0 to 1."""
    bend = start - 2 * middle + end
    return start + 2 * t * (middle - start) + t**2 * bend, 2 * (middle - start) + 2 * t * bend


def _matrix(source: Chromaticities, target: Chromaticities) -> NDArray[np.float32]:
    """What rows of linear values are multiplied with; whites are matched by Bradford's adaptation."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ _xyz(target[3])) / (bradford @ _xyz(source[3]))
    adapted = np.linalg.inv(bradford) @ np.diag(gains) @ bradford
    return (np.linalg.inv(_to_xyz(target)) @ adapted @ _to_xyz(source)).T.astype(np.float32)


def _to_xyz(primaries: Chromaticities) -> NDArray[np.float64]:
    columns = np.array([[x, y, 1 - x - y] for x, y in primaries[:3]]).T
    return columns * np.linalg.solve(columns, _xyz(primaries[3]))


def _xyz(point: tuple[float, float]) -> NDArray[np.float64]:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])
