"""The bundled networks: what there is, and how each is read and written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from landscape.errors import LandscapeError
from landscape.light.measured import MeasuredLights
from landscape.light.release_styles import release_styles
from landscape.light.styles import StyleTable
from landscape.models.frozen import load_lpips, load_segmenter, load_vgg19
from landscape.models.imported import load_imported
from landscape.models.named import GENERATOR_FILE, default_folder, weights_file, weights_name
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

__all__ = ["GENERATOR_FILE", "Models", "choose_device", "default_folder", "load_models"]

ENCODER_FILE = "encoder.safetensors"
LIGHTING_FILE = "lighting.safetensors"
SEGMENTER_FILE = "segmenter.safetensors"
MATTE_FILE = "matte.safetensors"
PERCEPTUAL_FILE = "lpips_alex.safetensors"
PRIOR_FILE = "prior.safetensors"
UPSCALER_FILE = "upscaler.safetensors"
VGG_FILE = "vgg19.safetensors"
STYLES_FILE = "styles.json"
LIGHT_FILE = "light.json"


@dataclass(frozen=True)
class Models:
    """Everything that turns a photo into a moving scene, in evaluation mode on one device.

    Attributes:
        generator: M and G.
        encoder: E, or the posterior where there is one; None starts fits at the mean w.
        lighting: A.
        segmenter: Sky, water, other.
        perceptual: LPIPS.
        styles: The nine styles of this generator.
        vgg: VGG-19, which the paper's and the release's recipes of the inversion take where it is there.
        upscaler: Enlarges the generator's frames, where it is there.
        name: What these weights are called, for scenes that are opened with others.
        lights: What the styles look like on real pictures; without it the generator alone makes light.
        corrector: Corrects the segmenter pixel by pixel, where it is there.
    """

    generator: Generator
    encoder: Encoder | Posterior | None
    lighting: LightingNetwork
    segmenter: nn.Module
    perceptual: LpipsAlex
    styles: StyleTable
    vgg: Vgg19 | None = None
    upscaler: Upscaler | None = None
    name: str = "bundled"
    lights: MeasuredLights | None = None
    corrector: MatteNetwork | None = None


def load_models(weights: Path | None = None, device: str = "cpu") -> Models:
    """Load all networks.

    Args:
        weights: A folder of weights, the bundled ones by default, or one file that was taken over from the release;
            what that does not hold is taken from the bundled weights.
        device: Torch device.

    Raises:
        LandscapeError: If something is missing or damaged.
    """
    generator = load_generator(weights_file(weights, GENERATOR_FILE))
    styles = StyleTable.load(weights_file(weights, STYLES_FILE))
    encoder: Encoder | Posterior | None
    lighting: LightingNetwork | None
    if weights is not None and weights.is_file():
        encoder, lighting = load_imported(weights, generator)
        styles = release_styles(generator.resolution, styles)
        # An untrained A keeps every w: without the release's the light is changed by the grade alone.
        lighting = lighting or LightingNetwork(generator.config.style_width, 1).eval().requires_grad_(False)
    else:
        encoder = load_encoder(weights_file(weights, ENCODER_FILE), generator)
        lighting = load_lighting(weights_file(weights, LIGHTING_FILE))
    target = torch.device(device)
    vgg, upscaler = weights_file(weights, VGG_FILE), weights_file(weights, UPSCALER_FILE)
    measured = weights_file(weights, LIGHT_FILE)
    return Models(
        generator.to(target),
        None if encoder is None else encoder.to(target),
        lighting.to(target),
        load_segmenter(weights_file(weights, SEGMENTER_FILE)).to(target),
        load_lpips(weights_file(weights, PERCEPTUAL_FILE)).to(target),
        styles,
        load_vgg19(vgg).to(target) if vgg.is_file() else None,
        load_upscaler(upscaler).to(target) if upscaler.is_file() else None,
        weights_name(weights),
        MeasuredLights.load(measured) if measured.is_file() else None,
        load_corrector(weights, device),
    )


def load_corrector(weights: Path | None = None, device: str = "cpu") -> MatteNetwork | None:
    """Read the network that corrects the segmenter, of a folder of weights; None where it has none.

    Raises:
        LandscapeError: If its file is damaged or holds something else.
    """
    file = weights_file(weights, MATTE_FILE)
    return load_matte(file).to(device) if file.is_file() else None


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
