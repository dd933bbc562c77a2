"""The page's controls as a shot: what stands on the page, what of a wish can be used, what a browser remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from landscape.errors import LandscapeError
from landscape.scene.shot import PLACES, Shot
from landscape.settings import FitSettings
from landscape.ui.sentences import told

QUALITIES = {"Quick": FitSettings(latent_steps=20, tune_steps=20), "Standard": FitSettings()}
"""How carefully the model is fitted to a photo."""
STANDARD = "Standard"
"""The quality chosen at first."""
_EARLIER = (
    "direction", "speed", "sky", "water", "perspective", "style", "strength", "day_cycle", "keys", "seconds",
    "long_side", "loop", "change", "quality", "format", "fps", "crf",
)  # fmt: skip
"""The order of what browsers remembered without names, and in which programs may give values without them."""
_SHOWN = {name: place.kind.panel for name, place in PLACES.items() if place.kind.panel}
CONTROLS = tuple(sorted(_SHOWN, key=lambda name: _EARLIER.index(name) if name in _EARLIER else len(_EARLIER)))
"""Names of all settings on the page and for programs, as in :data:`landscape.scene.shot.PLACES`."""
WISHES = tuple(name for name in CONTROLS if _SHOWN[name] != "file")
"""Those that a preview follows."""
CHOICES = (*WISHES, "quality", *(name for name in CONTROLS if name not in WISHES))
"""All that is chosen on the page."""


def accepted(values: Mapping[str, Any], before: Shot) -> tuple[Shot, dict[str, str]]:
    """What is in force when someone asks for values of which some may be of no use.

    Args:
        values: What is asked for, of any types, by names of :data:`WISHES`.
        before: What was in force until now.

    Returns:
        The values that can be used, in place of those before; and a sentence about each of the others by its name.

    Raises:
        TypeError: If there is no control of a name.
    """
    if not set(values) <= set(WISHES):
        raise TypeError(f"no control: {set(values) - set(WISHES)}")
    usable, problems = {}, {}
    for name, value in values.items():
        try:
            usable[name] = PLACES[name].kind.check(value)
        except LandscapeError as error:
            problems[name] = told(error)
    return before.with_values(usable), problems


def shot_of(values: Mapping[str, Any]) -> Shot:
    """What is asked for by values of :data:`CHOICES`; those that are missing have their first value.

    Raises:
        LandscapeError: If a value is out of range or of another type, or there is no control of a name.
    """
    if not set(values) <= set(CHOICES):
        raise LandscapeError("These settings cannot be used here.")
    chosen = {name: value for name, value in values.items() if name != "quality"}
    return Shot(inversion=inversion(values.get("quality", STANDARD))).with_values(chosen)


def choices_of(shot: Shot, quality: str = STANDARD) -> dict[str, Any]:
    """A shot as values of :data:`CHOICES`.

    Args:
        shot: The shot.
        quality: What stays chosen where the shot's way to fit the model has no name on the page.
    """
    quality = next((name for name, settings in QUALITIES.items() if settings == shot.inversion), quality)
    return {name: quality if name == "quality" else shot.shown(name) for name in CHOICES}


def remembered(text: str) -> dict[str, Any] | None:
    """Values of :data:`CHOICES` that a browser remembers as JSON, or None where it is nothing of use.

    A control that was left with a value of no use has its first value.
    """
    try:
        values = json.loads(text or "null")
        if isinstance(values, list):  # of an earlier version
            values = dict(zip(_EARLIER, values, strict=True))
        if not isinstance(values, dict) or not values:
            return None
        wish, _ = accepted({name: value for name, value in values.items() if name in WISHES}, Shot())
        return choices_of(shot_of({**values, **{name: wish.shown(name) for name in WISHES}}))
    except (ValueError, RecursionError, LandscapeError):
        return None


def named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Values of components by their names."""
    return dict(zip(names, values, strict=True))


def inversion(quality: str) -> FitSettings:
    """The settings of a quality.

    Raises:
        LandscapeError: If there is no such quality.
    """
    if not isinstance(quality, str) or quality not in QUALITIES:
        raise LandscapeError(f"Choose a quality from: {', '.join(QUALITIES)}.")
    return QUALITIES[quality]
