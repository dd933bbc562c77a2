"""Inversion of a photo under several squares, one after another."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from torch import Tensor

from landscape.fit.invert import Inversion, fit
from landscape.fit.state import FitState, finish
from landscape.images.pixels import Array
from landscape.models.bundle import Models
from landscape.photo.read import Photo
from landscape.photo.squares import Layout
from landscape.photo.squeeze import model_image, model_mask
from landscape.settings import FitSettings

Mosaic = tuple[Inversion, ...]
"""The photo in the model's terms, square by square."""


def fit_photo(
    photo: Photo,
    moving: Array,
    models: Models,
    settings: FitSettings,
    remaining: Callable[[], float] | None = None,
) -> Iterator[FitState[Mosaic]]:
    """Fit the squares that cover a photo.

    Args:
        photo: The photo.
        moving: How much each of its pixels moves, (H, W) in [0, 1].
        models: The networks.
        settings: How to fit.
        remaining: Gives the seconds that are left for the fit; by default those of the settings are counted.

    Returns:
        The states of the fit, as :func:`fit_squares` gives them.
    """
    if remaining is None and settings.seconds is not None:
        deadline = time.monotonic() + settings.seconds
        remaining = lambda: deadline - time.monotonic()  # noqa: E731
    layout = Layout.of(photo.height, photo.width)
    resolution, device = models.generator.resolution, models.generator.w_mean.device
    images = layout.cut(model_image(photo, resolution, layout).to(device))
    parts = layout.cut(model_mask(moving, resolution, layout).to(device))
    return fit_squares(images, parts, models, settings, remaining)


def fit_squares(
    images: Sequence[Tensor],
    moving: Sequence[Tensor],
    models: Models,
    settings: FitSettings,
    remaining: Callable[[], float] | None = None,
) -> Iterator[FitState[Mosaic]]:
    """Fit every square; all have the encoder's answer before the first is fitted further.

    Args:
        images: The squares of the photo, (1, 3, R, R) each in [-1, 1].
        moving: How much their pixels move, (1, 1, R, R) each in [0, 1].
        models: The networks.
        settings: How to fit.
        remaining: Gives the seconds that are left for the fit; each square gets a fair share of them.

    Yields:
        The states from the encoder's answers on; the steps of all squares count together.
    """
    count = len(images)

    def states(index: int, settings: FitSettings) -> Iterator[FitState[Inversion]]:
        teacher = None if settings.numbers == "product" else models.vgg
        networks = models.generator, models.encoder, models.perceptual
        return fit(images[index], moving[index], *networks, settings, teacher=teacher)

    first_answer = dataclasses.replace(settings, latent_steps=0, tune_steps=0)
    fitted = [finish(states(index, first_answer)) for index in range(count)] if count > 1 else []

    def whole(index: int, part: Inversion) -> Mosaic:
        return (*fitted[:index], part, *fitted[index + 1 :])

    for index in range(count):
        expired = _share(remaining, count - index)
        for state in states(index, settings):
            if expired is not None and expired():
                state.end()
            done, total, last = index * state.total + state.done, count * state.total, index == count - 1
            counted = dataclasses.replace(state, done=done, total=total, finished=state.finished and last)
            yield counted.of(partial(whole, index))
        fitted[index : index + 1] = [state.snapshot()]


def _share(remaining: Callable[[], float] | None, squares: int) -> Callable[[], bool] | None:
    """Whether a square has used up its part of the time that is left for this many squares."""
    if remaining is None:
        return None
    left = remaining()
    end = left - left / squares if 0 < left < math.inf else 0.0
    return lambda: remaining() <= end
