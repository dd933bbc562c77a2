"""Settings shared by the command line, the app and saved files.

All of them are frozen dataclasses whose defaults are the product's defaults, and each field says of itself all that
there is to know, see :mod:`landscape.declared`. Values out of range raise
:class:`~landscape.errors.LandscapeError` with a sentence that names the allowed range.
"""

from __future__ import annotations

from dataclasses import dataclass

from landscape.arrows import MOST, WATER_KINDS, Arrow, WaterKind
from landscape.declared import Declared, Rows, setting
from landscape.kinds import Angle, Choice, Flag, Number

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
PHOTO_LIGHT = "as in the photo"
"""The same on the page."""
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
SIZES = (256, 480, 640, 960, 1280, 1920, 2560, 3840)
"""Long sides on offer, in pixels; the last is also the largest photo kept in memory."""
NATIVE = 8192
"""The long side that stands for the photo's own."""
RATES = (12, 15, 24, 25, 30, 50, 60)
"""Frame rates on offer."""

_STYLE = Choice(
    "Style", f"The light; “{PHOTO_STYLE}” is its own.", names=STYLES, none=(PHOTO_STYLE, PHOTO_LIGHT),
    panel="light", widget="cards", implies={"day_cycle": False}, example="deep night",
)  # fmt: skip


@dataclass(frozen=True)
class MotionSettings(Declared):
    """What moves, where to and how fast (paper, 3.1.3).

    ``speed`` is a factor on the paper's clock homographies at 30 frames a second; real time-lapse clouds move at about
    2.5. ``sky`` and ``water`` multiply it. ``perspective`` is 1 as in the paper, 0 for the same motion everywhere.
    """

    direction: float = setting(90.0, Angle(
        "Direction", "Where the clouds go: a clock hour like 3, or an angle like 90deg (clockwise from up).",
        unit="degrees", panel="motion", widget="dial", example="3",
        hint="Where the clouds go. Drag the hand, click an hour, or press ← and →.",
    ))  # fmt: skip
    speed: float = setting(1.0, Number(
        "Speed", "1 is calm, 2.5 as fast as time-lapse clouds, 0 still.", low=0, high=8, slider=(0, 4), step=0.1,
        panel="motion", hint="From still to four times calm.",
    ))  # fmt: skip
    change: float = setting(1.0, Number(
        "Change", "How much clouds change while they travel: 0 still, 1 as real ones, 2 lively.", low=0, high=2,
        step=0.05, panel="motion", hint="How much clouds change: still to lively.",
    ))  # fmt: skip
    sky: float = setting(1.0, Number(
        "Sky", "Amount of motion in the sky.", said="a sky motion", low=0, high=2, step=0.05, panel="motion",
        row="amounts", hint="How much.",
    ))  # fmt: skip
    water: float = setting(1.0, Number(
        "Water", "Amount of motion in the water.", said="a water motion", low=0, high=2, step=0.05, panel="motion",
        row="amounts", hint="How much.",
    ))  # fmt: skip
    waves: float = setting(180.0, Angle(
        "Waves", "Where the waves of open water go: a clock hour like 6, which is towards the viewer, or an angle.",
        said="a direction of waves", unit="degrees", slider=(0, 360), step=15, panel="motion", example="5",
        hint="Degrees: 180 rolls towards you, 90 to the right.",
    ))  # fmt: skip
    perspective: float = setting(1.0, Number(
        "Depth", "1 slows down towards the horizon, 0 moves all alike.", said="a perspective", low=0, high=1, step=0.05,
        panel="motion", hint="Slower towards the horizon, which is the line to drag on the photo.",
    ))  # fmt: skip
    arrows: tuple[Arrow, ...] = setting((), Rows(
        "Arrows", "Which way water or clouds go at a place: x, y, dx, dy in parts of the photo, the way of a second at "
        "speed 1; without a length they are held there. Write it once for each arrow.", said="arrows", row_type=Arrow,
        one="arrow", most=MOST, repeated=True, panel="motion", widget="held", option=("--arrow",),
        example="0.5,0.4,0,0.1",
    ))  # fmt: skip
    kinds: tuple[WaterKind, ...] = setting((), Rows(
        "Kinds of water", f"How a connected part of the water moves: a place in it and {', '.join(WATER_KINDS)}. Write "
        "it once for each part; the others' is found.", said="kinds of water", row_type=WaterKind, one="kind of water",
        most=MOST, repeated=True, name="water_kinds", panel="motion", widget="held", option=("--water-kind",),
        example="0.3,0.8,waves",
    ))  # fmt: skip


@dataclass(frozen=True)
class LightKey(Declared):
    """A key frame of the day cycle: when, as a fraction of the clip, and which light."""

    time: float = setting(0.0, Number("Time", "Fraction of the clip.", said="a time of a key frame", low=0, high=1))
    style: str | None = setting(None, _STYLE)


