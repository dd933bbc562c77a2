"""Light over time: nine styles, style vectors moved by the lighting network, and the rest (paper, 3.2 and 7.1).

A style is a point of z_dynamic and the mean colours of real photos in that light. The generator changes the light as
far as it has learnt to; :func:`grade` then moves each frame's colours most of the remaining way to the photos'.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.interpolate import CubicSpline, PchipInterpolator
from torch import Tensor

from landscape.images.tone import band_colours, move_colours, to_unit
from landscape.light.styles import Style, StyleGrade, StyleTable
from landscape.networks.lighting import LightingNetwork
from landscape.settings import STYLES, LightKey, LightSettings

DAY = np.linspace(0.0, 1.0, len(STYLES))
"""Times of the styles within the day cycle."""


@torch.no_grad()
def move_w(w: Tensor, z_dynamic: Tensor, c: float, first_block: int, network: LightingNetwork) -> Tensor:
    """Move style vectors towards a light.

    The change that the network predicts is added to w, so that c = 0 gives w exactly although the network does not
    reproduce it exactly.

    Args:
        w: (N, blocks, style_width).
        z_dynamic: The light, (3,).
        c: Interpolation coefficient, 0 to 1.
        first_block: Blocks before it are left unchanged.
        network: The lighting network A.

    Returns:
        (N, blocks, style_width).
    """
    moving = w[:, first_block:]
    flat = moving.reshape(-1, w.shape[-1])
    target = z_dynamic.to(flat).expand(len(flat), -1)
    coefficient = torch.full((len(flat), 1), c).to(flat)
    change = network(flat, target, coefficient) - network(flat, target, torch.zeros_like(coefficient))
    return torch.cat([w[:, :first_block], moving + change.view_as(moving)], dim=1)


def styled_w(w: Tensor, style: Style, strength: float, table: StyleTable, network: LightingNetwork) -> Tensor:
    """Style vectors under a style; strength 0 gives w exactly.

    Args:
        w: (N, blocks, style_width).
        style: The style.
        strength: 0 to 1; scales the interpolation coefficient.
        table: Table of the style.
        network: The lighting network A.

    Returns:
        (N, blocks, style_width); blocks before ``table.first_block`` are unchanged.
    """
    if strength <= 0:
        return w.clone()
    c = table.coefficient * min(strength, 1.0)
    return move_w(w, torch.tensor(style.z_dynamic), c, table.first_block, network)


def light_path(
    w: Tensor, light: LightSettings, table: StyleTable, network: LightingNetwork
) -> Callable[[float], Tensor]:
    """Style vectors as a function of time.

    Args:
        w: Style vectors of the photo, (N, blocks, style_width).
        light: The wanted light. A style holds during the whole clip; the day cycle passes the nine styles at 0, 1/8,
            .. 1 along a clamped cubic spline and ends where it began as in the released model. Key frames of one's own
            are passed without overshooting; before the first and after the last the light stands still.
        table: The generator's styles.
        network: The lighting network A.

    Returns:
        A function of the time fraction, clamped to [0, 1], that gives (N, blocks, style_width).
    """
    if not light.active:
        return lambda fraction: w
    if not light.day_cycle:
        assert light.style is not None
        constant = styled_w(w, table.style(light.style), light.strength, table, network)
        return lambda fraction: constant

    def key(style: str | None) -> np.ndarray:
        styled = w if style is None else styled_w(w, table.style(style), light.strength, table, network)
        values: np.ndarray = styled.cpu().double().numpy()
        return values

    path = _through_keys(light, key)
    return lambda fraction: torch.from_numpy(path(within_clip(fraction))).to(w)


def grade_path(light: LightSettings, table: StyleTable) -> Callable[[float], tuple[StyleGrade, float] | None]:
    """The grade that belongs to :func:`light_path` and its strength as a function of the time fraction.

    Returns:
        The function; it gives None while the light is off.
    """
    if not light.active:
        return lambda fraction: None
    if not light.day_cycle:
        assert light.style is not None
        constant = table.style(light.style).grade
        return lambda fraction: (constant, light.strength)
    styled = [key for key in light.keys if key.style is not None]
    if light.keys and not styled:
        return lambda fraction: None

    def colours(key: LightKey) -> np.ndarray:
        # On the way to the photo's own light the grade fades out; its colours meanwhile are those of the nearest style.
        near = min(styled, key=lambda other: abs(other.time - key.time)).style if key.style is None else key.style
        return table.style(near or STYLES[0]).grade.vector()

    path = _through_keys(light, lambda style: table.style(style or STYLES[0]).grade.vector(), colours)
    share = _through_keys(light, lambda style: np.asarray([light.strength if style is not None else 0.0]))

    def at(fraction: float) -> tuple[StyleGrade, float]:
        place = within_clip(fraction)
        return StyleGrade.from_vector(path(place)), float(np.clip(share(place)[0], 0.0, light.strength))

    return at


def _through_keys(
    light: LightSettings,
    value: Callable[[str | None], np.ndarray],
    of_key: Callable[[LightKey], np.ndarray] | None = None,
) -> Callable[[float], np.ndarray]:
    """A curve through the values of a light's key frames, or of the day's nine styles where it has none.

    Args:
        light: The day cycle.
        value: The value of a style.
        of_key: The value of a key frame, where the style is not all that counts.
    """
    if not light.keys:
        values = [value(style) for style in STYLES[:-1]]
        day = CubicSpline(DAY, np.stack([*values, values[0]]), axis=0, bc_type="clamped")
        return lambda fraction: np.asarray(day(fraction))
    values = [value(key.style) if of_key is None else of_key(key) for key in light.keys]
    if len(values) == 1:
        return lambda fraction: values[0]
    times = [key.time for key in light.keys]
    curve = PchipInterpolator(times, np.stack(values), axis=0)
    return lambda fraction: np.asarray(curve(min(max(fraction, times[0]), times[-1])))


def within_clip(fraction: float) -> float:
    """A fraction of a clip's time, brought into [0, 1]; 0 for none."""
    return min(max(fraction, 0.0), 1.0) if math.isfinite(fraction) else 0.0


def grade(frame: Tensor, target: StyleGrade, strength: float, horizon: float = 0.5, match: float = 0.8) -> Tensor:
    """Move a frame's mean colours, band by band, towards those of photos in the wanted light.

    Args:
        frame: (N, 3, H, W) in [-1, 1], what the generator drew under the styled w.
        target: The wanted light.
        strength: 0 (the frame as it is) to 1.
        horizon: The photo's horizon as a fraction of the height.
        match: See :class:`StyleTable`.

    Returns:
        (N, 3, H, W) in [-1, 1]. With ``target.dims`` of 1 no pixel gets brighter in any channel.
    """
    if strength <= 0:
        return frame
    unit = to_unit(frame)
    own = band_colours(unit, horizon)
    goal = torch.tensor(target.colours).to(own).expand_as(own)
    wanted = torch.lerp(own, goal, match * min(strength, 1.0))
    wanted = torch.lerp(wanted, torch.minimum(wanted, own), target.dims)
    return move_colours(unit, wanted, horizon) * 2 - 1
