"""Recipes: everything that was chosen for a clip, to choose it again for the same photo or for others.

A recipe is a JSON file. It lies beside every written clip and in the clip's own metadata.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from PIL import Image

from landscape.errors import LandscapeError, is_number, printable
from landscape.files import replacing
from landscape.marks import MARK, RECIPE_ENTRY, VERSION
from landscape.masks.matte import Matte
from landscape.output.formats import SUFFIXES
from landscape.output.video import probe_video
from landscape.settings import (
    EARLIER_NAMES,
    LIGHT_SOURCES,
    ExportSettings,
    FitSettings,
    LightSettings,
    MotionSettings,
    as_dict,
)

RECIPE_SUFFIX = ".json"
READABLE = (RECIPE_SUFFIX, *SUFFIXES)
"""Endings of the names of files that have a recipe in them."""
LARGEST_FILE = 16 * 2**20
"""Bytes: no recipe is larger."""
MASK_SIDE = 1024
"""Long side of the masks kept in a recipe, in pixels."""

Settings = TypeVar("Settings", MotionSettings, LightSettings, FitSettings, ExportSettings)


@dataclass(frozen=True)
class Recipe:
    """What was chosen for a clip.

    Attributes:
        motion: Direction, speed and amounts.
        light: Style or day cycle.
        inversion: How the model was fitted.
        export: The file.
        masks: Matte that a person made for this one photo, small; None for those found in the photo.
    """

    motion: MotionSettings = field(default_factory=MotionSettings)
    light: LightSettings = field(default_factory=LightSettings)
    inversion: FitSettings = field(default_factory=FitSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    masks: Matte | None = field(default=None, compare=False)

    def as_dict(self, with_masks: bool = True) -> dict[str, Any]:
        """JSON values; masks are large, and left out of the metadata of files."""
        content: dict[str, Any] = {MARK: VERSION}
        content |= as_dict(self.motion, self.light, self.inversion, self.export)
        if with_masks and self.masks is not None:
            content["masks"] = _masks_to_json(self.masks)
        return content

    @classmethod
    def from_dict(cls, content: Any) -> Recipe:
        """Read what :meth:`as_dict` wrote; what is missing gets its default.

        Raises:
            LandscapeError: If it is no recipe, or a value is out of range.
        """
        if not isinstance(content, dict) or not {"motion", "light", "export"} & set(content):
            raise LandscapeError("This is no recipe: choose the JSON file that lies beside a clip.")
        version = content.get(MARK, VERSION)
        if not is_number(version) or version > VERSION:
            raise LandscapeError("This recipe was made by a newer version of the app: update the app to use it.")
        masks = content.get("masks")
        return cls(
            _settings(MotionSettings, content.get("motion", {})),
            _settings(LightSettings, _light_of(content, version)),
            _settings(FitSettings, content.get("inversion", {})),
            _settings(ExportSettings, content.get("export", {})),
            None if masks is None else _masks_from_json(masks),
        )


def _light_of(content: dict[str, Any], version: float) -> Any:
    """The light of a recipe: that of version 1 came from the generator and is drawn so again."""
    light = content.get("light", {})
    return {"source": LIGHT_SOURCES[1], **light} if version < 2 and isinstance(light, dict) else light


def write_recipe(path: Path, recipe: Recipe, photo: Path | None = None) -> Path:
    """Write a recipe under a temporary name and rename it.

    Args:
        path: The JSON file.
        recipe: What to write.
        photo: The photo's file, to be named in the recipe with its SHA-256.

    Raises:
        LandscapeError: If it cannot be written.
    """
    content = recipe.as_dict()
    if photo is not None:
        content["photo"] = source_of(photo)
    with replacing(path) as partial:
        partial.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def source_of(photo: Path) -> dict[str, str]:
    """A file's name and SHA-256, to know it again."""
    digest = hashlib.sha256()
    with photo.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return {"name": printable(photo.name), "sha256": digest.hexdigest()}


def recipe_beside(clip: Path) -> Path:
    """Where the recipe of a clip lies: ``clouds.mp4`` has ``clouds.mp4.json``."""
    return clip.with_name(clip.name + RECIPE_SUFFIX)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from its JSON file, or from a video, a GIF or a ZIP of frames that was written with one.

    Raises:
        LandscapeError: If the file is missing, is no recipe and has none in it, or a value is out of range.
    """
    path = Path(path)
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
    suffix = path.suffix.lower()
    if suffix == RECIPE_SUFFIX:
        content = _json(path)
    elif suffix == ".zip":
        content = _json_in_zip(path)
    elif suffix == ".gif":
        content = _json_in_gif(path)
    elif suffix in SUFFIXES:
        content = probe_video(path)["metadata"]
    else:
        raise LandscapeError(f"“{path.name}” holds no recipe: choose a file that ends in {', '.join(READABLE)}.")
    if content is None:
        raise LandscapeError(f"“{path.name}” holds no recipe: choose a clip that was made with this app.")
    return Recipe.from_dict(content)


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("too large")
        return json.loads(path.read_bytes())  # bytes, as editors save UTF-16 and byte-order marks as well
    except (OSError, ValueError, RecursionError) as error:
        raise LandscapeError(f"“{path.name}” is no recipe: choose the JSON file that lies beside a clip.") from error


def _json_in_zip(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(RECIPE_ENTRY)
            return json.loads(archive.read(entry)) if entry.file_size <= LARGEST_FILE else None
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile):
        return None


def _json_in_gif(path: Path) -> Any:
    try:
        with Image.open(path, formats=("GIF",)) as image:
            comment = image.info.get("comment", b"")
        return json.loads(comment)
    except (OSError, ValueError, RecursionError):
        return None


def _settings(kind: type[Settings], content: Any) -> Settings:
    if not isinstance(content, dict):
        raise LandscapeError("This recipe is damaged: choose another one.")
    if kind is FitSettings:
        content = {EARLIER_NAMES.get(name, name): value for name, value in content.items()}
    types = get_type_hints(kind)
    unknown = sorted(set(content) - set(types))
    if unknown:
        raise LandscapeError(f"This recipe has a setting that this version does not know: {', '.join(unknown)}.")
    try:
        return kind(**{name: _value(name, value, types[name]) for name, value in content.items()})
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise LandscapeError("This recipe is damaged: choose another one.") from error


def _value(name: str, value: Any, kind: Any) -> Any:
    """A JSON value as what the setting is: lists become tuples, whole numbers and fractions each other."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (get_origin(kind) or kind,)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and float in kinds:
        return float(value)
    if number and int in kinds and value == int(value):
        return int(value)
    if tuple in kinds and isinstance(value, (list, tuple)):
        return _tuples(value)
    if not isinstance(value, kinds) or number or isinstance(value, bool) and bool not in kinds:
        raise LandscapeError(f"This recipe is damaged: {name} cannot be {json.dumps(value)[:40]}.")
    return value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, (list, tuple)) else value


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
    return Matte.certain(sky, water, freeze, min(max(horizon, 0.0), 1.0))
