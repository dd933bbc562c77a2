"""Real pictures of each light: chosen from folders of pictures by rules, kept as a list of names.

The pictures themselves are not part of the project; ``light_sets.txt`` holds their paths within the data folder.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.images.pixels import Pixels
from landscape.light.figures import Lit, measure_light
from landscape.masks.find import find_matte
from landscape.photo.read import Photo, read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import STYLES

SETS_FILE = Path(__file__).with_name("light_sets.txt")
SIDE = 320
"""Long side in pixels at which pictures are measured."""
FOLDERS = ("photos", "stills", "timelapse")
FRAMES_OF_CLIPS = (0, 22)
"""Frames of a clip that count: its light changes from one to the next where it shows dusk or dawn."""
_LOW_SUN = re.compile(r"sunrise|sunset|deepin|gruvbox|Thebeast|MatheusTT|mdgan|philopho|piotr|soham|fhu|workspace|arco")

_DARK = re.compile(r"^(?!.*(aurora|northern|sunrise))")
"""Names of lights that are no common night."""


@dataclass(frozen=True)
class Rule:
    """What makes a real picture one of a light.

    Attributes:
        within: Figure of :func:`landscape.light.figures.measure_light` to the range it must lie in.
        names: What the path must contain somewhere, if that counts.
    """

    within: dict[str, tuple[float, float]] = field(default_factory=dict)
    names: re.Pattern[str] | None = None

    def holds(self, name: str, figures: dict[str, float]) -> bool:
        """Whether a picture is one of the light; figures that it lacks do not speak for it."""
        if self.names is not None and not self.names.search(name):
            return False
        return all(low <= figures.get(figure, float("nan")) <= high for figure, (low, high) in self.within.items())


RULES = {
    "blue day": Rule(
        {
            "sky_L": (45, 85),
            "sky_b": (-45, -8),
            "top_b": (-60, -16),
            "horizon_b": (-45, 4),
            "sky_a": (-20, 6),
            "land_L": (28, 80),
        }
    ),
    "bright white day": Rule({"sky_L": (78, 100), "sky_chroma": (0, 9), "land_L": (24, 90)}),
    "bright evening": Rule(
        {"sky_L": (58, 88), "horizon_b": (4, 30), "top_b": (-30, 6), "sky_chroma": (5, 24), "land_L": (12, 60)}
    ),
    "light sunset": Rule({"sky_L": (50, 80), "horizon_b": (22, 60), "b_fall": (12, 80), "land_L": (2, 40)}, _LOW_SUN),
    "warm sunset": Rule({"sky_L": (25, 52), "horizon_b": (25, 75), "sky_a": (8, 50), "land_L": (0, 30)}, _LOW_SUN),
    "blue hour": Rule(
        {
            "sky_L": (14, 48),
            "sky_b": (-45, -7),
            "sky_a": (-20, 16),
            "horizon_b": (-45, 25),
            "sky_contrast": (0, 15),
            "land_L": (1, 24),
        }
    ),
    "deep night": Rule(
        {"sky_L": (1, 30), "sky_b": (-28, -4), "sky_a": (-9, 7), "horizon_b": (-45, 12)},
        _DARK,
    ),
    "blue morning": Rule({"sky_L": (45, 66), "sky_b": (-28, -5), "sky_a": (-12, 4), "land_L": (8, 34)}),
}
"""Rules of the styles but for the last, which is the first again."""


@dataclass(frozen=True)
class RealPicture:
    """A real picture, as large as pictures are measured.

    Attributes:
        lit: Figures of its light.
        pixels: (H, W, 3) uint8.
    """

    lit: Lit = field(repr=False)
    pixels: Pixels = field(repr=False)


def measured(photo: Photo, segmenter: nn.Module) -> RealPicture:
    """Measure a picture's light."""
    small = photo.resized(SIDE)
    matte = find_matte(small.pixels, segmenter)
    return RealPicture(measure_light(small.pixels, matte.sky, matte.water), small.pixels)


