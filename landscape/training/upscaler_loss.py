"""What the upscaler is trained for (paper, Super Resolution)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.networks.upscaler import FACTOR, Upscaler
from landscape.training.data.upscaler_pairs import PairSource
from landscape.training.gan.judge import ProjectedJudge

LATTICE_CELLS = 5
"""Side of the neighbourhood within which errors count as repeated, pixels of the small picture."""
BORDER = 4 * FACTOR
"""Pixels of large pictures at whose distance from the edge what lies beyond it counts little."""


@dataclass(frozen=True)
class UpscalerTraining:
    """What a training run depends on, besides data and seed.

    Attributes:
        batch: Cuts in a step, an even number.
        cut: Side of the small cuts, at least 9 pixels and less than the small pictures'; the large ones are four times
            as large.
        rate: Adam's learning rate.
        warmup: Steps of linear warm-up before the cosine decay.
        edge_weight: Weight of :func:`.edge_error` against the mean absolute error of colours in [-1, 1].
        judge_weight: Weight of a projected discriminator's word: errors at every pixel alone leave pictures soft, as
            they cannot say which texture is missing. 0 does without it.
        lattice_weight: Weight of :func:`.lattice_error`: a judge likes any texture better than none, and the cheapest
            one repeats with the pixels of the small picture.
        shift_weight: Weight of :func:`.shift_error`, in every second step: texture is to move with what it covers. 0
            does without it.
        half_life: Half-life of the moving average of the weights, cuts.
    """

    batch: int = 8
    cut: int = 24
    rate: float = 1e-3
    warmup: int = 50
    edge_weight: float = 1.0
    judge_weight: float = 0.0
    lattice_weight: float = 5.0
    shift_weight: float = 0.1
    half_life: float = 1500.0

    def __post_init__(self) -> None:
        """Refuse sizes of which nothing can be compared.

        Raises:
            ValueError: If the batch is odd or the cuts are too small.
        """
        if self.batch % 2 or FACTOR * (self.cut - 1) < 2 * BORDER:
            raise ValueError(f"Choose an even batch and cuts of at least {2 * BORDER // FACTOR + 1} pixels.")


def upscaler_loss(
    network: Upscaler,
    source: PairSource,
    judge: ProjectedJudge | None,
    settings: UpscalerTraining,
    rng: np.random.Generator,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of one step, whose pictures the judge has learnt from, too, and its parts.

    Args:
        network: The upscaler.
        source: Pairs.
        judge: A judge, or None.
        settings: Size of the batch and weights.
        rng: Source of randomness.

    Returns:
        The loss, and its parts by name: ``l1``, ``edges``, ``lattice``; in a half of the steps ``shift``; with a judge
        ``d_projected`` and ``g_projected``.
    """
    device = next(network.parameters()).device
    shifted = settings.shift_weight > 0 and bool(rng.integers(2))
    if shifted:
        small, large, (down, right) = source.shifted_batch(settings.batch, settings.cut, rng)
    else:
        small, large = source.batch(settings.batch, settings.cut, rng)
    drawn, large = network(small.to(device)), large.to(device)
    missed = drawn - large
    named = {"l1": missed.abs().mean(), "edges": edge_error(missed), "lattice": lattice_error(missed)}
    loss = named["l1"] + settings.edge_weight * named["edges"] + settings.lattice_weight * named["lattice"]
    if shifted:
        named["shift"] = shift_error(drawn, down, right)
        loss = loss + settings.shift_weight * named["shift"]
    if judge is not None:
        seen, doubt = judge(large, drawn, torch.Generator().manual_seed(int(rng.integers(2**62))))
        named |= {"d_projected": torch.tensor(seen), "g_projected": doubt}
        loss = loss + settings.judge_weight * doubt
    return loss, named


def edge_error(error: Tensor) -> Tensor:
    """Mean absolute step between neighbours of errors (N, 3, H, W): blurred edges have large ones."""
    steps: Tensor = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    return steps + (error[..., 1:] - error[..., :-1]).abs().mean()


def lattice_error(error: Tensor) -> Tensor:
    """Mean absolute part of errors (N, 3, H, W) that repeats with the pixels of the small picture, as weaves do."""
    cells = F.pixel_unshuffle(error, FACTOR).unflatten(1, (3, FACTOR**2))
    around = F.avg_pool2d(cells.flatten(1, 2), LATTICE_CELLS, stride=1).unflatten(1, (3, FACTOR**2))
    lattice: Tensor = (around - around.mean(dim=2, keepdim=True)).abs().mean()
    return lattice


def shift_error(pictures: Tensor, down: int, right: int) -> Tensor:
    """How much enlarged pictures change when what they show moves by less than a pixel of the small picture.

    Texture that hangs on the small picture's pixels does not move with a cloud: the cloud moves behind it.

    Args:
        pictures: (2N, 3, H, W), the second half drawn from cuts that begin lower and further to the right.
        down: By so many pixels of the large picture, 0 or more.
        right: The same to the right.

    Returns:
        Mean absolute difference of what both halves show, :data:`BORDER` pixels away from their edges.
    """
    first, second = pictures.chunk(2)
    height, width = pictures.shape[2:]
    first = first[..., BORDER + down : height - BORDER, BORDER + right : width - BORDER]
    second = second[..., BORDER : height - BORDER - down, BORDER : width - BORDER - right]
    difference: Tensor = (first - second).abs().mean()
    return difference
