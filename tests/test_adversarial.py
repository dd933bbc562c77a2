"""One pass over the fakes gives discriminator and generator the gradients that each would get alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from landscape.models.config import TrainingConfig
from landscape.networks.discriminators import Discriminator
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.training.gan.adversarial import W_MEAN_RATE, AdversarialStep
from landscape.training.gan.schedule import Stage
from landscape.training.run.processes import Averaging, Processes

CHANNELS = (8, 8)
SCHEDULE = TrainingConfig(
    first_resolution=8,
    fade_images={},
    stable_images={8: 100},
    batch={8: 4},
    learning_rate={8: 0.1},
    r1_gamma=1.0,
    r1_every=2,
    average_half_life=20,
)


class Noise:
    """Real images for whoever asks."""

    resolution = 8

    def stills_batch(self, count: int, rng: torch.Generator) -> torch.Tensor:
        return torch.rand(count, 3, 8, 8, generator=rng) * 2 - 1

    def pairs_batch(self, count: int, rng: torch.Generator) -> torch.Tensor:
        return torch.rand(count, 6, 8, 8, generator=rng) * 2 - 1

    crops_batch = pairs_batch


def _gradients(network: torch.nn.Module, loss: torch.Tensor) -> list[torch.Tensor | None]:
    return list(torch.autograd.grad(loss, list(network.parameters()), allow_unused=True, retain_graph=True))


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("pair_share", [0.0, 1.0])
def test_each_network_moves_along_its_own_gradient(step: int, pair_share: float) -> None:
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(CHANNELS, 16, fused_from=8, padding_mode="reflect", blur=False))
    judges = {"static": Discriminator(CHANNELS), "pairwise": Discriminator(CHANNELS, 2)}
    networks = {"generator": generator, **judges}
    optimisers: dict[str, torch.optim.Optimizer] = {
        name: torch.optim.SGD(network.parameters(), lr=1.0) for name, network in networks.items()
    }
    adversarial = AdversarialStep(generator, judges["static"], judges["pairwise"], optimisers, SCHEDULE, Processes())
    stage = Stage(8, 1.0, pair_share, 4, 0.1, 0)
    name = "pairwise" if pair_share else "static"
    judge, before = judges[name], {n: [p.detach().clone() for p in net.parameters()] for n, net in networks.items()}

    # The same draws, made by hand, with a pass of its own for each network.
    rng = torch.Generator().manual_seed(3)
    assert bool(torch.rand((), generator=rng) < pair_share) == bool(pair_share)
    crops = bool(pair_share) and bool(torch.rand((), generator=rng) < 0.5)
    count = 2 if pair_share else 4
    real = (Noise().pairs_batch if pair_share else Noise().stills_batch)(count, rng)
    mean = generator.w_mean.clone()
    fake, found = adversarial._fakes(count, bool(pair_share), stage, rng)
    for w in found:
        mean = mean + W_MEAN_RATE * (w - mean)
    asked = F.softplus(-judge(fake)).mean() + 2.0 * F.relu(fake.abs() - 1.05).mean()
    fooling = Noise().crops_batch(count, rng) if crops else fake.detach()
    real.requires_grad_(True)
    real_logits = judge(real)
    taught = F.softplus(-real_logits).mean() + F.softplus(judge(fooling)).mean()
    if step == 0:
        (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
        taught = taught + 0.5 * 2 * slope.square().sum(dim=(1, 2, 3)).mean()
    wanted = {"generator": _gradients(generator, asked), name: _gradients(judge, taught)}

    losses, batch = adversarial(Noise(), stage, step, torch.Generator().manual_seed(3))  # type: ignore[arg-type]
    assert len(found) == 1 + bool(pair_share) and torch.allclose(generator.w_mean, mean, atol=1e-6)
    assert batch == count and losses[f"g_{name}"] > 0 and (f"r1_{name}" in losses) == (step == 0)
    for which, network in networks.items():
        for was, now, gradient in zip(
            before[which], network.parameters(), wanted.get(which, [None] * len(before[which])), strict=True
        ):
            moved = (was - now).detach().numpy()
            expected = np.zeros_like(moved) if gradient is None else gradient.numpy()
            assert np.allclose(moved, expected, rtol=1e-3, atol=1e-5 + 1e-4 * np.abs(expected).max())


class Second(Processes):
    """One of two processes, whose parts are the whole and whose means are on their way for ever."""

    def mine(self, whole: torch.Tensor) -> torch.Tensor:
        return whole

    def begin_average(self, tensors: Iterable[torch.Tensor]) -> Averaging:
        return Averaging([], 2)


def test_a_discriminator_learns_late_at_the_rate_of_its_own_step() -> None:
    torch.manual_seed(1)
    generator, judge = Generator(GeneratorConfig(CHANNELS, 16)), Discriminator(CHANNELS, 1)
    networks = {"generator": generator, "static": judge, "pairwise": Discriminator(CHANNELS, 2)}
    optimisers: dict[str, torch.optim.Optimizer] = {
        name: torch.optim.SGD(network.parameters(), lr=1.0) for name, network in networks.items()
    }
    adversarial = AdversarialStep(generator, judge, networks["pairwise"], optimisers, SCHEDULE, Second(0, 2))
    before = [p.detach().clone() for p in judge.parameters()]
    adversarial(Noise(), Stage(8, 1.0, 0.0, 4, 0.1, 0), 1, torch.Generator().manual_seed(3))  # type: ignore[arg-type]
    assert all(torch.equal(was, now) for was, now in zip(before, judge.parameters(), strict=True))
    optimisers["static"].param_groups[0]["lr"] = 0.5
    adversarial.settle()
    used = [p for p in judge.parameters() if p.grad is not None]
    assert used and optimisers["static"].param_groups[0]["lr"] == 0.5
    for was, now in zip(before, judge.parameters(), strict=True):
        assert torch.allclose(was - now, torch.zeros_like(was) if now.grad is None else now.grad, atol=1e-6)
    after = [p.detach().clone() for p in judge.parameters()]
    adversarial.settle()
    assert all(torch.equal(was, now) for was, now in zip(after, judge.parameters(), strict=True)), "it learns once"
