"""Weights by name: which files are meant where somebody says ``--weights``."""

from __future__ import annotations

from pathlib import Path

from landscape.bundled import bundled_folder
from landscape.errors import LandscapeError

SUFFIX = ".safetensors"
GENERATOR_FILE = "generator.safetensors"


def default_folder() -> Path:
    """The folder with the bundled weights."""
    return bundled_folder("checkpoints")


def find_weights(name: str | Path | None) -> Path | None:
    """The folder or the file that is meant by a name.

    Args:
        name: A folder of weights, or a file that ``import-release`` wrote, with or without its ending; a bare name is
            looked for here and among the bundled weights. None stands for the bundled weights.

    Raises:
        LandscapeError: If there is nothing of this name.
    """
    if name is None:
        return None
    for path in (Path(name), Path(f"{name}{SUFFIX}")):
        for place in (path, default_folder() / path):
            if place.is_dir() or place.is_file():
                return place
    raise LandscapeError(
        f"There are no weights “{name}”: give a folder of weights, or a file that landscape import-release wrote."
    )


def weights_file(weights: Path | None, name: str) -> Path:
    """The file of one network.

    Args:
        weights: What :func:`find_weights` gave.
        name: Name of the file in a folder of weights. A single file of weights is its own generator; what it does not
            hold is taken from the bundled weights.
    """
    if weights is None:
        return default_folder() / name
    if weights.is_file():
        return weights if name == GENERATOR_FILE else default_folder() / name
    return weights / name


def weights_name(weights: Path | None) -> str:
    """What weights are called in messages and in scenes."""
    return "bundled" if weights is None else weights.stem if weights.is_file() else weights.name
