"""The encoder and its training on a tiny generator."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.errors import Cancelled, LandscapeError
from landscape.networks.encoder import Encoder
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.training import encoder as training
from landscape.training.encoder import draw_samples, image_loss, new_encoder, train_encoder

WIDTH = 16


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    network = Generator(GeneratorConfig((8, 8, 8), WIDTH)).eval()
    with torch.no_grad():
        network.w_mean.copy_(network.mapping(network.sample_z(256)).mean(dim=0))
    return network


@pytest.mark.parametrize("size", [16, 64, 100])
def test_shapes_for_images_of_any_size(size: int) -> None:
    torch.manual_seed(1)
    assert Encoder(3, WIDTH).eval()(torch.rand(2, 3, size, size) * 2 - 1).shape == (2, 3, WIDTH)


def test_gradients_reach_the_trunk_and_its_statistics_stay() -> None:
    torch.manual_seed(1)
    encoder = Encoder(3, WIDTH).train()
    before = {name: value.clone() for name, value in encoder.trunk.named_buffers()}
    encoder(torch.rand(2, 3, 64, 64)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())
    assert all(torch.equal(value, before[name]) for name, value in encoder.trunk.named_buffers())


def test_saved_weights_give_the_same_prediction() -> None:
    torch.manual_seed(1)
    first, second = Encoder(2, WIDTH).eval(), Encoder(2, WIDTH).eval()
    image = torch.rand(1, 3, 64, 64) * 2 - 1
    assert not torch.allclose(first(image), second(image))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(image), second(image))


@pytest.mark.slow
def test_paper_trunk() -> None:
    torch.manual_seed(1)
    encoder = Encoder(7, 512, "resnet152").eval()
    assert encoder.hidden.in_features == 2 * (256 + 1024 + 2048)
    assert encoder(torch.rand(1, 3, 64, 64)).shape == (1, 7, 512)


def test_samples_mix_two_styles_and_spread(generator: Generator) -> None:
    drawn = draw_samples(generator, 64, 1.0, torch.Generator().manual_seed(3))
    assert drawn.images.shape == (64, 3, 16, 16) and drawn.w.shape == (64, 3, WIDTH)
    mixed = (drawn.w[:, 0] != drawn.w[:, -1]).any(dim=1).float().mean()
    assert 0.7 < mixed < 1.0
    wide = draw_samples(generator, 64, 3.0, torch.Generator().manual_seed(3))
    assert (wide.w - generator.w_mean).abs().mean() > 1.3 * (drawn.w - generator.w_mean).abs().mean()


def test_new_encoder_predicts_about_the_mean(generator: Generator) -> None:
    encoder = new_encoder(generator).eval()
    predicted = encoder(torch.rand(2, 3, 16, 16) * 2 - 1)
    assert (predicted - generator.w_mean).abs().max() < 0.3


def test_image_loss_is_zero_for_the_own_reconstruction(generator: Generator) -> None:
    w = generator.mapping(generator.sample_z(2))[:, None].repeat(1, 3, 1)
    zeros = [torch.zeros(2, 1, size, size) for size in (4, 8, 16)]
    assert image_loss(generator, w, generator(w, zeros, zeros)) < 1e-6


def test_training_beats_the_mean_and_resumes(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "TEST_COUNT", 48)
    torch.set_num_threads(1)
    train_encoder(generator, tmp_path, samples=320, batch=16, learning_rate=3e-3, spread=1.0)
    values = json.loads((tmp_path / "encoder.jsonl").read_text().splitlines()[-1])
    assert values["l1"] < values["trivial_l1"]
    more = train_encoder(generator, tmp_path, samples=336, batch=16, spread=1.0, resume=True)
    assert json.loads((tmp_path / "encoder.jsonl").read_text().splitlines()[-1])["step"] == 21
    assert not more.training and not any(p.requires_grad for p in more.parameters())


def test_fine_tuning_changes_the_trunk_on_real_stills_too(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "TEST_COUNT", 8)
    folder = tmp_path / "data" / "0016"
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
    np.save(folder / "stills.npy", pixels)
    np.save(folder / "held_out.npy", pixels[:4])
    trained = train_encoder(
        generator, tmp_path, samples=4, batch=2, fine_tune=True, image_weight=1.0, prepared=tmp_path / "data"
    )
    fresh = new_encoder(generator)
    assert not torch.equal(next(trained.trunk.parameters()), next(fresh.trunk.parameters()))
    assert json.loads((tmp_path / "encoder.jsonl").read_text())["trivial_image_l1"] > 0


def test_training_can_be_cancelled_and_needs_a_state_to_resume(generator: Generator, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        train_encoder(generator, tmp_path, samples=64, cancel=cancel)
    with pytest.raises(LandscapeError):
        train_encoder(generator, tmp_path / "other", samples=64, resume=True)
