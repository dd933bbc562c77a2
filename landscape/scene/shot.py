"""The one document of a job: everything that is chosen for a clip, whoever chooses it and wherever it is kept."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from landscape.declared import Declared, kinds_of
from landscape.errors import LandscapeError, is_number
from landscape.kinds import Kind
from landscape.marks import MARK, VERSION
from landscape.masks.horizon import FARTHEST
from landscape.masks.matte import Matte
from landscape.settings import LIGHT_SOURCES, ExportSettings, FitSettings, LightSettings, MotionSettings

MASK_SIDE = 1024
"""Long side of the masks kept in a shot, in pixels."""
SECTIONS: dict[str, type[Declared]] = {
    "motion": MotionSettings, "light": LightSettings, "inversion": FitSettings, "export": ExportSettings,
}  # fmt: skip
"""The settings by their names in files, which stay whatever the classes are called."""
_EARLIER = {"recipe": "numbers"}
"""Names that settings of a fit had in files of earlier versions."""


@dataclass(frozen=True)
class Place:
    """Where a setting is.

    Attributes:
        section: The part of a shot.
        field: The field there.
        kind: What is known of it.
        default: Its value where nothing is chosen.
    """

    section: str
    field: str
    kind: Kind
    default: Any


PLACES = {
    kind.name or name: Place(section, name, kind, getattr(settings(), name))
    for section, settings in SECTIONS.items()
    for name, kind in kinds_of(settings).items()
}
"""All settings by the names that they have side by side: on the command line, on the page, for programs."""


@dataclass(frozen=True)
class Shot:
    """What is chosen for a clip.

    Attributes:
        motion: Direction, speed and amounts.
        light: Style or day cycle.
        inversion: How the model is fitted.
        export: Length, loop, size and kind of the file.
        masks: Matte that a person made for this one photo, small; None for those found in the photo.
    """

    motion: MotionSettings = field(default_factory=MotionSettings)
    light: LightSettings = field(default_factory=LightSettings)
    inversion: FitSettings = field(default_factory=FitSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    masks: Matte | None = field(default=None, compare=False)

    def with_values(self, values: Mapping[str, Any]) -> Shot:
        """The same but for some settings, by their names in :data:`PLACES`.

        Raises:
            LandscapeError: If a value is of no use.
            TypeError: If there is no setting of a name.
        """
        unknown = ", ".join(sorted(set(values) - set(PLACES)))
        if unknown:
            raise TypeError(f"no setting: {unknown}")
        parts: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            parts.setdefault(PLACES[name].section, {})[PLACES[name].field] = value
        changed = {part: dataclasses.replace(getattr(self, part), **new) for part, new in parts.items()}
        return dataclasses.replace(self, **changed)

    def shown(self, name: str) -> Any:
        """A setting by its name in :data:`PLACES`, as the page, programs and JSON have it."""
        place = PLACES[name]
        return place.kind.shown(getattr(getattr(self, place.section), place.field))

    def as_dict(self, with_masks: bool = True) -> dict[str, Any]:
        """JSON values; masks are large, and left out of the metadata of files."""
        content: dict[str, Any] = {MARK: VERSION}
        content |= {section: dataclasses.asdict(getattr(self, section)) for section in SECTIONS}
        if with_masks and self.masks is not None:
            content["masks"] = _masks_to_json(self.masks)
        return content

    @classmethod
    def from_dict(cls, content: Any) -> Shot:
        """Read what :meth:`as_dict` wrote, in this version or an earlier one; what is missing gets its default.

        Raises:
            LandscapeError: If it is no recipe, or a value is out of range.
        """
        if not isinstance(content, dict) or not {"motion", "light", "export"} & set(content):
            raise LandscapeError("This is no recipe: choose the JSON file that lies beside a clip.")
        version = content.get(MARK, VERSION)
        if not is_number(version) or version > VERSION:
            raise LandscapeError("This recipe was made by a newer version of the app: update the app to use it.")
        if version < 2 and isinstance(content.get("light", {}), dict):  # light came from the generator then
            content = content | {"light": {"source": LIGHT_SOURCES[1], **content.get("light", {})}}
        parts: dict[str, Any] = {section: read_settings(section, content.get(section, {})) for section in SECTIONS}
        masks = content.get("masks")
        return cls(**parts, masks=None if masks is None else _masks_from_json(masks))


def read_settings(section: str, content: Any) -> Any:
    """A part of a shot from a file, of this version or an earlier one.

    Raises:
        LandscapeError: If it is damaged, a value is out of range, or this version does not know a setting.
    """
    if not isinstance(content, dict):
        raise LandscapeError("This recipe is damaged: choose another one.")
    if section == "inversion":
        content = {_EARLIER.get(name, name): value for name, value in content.items()}
    kinds = kinds_of(SECTIONS[section])
    unknown = sorted(set(content) - set(kinds))
    if unknown:
        raise LandscapeError(f"This recipe has a setting that this version does not know: {', '.join(unknown)}.")
    for name, value in content.items():
        if not kinds[name].readable(value):
            raise LandscapeError(f"This recipe is damaged: {name} cannot be {json.dumps(value)[:40]}.")
    return SECTIONS[section](**content)


def _masks_to_json(masks: Matte) -> dict[str, Any]:
    height, width = masks.sky.shape
    scale = min(1.0, MASK_SIDE / max(height, width))
    small = masks.resized(max(1, round(height * scale)), max(1, round(width * scale)))
    pixels = np.stack([small.sky, small.water, small.freeze], axis=2)
    buffer = io.BytesIO()
    Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(buffer, "PNG")
    return {"horizon": small.horizon, "png": base64.b64encode(buffer.getvalue()).decode()}


def _masks_from_json(content: Any) -> Matte:
    try:
        with Image.open(io.BytesIO(base64.b64decode(content["png"], validate=True)), formats=("PNG",)) as image:
            if image.mode != "RGB" or max(image.size) > MASK_SIDE:
                raise ValueError(image.mode)
            pixels = np.asarray(image).astype(np.float32) / 255
        horizon = float(content["horizon"])
    except (TypeError, KeyError, ValueError, OSError, SyntaxError) as error:
        raise LandscapeError("The masks in this recipe are damaged: remove them or choose another recipe.") from error
    sky, water, freeze = (np.ascontiguousarray(pixels[..., i]) for i in range(3))
    return Matte.certain(sky, water, freeze, min(max(horizon, 0.0), FARTHEST))
