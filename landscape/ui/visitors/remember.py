"""What a visitor chose, kept by the browser or in a recipe, back on the page."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from landscape.errors import LandscapeError
from landscape.scene.recipe import Recipe
from landscape.settings import ExportSettings
from landscape.ui.visitors.controls import PHOTO_LIGHT, QUALITIES, Controls, accepted, inversion, whole

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


def export_of(controls: Controls, values: Sequence[Any]) -> ExportSettings:
    """The file that the controls and the export panel ask for.

    Args:
        controls: Length, size and loop.
        values: Of the export panel, in the order of :data:`EXPORT_NAMES`.

    Raises:
        LandscapeError: If a value is out of range or of another type.
    """
    format, fps, crf = values
    return dataclasses.replace(controls.export(), format=format, fps=whole(fps), crf=whole(crf))


def choices_of(values: Sequence[Any]) -> Choices:
    """Read the values of the components.

    Raises:
        LandscapeError: If one is missing, of another type or out of range.
    """
    if len(values) != len(CONTROL_NAMES) + 1 + len(EXPORT_NAMES):
        raise LandscapeError("These settings cannot be used here.")
    controls, (quality, *export) = Controls(*values[: len(CONTROL_NAMES)]), values[len(CONTROL_NAMES) :]
    controls.check()
    inversion(quality)
    return Choices(controls, quality, export_of(controls, export))


def remembered(text: str) -> Choices | None:
    """What the browser remembers as JSON, or None where it is nothing that this version understands.

    A control that was left with a value of no use has its first value.
    """
    try:
        values = json.loads(text or "null")
        count = len(CONTROL_NAMES)
        if not isinstance(values, list):
            return None
        controls, _ = accepted(dict(zip(CONTROL_NAMES, values[:count], strict=True)), Controls())
        return choices_of([*(getattr(controls, name) for name in CONTROL_NAMES), *values[count:]])
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
