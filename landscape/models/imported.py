"""Weights that were taken over from the release: one file, with all networks that it has."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.models.config import config_names, load_config
from landscape.models.files import fill_network, load_weights, read_description, save_weights
from landscape.networks.encoder import Encoder
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.lighting import LightingNetwork

GENERATOR, ENCODER, LIGHTING = "generator", "encoder", "lighting"


def configuration_of(config: GeneratorConfig) -> str | None:
    """Name of the built-in configuration of these sizes, such as ``paper-256``; None if there is none."""
    return next((name for name in config_names() if load_config(name).generator == config), None)


def save_imported(
    path: Path,
    generator: Generator,
    encoder: Encoder | None,
    lighting: LightingNetwork | None,
    facts: dict[str, Any],
) -> None:
    """Write networks of the release, in single precision, so that they draw what the release draws.

    Args:
        path: ``*.safetensors``.
        generator: M and G.
        encoder: The release's E, if it is at hand.
        lighting: The release's A, if it is at hand.
        facts: Numbers of the training, for the description.
    """
    networks: dict[str, nn.Module | None] = {GENERATOR: generator, ENCODER: encoder, LIGHTING: lighting}
    state = {
        f"{part}.{name}": value
        for part, network in networks.items()
        if network is not None
        for name, value in network.state_dict().items()
    }
    description = {
        "network": "release",
        "parts": [part for part, network in networks.items() if network is not None],
        "configuration": configuration_of(generator.config),
        "config": asdict(generator.config),
        "light_blocks": None if lighting is None else len(lighting.blocks),
    }
    save_weights(path, state, description | facts, half=False)


def is_imported(metadata: dict[str, Any]) -> bool:
    """Whether the description of a file is that of weights taken over from the release."""
    return metadata.get("network") == "release"


def imported_weights(folder: Path) -> dict[str, Path]:
    """Weights that were taken over from the release and lie in a folder, by their names; damaged files are left out."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with suppress(LandscapeError):
            if is_imported(read_description(path)[1]):
                found[path.stem] = path
    return found


def part_of(state: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    """The tensors of one network in such a file."""
    return {name.removeprefix(f"{part}."): value for name, value in state.items() if name.startswith(f"{part}.")}


def load_imported(path: Path, generator: Generator) -> tuple[Encoder | None, LightingNetwork | None]:
    """Read what a file of :func:`save_imported` holds beside its generator, in evaluation mode.

    Raises:
        LandscapeError: If the file is damaged or no such file.
    """
    state, metadata = load_weights(path)
    if not is_imported(metadata):
        raise LandscapeError(
            f"“{path}” is no file that import-release wrote: give such a file, or a folder of weights."
        )
    width, parts = generator.config.style_width, metadata.get("parts", [])
    encoder = lighting = None
    try:
        if ENCODER in parts:
            encoder = Encoder(len(generator.blocks), width, "resnet152", rows=1)
            fill_network(encoder, part_of(state, ENCODER), path)
        if LIGHTING in parts:
            lighting = LightingNetwork(width, int(metadata["light_blocks"]), scaled=False)
            fill_network(lighting, part_of(state, LIGHTING), path)
    except (KeyError, TypeError, ValueError) as error:
        raise LandscapeError(f"“{path}” is damaged: import the release's files again.") from error
    return encoder, lighting
