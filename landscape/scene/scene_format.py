"""What a scene file consists of."""

from __future__ import annotations

import hashlib

from torch import Tensor

from landscape.marks import MASKS_ENTRY, SCENE_ENTRIES
from landscape.models.bundle import Models
from landscape.models.files import digest_of
from landscape.networks.generator import Generator

FORMAT = 3
"""Version of the format; raise it when older programs could not read the file."""
JSON, PHOTO, MATTE, MODEL, SKY = SCENE_ENTRIES
MEMBERS = {1: (JSON, PHOTO, MASKS_ENTRY, MODEL), 2: (JSON, PHOTO, MATTE, MODEL), FORMAT: SCENE_ENTRIES}
"""The members by format; the third tells what moves."""


def fingerprint(models: Models) -> str:
    """A short name for the light of a set of weights: the lighting network and the generator it belongs to."""
    return digest_of(models.lighting, models.generator.mapping)


def sky_of(photo: bytes, matte: bytes) -> str:
    """A short name for the sky of a photo under a matte, given by the members of its scene file."""
    digest = hashlib.sha256(photo)
    digest.update(matte)
    return digest.hexdigest()[:16]


def drawing_weights(generator: Generator) -> dict[str, Tensor]:
    """The weights that an image passes through."""
    last = f"to_rgb.{len(generator.to_rgb) - 1}."
    return {name: item for name, item in generator.state_dict().items() if name.startswith(("blocks.", last))}