def candidates(data: Path) -> list[Path]:
    """Pictures that may belong to a set: photos, stills, and some frames of clips.

    Raises:
        LandscapeError: If there are none.
    """
    found: list[Path] = []
    for name in FOLDERS:
        folder = data / name
        found += sorted(folder.glob("*.jpg"))
        for clip in sorted(path for path in folder.glob("*") if path.is_dir()):
            frames = sorted(clip.glob("*.jpg"))
            found += [frames[index] for index in FRAMES_OF_CLIPS if index < len(frames)]
    if not found:
        raise LandscapeError(f"“{data}” holds no pictures: give the folder with {', '.join(FOLDERS)}.")
    return found


def choose_sets(
    data: Path, segmenter: nn.Module, progress: Progress = ignore_progress, cancel: threading.Event | None = None
) -> dict[str, list[str]]:
    """Choose the real pictures of each light.

    Args:
        data: Folder with photos, stills and clips.
        segmenter: Finds sky and water.
        progress: Called after every picture.
        cancel: Event that stops it.

    Returns:
        Style to paths within the folder. A picture may belong to several lights, or to none.
    """
    paths = candidates(data)
    chosen: dict[str, list[str]] = {style: [] for style in RULES}
    for done, path in enumerate(paths):
        check_cancelled(cancel)
        figures, name = measured(read_photo(path), segmenter).lit.figures, path.relative_to(data).as_posix()
        for style, rule in RULES.items():
            if rule.holds(name, figures):
                chosen[style].append(name)
        progress("measuring light", done + 1, len(paths))
    return chosen


def save_sets(path: Path, sets: dict[str, list[str]]) -> None:
    """Write sets as text: under each style's name with its number the paths, one a line."""
    lines = []
    for style, names in sets.items():
        lines += [f"# {style}: {len(names)}", *names, ""]
    with replacing(path) as partial:
        partial.write_text("\n".join(lines), encoding="utf-8")


def load_sets(path: Path = SETS_FILE) -> dict[str, list[str]]:
    """Read what :func:`save_sets` wrote; the last style has the pictures of the first.

    Raises:
        LandscapeError: If the file is missing or names a style that there is not.
    """
    sets: dict[str, list[str]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LandscapeError(f"The sets of real light “{path}” cannot be read; choose them again.") from error
    names: list[str] = []
    for line in lines:
        if line.startswith("#"):
            style = line[1:].split(":")[0].strip()
            if style not in STYLES:
                raise LandscapeError(f"“{path}” names a light that there is not: {style}.")
            names = sets.setdefault(style, [])
        elif line:
            names.append(line)
    sets[STYLES[-1]] = sets.get(STYLES[0], [])
    return sets


def without(sets: dict[str, list[str]], data: Path, photos: Iterable[Path]) -> dict[str, list[str]]:
    """Sets without the pictures that are among photos: no photo is compared with itself."""
    given = {path.resolve() for path in photos}
    return {style: [name for name in names if (data / name).resolve() not in given] for style, names in sets.items()}


def measured_sets(
    data: Path, sets: dict[str, list[str]], segmenter: nn.Module, progress: Progress = ignore_progress
) -> dict[str, list[RealPicture]]:
    """Measure the pictures of sets, each once.

    Raises:
        LandscapeError: If a picture is missing.
    """
    known: dict[str, RealPicture] = {}
    wanted = list(_unique(name for names in sets.values() for name in names))
    for done, name in enumerate(wanted):
        if not (data / name).is_file():
            raise LandscapeError(f"“{data}” lacks {name}: give the folder from which the sets were chosen.")
        known[name] = measured(read_photo(data / name), segmenter)
        progress("measuring real light", done + 1, len(wanted))
    return {style: [known[name] for name in names] for style, names in sets.items()}


def _unique(names: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(names))
