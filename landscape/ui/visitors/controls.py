"""The page's controls as settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landscape.errors import LandscapeError
from landscape.settings import STYLES, ExportSettings, FitSettings, LightKey, LightSettings, MotionSettings

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

    def __post_init__(self) -> None:
        # The browser sends lists.
        object.__setattr__(self, "keys", tuple(self.keys or ()))

    def motion(self) -> MotionSettings:
        """The motion asked for. Raises LandscapeError for values out of range."""
        return MotionSettings(
            float(self.direction), float(self.speed), float(self.sky), float(self.water), float(self.perspective)
        )

    def light(self) -> LightSettings:
        """The light asked for. Raises LandscapeError for unknown styles."""
        keys = tuple(LightKey(float(key["time"]), _style(key["style"])) for key in self.keys or ())
        return LightSettings(_style(self.style), float(self.strength), bool(self.day_cycle), keys)

    def export(self) -> ExportSettings:
        """The file asked for. Raises LandscapeError for values out of range."""
        return ExportSettings(seconds=float(self.seconds), long_side=int(self.long_side), loop=bool(self.loop))


def _style(name: str | None) -> str | None:
    return None if name in (None, PHOTO_LIGHT) else name


def inversion(quality: str) -> FitSettings:
    """The settings of a quality.

    Raises:
        LandscapeError: If there is no such quality.
    """
    if quality not in QUALITIES:
        raise LandscapeError(f"Choose a quality from: {', '.join(QUALITIES)}.")
    return QUALITIES[quality]
