"""Scene files (``*.landscape``): a scene in one file, opened again in a moment.

The file is a zip of

- ``scene.json``: format, versions, how the model was fitted, the shot that was chosen last, and what the other members
  hold; :func:`landscape.scene.recipe.read_recipe` reads the shot,
- ``photo``: the photo's own file, or a PNG,
- ``matte.safetensors``: the matte, at most 2048 pixels long: ``sky``, ``water``, ``freeze`` and ``certainty`` in parts
  of 65535, and where there is a sun or a moon or stars ``backdrop``, ``place`` and ``burnt``,
- ``model.safetensors``: latents and the generator's weights of each square,
- ``sky.safetensors``: the plan by which the sky goes on beyond the photo (:mod:`landscape.scene.plan_tensors`), so that
  an opened scene shows the same sky at once; ``scene.json`` tells its version and the photo and matte that it is of.

Files of format 2 held no sky, and those of format 1 ``masks.safetensors`` with ``sky``, ``water`` and ``freeze`` at the
photo's size in place of the matte; both open as well. Nothing in any is executed. Weights are kept whole, in half
precision where that is exact, so a scene outlives the generator that it was made with.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.fit.invert import Inversion
from landscape.models.bundle import Models
from landscape.photo.read import Photo, decode_photo
from landscape.scene.matte_tensors import matte_size, matte_tensors
from landscape.scene.plan_tensors import VERSION, plan_tensors
from landscape.scene.recipe import SCENE_SUFFIX
from landscape.scene.scene import Scene
from landscape.scene.scene_format import (
    FORMAT,
    JSON,
    MATTE,
    MODEL,
    PHOTO,
    SKY,
    drawing_weights,
    fingerprint,
    sky_of,
)
from landscape.scene.shot import Shot
from landscape.scene.unpack import damaged, read_scene
from landscape.version import __version__

SUFFIX = SCENE_SUFFIX


def require_ending(path: Path) -> None:
    """Find out before long work whether a scene may be saved under a name.

    Raises:
        LandscapeError: If it does not end in ``.landscape``.
    """
    if path.suffix.lower() != SUFFIX:
        raise LandscapeError(f"Name the scene with the ending {SUFFIX}, not “{path.name}”.")


def save_scene(scene: Scene, path: Path, shot: Shot | None = None) -> None:
    """Write a scene.

    Args:
        scene: The scene; what it shows after :func:`open_scene` is the same bit for bit on the same machine.
        path: ``*.landscape``; it appears when it is complete.
        shot: What is chosen for it, the defaults if None; the scene's own fit and matte stand beside it.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    require_ending(path)
    matte, generator = scene.masks.resized(*matte_size(scene.photo)), scene.inversion.generator
    planes, photo = save(matte_tensors(matte)), _photo_bytes(scene.photo)
    content = {
        "format": FORMAT,
        "program": __version__,
        "torch": torch.__version__,
        "photo": scene.photo.name,
        "horizon": matte.horizon,
        "mirror": matte.mirror,
        "night": matte.glow is not None and matte.glow.night,
        "settings": dataclasses.asdict(scene.settings),
        "shot": dataclasses.replace(shot or Shot(), inversion=scene.settings).as_dict(with_masks=False),
        "timings": scene.timings,
        "settled": scene.settled,
        "generator": dataclasses.asdict(generator.config),
        "light": fingerprint(scene.models),
        "weights": scene.made_with or scene.models.name,
        "sky": {"version": VERSION, "of": sky_of(photo, planes)},
        "squares": [
            {"ssim": item.ssim, "lpips": item.lpips, "seconds": item.seconds, "split": item.split}
            for item in scene.inversions
        ],
    }
    members = {
        JSON: json.dumps(content, indent=1).encode(),
        PHOTO: photo,
        MATTE: planes,
        MODEL: save(_model_tensors(scene.inversions)),
        SKY: save(plan_tensors(scene.sky_plan())),
    }
    with replacing(path, marked=True) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, data in members.items():
            packing = zipfile.ZIP_STORED if name in (PHOTO, MODEL) else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), data, packing, compresslevel=1)


def open_scene(path: Path, models: Models) -> Scene:
    """Read a scene.

    Args:
        path: A file of :func:`save_scene`.
        models: The networks that are not in the file; light and masks need them.

    Raises:
        LandscapeError: If the file is missing, damaged, from a newer version, or holds anything but a scene.
    """
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
    try:
        with zipfile.ZipFile(path) as archive:
            return read_scene(archive, path.name, models)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, SafetensorError, ArithmeticError) as error:
        raise damaged(path.name) from error
    except (KeyError, TypeError, ValueError, AttributeError, NotImplementedError, RuntimeError) as error:
        raise damaged(path.name) from error


def _photo_bytes(photo: Photo) -> bytes:
    """The photo's own file if it decodes to the same pixels, else a PNG."""
    if photo.source is not None and np.array_equal(decode_photo(photo.source, photo.name).pixels, photo.pixels):
        return photo.source
    buffer = io.BytesIO()
    Image.fromarray(photo.pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _model_tensors(inversions: tuple[Inversion, ...]) -> dict[str, Tensor]:
    tensors = {}
    for index, item in enumerate(inversions):
        tensors[f"{index}.w"] = item.w
        for level, (static, dynamic) in enumerate(zip(item.s_static, item.s_dynamic, strict=True)):
            tensors[f"{index}.s_static.{level}"], tensors[f"{index}.s_dynamic.{level}"] = static, dynamic
        for name, value in drawing_weights(item.generator).items():
            tensors[f"{index}.generator.{name}"] = value
    return {name: _smallest(value.detach().cpu().contiguous()) for name, value in tensors.items()}


def _smallest(tensor: Tensor) -> Tensor:
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor.clone()
