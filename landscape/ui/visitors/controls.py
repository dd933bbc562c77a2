"""The page's controls as settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landscape.errors import LandscapeError, is_number
from landscape.settings import STYLES, ExportSettings, FitSettings, LightSettings, MotionSettings
from landscape.ui.sentences import told

PHOTO_LIGHT = "as in the photo"
"""The style that leaves the light alone."""
STYLE_CHOICES = (PHOTO_LIGHT, *STYLES)
"""The styles as the page names them."""
QUALITIES = {"Quick": FitSettings(latent_steps=20, tune_steps=20), "Standard": FitSettings()}
"""How carefully the model is fitted to a photo."""
STANDARD = "Standard"
"""The quality chosen at first."""
SIZES = (256, 480, 640, 960, 1280, 1920, 2560, 3840)
"""Long sides on offer, in pixels; the last is also the largest photo kept in memory."""
NATIVE = 8192
"""The long side that stands for the photo's own."""
REAL_SPEED = 2.5
"""The speed of real time-lapse clouds (paper, 3.1.3)."""

_MOTION = MotionSettings()
_EXPORT = ExportSettings()


@dataclass(frozen=True)
class Controls:
    """What a visitor asks for, in the order of the page's controls; the defaults are those of the settings.

    Attributes:
        direction: Where the clouds go, degrees clockwise from up.
        speed: Speed, 0 to 4.
        sky: Amount of motion in the sky, 0 to 2.
        water: Amount of motion in the water, 0 to 2.
        perspective: How much slower the motion gets towards the horizon, 0 to 1.
        style: One of :data:`STYLE_CHOICES`.
        strength: How far the light goes towards the style, 0 to 1.
        day_cycle: Travel through a day.
        keys: Key frames of the day as ``{"time": fraction, "style": one of STYLE_CHOICES}``; none for the whole day.
        seconds: Length of the clip.
        long_side: Long side in pixels.
        loop: Whether the clip loops without a seam.
        change: How much clouds change by themselves, 0 to 2.
    """

    direction: float = _MOTION.direction
    speed: float = _MOTION.speed
    sky: float = _MOTION.sky
    water: float = _MOTION.water
    perspective: float = _MOTION.perspective
    style: str = PHOTO_LIGHT
    strength: float = LightSettings().strength
    day_cycle: bool = False
    keys: Sequence[Mapping[str, Any]] = ()
    seconds: float = _EXPORT.seconds
    long_side: int = _EXPORT.long_side
    loop: bool = _EXPORT.loop
    change: float = _MOTION.change

    def __post_init__(self) -> None:
        # The browser sends lists, or nothing for none.
        if self.keys is None or isinstance(self.keys, list):
            object.__setattr__(self, "keys", tuple(self.keys or ()))

    def motion(self) -> MotionSettings:
        """The motion asked for. Raises LandscapeError for values out of range and of other types."""
        values = (self.direction, self.speed, self.sky, self.water, self.perspective, self.change)
        return MotionSettings(*(_real(value) for value in values))

    def light(self) -> LightSettings:
        """The light asked for. Raises LandscapeError for unknown styles, values out of range and of other types."""
        keys = self.keys
        if isinstance(keys, tuple):
            keys = tuple(_key(key) for key in keys)
        return LightSettings(_style(self.style), _real(self.strength), self.day_cycle, keys)  # type: ignore[arg-type]  # checked there

    def export(self) -> ExportSettings:
        """The file asked for. Raises LandscapeError for values out of range and of other types."""
        return ExportSettings(seconds=_real(self.seconds), long_side=whole(self.long_side), loop=self.loop)

    def check(self) -> None:
        """Make sure that everything can be used.

        Raises:
            LandscapeError: With the settings' own sentence about the first value that cannot.
        """
        self.motion(), self.light(), self.export()


def accepted(values: Mapping[str, Any], before: Controls) -> tuple[Controls, dict[str, str]]:
    """What is in force when someone asks for values of which some may be of no use.

    Args:
        values: What is asked for, of any types, by the names of the fields of :class:`Controls`.
        before: What was in force until now.

    Returns:
        The values that can be used, in place of those before; and a sentence about each of the others by its name.

    Raises:
        TypeError: If there is no control of a name.
    """
    wish = dataclasses.replace(before, **values)
    try:
        wish.check()
        return wish, {}
    except LandscapeError:
        problems = {name: problem for name, value in values.items() if (problem := _problem(name, value))}
        return dataclasses.replace(before, **{name: values[name] for name in values if name not in problems}), problems


def _problem(name: str, value: Any) -> str:
    """Why a value cannot be used, or nothing: a control alone decides, none depends on another."""
    try:
        dataclasses.replace(Controls(), **{name: value}).check()
        return ""
    except LandscapeError as error:
        return told(error)


def whole(value: Any) -> Any:
    """A number without a fraction as an int, as programs send 640.0 as well; anything else as it is."""
    return int(value) if is_number(value) and value == int(value) else value


def _real(value: Any) -> Any:
    """A number as a float; anything else as it is, for the settings to refuse."""
    return float(value) if is_number(value) else value


def _key(key: Any) -> Any:
    fits = isinstance(key, dict) and set(key) == {"time", "style"}
    return {"time": _real(key["time"]), "style": _style(key["style"])} if fits else key


def _style(name: Any) -> Any:
    light = isinstance(name, str) and name.strip().casefold() == PHOTO_LIGHT
    return None if light else name


def inversion(quality: str) -> FitSettings:
    """The settings of a quality.

    Raises:
        LandscapeError: If there is no such quality.
    """
    if not isinstance(quality, str) or quality not in QUALITIES:
        raise LandscapeError(f"Choose a quality from: {', '.join(QUALITIES)}.")
    return QUALITIES[quality]
