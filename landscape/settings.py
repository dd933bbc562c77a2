"""Settings shared by the command line, the app and saved files.

All of them are frozen dataclasses whose defaults are the product's defaults. Values out of range raise
:class:`~landscape.errors.LandscapeError` with a sentence that names the allowed range.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from landscape.errors import is_number, named, require, require_range, require_switch

STYLES = (
    "blue day",
    "bright white day",
    "bright evening",
    "light sunset",
    "warm sunset",
    "blue hour",
    "deep night",
    "blue morning",
    "blue day again",
)
"""The nine-style vocabulary in the order of one day (paper, 7.1); the last equals the first and closes the cycle."""

PHOTO_STYLE = "photo"
"""The name of the photo's own light in lists of key frames."""
CLOSEST_KEYS = 0.02
"""Least distance of two key frames as a fraction of the clip: light that jumps is no light."""

VARIANTS = ("I2S", "MO", "E", "EO", "EOI", "EOIF", "EOIFS")
"""The inversion variants of the paper's table 2."""

FIT_NUMBERS = ("product", "paper", "release")
"""Numbers of the inversion: the product's, the paper's, those of the released implementation."""
LIGHT_SOURCES = ("measured", "generator")
"""Where a light's colours come from: real pictures of it, or the generator and mean colours (the older light)."""
LONGEST = 600.0
"""Seconds of the longest clip."""
FORMATS = ("h264", "h265", "h265-10bit", "vp9", "av1", "gif", "png")
"""What clips can be written as; :mod:`landscape.output.formats` knows more of each."""
FASTEST = {"gif": 50}
"""Most frames a second of formats that cannot do all: GIFs with less than two hundredths of a second play slowly."""


@dataclass(frozen=True)
class MotionSettings:
    """What moves, where to and how fast (paper, 3.1.3).

    Attributes:
        direction: Where the clouds go, degrees clockwise from up (90 is to the right), any real number.
        speed: Factor on the speed of the paper's clock homographies at 30 frames a second, 0 (still) to 8; real
            time-lapse clouds move at about 2.5.
        sky: Amount of motion in the sky, 0 to 2, multiplies ``speed``.
        water: Amount of motion in the water, 0 to 2, multiplies ``speed``.
        perspective: How much slower the motion gets towards the horizon: 1 as in the paper, 0 the same everywhere.
        change: How much clouds change by themselves while they travel, 0 (still: they only travel) to 2 (lively); 1 is
            as much as real ones do.
    """

    direction: float = 90.0
    speed: float = 1.0
    sky: float = 1.0
    water: float = 1.0
    perspective: float = 1.0
    change: float = 1.0

    def __post_init__(self) -> None:
        require(is_number(self.direction), "Choose a direction in degrees.")
        require_range("speed", self.speed, 0.0, 8.0)
        require_range("sky motion", self.sky, 0.0, 2.0)
        require_range("water motion", self.water, 0.0, 2.0)
        require_range("perspective", self.perspective, 0.0, 1.0)
        require_range("change", self.change, 0.0, 2.0)


def _style(value: object) -> str | None:
    """The style of a name in any case; None for the light of the photo. Raises LandscapeError for other values."""
    if value is None:
        return None
    style = named("style", value, (PHOTO_STYLE, *STYLES))
    return None if style == PHOTO_STYLE else style


@dataclass(frozen=True)
class LightKey:
    """A key frame of the day cycle.

    Attributes:
        time: When the light is reached, as a fraction of the clip in [0, 1].
        style: One of :data:`STYLES` in any case, or None or :data:`PHOTO_STYLE` for the light of the photo.
    """

    time: float
    style: str | None

    def __post_init__(self) -> None:
        require_range("time of a key frame", self.time, 0.0, 1.0)
        object.__setattr__(self, "style", _style(self.style))


@dataclass(frozen=True)
class LightSettings:
    """How the light of the scene changes (paper, 3.2 and 7.1).

    Attributes:
        style: One of :data:`STYLES` in any case, or None or :data:`PHOTO_STYLE` for the light of the photo.
        strength: How far the light goes towards the style, 0 to 1.
        day_cycle: Travel through the day during the clip, ignoring ``style``.
        keys: Key frames of the day, each later than the one before; none for all nine styles at equal distances.
        sun_side: Where the sun stands, 0 (left) to 1 (right); None for where the photo has it.
        source: One of :data:`LIGHT_SOURCES`.
    """

    style: str | None = None
    strength: float = 1.0
    day_cycle: bool = False
    keys: tuple[LightKey, ...] = ()
    sun_side: float | None = None
    source: str = LIGHT_SOURCES[0]

    def __post_init__(self) -> None:
        object.__setattr__(self, "style", _style(self.style))
        object.__setattr__(self, "source", named("source of light", self.source, LIGHT_SOURCES))
        require_range("side of the sun", 0.5 if self.sun_side is None else self.sun_side, 0.0, 1.0)
        require_range("style strength", self.strength, 0.0, 1.0)
        require_switch("day cycle", self.day_cycle)
        # Files hold plain dictionaries.
        keys = tuple(_as_key(key) for key in _as_list(self.keys))
        object.__setattr__(self, "keys", keys)
        rising = all(second.time - first.time >= CLOSEST_KEYS for first, second in itertools.pairwise(keys))
        require(rising, f"Put each key frame at least {CLOSEST_KEYS:g} of the clip after the one before.")

    @property
    def active(self) -> bool:
        """Whether the light differs from the photo's at any time."""
        return (self.style is not None or self.day_cycle) and self.strength > 0


