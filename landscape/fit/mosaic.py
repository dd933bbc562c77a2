"""Inversion of a photo under several squares, one after another."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Sequence

from torch import Tensor

from landscape.fit.invert import Inversion, Observe, invert
from landscape.images.pixels import Array
from landscape.models.bundle import Models
from landscape.photo.read import Photo
from landscape.photo.squares import Layout
from landscape.photo.squeeze import model_image, model_mask
from landscape.progress import Progress, ignore_progress
from landscape.settings import FitSettings

Mosaic = tuple[Inversion, ...]
"""The photo in the model's terms, square by square."""

ObserveMosaic = Callable[[Callable[[], Mosaic]], None]
"""Called after every step with a function that copies the state so far."""


def invert_photo(
    photo: Photo,
    moving: Array,
    models: Models,
    settings: FitSettings,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    observe: ObserveMosaic | None = None,
    remaining: Callable[[], float] | None = None,
) -> Mosaic:
    """Fit the squares that cover a photo; arguments as in :func:`invert_squares` but for these.

    Args:
        photo: The photo.
        moving: How much each of its pixels moves, (H, W) in [0, 1].
        models: The networks.
        settings: How to fit.
        progress: Called after every step.
        cancel: Set to stop.
        observe: Follows the fit.
        remaining: Gives the seconds that are left for the fit; by default those of the settings are counted.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    if remaining is None and settings.seconds is not None:
        deadline = time.monotonic() + settings.seconds
        remaining = lambda: deadline - time.monotonic()  # noqa: E731
    layout = Layout.of(photo.height, photo.width)
    resolution, device = models.generator.resolution, models.generator.w_mean.device
    images = layout.cut(model_image(photo, resolution, layout).to(device))
    parts = layout.cut(model_mask(moving, resolution, layout).to(device))
    return invert_squares(images, parts, models, settings, progress, cancel, observe, remaining)


def invert_squares(
    images: Sequence[Tensor],
    moving: Sequence[Tensor],
    models: Models,
    settings: FitSettings,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    observe: ObserveMosaic | None = None,
    remaining: Callable[[], float] | None = None,
) -> Mosaic:
    """Fit every square; all have the encoder's answer before the first is fitted further.

    Args:
        images: The squares of the photo, (1, 3, R, R) each in [-1, 1].
        moving: How much their pixels move, (1, 1, R, R) each in [0, 1].
        models: The networks.
        settings: How to fit.
        progress: Called after every step; the steps of all squares count together.
        cancel: Set to stop.
        observe: Follows the fit from the encoder's answers on.
        remaining: Gives the seconds that are left for the fit; each square gets a fair share of them.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    count = len(images)

    def fit(
        index: int,
        settings: FitSettings,
        progress: Progress,
        observe: Observe | None = None,
        expired: Callable[[], bool] | None = None,
    ) -> Inversion:
        return invert(
            images[index],
            moving[index],
            models.generator,
            models.encoder,
            models.perceptual,
            settings,
            progress,
            cancel,
            observe=observe,
            expired=expired,
            teacher=None if settings.numbers == "product" else models.vgg,
        )

    first_answer = dataclasses.replace(settings, latent_steps=0, tune_steps=0)
    fitted = [fit(index, first_answer, ignore_progress) for index in range(count)] if count > 1 else []
    for index in range(count):

        def report(stage: str, done: int, total: int, index: int = index) -> None:
            progress(stage, index * total + done, count * total)

        def mosaic(snapshot: Callable[[], Inversion], index: int = index) -> Mosaic:
            return (*fitted[:index], snapshot(), *fitted[index + 1 :])

        following = None if observe is None else lambda snapshot: observe(lambda: mosaic(snapshot))  # noqa: B023
        inversion = fit(index, settings, report, following, _share(remaining, count - index))
        fitted[index : index + 1] = [inversion]
    return tuple(fitted)


def _share(remaining: Callable[[], float] | None, squares: int) -> Callable[[], bool] | None:
    """Whether a square has used up its part of the time that is left for this many squares."""
    if remaining is None:
        return None
    left = remaining()
    end = left - left / squares if 0 < left < math.inf else 0.0
    return lambda: remaining() <= end
