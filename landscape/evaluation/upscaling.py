"""How well generator frames are enlarged, against bicubic interpolation (paper, Super Resolution)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.evaluation.metrics import lpips, ssim
from landscape.evaluation.tables import table_lines
from landscape.images.similarity import as_unit_batch
from landscape.networks.upscaler import FACTOR, Upscaler, bicubic
from landscape.photo.squeeze import model_image
from landscape.scene.scene import Scene

RESOLUTIONS = (64, 128)
"""Sides of the shrunk photos, pixels."""
METHODS = ("bicubic", "upscaler")
FIGURES = {"psnr": "PSNR, dB", "ssim": "SSIM", "lpips": "LPIPS"}


@torch.no_grad()
def evaluate_upscaler(scene: Scene, network: Upscaler) -> dict[str, Any]:
    """Enlarge what the generator draws of a photo, and the shrunk photo itself, and compare both with the photo.

    Args:
        scene: An open scene of a photo that training has not seen.
        network: The upscaler.

    Returns:
        ``photo``, and by input (``drawn`` at the generator's resolution, ``shrunk 64``, ``shrunk 128``) and by method
        of :data:`METHODS` the figures ``psnr``, ``ssim`` and ``lpips`` against the photo at four times the size.
    """
    layout = scene.layout
    drawn = layout.join([inversion.reconstruction() for inversion in scene.inversions])
    inputs = {"drawn": (drawn, scene.resolution)}
    inputs |= {f"shrunk {side}": (model_image(scene.photo, side, layout), side) for side in RESOLUTIONS}
    row: dict[str, Any] = {"photo": scene.photo.name}
    ways: tuple[Callable[[Tensor], Tensor], ...] = (bicubic, network)
    for name, (small, side) in inputs.items():
        large = model_image(scene.photo, FACTOR * side, layout)
        row[name] = {}
        for method, enlarge in zip(METHODS, ways, strict=True):
            enlarged = enlarge(small.to(scene.inversion.w)).cpu()
            row[name][method] = {
                "psnr": round(psnr(enlarged, large), 3),
                "ssim": round(ssim(enlarged, large), 4),
                "lpips": round(lpips(enlarged, large, scene.models.perceptual), 4),
            }
    return row


def psnr(a: Tensor, b: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of images (N, 3, H, W) in [-1, 1]; infinite for equal ones."""
    error = float((as_unit_batch(a) - as_unit_batch(b)).square().mean())
    return -10 * math.log10(error) if error > 0 else math.inf


def markdown_table(rows: Sequence[dict[str, Any]]) -> str:
    """Means over photos as a Markdown table, one row per input and method."""
    rounded = []
    for name in (key for key in rows[0] if key != "photo"):
        for method in METHODS:
            means = [float(np.mean([row[name][method][figure] for row in rows])) for figure in FIGURES]
            rounded.append([name, method, f"{means[0]:.2f}", f"{means[1]:.3f}", f"{means[2]:.3f}"])
    lines = table_lines(["input", "enlarged by", *FIGURES.values()], rounded)
    return "\n".join([*lines, "", f"{len(rows)} photos."])
