"""Files that somebody damaged or made up: ``python -m tests.hostile --seed 0 --count 600``.

Each input is made of a seed: a whole file of some format, and what was done to it. Whoever reads it must give a result
or a sentence, soon and with little memory. One line is told for each input that goes wrong, and the largest memory at
the end.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pillow_heif
import torch
from PIL import Image
from safetensors.torch import save

from landscape.errors import LandscapeError
from landscape.masks.matte_files import read_mask
from landscape.models.files import load_weights
from landscape.photo.read import Photo, read_photo
from landscape.scene.files import open_scene, save_scene
from landscape.scene.recipe import read_recipe
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.settings import FitSettings
from tests.conftest import made_up_landscape, seeded_models
from tests.hostile_kinds import JSONS, LENGTHS, PHOTOS, TRICKS, bomb, wide
from tests.mattes import hard_matte

SLOWEST = 20.0
"""Seconds."""
LARGEST = 2000.0
"""MB of memory, with the libraries."""
Data = bytearray
Damage = Callable[[Data, random.Random], bytes]


@dataclass(frozen=True)
class Hostile:
    """One file: what it claims to be, what was done to it, its name and its bytes."""

    kind: str
    damage: str
    name: str
    data: bytes


def cut(data: Data, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def flip(data: Data, rng: random.Random) -> bytes:
    for _ in range(rng.choice([1, 3, 10, 100])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def flip_head(data: Data, rng: random.Random) -> bytes:
    for _ in range(rng.choice([1, 2, 5])):
        data[rng.randrange(min(len(data), 120))] ^= 1 << rng.randrange(8)
    return bytes(data)


def length(data: Data, rng: random.Random) -> bytes:
    """Another number where the file may hold a length."""
    place = rng.randrange(max(1, min(len(data), 2000) - 8))
    number = rng.choice(LENGTHS)
    data[place : place + len(number)] = number
    return bytes(data)


def hole(data: Data, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    end = min(len(data), place + rng.choice([1, 16, 500]))
    data[place:end] = rng.choice([bytes(end - place), rng.randbytes(end - place), b""])
    return bytes(data)


def twice(data: Data, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return bytes(data[:place] + data[place // 2 :])


def nonsense(data: Data, rng: random.Random) -> bytes:
    return bytes(data[:12]) + rng.randbytes(rng.choice([0, 10, 1000, 50_000]))


DAMAGES: list[Damage] = [cut, flip, flip_head, length, hole, twice, nonsense]


def pictures() -> dict[str, bytes]:
    """Small photos of all formats, by their suffix."""
    pillow_heif.register_heif_opener()
    image = Image.fromarray(made_up_landscape())
    found = {}
    for suffix, options in PHOTOS.items():
        buffer = io.BytesIO()
        mode = options.get("mode")
        (image.convert(mode) if mode else image).save(buffer, **{k: v for k, v in options.items() if k != "mode"})
        found[suffix] = buffer.getvalue()
    return found


def wholes(folder: Path, models: Any) -> dict[str, dict[str, bytes]]:
    """Whole files of every kind that is read, by their names."""
    photo = Photo(made_up_landscape(), "made up")
    labels = np.repeat(np.uint8([1, 2]), 48)[:, None].repeat(128, 1)
    scene = Scene.open(photo, models, FitSettings(variant="E"), masks=hard_matte(labels))
    save_scene(scene, folder / "whole.landscape")
    mask = io.BytesIO()
    Image.fromarray(labels).save(mask, "PNG")
    weights = save({"a": torch.zeros(3, 4), "b": torch.ones(2)}, {"landscape": "{}"})
    return {
        "photo": {f"photo{suffix}": data for suffix, data in pictures().items()},
        "mask": {"mask.png": mask.getvalue()},
        "recipe": {"recipe.json": json.dumps(Shot().as_dict()).encode()},
        "scene": {"scene.landscape": (folder / "whole.landscape").read_bytes()},
        "weights": {"weights.safetensors": weights},
    }


def special(whole: dict[str, dict[str, bytes]]) -> Iterator[Hostile]:
    """What chance would hardly find: bombs, deep nesting, tricks with lengths and with the names in archives."""
    for suffix in (".png", ".tif", ".webp", ".jpg", ".gif", ".bmp"):
        large = [(30_000, 30_000)] if suffix in (".png", ".tif") else []
        long = [(30_000, 1), (1, 30_000)] if suffix != ".webp" else []
        for size in [(1, 1), *long, *large]:
            yield Hostile("photo", f"{size[0]} x {size[1]}", f"photo{suffix}", bomb(size, suffix))
    for other in (".png", ".jpg", ".heic", ".tif", ".gif", ".webp", ".json", ".landscape", ".safetensors"):
        for names in whole.values():
            for name, data in names.items():
                if not name.endswith(other):
                    kind = {".json": "recipe", ".landscape": "scene", ".safetensors": "weights"}.get(other, "photo")
                    yield Hostile(kind, f"is {name}", f"file{other}", data)
    for name, data in wide().items():
        for kind, suffix in (("photo", ".png"), ("mask", ".png")):
            yield Hostile(kind, name, f"file{suffix}", data)
    for name, text in JSONS.items():
        yield Hostile("recipe", name, "recipe.json", text)
        yield Hostile("scene", f"scene.json {name}", "a.landscape", changed(whole, {"scene.json": text}))
        header = struct.pack("<Q", len(text)) + text
        yield Hostile("weights", f"header {name}", "w.safetensors", header)
        yield Hostile("scene", f"model header {name}", "a.landscape", changed(whole, {"model.safetensors": header}))
    for number in LENGTHS:
        yield Hostile("weights", f"length {number.hex()}", "w.safetensors", number.ljust(8, b"\0") + b'{"a":{}}')
    for name, trick in TRICKS.items():
        yield Hostile("scene", name, "a.landscape", trick(whole["scene"]["scene.landscape"]))


def changed(whole: dict[str, dict[str, bytes]], members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole["scene"]["scene.landscape"])) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), members.get(name, old.read(name)))
    return buffer.getvalue()


def inputs(seed: int, whole: dict[str, dict[str, bytes]], first: list[Hostile]) -> Iterator[Hostile]:
    """Hostile files without end, these first, mixed."""
    rng = random.Random(seed)
    yield from rng.sample(first, len(first))
    weights = {"photo": 5, "scene": 3, "mask": 1, "recipe": 1, "weights": 1}
    while True:
        kind = rng.choices(list(weights), list(weights.values()))[0]
        name = rng.choice(sorted(whole[kind]))
        damage = rng.choice(DAMAGES)
        yield Hostile(kind, damage.__name__, name, damage(Data(whole[kind][name]), rng))


class Reader:
    """Reads files of every kind as the program does."""

    def __init__(self, models: Any) -> None:
        self._pixels = made_up_landscape()
        self.readers: dict[str, Callable[[Path], Any]] = {
            "photo": read_photo,
            "mask": lambda path: read_mask(path, self._pixels),
            "recipe": read_recipe,
            "scene": lambda path: open_scene(path, models),
            "weights": load_weights,
        }

    def read(self, kind: str, path: Path) -> Any:
        return self.readers[kind](path)

    def complaint(self, hostile: Hostile, folder: Path) -> str | None:
        """What is wrong with how a file was read, None if nothing is."""
        path = folder / hostile.name
        path.write_bytes(hostile.data)
        began = time.monotonic()
        try:
            self.read(hostile.kind, path)
        except LandscapeError as error:
            sentence = str(error)
            if not sentence.endswith((".", "!")) or "\n" in sentence or len(sentence) > 400:
                return f"no sentence: {sentence[:500]!r}"
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:300]}"
        spent = time.monotonic() - began
        return f"{spent:.1f} s" if spent > SLOWEST else None


def tell(line: str, where: TextIO = sys.stdout) -> None:
    where.write(f"{line}\n")
    where.flush()


def main() -> int:
    """Try many inputs; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--keep", type=Path, help="folder for the files that go wrong")
    options = parser.parse_args()
    models = seeded_models()
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        whole = wholes(folder, models)
        reader, many = Reader(models), inputs(options.seed, whole, list(special(whole)))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(options.count):
            hostile = next(many)
            tell(f"{number} {hostile.kind} {hostile.damage} {hostile.name}", sys.stderr)
            complaint = reader.complaint(hostile, folder)
            now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if now > LARGEST * 1000 >= before:
                complaint = f"{now / 1000:.0f} MB"
            before = now
            if complaint is not None:
                wrong += 1
                tell(f"{number} {hostile.kind} {hostile.damage} {hostile.name}: {complaint}")
                if options.keep is not None:
                    shutil.copyfile(folder / hostile.name, options.keep / f"{number}-{hostile.name}")
    tell(f"{options.count} inputs, {wrong} wrong, {before / 1000:.0f} MB")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