@dataclass(frozen=True)
class FitSettings:
    """How the model is fitted to a photo (paper, 3.2 and algorithms 1 and 2).

    Attributes:
        variant: One of :data:`VARIANTS`, in any case.
        latent_steps: Most optimisation steps of the latents (step 2), 0 to 5000; None leaves it to the numbers.
        tune_steps: Most fine-tuning steps of the generator (step 3), 0 to 5000; None leaves it to the numbers.
        seed: Seed of everything random.
        numbers: One of :data:`FIT_NUMBERS`: the numbers of the optimisation.
        seconds: Most time for the fit, 0 to 36000; what is reached then is the result. None for as long as it takes;
            only then do the same settings always give the same result.
    """

    variant: str = "EOIFS"
    latent_steps: int | None = None
    tune_steps: int | None = None
    seed: int = 0
    numbers: str = "product"
    seconds: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "variant", named("variant", self.variant, VARIANTS))
        require(self.numbers in FIT_NUMBERS, f"Choose the numbers of a fit from: {', '.join(FIT_NUMBERS)}.")
        for name, steps in (("latent", self.latent_steps), ("fine-tuning", self.tune_steps)):
            if steps is not None:
                require_range(f"number of {name} steps", steps, 0, 5000)
        if self.seconds is not None:
            require_range("time for the fit in seconds", self.seconds, 0, 36000)
        require_range("seed", self.seed, 0, 2**31 - 1)


@dataclass(frozen=True)
class ExportSettings:
    """The file of a clip.

    Attributes:
        seconds: Length of the clip, 0.2 to 600.
        fps: Frames a second, 1 to 120; rates above what the format can do (:data:`FASTEST`) are reduced to it.
        long_side: Long side in pixels, 64 to 8192; sizes above the photo's own are reduced to it.
        loop: Whether the last frame leads seamlessly into the first.
        crf: H.264 constant rate factor, 0 (lossless) to 51; other formats get their own of the same fidelity.
        generator_only: Show what the generator draws, without the photo's detail.
        format: One of :data:`FORMATS`, in any case.
    """

    seconds: float = 6.0
    fps: int = 30
    long_side: int = 1280
    loop: bool = False
    crf: int = 18
    generator_only: bool = False
    format: str = "h264"

    def __post_init__(self) -> None:
        require_range("length in seconds", self.seconds, 0.2, LONGEST)
        require_range("frame rate", self.fps, 1, 120)
        require_range("size in pixels", self.long_side, 64, 8192)
        require_range("quality (crf)", self.crf, 0, 51)
        require_switch("loop", self.loop)
        object.__setattr__(self, "format", named("format", self.format, FORMATS))
        object.__setattr__(self, "fps", min(self.fps, FASTEST.get(self.format, self.fps)))

    @property
    def frames(self) -> int:
        """Number of frames in the clip."""
        return max(1, round(self.seconds * self.fps))


def as_dict(*settings: Any) -> dict[str, Any]:
    """Merge settings into one plain dictionary for recipes and reports: section to fields."""
    return {SECTIONS[type(item)]: dataclasses.asdict(item) for item in settings}


SECTIONS = {MotionSettings: "motion", LightSettings: "light", FitSettings: "inversion", ExportSettings: "export"}
"""Names of the settings in files, which stay whatever the classes are called."""


def _as_list(keys: object) -> Sequence[Any]:
    """Key frames as a list that is not longer than they can be apart."""
    fits = isinstance(keys, (list, tuple)) and len(keys) <= 1 + 1 / CLOSEST_KEYS
    require(fits, f"Give key frames as a list, each at least {CLOSEST_KEYS:g} of the clip after the one before.")
    assert isinstance(keys, (list, tuple))
    return keys


def _as_key(key: object) -> LightKey:
    """A key frame, which files hold as a plain dictionary."""
    if isinstance(key, LightKey):
        return key
    require(isinstance(key, dict) and set(key) == {"time", "style"}, "Give each key frame a time and a style.")
    assert isinstance(key, dict)
    return LightKey(key["time"], key["style"])


EARLIER_NAMES = {"recipe": "numbers"}
"""Names that settings of a fit had in files of earlier versions."""


def fit_settings(content: dict[str, Any]) -> FitSettings:
    """Settings of a fit from a file, of this version or an earlier one.

    Raises:
        LandscapeError: If a value is out of range.
        TypeError: If there is a setting that this version does not know.
    """
    return FitSettings(**{EARLIER_NAMES.get(name, name): value for name, value in content.items()})
