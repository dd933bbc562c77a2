"""What a visitor chose, kept by the browser or in a recipe, back on the page."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from landscape.errors import LandscapeError
from landscape.scene.recipe import Recipe
from landscape.settings import ExportSettings
from landscape.ui.visitors.controls import PHOTO_LIGHT, QUALITIES, Controls, inversion

CONTROL_NAMES = tuple(item.name for item in dataclasses.fields(Controls))
EXPORT_NAMES = ("format", "fps", "crf")
"""The fields of :class:`~landscape.settings.ExportSettings` that the export panel has controls for."""


@dataclasses.dataclass(frozen=True)
class Choices:
    """All that can be chosen on the page.

    Attributes:
        controls: Motion, light, length and size.
        quality: How carefully the model is fitted.
        export: The file.
    """

    controls: Controls
    quality: str
    export: ExportSettings

    def values(self) -> list[Any]:
        """Values of the components: the controls, the quality, the export panel."""
        controls = [getattr(self.controls, name) for name in CONTROL_NAMES]
        return [*controls, self.quality, *(getattr(self.export, name) for name in EXPORT_NAMES)]


def export_of(controls: Controls, values: list[Any]) -> ExportSettings:
    """The file that the controls and the export panel ask for.

    Args:
        controls: Length, size and loop.
        values: Of the export panel, in the order of :data:`EXPORT_NAMES`.

    Raises:
        LandscapeError: If a value is out of range.
    """
    format, fps, crf = values
    return dataclasses.replace(controls.export(), format=str(format), fps=int(fps), crf=int(crf))


def choices_of(values: list[Any]) -> Choices:
    """Read the values of the components.

    Raises:
        LandscapeError: If one is missing, of another type or out of range.
    """
    try:
        count = len(CONTROL_NAMES)
        controls = Controls(**dict(zip(CONTROL_NAMES, values[:count], strict=True)))
        quality = str(values[count])
        controls.motion(), controls.light(), inversion(quality)
        return Choices(controls, quality, export_of(controls, values[count + 1 :]))
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise LandscapeError("These settings cannot be used here.") from error


def remembered(text: str) -> Choices | None:
    """What the browser remembers as JSON, or None where it is nothing that this version understands."""
    try:
        values = json.loads(text or "null")
        return choices_of(values) if isinstance(values, list) else None
    except (ValueError, RecursionError, LandscapeError):
        return None


def choices_from_recipe(recipe: Recipe, quality: str) -> Choices:
    """The page's controls as a recipe has them.

    Args:
        recipe: The recipe.
        quality: What stays chosen where the recipe's way to fit the model has no name on the page.
    """
    found = {name: value for part in (recipe.export, recipe.light, recipe.motion) for name, value in vars(part).items()}
    found["style"] = found["style"] or PHOTO_LIGHT
    found["keys"] = [{"time": key.time, "style": key.style or PHOTO_LIGHT} for key in recipe.light.keys]
    defaults = Controls()
    kept: dict[str, Any] = {
        name: bool(found[name]) if isinstance(getattr(defaults, name), bool) else found[name]
        for name in CONTROL_NAMES
        if name in found
    }
    quality = next((name for name, settings in QUALITIES.items() if settings == recipe.inversion), quality)
    return Choices(dataclasses.replace(defaults, **kept), quality, recipe.export)
