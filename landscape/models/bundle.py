"""The bundled networks: what there is, and how each is read and written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from landscape.bundled import bundled_folder
from landscape.errors import LandscapeError
from landscape.light.styles import StyleTable
from landscape.models.frozen import load_lpips, load_segmenter, load_vgg19
from landscape.models.weights import load_encoder, load_generator, load_lighting, load_matte, load_upscaler
from landscape.networks.encoder import Encoder
from landscape.networks.generator import Generator
from landscape.networks.lighting import LightingNetwork
from landscape.networks.matte import MatteNetwork
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.posterior import Posterior
from landscape.networks.upscaler import Upscaler
from landscape.networks.vgg import Vgg19

log = logging.getLogger(__name__)

GENERATOR_FILE = "generator.safetensors"
ENCODER_FILE = "encoder.safetensors"
LIGHTING_FILE = "lighting.safetensors"
SEGMENTER_FILE = "segmenter.safetensors"
PERCEPTUAL_FILE = "lpips_alex.safetensors"
PRIOR_FILE = "prior.safetensors"
UPSCALER_FILE = "upscaler.safetensors"
MATTE_FILE = "matte.safetensors"
VGG_FILE = "vgg19.safetensors"
STYLES_FILE = "styles.json"


@dataclass(frozen=True)
class Models:
    """Everything that turns a photo into a moving scene, in evaluation mode on one device.

    Attributes:
        generator: M and G.
        encoder: E, or the posterior where there is one.
        lighting: A.
        segmenter: Sky, water, other.
        perceptual: LPIPS.
        matte: Corrects the segmenter pixel by pixel.
        styles: The nine styles of this generator.
        vgg: VGG-19, which the paper's and the release's recipes of the inversion take where it is there.
        upscaler: Enlarges the generator's frames, where it is there.
    """

    generator: Generator
    encoder: Encoder | Posterior
    lighting: LightingNetwork
    segmenter: nn.Module
    matte: MatteNetwork
    perceptual: LpipsAlex
    styles: StyleTable
    vgg: Vgg19 | None = None
    upscaler: Upscaler | None = None


def default_folder() -> Path:
    """The folder with the bundled weights."""
    return bundled_folder("checkpoints")


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
        load_matte(folder / MATTE_FILE).to(target),
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
