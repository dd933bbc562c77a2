"""A generative model of a single image, made to move by a walk in its noise (Shaham et al. 2019, SinGAN), small.

Three scales up to 96 pixels, of five convolutions each, learn the patches of the first frame in a few hundred steps:
seconds on a processor, where the original has eight scales of two thousand. It knows no direction.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.evaluation.cases import Case
from landscape.evaluation.methods import mixed
from landscape.images.pixels import Pixels
from landscape.images.tensors import from_pixels, to_pixels
from landscape.networks.single_image import Patches

SIDES = (24, 48, 96)
"""Long side of each scale in pixels."""
STEPS = 150
"""Steps of each scale."""
_WIDTH = 24
_RATE, _BETAS = 1e-3, (0.5, 0.999)
_GRADIENT, _RECONSTRUCTION = 0.1, 10.0
"""Weights of the critic's penalty and of the error of the reconstruction."""
_NOISE = 0.1
"""Noise of the finer scales, in parts of what the coarser ones left to do."""
_BACK, _INERTIA = 0.1, 0.9
"""The walk: how strongly it is drawn back to the photo, and how much of a step is that of the step before."""
_PACE = 0.4
"""Length of a step of the walk."""


def single_image_frames(case: Case, steps: int = STEPS) -> list[Pixels]:
    """Animate the first frame of a case; what stands still is left as it is, as with the other methods."""
    rng = torch.Generator().manual_seed(case.seed)
    height, width = case.first.shape[:2]
    scales = [side / max(height, width) for side in SIDES]
    sizes = [(max(2, round(height * scale)), max(2, round(width * scale))) for scale in scales]
    targets = [_shrunk(case.first, size) for size in sizes]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(case.seed)
        model = _Pyramid(targets, steps, rng)
    frames = []
    for drawn in model.walk(len(case.frames), rng):
        large = cv2.resize(to_pixels(drawn)[0], (width, height), interpolation=cv2.INTER_CUBIC)
        frames.append(mixed(case, large))
    return frames


class _Pyramid:
    """Generators of all scales, each trained on what the coarser ones draw.

    Args:
        targets: The picture at each scale, (1, 3, H, W) in [-1, 1].
        steps: Steps of each scale.
        rng: Draws the noise.
    """

    def __init__(self, targets: list[Tensor], steps: int, rng: torch.Generator) -> None:
        self._shapes = [target.shape for target in targets]
        self._generators: list[Patches] = []
        self._noises: list[float] = []
        self._fixed = torch.randn(self._shapes[0], generator=rng)
        for target in targets:
            before = self._before(self._fixed, rng, 0.0, target.shape)
            left = float((target - before).square().mean().sqrt())
            self._noises.append(1.0 if not self._generators else _NOISE * left)
            self._generators.append(self._trained(target, steps, rng))

    def walk(self, count: int, rng: torch.Generator) -> list[Tensor]:
        """Frames (1, 3, H, W) at the last scale: the coarsest noise wanders about that of the photo."""
        place, before, step = self._fixed, self._fixed, torch.zeros_like(self._fixed)
        frames = []
        with torch.no_grad():
            for _ in range(count):
                frames.append(self.draw(place, rng, 0.0).clamp(-1, 1))
                fresh = _PACE * torch.randn(self._fixed.shape, generator=rng)
                step = _INERTIA * (place - before) + (1 - _INERTIA) * fresh
                before, place = place, _BACK * self._fixed + (1 - _BACK) * (place + step)
        return frames

    def draw(self, coarse: Tensor, rng: torch.Generator, noise: float = 1.0) -> Tensor:
        """What the generators so far draw of the coarsest noise, with this share of that of the finer scales."""
        x = torch.zeros(self._shapes[0])
        for index, (generator, shape) in enumerate(zip(self._generators, self._shapes, strict=False)):
            if index:
                x = _enlarged(x, shape)
            own = coarse if index == 0 else noise * torch.randn(shape, generator=rng)
            x = x + generator(x + self._noises[index] * own)
        return x

    def _before(self, coarse: Tensor, rng: torch.Generator, noise: float, shape: torch.Size) -> Tensor:
        """What the coarser scales give the newest."""
        with torch.no_grad():
            return _enlarged(self.draw(coarse, rng, noise), shape) if self._generators else torch.zeros(shape)

    def _trained(self, target: Tensor, steps: int, rng: torch.Generator) -> Patches:
        generator, critic = Patches(_WIDTH, 3), Patches(_WIDTH, 1)
        if self._generators:
            generator.load_state_dict(self._generators[-1].state_dict())
        optimisers = [torch.optim.Adam(net.parameters(), _RATE, _BETAS) for net in (generator, critic)]
        first, scale = not self._generators, self._noises[-1]
        zero = torch.zeros(target.shape)
        kept = self._before(self._fixed, rng, 0.0, target.shape)
        own = self._fixed if first else zero

        def drawn() -> Tensor:
            noise = torch.randn(target.shape, generator=rng)
            before = (
                zero if first else self._before(torch.randn(self._shapes[0], generator=rng), rng, 1.0, target.shape)
            )
            answer: Tensor = before + generator(before + scale * noise)
            return answer

        for _ in range(steps):
            fake = drawn()
            loss = critic(fake.detach()).mean() - critic(target).mean()
            _step(optimisers[1], loss + _GRADIENT * _penalty(critic, target, fake.detach(), rng))
            again = kept + generator(kept + scale * own)
            _step(optimisers[0], _RECONSTRUCTION * F.mse_loss(again, target) - critic(fake).mean())
        return generator.requires_grad_(False)


def _penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """How far the critic's slope is from 1 between real and made pictures."""
    mixed = torch.lerp(real, fake, float(torch.rand(1, generator=rng))).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    penalty: Tensor = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


def _step(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _shrunk(picture: Pixels, size: tuple[int, int]) -> Tensor:
    small = np.asarray(cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    return from_pixels(small[None])


def _enlarged(x: Tensor, shape: torch.Size) -> Tensor:
    return F.interpolate(x, shape[2:], mode="bilinear", align_corners=False)
