"""What a scene file consists of."""

from __future__ import annotations

from torch import Tensor

from landscape.marks import MASKS_ENTRY, SCENE_ENTRIES
from landscape.models.bundle import Models
from landscape.models.files import digest_of
from landscape.networks.generator import Generator

FORMAT = 2
"""Version of the format; raise it when older programs could not read the file."""
JSON, PHOTO, MATTE, MODEL = SCENE_ENTRIES
MOVING = {1: MASKS_ENTRY, FORMAT: MATTE}
"""The member that tells what moves, by format."""


def fingerprint(models: Models) -> str:
    """A short name for the light of a set of weights: the lighting network and the generator it belongs to."""
    return digest_of(models.lighting, models.generator.mapping)


def drawing_weights(generator: Generator) -> dict[str, Tensor]:
    """The weights that an image passes through."""
    last = f"to_rgb.{len(generator.to_rgb) - 1}."
    return {name: item for name, item in generator.state_dict().items() if name.startswith(("blocks.", last))}
