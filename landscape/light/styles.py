"""The nine styles, as they are fitted, written and read (paper, 7.1)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.images.tone import BANDS
from landscape.settings import STYLES

FORMAT = 1


@dataclass(frozen=True)
class StyleGrade:
    """The light of a style as measured on real photos.

    Attributes:
        colours: Mean colour of each of :data:`~landscape.images.tone.BANDS`, three rows of RGB in [0, 1].
        dims: 1 if the style only ever removes light, as night does, 0 if it may brighten; between them on the way.
    """

    colours: tuple[tuple[float, ...], ...]
    dims: float = 0.0

    def vector(self) -> np.ndarray:
        """Colours and ``dims`` in one row, for interpolation."""
        return np.append(np.asarray(self.colours, float).ravel(), self.dims)

    @classmethod
    def from_vector(cls, vector: np.ndarray) -> StyleGrade:
        """The inverse of :meth:`vector`, with values brought back into [0, 1]."""
        clipped = np.clip(vector, 0.0, 1.0)
        rows = clipped[:-1].reshape(len(BANDS), 3)
        return cls(tuple(tuple(float(value) for value in row) for row in rows), float(clipped[-1]))


@dataclass(frozen=True)
class Style:
    """One entry of the vocabulary."""

    name: str
    z_dynamic: tuple[float, float, float]
    grade: StyleGrade


@dataclass(frozen=True)
class StyleTable:
    """The styles of one trained generator.

    Attributes:
        styles: Nine entries in the order of :data:`~landscape.settings.STYLES`; the last has the values of the first.
        coefficient: Interpolation coefficient c of the lighting network at full strength, 0 to 1.
        first_block: First block of the generator whose style changes; coarser ones keep the layout.
        match: Share of the way to the photos' colours that :func:`~landscape.light.paths.grade` goes at full strength;
            the rest remains the scene's own, so that snow stays lighter than rock.
        measured: What the fit of the table measured, for the model card.
    """

    styles: tuple[Style, ...]
    coefficient: float = 0.7
    first_block: int = 3
    match: float = 0.8
    measured: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if tuple(style.name for style in self.styles) != STYLES:
            raise LandscapeError(f"A style table needs the entries {', '.join(STYLES)} in this order.")

    def style(self, name: str) -> Style:
        """The entry of this name.

        Raises:
            LandscapeError: If there is none.
        """
        if name not in STYLES:
            raise LandscapeError(f"Choose a style from: {', '.join(STYLES)}.")
        return self.styles[STYLES.index(name)]

    def save(self, path: Path) -> None:
        """Write the table as JSON."""
        with replacing(path, marked=True) as partial:
            partial.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> StyleTable:
        """Read a table.

        Raises:
            LandscapeError: If the file is missing or is no style table.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content.pop("format") != FORMAT:
                raise LandscapeError(f"The style table “{path}” is of another version; fit the styles again.")
            styles = tuple(
                Style(
                    entry["name"],
                    _triple(entry["z_dynamic"]),
                    StyleGrade(tuple(_triple(row) for row in entry["grade"]["colours"]), float(entry["grade"]["dims"])),
                )
                for entry in content.pop("styles")
            )
            return cls(styles, **content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LandscapeError(f"The style table “{path}” cannot be read; fit the styles again.") from error


def _triple(values: list[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return (first, second, third)
