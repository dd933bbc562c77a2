"""The weights of each network: how they are written and read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.models.files import digest_of, fill_network, load_weights, save_weights
from landscape.models.imported import GENERATOR, is_imported, part_of
from landscape.networks.encoder import Encoder
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.lighting import LightingNetwork
from landscape.networks.matte import MatteNetwork
from landscape.networks.posterior import Posterior
from landscape.networks.prior import LatentPrior
from landscape.networks.upscaler import Upscaler, UpscalerConfig, build_upscaler

POSTERIOR = "posterior"

Network = TypeVar("Network", bound=nn.Module)


def _read(path: Path, what: str, build: Callable[[dict[str, Any]], Network], part: str = "") -> Network:
    """Read a network, in evaluation mode.

    Args:
        path: The file.
        what: What it should hold, for the sentence that says that it does not.
        build: Makes the network of the file's description.
        part: Its name in a file of several networks of the release.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """
    state, metadata = load_weights(path)
    try:
        network = build(metadata)
    except (KeyError, TypeError, ValueError) as error:
        raise LandscapeError(f"“{path}” holds no {what} of this version; get the project's files again.") from error
    fill_network(network, part_of(state, part) if part and is_imported(metadata) else state, path)
    return network


def cut_generator(config: GeneratorConfig, state: dict[str, Tensor], resolution: int) -> Generator:
    """Build the generator that ends at a resolution from the weights of a larger one.

    Progressive growing trains one resolution after another; what is shipped ends at the last trained one.

    Args:
        config: Sizes of the full generator.
        state: Its weights.
        resolution: Pixels of the cut generator's output.

    Returns:
        A generator in evaluation mode.
    """
    depth = config.resolutions.index(resolution) + 1
    sizes = asdict(config) | {"channels": config.channels[:depth]}
    generator = Generator(GeneratorConfig(**sizes))
    wanted = generator.state_dict().keys()
    generator.load_state_dict({name: value for name, value in state.items() if name in wanted})
    return generator.eval().requires_grad_(False)


def save_generator(path: Path, generator: Generator, metadata: dict[str, Any]) -> None:
    """Write a generator with its configuration."""
    save_weights(path, generator.state_dict(), metadata | {"config": asdict(generator.config)})


def load_generator(path: Path) -> Generator:
    """Read a generator written by :func:`save_generator`, or taken over from the release, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """

    def build(metadata: dict[str, Any]) -> Generator:
        sizes = dict(metadata["config"])
        return Generator(GeneratorConfig(**sizes | {"channels": tuple(sizes["channels"])}))

    return _read(path, "generator", build, GENERATOR)


def save_lighting(path: Path, network: LightingNetwork) -> None:
    """Write the lighting network A with its depth."""
    sizes = {"style_width": network.output.out_features, "blocks": len(network.blocks)}
    save_weights(path, network.state_dict(), sizes)


def load_lighting(path: Path) -> LightingNetwork:
    """Read a lighting network written by :func:`save_lighting`, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """
    return _read(
        path,
        "lighting network",
        lambda sizes: LightingNetwork(int(sizes.get("style_width", 512)), int(sizes.get("blocks", 10))),
    )


def load_encoder(path: Path, generator: Generator) -> Encoder | Posterior:
    """Read what predicts the latents of photos: the posterior, or the paper's E, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or belongs to another generator.
    """
    width = generator.config.style_width

    def build(metadata: dict[str, Any]) -> Encoder | Posterior:
        if metadata.get("network") == POSTERIOR:
            return Posterior(generator.resolution, width)
        return Encoder(len(generator.blocks), width)

    return _read(path, "encoder", build)


def save_posterior(path: Path, posterior: Posterior, metadata: dict[str, Any]) -> None:
    """Write a posterior as the encoder's file."""
    save_weights(path, posterior.state_dict(), metadata | {"network": POSTERIOR})


def save_prior(path: Path, prior: LatentPrior, generator: Generator, metadata: dict[str, Any]) -> None:
    """Write the prior of a generator's latents with its sizes."""
    sizes = {"style_width": prior.style_width, "resolutions": list(prior.resolutions)}
    save_weights(path, prior.state_dict(), metadata | sizes | {"generator": digest_of(generator)})


def load_prior(path: Path, generator: Generator | None) -> LatentPrior | None:
    """Read a prior written by :func:`save_prior`, in evaluation mode; None where there is no such file.

    Args:
        path: The file.
        generator: The generator that it must belong to; None takes any.

    Raises:
        LandscapeError: If the file is damaged, holds something else or belongs to another generator.
    """
    if not path.is_file():
        return None

    def build(metadata: dict[str, Any]) -> LatentPrior:
        if generator is not None and metadata.get("generator") != digest_of(generator):
            raise LandscapeError(
                f"“{path}” is no prior of this generator; train one with train prior, or move it away."
            )
        return LatentPrior(int(metadata["style_width"]), tuple(metadata["resolutions"]))

    return _read(path, "prior", build)


def load_matte(path: Path) -> MatteNetwork:
    """Read the network that corrects the segmenter pixel by pixel, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """
    return _read(path, "network of the matte", lambda _: MatteNetwork())


def save_upscaler(path: Path, network: Upscaler, metadata: dict[str, Any]) -> None:
    """Write an upscaler with its sizes."""
    save_weights(path, network.state_dict(), metadata | {"config": asdict(network.config)})


def load_upscaler(path: Path) -> Upscaler:
    """Read an upscaler written by :func:`save_upscaler`, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """
    return _read(path, "upscaler", lambda metadata: build_upscaler(UpscalerConfig(**metadata["config"])))
