"""Light as it was measured on real pictures: for each style colours of the sky, and what happens to the land.

Colours are CIE Lab. The sky's are known at knots of elevation, distance from the sun's side and deviation from the
smooth sky (:class:`landscape.light.sky_frame.SkyFrame`).
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.images.pixels import Array
from landscape.light.sky_variety import ELEVATIONS, SkyVariety
from landscape.settings import STYLES

FORMAT = 2
_LIGHTEST = 96.0
"""L up to which a photo's own sky may lighten a style's: clouds that are white all over have no shape."""
SIDES = (0.0, 0.3, 0.7)
"""Knots of the distance from the sun's side, in widths of the picture."""
DEVIATIONS = (-1.5, 0.0, 1.5)
"""Knots of the deviation from the smooth sky, in its spreads: dark clouds or gaps, the middle, what is lit."""


@dataclass(frozen=True)
class MeasuredLight:
    """One style.

    Attributes:
        sky: (elevations, sides, deviations, 3) Lab of the sky.
        land: Figures of the land: ``L``, its mean lightness; ``kept``, the part of a photo's own difference from the
            mean lightness of land by day that is kept; ``chroma``, factor on colours; ``shade`` and ``lit``, a and b
            that are added to the darkest and the lightest parts; ``haze``, the part of the sky's colour at the horizon
            that far land takes.
        sky_colour: Part of the local colours of the photo's own sky that is kept.
        stars: How bright stars are, 0 to 1.
        glow: How much light the sun's side adds at the horizon, 0 to 1.
        sun: How much of a sun in the photo is still seen, 0 to 1.
        real: How many real pictures it was measured on.
        variety: What its real skies differ by.
        typical: Figure to its median over them and its spread, by which photos of this light are known.
    """

    sky: Array = field(repr=False)
    land: dict[str, Any]
    sky_colour: float = 0.3
    stars: float = 0.0
    glow: float = 0.0
    sun: float = 1.0
    real: int = 0
    typical: dict[str, tuple[float, float]] = field(default_factory=dict)
    variety: SkyVariety = SkyVariety()

    def sky_colours(self, elevation: Array, side: Array, own: Array | None = None) -> Array:
        """The sky's colours.

        Args:
            elevation: (n,) elevations.
            side: (m,) distances from the sun's side.
            own: (elevations,) L of the photo's own sky, of which some is kept; None for none.

        Returns:
            (n, m, deviations, 3) Lab.
        """
        table = self.sky.copy()
        if own is not None:
            room = np.maximum(_LIGHTEST - table[..., 0].max(axis=(1, 2)), 0)
            table[..., 0] += np.minimum(self.variety.of(own), room)[:, None, None]
        rows = PchipInterpolator(ELEVATIONS, table, axis=0)(np.clip(elevation, ELEVATIONS[0], ELEVATIONS[-1]))
        # Mirrored, so that the colours are smooth where the sun is.
        places = (*(-place for place in SIDES[:0:-1]), *SIDES)
        mirrored = np.concatenate([rows[:, :0:-1], rows], axis=1)
        columns = PchipInterpolator(places, mirrored, axis=1)(np.clip(side, SIDES[0], SIDES[-1]))
        return np.asarray(columns, np.float32)


@dataclass(frozen=True)
class MeasuredLights:
    """The light of all styles but the last, which is the first again."""

    lights: dict[str, MeasuredLight]

    def of(self, style: str) -> MeasuredLight:
        """The light of a style."""
        return self.lights[STYLES[0] if style == STYLES[-1] else style]

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        content: dict[str, Any] = {"format": FORMAT, "lights": {}}
        for name, light in self.lights.items():
            content["lights"][name] = {
                "real": light.real,
                "typical": light.typical,
                "sky_colour": light.sky_colour,
                "stars": light.stars,
                "glow": light.glow,
                "sun": light.sun,
                "land": light.land,
                "variety": dataclasses.asdict(light.variety),
                "sky": np.round(light.sky, 1).tolist(),
            }
        with replacing(path) as partial:
            partial.write_text(json.dumps(content) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> MeasuredLights:
        """Read what :meth:`save` wrote.

        Raises:
            LandscapeError: If the file is missing or holds no measured light.
        """
        shape = (len(ELEVATIONS), len(SIDES), len(DEVIATIONS), 3)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise LandscapeError(f"The measured light “{path}” is of another version; measure it again.")
            lights = {}
            for name in STYLES[:-1]:
                fields = dict(content["lights"][name])
                fields["typical"] = {name: (float(m), float(s)) for name, (m, s) in fields["typical"].items()}
                fields["variety"] = SkyVariety(**fields["variety"])
                sky = np.asarray(fields.pop("sky"), np.float32).reshape(shape)
                lights[name] = MeasuredLight(sky, **fields)
            return cls(lights)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LandscapeError(f"The measured light “{path}” cannot be read; measure it again.") from error
