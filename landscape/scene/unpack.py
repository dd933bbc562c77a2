"""Reading what a scene file holds, with distrust."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.fit.invert import Inversion
from landscape.masks.horizon import FARTHEST
from landscape.masks.matte import Matte
from landscape.models.bundle import Models
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.photo.read import Photo, decode_photo
from landscape.photo.squares import Layout
from landscape.scene.matte_tensors import MOST_BYTES, read_masks, read_matte
from landscape.scene.plan_tensors import VERSION, most_bytes, read_plan
from landscape.scene.scene import Scene
from landscape.scene.scene_format import (
    JSON,
    MEMBERS,
    MODEL,
    PHOTO,
    SKY,
    drawing_weights,
    fingerprint,
    sky_of,
)
from landscape.scene.sceneries import SkyPlans
from landscape.scene.shot import read_settings
from landscape.version import __version__

_MOST_JSON, _HEADER = 1 << 20, 4096
"""Most bytes of the description, and of the description inside a safetensors file of masks."""
_MOST_BLOCKS, _MOST_CHANNELS = 9, 2048


def damaged(name: str) -> LandscapeError:
    """What is said about a scene file that cannot be read."""
    return LandscapeError(f"“{name}” is damaged or no scene: open its photo anew.")


def read_scene(archive: zipfile.ZipFile, file: str, models: Models) -> Scene:
    """Read a scene.

    Args:
        archive: The open file.
        file: Its name, for messages.
        models: The networks that are not in the file.

    Raises:
        LandscapeError: If it is of another version or another kind of generator.
        Exception: Of many kinds, if the file is damaged: whoever opens it says so in a sentence.
    """
    entries = {entry.filename: entry for entry in archive.infolist()}
    content = json.loads(_unpack(archive, entries[JSON], _MOST_JSON))
    if content["format"] not in MEMBERS:
        raise LandscapeError(
            f"“{file}” was saved by version {content['program']!s:.20} of the program in format "
            f"{content['format']!s:.20}, and this is version {__version__}: use the newer of the two."
        )
    members = MEMBERS[content["format"]]
    if sorted(entries) != sorted(members) or len(archive.infolist()) != len(members):
        raise ValueError("members")
    picture = _unpack(archive, entries[PHOTO])
    photo = decode_photo(picture, str(content["photo"])[:200])
    planes = _unpack(archive, entries[members[2]], MOST_BYTES * photo.height * photo.width + _HEADER)
    matte = _read_matte(planes, photo, content)
    plans = SkyPlans()
    if SKY in members:
        tensors = load(_unpack(archive, entries[SKY], most_bytes(photo) + _HEADER))
        # A plan of another version or another sky is no harm: it is found anew.
        if content["sky"] == {"version": VERSION, "of": sky_of(picture, planes)}:
            plans.keep(photo, matte, read_plan(tensors))
    config = _read_config(content["generator"])
    made_with = str(content.get("weights", "of another version"))[:80]
    if config.style_width != models.generator.config.style_width:
        raise LandscapeError(
            f"“{file}” was made with other weights ({made_with}), and these cannot change its light: "
            "open it with those weights, or its photo anew."
        )
    settings = read_settings("inversion", content["settings"])
    if len(content["squares"]) != Layout.of(photo.height, photo.width).count:
        raise ValueError("squares")
    tensors = {name: item.to(models.generator.w_mean) for name, item in load(_unpack(archive, entries[MODEL])).items()}
    inversions = tuple(
        _read_inversion(tensors, index, config, facts, models) for index, facts in enumerate(content["squares"])
    )
    if tensors:
        raise ValueError("unknown tensors")
    timings = {str(name)[:40]: float(value) for name, value in content["timings"].items()}
    other = None if content["light"] == fingerprint(models) else made_with
    return Scene(photo, matte, inversions, models, settings, timings, bool(content["settled"]), other, _plans=plans)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int | None = None) -> bytes:
    """Unpack a member of at most so many bytes; without a limit it must not be compressed, so the file is the limit."""
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(entry.filename)
    if most is None and entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(entry.filename)
    if entry.file_size > (entry.compress_size if most is None else most):
        raise ValueError(entry.filename)
    return archive.read(entry)


def _read_matte(planes: bytes, photo: Photo, content: dict[str, Any]) -> Matte:
    tensors, horizon = load(planes), float(content["horizon"])
    if not 0 <= horizon <= FARTHEST:
        raise ValueError("horizon")
    if content["format"] == 1:
        return read_masks(tensors, photo, horizon)
    return read_matte(tensors, photo, horizon, float(content["mirror"]), bool(content["night"]))


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
    weights = {name: take(f"generator.{name}", tuple(item.shape)) for name, item in drawing_weights(plan).items()}
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
