"""How far styled photos are from real pictures of a light as a network sees them: Fréchet distances of its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from landscape.evaluation.frechet import Features, Moments, feature_moments, frechet_distance
from landscape.evaluation.light import StyledPhoto
from landscape.images.pixels import Pixels

SIDE = 128
"""Side at which pictures are seen by the network, pixels."""
DIRECTIONS = 16
"""Directions in which distances are measured, those in which real pictures of all lights differ most: the covariance
of all features cannot be told from the ten pictures of a rare light."""

Rows = NDArray[np.float64]


@torch.inference_mode()
def picture_features(pictures: Sequence[Pixels], network: Features) -> Rows:
    """Features (n, F) of pictures (H, W, 3) uint8, each seen as a whole.

    Args:
        pictures: At least one, of any sizes.
        network: Frozen features, as of :func:`landscape.evaluation.frechet.lite0_features`.
    """
    rows = []
    for picture in pictures:
        image = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
        rows.append(network(image).cpu().numpy()[0])
    return np.asarray(rows, np.float64)


def light_frechet(
    styled: Sequence[StyledPhoto], real: Mapping[str, Sequence[Pixels]], network: Features
) -> dict[str, dict[str, float | str]]:
    """Compare styled photos with real pictures and with themselves.

    Args:
        styled: What :func:`landscape.evaluation.light.style_photo` gave for all photos.
        real: Style to real pictures of that light. Styles with fewer than two are left out.
        network: Frozen features.

    Returns:
        Style to ``real``, the Fréchet distance of the styled photos to the real pictures, ``from``, that of the plain
        photos to them, ``plain``, that of the styled photos to the plain ones, and ``nearest``, the light whose real
        pictures the styled ones are nearest to.
    """
    known = {style: picture_features(pictures, network) for style, pictures in real.items() if len(pictures) > 1}
    drawn = {
        style: picture_features([photo.picture for photo in styled if photo.style == style], network)
        for style in dict.fromkeys(photo.style for photo in styled)
    }
    if not known or min(map(len, drawn.values()), default=0) < 2:
        return {}
    everything = np.concatenate(list(known.values()))
    middle = everything.mean(axis=0)
    axes = np.linalg.svd(everything - middle, full_matrices=False)[2][:DIRECTIONS].T

    def seen(rows: Rows) -> Moments:
        return feature_moments((rows - middle) @ axes)

    of_real, own = ({style: seen(rows) for style, rows in each.items()} for each in (known, drawn))
    report: dict[str, dict[str, float | str]] = {}
    for style in known.keys() & own.keys():
        distances = {light: frechet_distance(own[style], moments) for light, moments in of_real.items()}
        figures = {
            "real": distances[style],
            "from": frechet_distance(own["photo"], of_real[style]),
            "plain": frechet_distance(own[style], own["photo"]),
        }
        nearest = min(distances, key=lambda light: distances[light])
        report[style] = {name: round(value, 3) for name, value in figures.items()} | {"nearest": nearest}
    return report
