"""From a training state to the weights that are shipped, and back into a new run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from landscape.errors import LandscapeError
from landscape.models.files import load_weights, save_weights
from landscape.models.weights import cut_generator, save_generator, save_posterior
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.posterior import Posterior
from landscape.training.gan.z_distribution import fit_z_distribution
from landscape.training.run.checkpoint import load_state


def _config(state: dict[str, Any]) -> tuple[GeneratorConfig, int]:
    """The generator's sizes and the largest resolution that training has finished fading in."""
    config = json.loads(state["config"])
    sizes = config["generator"]
    left, reached = state["images"], 0
    for key in sorted(config["training"]["stable_images"], key=int):
        left -= config["training"]["fade_images"].get(key, 0)
        if left > 0 or not reached:
            reached = int(key)
        left -= config["training"]["stable_images"][key]
    return GeneratorConfig(**sizes | {"channels": tuple(sizes["channels"])}), reached


def export_generator(state_file: Path, out: Path, resolution: int | None = None) -> None:
    """Write the moving average of G.

    Args:
        state_file: Written by :func:`landscape.training.gan.gan.train_gan`.
        out: The weights file.
        resolution: Where to cut it; the largest resolution that has faded in by default.

    Raises:
        LandscapeError: If the resolution is unknown or the state is damaged.
    """
    generator, metadata = _generator(load_state(state_file), resolution)
    save_generator(out, generator, metadata)


def export_with_posterior(
    state_file: Path, out: Path, posterior_out: Path, prepared: Path, resolution: int | None = None
) -> None:
    """Write the moving average of G with a prior fitted to real images, and the posterior as the encoder's weights.

    Args:
        state_file: Written by :func:`landscape.training.gan.gan.train_gan`.
        out: The generator's weights file.
        posterior_out: The posterior's weights file.
        prepared: The arrays that the run was trained on.
        resolution: Where to cut both; the largest resolution that has faded in by default.

    Raises:
        LandscapeError: If the run has no posterior, the resolution is unknown or the state is damaged.
    """
    state = load_state(state_file)
    if "posterior" not in state["networks"]:
        raise LandscapeError("This run trains no posterior; set reconstruction_share in its configuration.")
    generator, metadata = _generator(state, resolution)
    posterior = Posterior(generator.resolution, generator.config.style_width)
    wanted = posterior.state_dict().keys()
    weights = state["networks"]["posterior"]
    posterior.load_state_dict({name: value for name, value in weights.items() if name in wanted})
    fit_z_distribution(generator, posterior.eval(), prepared)
    save_generator(out, generator, metadata)
    save_posterior(posterior_out, posterior, metadata)


def _generator(state: dict[str, Any], resolution: int | None) -> tuple[Generator, dict[str, Any]]:
    config, reached = _config(state)
    resolution = resolution or reached
    if resolution not in config.resolutions:
        raise LandscapeError(f"Choose a resolution from {config.resolutions}; not {resolution}.")
    generator = cut_generator(config, state["networks"]["average"], resolution)
    return generator, {"images": state["images"], "steps": state["step"], "resolution": resolution}


def export_warm_start(state_file: Path, out: Path) -> None:
    """Write the networks of a run, fp16, so that a later run can go on from them with fresh optimisers.

    The moving average is not among them: it is what :func:`export_generator` writes, and it forms anew.
    """
    state = load_state(state_file)
    tensors: dict[str, Tensor] = {
        f"{network}/{name}": value
        for network, weights in state["networks"].items()
        if network != "average"
        for name, value in weights.items()
    }
    counters = {"step": state["step"], "images": state["images"], "config": state["config"]}
    save_weights(out, tensors, counters)


def import_warm_start(path: Path) -> dict[str, Any]:
    """Read what :func:`export_warm_start` wrote.

    Returns:
        ``networks`` by name, ``step`` and ``images``.

    Raises:
        LandscapeError: If the file is missing, damaged or something else.
    """
    tensors, metadata = load_weights(path)
    networks: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        network, _, name = key.partition("/")
        networks.setdefault(network, {})[name] = value
    if "images" not in metadata or "generator" not in networks:
        raise LandscapeError(f"{path} does not hold a training run; give the file that train export wrote.")
    return {"networks": networks, "step": metadata["step"], "images": metadata["images"]}
