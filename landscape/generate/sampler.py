"""Latents of scenes that never were: drawn from the prior of real photos, or from noise where there is no prior."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.prior import Codes, LatentPrior

STEPS = 10
"""Steps of Heun's method from noise to latents; twice the work of as many steps of Euler's."""


class Sampler:
    """Draws z, S_static and S_dynamic.

    Args:
        generator: M and G; its maps finer than the prior's are white noise.
        prior: The prior of the latents; without it S is white noise and z what :meth:`Generator.sample_z` draws, as in
            the paper (3.1.1).
    """

    def __init__(self, generator: Generator, prior: LatentPrior | None = None) -> None:
        self.generator, self.prior = generator, prior

    @torch.no_grad()
    def draw(self, count: int, rng: torch.Generator | None = None) -> Codes:
        """Draw the latents of ``count`` scenes; the source of randomness is on the CPU."""
        codes = self._noise(count, rng)
        return codes if self.prior is None else self._carried(self.prior, codes, None)

    @torch.no_grad()
    def redraw_dynamic(self, codes: Codes, rng: torch.Generator | None = None) -> Codes:
        """Other skies and waters over the same land in the same light: only S_dynamic is new."""
        noise = self._noise(len(codes.z), rng)
        if self.prior is not None:
            noise = self._carried(self.prior, noise, codes)
        return replace(codes, s_dynamic=noise.s_dynamic)

    def draw_images(self, codes: Codes) -> Tensor:
        """The scenes (N, 3, R, R), about [-1, 1]."""
        image: Tensor = self.generator(self.generator.mapping(codes.z), codes.s_static, codes.s_dynamic)
        return image

    def _noise(self, count: int, rng: torch.Generator | None) -> Codes:
        g = self.generator
        if self.prior is None:
            z = g.sample_z(count, rng)
        else:
            z = torch.randn(count, g.config.style_width, generator=rng).to(g.w_mean)
        return Codes(z, g.sample_maps(count, rng=rng), g.sample_maps(count, rng=rng))

    def _carried(self, prior: LatentPrior, noise: Codes, given: Codes | None) -> Codes:
        """Carry noise to latents; with ``given``, whose land and light are kept, S_dynamic alone.

        The given light goes its own known way from the noise, so that the sky is drawn for it at every step.
        """
        depth = len(prior.resolutions)
        state = Codes(noise.z, noise.s_static[:depth], noise.s_dynamic[:depth])
        held = None
        if given is not None:
            held = prior.scaled(Codes(given.z, given.s_static[:depth], given.s_dynamic[:depth]))
        times = torch.linspace(1, 0, STEPS + 1).tolist()
        for now, then in zip(times[:-1], times[1:], strict=True):
            first = self._velocity(prior, state, now, held, noise.z)
            second = self._velocity(prior, _moved(state, first, then - now), then, held, noise.z)
            state = _moved(_moved(state, first, (then - now) / 2), second, (then - now) / 2)
        found = prior.unscaled(state if held is None else _with_given(state, held, noise.z, 0.0))
        finer = [maps[depth:] for maps in (noise.s_static, noise.s_dynamic)]
        return Codes(found.z, found.s_static + finer[0], found.s_dynamic + finer[1])

    @staticmethod
    def _velocity(prior: LatentPrior, state: Codes, time: float, held: Codes | None, noise: Tensor) -> Codes:
        dynamic_time = state.z.new_full((len(state.z),), time)
        if held is None:
            return prior(state, dynamic_time, dynamic_time)
        return prior(_with_given(state, held, noise, time), torch.zeros_like(dynamic_time), dynamic_time)


def _moved(codes: Codes, velocity: Codes, step: float) -> Codes:
    def move(maps: list[Tensor], speeds: list[Tensor]) -> list[Tensor]:
        return [item + step * speed for item, speed in zip(maps, speeds, strict=True)]

    z = codes.z + step * velocity.z
    return Codes(z, move(codes.s_static, velocity.s_static), move(codes.s_dynamic, velocity.s_dynamic))


def _with_given(codes: Codes, held: Codes, noise: Tensor, time: float) -> Codes:
    """S_dynamic of ``codes`` with the land of ``held`` and its light on the way from the noise, at a time 1 to 0."""
    light = torch.lerp(held.z[:, -Z_DYNAMIC_WIDTH:], noise[:, -Z_DYNAMIC_WIDTH:], time)
    return Codes(torch.cat([held.z[:, :-Z_DYNAMIC_WIDTH], light], dim=1), held.s_static, codes.s_dynamic)