@dataclass(frozen=True)
class LightSettings(Declared):
    """How the light of the scene changes (paper, 3.2 and 7.1).

    No style is the photo's own light; a day cycle ignores it.
    """

    style: str | None = setting(None, _STYLE)
    strength: float = setting(1.0, Number(
        "Strength", "How far the light goes towards the style.", said="a style strength", low=0, high=1, step=0.05,
        panel="light", hint="How far the light goes.",
    ))  # fmt: skip
    day_cycle: bool = setting(False, Flag(
        "Day cycle", "Travel through all styles of a day.", panel="light", hint="The light travels through the clip.",
    ))  # fmt: skip
    keys: tuple[LightKey, ...] = setting((), Rows(
        "Key frames", "Key frames of the day cycle: parts of the clip and styles; none for the whole day.",
        said="key frames", row_type=LightKey, one="key frame", most=int(1 + 1 / CLOSEST_KEYS), apart=CLOSEST_KEYS,
        panel="light", widget="timeline", implies={"day_cycle": True}, example="0 photo, 0.5 deep night, 1 photo",
    ))  # fmt: skip
    sun_side: float | None = setting(None, Number(
        "Sun side", "Where the sun stands along the horizon: 0 left, 1 right.", low=0, high=1, step=0.01,
        none=("as in the photo",), panel="light", widget="held", example="0.3",
    ))  # fmt: skip
    source: str = setting("measured", Choice(
        "Source of light", "Colours of real pictures of a light, or the generator's as in earlier versions.",
        names=LIGHT_SOURCES, name="light_source",
    ))  # fmt: skip

    @property
    def active(self) -> bool:
        """Whether the light differs from the photo's at any time."""
        return (self.style is not None or self.day_cycle) and self.strength > 0


@dataclass(frozen=True)
class FitSettings(Declared):
    """How the model is fitted to a photo (paper, 3.2 and algorithms 1 and 2).

    Only without a limit of time do the same settings always give the same result.
    """

    variant: str = setting(
        "EOIFS", Choice("Variant", "How the model is fitted, a row of the paper's table 2.", names=VARIANTS)
    )
    latent_steps: int | None = setting(None, Number(
        "Steps of the latents", "Most optimisation steps of the latents.", said="a number of latent steps", low=0,
        high=5000, whole=True, none=("by the numbers",), option=(),
    ))  # fmt: skip
    tune_steps: int | None = setting(None, Number(
        "Steps of fine-tuning", "Most fine-tuning steps of the generator.", said="a number of fine-tuning steps", low=0,
        high=5000, whole=True, none=("by the numbers",), option=(),
    ))  # fmt: skip
    seed: int = setting(0, Number("Seed", "Seed of everything random.", low=0, high=2**31 - 1, whole=True))
    numbers: str = setting("product", Choice(
        "Numbers", "Numbers of the fit: the product's, the paper's or the release's.", said="the numbers of a fit",
        names=FIT_NUMBERS, name="fit_numbers", option=("--fit-numbers", "--fit-recipe"),
    ))  # fmt: skip
    seconds: float | None = setting(None, Number(
        "Time for the fit", "Most seconds for the fit; what is reached then is used.", name="fit_seconds",
        said="a time for the fit in seconds", low=0, high=36000, none=("as long as it takes",), example="20",
    ))  # fmt: skip


@dataclass(frozen=True)
class ExportSettings(Declared):
    """The file of a clip.

    Rates above what the format can do (:data:`FASTEST`) and sizes above the photo's own are reduced to it. Formats
    other than H.264 get a rate factor of their own of the same fidelity as its ``crf``.
    """

    seconds: float = setting(6.0, Number(
        "Length", "Length of the clip in seconds.", said="a length in seconds", low=0.2, high=LONGEST, slider=(0.2, 30),
        step=0.2, panel="clip", hint="In seconds.",
    ))  # fmt: skip
    fps: int = setting(30, Number(
        "Rate", "Frames a second; a GIF has 50 at most.", said="a frame rate", low=1, high=120, whole=True,
        panel="file", widget="dropdown", offers=tuple((str(rate), rate) for rate in RATES), hint="Frames a second.",
    ))  # fmt: skip
    long_side: int = setting(1280, Number(
        "Size", "Long side in pixels; the photo's own at most.", said="a size in pixels", low=64, high=8192, whole=True,
        panel="clip", widget="dropdown", hint="Long side.",
        offers=(*((f"{size} px", size) for size in SIZES), ("the photo's own", NATIVE)), option=("--size",),
    ))  # fmt: skip
    loop: bool = setting(False, Flag(
        "Loop", "The end leads seamlessly into the beginning.", panel="clip", hint="The end meets the beginning.",
    ))  # fmt: skip
    crf: int = setting(18, Number(
        "Fidelity", "0 is lossless, 18 very good, 28 small.", said="a quality (crf)", low=0, high=51, whole=True,
        panel="file", widget="radio", offers=(("Small file", 26), ("Good", 18), ("Best", 12)), hint="Finer is larger.",
    ))  # fmt: skip
    generator_only: bool = setting(False, Flag(
        "Generator only", "Show only what the generator draws, without the photo's own pixels.",
    ))  # fmt: skip
    format: str = setting("h264", Choice(
        "File", "What the clip is written as.", said="a format", names=FORMATS,
        panel="file", widget="dropdown", hint="What the clip is written as.", otherwise="by the file's ending",
    ))  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "fps", min(self.fps, FASTEST.get(self.format, self.fps)))

    @property
    def frames(self) -> int:
        """Number of frames in the clip."""
        return max(1, round(self.seconds * self.fps))
