"""The bundled networks: what there is, and how each is read and written."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.bundled import bundled_folder
from landscape.errors import LandscapeError
from landscape.light.styles import StyleTable
from landscape.models.files import digest_of, fill_network, load_weights, save_weights
from landscape.models.frozen import load_lpips, load_segmenter, load_vgg19
from landscape.networks.encoder import Encoder
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.lighting import LightingNetwork
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.posterior import Posterior
from landscape.networks.prior import LatentPrior
from landscape.networks.upscaler import Upscaler, UpscalerConfig, build_upscaler
from landscape.networks.vgg import Vgg19

log = logging.getLogger(__name__)

GENERATOR_FILE = "generator.safetensors"
ENCODER_FILE = "encoder.safetensors"
LIGHTING_FILE = "lighting.safetensors"
SEGMENTER_FILE = "segmenter.safetensors"
PERCEPTUAL_FILE = "lpips_alex.safetensors"
PRIOR_FILE = "prior.safetensors"
UPSCALER_FILE = "upscaler.safetensors"
VGG_FILE = "vgg19.safetensors"
STYLES_FILE = "styles.json"
POSTERIOR = "posterior"


@dataclass(frozen=True)
class Models:
    """Everything that turns a photo into a moving scene, in evaluation mode on one device.

    Attributes:
        generator: M and G.
        encoder: E, or the posterior where there is one.
        lighting: A.
        segmenter: Sky, water, other.
        perceptual: LPIPS.
        styles: The nine styles of this generator.
        vgg: VGG-19, which the paper's and the release's recipes of the inversion take where it is there.
        upscaler: Enlarges the generator's frames, where it is there.
    """

    generator: Generator
    encoder: Encoder | Posterior
    lighting: LightingNetwork
    segmenter: nn.Module
    perceptual: LpipsAlex
    styles: StyleTable
    vgg: Vgg19 | None = None
    upscaler: Upscaler | None = None


def default_folder() -> Path:
    """The folder with the bundled weights."""
    return bundled_folder("checkpoints")


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
    """Read a generator written by :func:`save_generator`, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """
    state, metadata = load_weights(path)
    try:
        sizes = dict(metadata["config"])
        generator = Generator(GeneratorConfig(**sizes | {"channels": tuple(sizes["channels"])}))
        generator.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError) as error:
        raise LandscapeError(f"“{path}” holds no generator of this version; get the project's files again.") from error
    return generator.eval().requires_grad_(False)


def save_lighting(path: Path, network: LightingNetwork) -> None:
    """Write the lighting network A with its depth."""
    sizes = {"style_width": network.output.out_features, "blocks": len(network.blocks)}
    save_weights(path, network.state_dict(), sizes)


def load_lighting(path: Path) -> LightingNetwork:
    """Read a lighting network written by :func:`save_lighting`, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """
    state, metadata = load_weights(path)
    network = LightingNetwork(int(metadata.get("style_width", 512)), int(metadata.get("blocks", 10)))
    fill_network(network, state, path)
    return network


def load_encoder(path: Path, generator: Generator) -> Encoder | Posterior:
    """Read what predicts the latents of photos: the posterior, or the paper's E, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or belongs to another generator.
    """
    state, metadata = load_weights(path)
    width = generator.config.style_width
    network: Encoder | Posterior
    if metadata.get("network") == POSTERIOR:
        network = Posterior(generator.resolution, width)
    else:
        network = Encoder(len(generator.blocks), width)
    fill_network(network, state, path)
    return network


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
    state, metadata = load_weights(path)
    if generator is not None and metadata.get("generator") != digest_of(generator):
        raise LandscapeError(f"“{path}” is no prior of this generator; train one with train prior, or move it away.")
    try:
        prior = LatentPrior(int(metadata["style_width"]), tuple(metadata["resolutions"]))
    except (KeyError, TypeError, ValueError) as error:
        raise LandscapeError(f"“{path}” holds no prior; give the file that train prior wrote.") from error
    fill_network(prior, state, path)
    return prior


def save_upscaler(path: Path, network: Upscaler, metadata: dict[str, Any]) -> None:
    """Write an upscaler with its sizes."""
    save_weights(path, network.state_dict(), metadata | {"config": asdict(network.config)})


def load_upscaler(path: Path) -> Upscaler:
    """Read an upscaler written by :func:`save_upscaler`, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged or holds something else.
    """
    state, metadata = load_weights(path)
    try:
        network = build_upscaler(UpscalerConfig(**metadata["config"]))
    except (KeyError, TypeError, ValueError) as error:
        raise LandscapeError(f"“{path}” holds no upscaler of this version; get the project's files again.") from error
    fill_network(network, state, path)
    return network


def load_models(folder: Path | None = None, device: str = "cpu") -> Models:
    """Load all networks.

    Args:
        folder: Where the weights are, the bundled ones by default.
        device: Torch device.

    Raises:
        LandscapeError: If something is missing or damaged.
    """
    folder = folder or default_folder()
    generator = load_generator(folder / GENERATOR_FILE)
    encoder = load_encoder(folder / ENCODER_FILE, generator)
    segmenter = load_segmenter(folder / SEGMENTER_FILE)
    target = torch.device(device)
    return Models(
        generator.to(target),
        encoder.to(target),
        load_lighting(folder / LIGHTING_FILE).to(target),
        segmenter.to(target),
        load_lpips(folder / PERCEPTUAL_FILE).to(target),
        StyleTable.load(folder / STYLES_FILE),
        load_vgg19(folder / VGG_FILE).to(target) if (folder / VGG_FILE).is_file() else None,
        load_upscaler(folder / UPSCALER_FILE).to(target) if (folder / UPSCALER_FILE).is_file() else None,
    )


def choose_device(name: str = "auto") -> str:
    """Pick the torch device: ``auto`` takes CUDA, else the CPU; MPS lacks some operations and is taken when named.

    Raises:
        LandscapeError: If the named device is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return "cuda" if available["cuda"] else "cpu"
    if name.split(":")[0] not in available:
        raise LandscapeError(f"Choose the device auto, cpu, cuda or mps; not “{name}”.")
    if not available[name.split(":")[0]]:
        raise LandscapeError(f"This computer offers no {name} device; use --device auto.")
    return name
