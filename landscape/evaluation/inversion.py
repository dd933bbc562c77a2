"""The ablation of the inversion: how well each variant draws a photo and how freely its sky moves (paper, 8)."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch import nn

from landscape.errors import LandscapeError
from landscape.evaluation.metrics import direction_error, sky_flow
from landscape.evaluation.tables import table_lines
from landscape.fit.cells import confine_dynamic, extend_dynamic
from landscape.fit.invert import Inversion, fit
from landscape.fit.state import finish
from landscape.images.tensors import to_pixels
from landscape.masks.matte import Matte
from landscape.motion.maps import DynamicMotion
from landscape.networks.generator import Generator
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.vgg import Vgg19
from landscape.photo.read import Photo
from landscape.photo.squeeze import model_image, model_mask
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import FitSettings, MotionSettings

FRAMES = 9
FRAME_STEP = 4
"""Frames of the paper's clock between two measured ones: single steps are too short for the optical flow at 64 px."""
FIGURES = ("ssim", "lpips", "flow", "direction_error_deg", "seconds")


class FittingModels(Protocol):
    """The networks that the evaluation takes; the project's bundle of models has them."""

    @property
    def generator(self) -> Generator:
        """M and G."""
        ...

    @property
    def encoder(self) -> nn.Module | None:
        """E."""
        ...

    @property
    def perceptual(self) -> LpipsAlex:
        """LPIPS."""
        ...

    @property
    def vgg(self) -> Vgg19 | None:
        """VGG-19."""
        ...


@dataclass(frozen=True)
class MaskedPhoto:
    """A photo to be fitted and its masks, of the photo's size."""

    photo: Photo
    masks: Matte


def evaluate_inversion(
    photos: Sequence[MaskedPhoto],
    models: FittingModels,
    variants: Sequence[str],
    settings: FitSettings,
    motion: MotionSettings | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """Fit every photo by every variant and measure the result at model resolution.

    Args:
        photos: Photos with a sky.
        models: The networks.
        variants: Names of :data:`landscape.fit.invert.VARIANTS`.
        settings: Steps and seed; its variant is not used.
        motion: The motion of the sky, to the right at the paper's speed by default.
        progress: Called after every fit with the stage "evaluating".
        cancel: Set to stop.

    Returns:
        Per variant its means ``ssim``, ``lpips``, ``flow`` (half-widths per frame, in the sky), ``direction_error_deg``
        and ``seconds``; under ``photos`` the same figures one by one with ``photo`` and ``variant``.

    Raises:
        LandscapeError: If a photo shows no sky.
        Cancelled: If ``cancel`` was set.
    """
    motion = motion or MotionSettings()
    for item in photos:
        if not (_small_sky(item, models) > 0.5).any():
            raise LandscapeError(f"No sky was found in “{item.photo.name}”; leave this photo out.")
    rows: list[dict[str, Any]] = []
    total = len(photos) * len(variants)
    for item in photos:
        for name in variants:
            check_cancelled(cancel)
            chosen = dataclasses.replace(settings, variant=name)
            rows.append({"photo": item.photo.name, "variant": name} | _measure(item, models, chosen, motion, cancel))
            progress("evaluating", len(rows), total)
    report: dict[str, Any] = {}
    for name in variants:
        own = [row for row in rows if row["variant"] == name]
        report[name] = {figure: float(np.mean([row[figure] for row in own])) for figure in FIGURES} if own else {}
    return report | {"photos": rows}


def markdown_table(report: dict[str, Any]) -> str:
    """The means of a report of :func:`evaluate_inversion` as a Markdown table, flow in thousandths."""
    rows = []
    for name, row in report.items():
        if name != "photos" and row:
            alike = f"{row['ssim']:.3f}", f"{row['lpips']:.3f}"
            moved = f"{1000 * row['flow']:.2f}", f"{row['direction_error_deg']:.0f}"
            rows.append([name, *alike, *moved, f"{row['seconds']:.1f}"])
    head = ("variant", "SSIM", "LPIPS", "flow x 1000", "direction error", "seconds")
    return "\n".join(table_lines(head, rows)) + "\n"


def _small_sky(item: MaskedPhoto, models: FittingModels) -> np.ndarray:
    size = models.generator.resolution
    sky: np.ndarray = cv2.resize(np.ascontiguousarray(item.masks.sky), (size, size), interpolation=cv2.INTER_AREA)
    return sky


def _measure(
    item: MaskedPhoto,
    models: FittingModels,
    settings: FitSettings,
    motion: MotionSettings,
    cancel: threading.Event | None,
) -> dict[str, float]:
    size = models.generator.resolution
    sky = _small_sky(item, models)
    device = models.generator.w_mean.device
    image, region = model_image(item.photo, size).to(device), model_mask(item.masks.moving, size).to(device)
    teacher = None if settings.numbers == "product" else models.vgg
    networks = models.generator, models.encoder, models.perceptual
    found = finish(fit(image, region, *networks, settings, teacher=teacher), cancel=cancel)
    frames = moving_frames(found, region, item.masks.horizon, motion)
    flow = sky_flow(frames, sky)
    return {
        "ssim": found.ssim,
        "lpips": found.lpips,
        "flow": flow.magnitude / FRAME_STEP,
        "direction_error_deg": direction_error(flow.direction_deg, motion.direction),
        "seconds": found.seconds,
    }


@torch.inference_mode()
def moving_frames(
    inversion: Inversion, moving: torch.Tensor, horizon: float, motion: MotionSettings
) -> list[np.ndarray]:
    """Frames of a fitted photo while S_dynamic moves, uint8 (R, R, 3), nothing composited.

    Args:
        inversion: The fit.
        moving: (1, 1, R, R) in [0, 1].
        horizon: Fraction of the height.
        motion: Direction, speed and amounts.
    """
    maps = extend_dynamic(inversion.s_dynamic, moving) if inversion.split else inversion.s_dynamic
    carried = DynamicMotion(maps, motion, horizon)
    frames: list[np.ndarray] = []
    for index in range(FRAMES):
        dynamic = carried.at(index * FRAME_STEP / 30)
        if inversion.split:
            dynamic = confine_dynamic(dynamic, moving)
        frames += list(to_pixels(inversion.generator(inversion.w, inversion.s_static, dynamic)))
    return frames
