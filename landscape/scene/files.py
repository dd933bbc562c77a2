"""Scene files (``*.landscape``): a scene in one file, opened again in a moment.

The file is a zip of

- ``scene.json``: format, versions, settings, and what the other members hold,
- ``photo``: the photo's own file, or a PNG,
- ``masks.safetensors``: ``sky``, ``water`` and ``freeze`` at the photo's size,
- ``model.safetensors``: latents and the generator's weights of each square.

Nothing in it is executed. Weights are kept whole, in half precision where that is exact, so a scene outlives the
generator that it was made with.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from landscape import __version__
from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.fit.invert import Inversion
from landscape.masks.masks import Masks
from landscape.models.bundle import Models
from landscape.models.files import digest_of
from landscape.networks.generator import Generator, GeneratorConfig
from landscape.photo.read import Photo, decode_photo
from landscape.photo.squares import Layout
from landscape.scene.scene import Scene
from landscape.settings import InversionSettings

SUFFIX = ".landscape"
FORMAT = 1
"""Version of the format; raise it when older programs could not read the file."""

_JSON, _PHOTO, _MASKS, _MODEL = "scene.json", "photo", "masks.safetensors", "model.safetensors"
_MEMBERS = (_JSON, _PHOTO, _MASKS, _MODEL)
_MASK_NAMES = ("sky", "water", "freeze")
_MOST_JSON, _HEADER = 1 << 20, 4096
"""Most bytes of the description, and of the description inside a safetensors file of masks."""
_MOST_BLOCKS, _MOST_CHANNELS = 9, 2048


def is_scene_file(path: Path) -> bool:
    """Whether a path names a scene file."""
    return path.suffix.lower() == SUFFIX


def require_ending(path: Path) -> None:
    """Find out before long work whether a scene may be saved under a name.

    Raises:
        LandscapeError: If it does not end in ``.landscape``.
    """
    if not is_scene_file(path):
        raise LandscapeError(f"Name the scene with the ending {SUFFIX}, not “{path.name}”.")


def save_scene(scene: Scene, path: Path) -> None:
    """Write a scene.

    Args:
        scene: The scene; what it shows after :func:`open_scene` is the same bit for bit on the same machine.
        path: ``*.landscape``; it appears when it is complete.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    require_ending(path)
    masks, generator = scene.masks, scene.inversion.generator
    content = {
        "format": FORMAT,
        "program": __version__,
        "torch": torch.__version__,
        "photo": scene.photo.name,
        "horizon": masks.horizon,
        "settings": dataclasses.asdict(scene.settings),
        "timings": scene.timings,
        "settled": scene.settled,
        "generator": dataclasses.asdict(generator.config),
        "light": fingerprint(scene.models),
        "squares": [
            {"ssim": item.ssim, "lpips": item.lpips, "seconds": item.seconds, "split": item.split}
            for item in scene.inversions
        ],
    }
    members = {
        _JSON: json.dumps(content, indent=1).encode(),
        _PHOTO: _photo_bytes(scene.photo),
        _MASKS: save({name: torch.from_numpy(np.ascontiguousarray(getattr(masks, name))) for name in _MASK_NAMES}),
        _MODEL: save(_model_tensors(scene.inversions)),
    }
    with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, data in members.items():
            packing = zipfile.ZIP_STORED if name in (_PHOTO, _MODEL) else zipfile.ZIP_DEFLATED
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
            return _read_scene(archive, path.name, models)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, SafetensorError, ArithmeticError) as error:
        raise _damaged(path.name) from error
    except (KeyError, TypeError, ValueError, AttributeError, NotImplementedError, RuntimeError) as error:
        raise _damaged(path.name) from error


def _damaged(name: str) -> LandscapeError:
    return LandscapeError(f"“{name}” is damaged or no scene: open its photo anew.")


