"""Views of a photo whose sky and water are carried a little way, for the fine-tuning to rehearse the motion on.

Beyond the paper: a generator that has seen little training learns a single photo by heart, without regard to S_dynamic.
Rehearsed views tell it that what moves follows S_dynamic and that the rest stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.fit.cells import confine_dynamic, extend_dynamic
from landscape.motion.homography import warp

FARTHEST = 0.6
"""Longest way that the sky is carried, in halves of the picture."""
FLATNESS = 0.5
"""Vertical part of the ways in proportion to the horizontal: skies mostly drift sideways."""


@dataclass(frozen=True)
class RehearsedView:
    """One rehearsed view.

    Attributes:
        s_dynamic: (1, 1, r, r) maps that draw it.
        target: (1, 3, R, R): the photo with its moving parts carried.
        region: (1, 1, R, R) in [0, 1]: where the target is known; what comes from behind static parts is not.
    """

    s_dynamic: list[Tensor]
    target: Tensor
    region: Tensor


@torch.no_grad()
def rehearsed_views(
    image: Tensor, s_dynamic: Sequence[Tensor], moving: Tensor, count: int, seed: int
) -> list[RehearsedView]:
    """Carry the moving parts in ``count`` directions around the clock.

    Args:
        image: (1, 3, R, R) in [-1, 1].
        s_dynamic: (1, 1, r, r) fitted maps.
        moving: (1, 1, R, R) in [0, 1].
        count: Number of views.
        seed: Seed of the distances and of the maps' continuation.
    """
    rng = np.random.default_rng(seed)
    extended = extend_dynamic(s_dynamic, moving, seed)
    views = []
    for index in rng.permutation(count):
        angle = 2 * math.pi * (index + rng.uniform()) / count
        way = FARTHEST * rng.uniform(0.15, 1.0)
        shift = np.eye(3)
        shift[:2, 2] = way * math.cos(angle), way * FLATNESS * math.sin(angle)
        carried = confine_dynamic([warp(item, shift, "bilinear") for item in extended], moving)
        target = torch.lerp(image, warp(image, shift, "bilinear"), moving)
        known = 1 - moving * (1 - warp(moving, shift, "bilinear"))
        views.append(RehearsedView(carried, target, known))
    return views