def _read_scene(archive: zipfile.ZipFile, file: str, models: Models) -> Scene:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if sorted(entries) != sorted(_MEMBERS) or len(archive.infolist()) != len(_MEMBERS):
        raise ValueError("members")
    content = json.loads(_unpack(archive, entries[_JSON], _MOST_JSON))
    if content["format"] != FORMAT:
        raise LandscapeError(
            f"“{file}” was saved by version {content['program']!s:.20} of the program in format "
            f"{content['format']!s:.20}, and this is version {__version__}: use the newer of the two."
        )
    photo = decode_photo(_unpack(archive, entries[_PHOTO]), str(content["photo"])[:200])
    most = 4 * len(_MASK_NAMES) * photo.height * photo.width + _HEADER
    masks = _read_masks(load(_unpack(archive, entries[_MASKS], most)), photo, content["horizon"])
    config = _read_config(content["generator"])
    if config.style_width != models.generator.config.style_width:
        raise LandscapeError(
            f"“{file}” was made with another kind of generator, whose light this one cannot change: "
            "open its photo anew."
        )
    settings = InversionSettings(**content["settings"])
    if len(content["squares"]) != Layout.of(photo.height, photo.width).count:
        raise ValueError("squares")
    tensors = {name: item.to(models.generator.w_mean) for name, item in load(_unpack(archive, entries[_MODEL])).items()}
    inversions = tuple(
        _read_inversion(tensors, index, config, facts, models) for index, facts in enumerate(content["squares"])
    )
    if tensors:
        raise ValueError("unknown tensors")
    timings = {str(name)[:40]: float(value) for name, value in content["timings"].items()}
    matches = content["light"] == fingerprint(models)
    return Scene(photo, masks, inversions, models, settings, timings, bool(content["settled"]), matches)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int | None = None) -> bytes:
    """Unpack a member of at most so many bytes; without a limit it must not be compressed, so the file is the limit."""
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(entry.filename)
    if most is None and entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(entry.filename)
    if entry.file_size > (entry.compress_size if most is None else most):
        raise ValueError(entry.filename)
    return archive.read(entry)


def fingerprint(models: Models) -> str:
    """A short name for the light of a set of weights: the lighting network and the generator it belongs to."""
    return digest_of(models.lighting, models.generator.mapping)


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
        for name, value in _drawing_weights(item.generator).items():
            tensors[f"{index}.generator.{name}"] = value
    return {name: _smallest(value.detach().cpu().contiguous()) for name, value in tensors.items()}


def _drawing_weights(generator: Generator) -> dict[str, Tensor]:
    """The weights that an image passes through."""
    last = f"to_rgb.{len(generator.to_rgb) - 1}."
    return {name: item for name, item in generator.state_dict().items() if name.startswith(("blocks.", last))}


def _smallest(tensor: Tensor) -> Tensor:
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor.clone()


def _read_masks(tensors: dict[str, Tensor], photo: Photo, horizon: float) -> Masks:
    if sorted(tensors) != sorted(_MASK_NAMES):
        raise ValueError("masks")
    for item in tensors.values():
        if item.shape != (photo.height, photo.width) or item.dtype != torch.float32:
            raise ValueError("masks")
        if not bool(((item >= 0) & (item <= 1)).all()):
            raise ValueError("masks")
    if not 0 <= float(horizon) <= 1:
        raise ValueError("horizon")
    sky, water, freeze = (tensors[name].numpy() for name in _MASK_NAMES)
    return Masks(sky, water, freeze, float(horizon))


def _read_config(facts: dict[str, Any]) -> GeneratorConfig:
    config = GeneratorConfig(**facts | {"channels": tuple(int(item) for item in facts["channels"])})
    numbers = (*config.channels, config.style_width)
    if not 1 <= len(config.channels) <= _MOST_BLOCKS or not all(1 <= number <= _MOST_CHANNELS for number in numbers):
        raise ValueError("generator")
    if config.padding_mode not in ("zeros", "reflect"):
        raise ValueError("generator")
    return config


def _read_inversion(
    tensors: dict[str, Tensor], index: int, config: GeneratorConfig, facts: dict[str, Any], models: Models
) -> Inversion:
    """Take one square out of the tensors."""

    def take(name: str, shape: tuple[int, ...]) -> Tensor:
        found = tensors.pop(f"{index}.{name}")
        if found.shape != shape or not bool(torch.isfinite(found).all()):
            raise ValueError(name)
        return found

    with torch.device("meta"):
        plan = Generator(config)
    weights = {name: take(f"generator.{name}", tuple(item.shape)) for name, item in _drawing_weights(plan).items()}
    generator = Generator(config)
    generator.load_state_dict(weights, strict=False)
    generator.mapping, generator.w_mean = models.generator.mapping, models.generator.w_mean
    generator.to(models.generator.w_mean.device).eval().requires_grad_(False)
    maps = {
        kind: [take(f"{kind}.{level}", (1, 1, side, side)) for level, side in enumerate(config.resolutions)]
        for kind in ("s_static", "s_dynamic")
    }
    w = take("w", (1, len(config.channels), config.style_width))
    ssim, lpips, seconds = (float(facts[name]) for name in ("ssim", "lpips", "seconds"))
    return Inversion(w, maps["s_static"], maps["s_dynamic"], generator, ssim, lpips, seconds, bool(facts["split"]))
