"""Released models: taken over from their files, they draw what the release draws."""

import sys
import types

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from landscape.cli import cli
from landscape.errors import LandscapeError
from landscape.light.paths import styled_w
from landscape.models.bundle import load_models
from landscape.models.config import load_config
from landscape.models.imported import save_imported
from landscape.models.named import find_weights
from landscape.models.release import read_encoder, read_generator, read_lighting
from landscape.models.weights import load_generator
from landscape.networks.encoder import Encoder
from landscape.scene.files import open_scene, save_scene
from landscape.scene.scene import Scene
from landscape.settings import FitSettings, LightSettings, MotionSettings
from tests.release_files import CHANNELS, SMALL_CHANNELS, latents, plain_image, release_file, release_state

WIDTH = 24


def run(*arguments):
    return CliRunner().invoke(cli, [str(item) for item in arguments])


@pytest.fixture
def small(tmp_path):
    """The file of a small generator of the release's shape, 128 px, with its state."""
    state = release_state(SMALL_CHANNELS, WIDTH)
    return release_file(tmp_path / "000001.model", state, step=5), state


def sampled(tmp_path, weights, given, name="image.npy"):
    save_file(given, tmp_path / "latents.safetensors")
    result = run("sample", "--weights", weights, "--latents", tmp_path / "latents.safetensors", "-o", tmp_path / name)
    assert result.exit_code == 0, result.output + str(result.exception)
    return tmp_path / name


def test_the_made_up_release_has_all_tensors_of_the_facts():
    state = release_state()
    assert len(state) == 157
    assert sum(value.numel() for name, value in state.items() if "conv1.1.weight" not in name) > 26e6


@pytest.mark.parametrize("per_block", [False, True])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_small_release_draws_its_images(tmp_path, per_block, legacy):
    state = release_state(SMALL_CHANNELS, WIDTH, seed=7)
    file, given = release_file(tmp_path / "a.model", state, 5, legacy), latents(5, WIDTH, per_block=per_block)
    assert run("import-release", file, "-o", tmp_path / "a.safetensors").exit_code == 0
    image = np.load(sampled(tmp_path, tmp_path / "a", given))
    assert image.shape == (3, 128, 128) and image.dtype == np.float32
    assert np.abs(image - plain_image(state, given, 5).numpy()).max() < 1e-4
    again = np.load(sampled(tmp_path, tmp_path / "a", given))  # its own file may be replaced
    assert np.array_equal(image, again)
    shown = np.asarray(Image.open(sampled(tmp_path, tmp_path / "a", given, "image.png")))
    assert np.abs(shown.transpose(2, 0, 1) / 127.5 - 1 - image.clip(-1, 1)).max() < 1 / 127


def agrees(tmp_path, step):
    state = release_state(seed=step)
    generator, facts, notes = read_generator(release_file(tmp_path / "r.model", state, step))
    assert generator.config == load_config(f"paper-{4 << step}").generator
    assert facts["iteration"] == 475000 and notes == []
    save_imported(tmp_path / "r.safetensors", generator, None, None, facts)
    given = latents(step)
    image = np.load(sampled(tmp_path, tmp_path / "r.safetensors", given))
    assert np.abs(image - plain_image(state, given, step).numpy()).max() < 1e-4


def test_the_release_draws_its_images_at_256_px(tmp_path):
    agrees(tmp_path, 6)


@pytest.mark.slow
def test_the_release_draws_its_images_at_512_px(tmp_path):
    agrees(tmp_path, 7)


def test_weights_have_the_release_s_mean_style_light_and_homographies(tmp_path, small):
    generator, facts, _ = read_generator(small[0])
    save_imported(tmp_path / "kept.safetensors", generator, None, None, facts)
    models = load_models(tmp_path / "kept.safetensors")
    rng = torch.Generator().manual_seed(5)
    w = generator.mapping(generator.sample_z(4096, rng))
    assert (models.generator.w_mean - w.mean(0)).abs().max() < 6 * (w.std(0) / 64).max()
    assert models.name == "kept" and models.encoder is None
    table = models.styles
    assert (table.coefficient, table.first_block) == (0.7, 4)
    assert table.style("light sunset").z_dynamic == (0.0, 3.5, 0.0)
    assert table.style("deep night").z_dynamic == (2.5, 0.0, 0.0)
    own = w[:1, None].repeat(1, 6, 1)
    assert torch.allclose(styled_w(own, table.style("deep night"), 1.0, table, models.lighting), own, atol=1e-6)


class MLPApproximator(torch.nn.Module):
    """The shape of the released lighting network, under its name."""

    def __init__(self, width, blocks):
        super().__init__()
        layers = [torch.nn.Linear(width + 4, width + 4) for _ in range(2 * blocks)]
        self.layers = torch.nn.ModuleList(layers)
        self.norm, self.last = (
            torch.nn.LayerNorm(width + 4, elementwise_affine=False),
            torch.nn.Linear(width + 4, width),
        )

    def forward(self, w, z, c):
        x = torch.cat([w, z, c], 1)
        for first, second in zip(self.layers[::2], self.layers[1::2], strict=True):
            x = x + second(torch.nn.functional.leaky_relu(self.norm(first(x)), 0.2))
        return self.last(x)


@pytest.fixture
def as_the_release(monkeypatch):
    """Write modules of this file under the names of the release's classes."""
    package, room = types.ModuleType("inference"), types.ModuleType("inference.encoders")
    package.encoders = room
    monkeypatch.setitem(sys.modules, "inference", package)
    monkeypatch.setitem(sys.modules, "inference.encoders", room)
    for kind in (MLPApproximator, ResNetEncoder):
        monkeypatch.setattr(kind, "__module__", "inference.encoders")
        setattr(room, kind.__name__, kind)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.filterwarnings("ignore:Couldn't retrieve source")
def test_the_lighting_network_is_read_from_its_module(tmp_path, small, as_the_release, legacy):
    torch.manual_seed(2)
    module = MLPApproximator(WIDTH, 3)
    torch.save(module, tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy)
    generator = read_generator(small[0])[0]
    network = read_lighting(tmp_path / "a.pt", generator)
    inputs = torch.randn(5, WIDTH), torch.randn(5, 3), torch.rand(5, 1)
    assert torch.allclose(network(*inputs), module(*inputs), atol=1e-5)
    save_imported(tmp_path / "l.safetensors", generator, None, network, {})
    assert torch.equal(load_models(tmp_path / "l.safetensors").lighting(*inputs), network(*inputs))
    torch.save(MLPApproximator(WIDTH + 1, 3), tmp_path / "b.pt")
    with pytest.raises(LandscapeError, match="no lighting network of this generator"):
        read_lighting(tmp_path / "b.pt", generator)


class ResNetEncoder(torch.nn.Module):
    """The shape of the released encoder, under its name."""

    def __init__(self, blocks, width):
        super().__init__()
        self.resnet = torchvision.models.resnet152(weights=None)
        self.head = torch.nn.Sequential(
            torch.nn.Linear(3328, 2048),
            torch.nn.LayerNorm(2048),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Linear(2048, blocks * width),
        )
        self.blocks = blocks

    def forward(self, image):
        trunk, mean = self.resnet, torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        x = (image / 2 + 0.5 - mean) / torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        x = trunk.maxpool(trunk.relu(trunk.bn1(trunk.conv1(x))))
        levels = [x := stage(x) for stage in (trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4)]
        pooled = torch.cat([levels[i].mean((2, 3)) for i in (0, 2, 3)], 1)
        return self.head(pooled).view(len(image), self.blocks, -1)


@pytest.mark.slow
def test_the_encoder_is_read_from_its_module(tmp_path, small, as_the_release):
    torch.manual_seed(0)
    module = ResNetEncoder(6, WIDTH).eval()
    torch.save(module, tmp_path / "e.pt")
    generator = read_generator(small[0])[0]
    network = read_encoder(tmp_path / "e.pt", generator)
    image = torch.rand(1, 3, 256, 256) * 2 - 1
    with torch.no_grad():
        assert torch.allclose(network(image), module(image), atol=1e-4)
    save_imported(tmp_path / "e.safetensors", generator, network, None, {})
    loaded = load_models(tmp_path / "e.safetensors").encoder
    assert isinstance(loaded, Encoder)
    with torch.no_grad():
        assert torch.equal(loaded(image), network(image))


def test_what_files_hold_is_told(tmp_path, small):
    assert run("import-release", small[0], "-o", tmp_path / "s.safetensors").exit_code == 0
    told = run("inspect", tmp_path / "s").output
    assert "generator: " in told and "network = release" in told and "f32" in told
    release = run("inspect", small[0]).output
    assert "g_running: 157 tensors" in release and "iteration = 475000" in release
    assert "blocks: 16 tensors" in run("inspect", "lighting").output


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"step": None}, "does not say where its generator ends"),
        ({"step": 12}, "holds no generator of the release"),
        ({"g_running": {"a": torch.ones(2)}}, "holds no generator of the release"),
        ({"g_running": 3}, "holds no generator of the release"),
    ],
)
def test_other_checkpoints_are_refused(tmp_path, change, sentence):
    file = release_file(tmp_path / "x.model", release_state(SMALL_CHANNELS[:1], 8), **{"step": 0} | change)
    with pytest.raises(LandscapeError, match=sentence):
        read_generator(file)


def test_numbers_that_are_none_and_other_filters_are_told(tmp_path):
    state = release_state(SMALL_CHANNELS, WIDTH)
    state["generator.progression.1.conv1.2.weight"] = torch.ones(12, 1, 3, 3)
    _, _, notes = read_generator(release_file(tmp_path / "f.model", state, 2, alpha=0.5))
    assert "low-pass filters" in notes[0] and "faded in" in notes[1]
    state["style.1.linear.bias"][0] = float("nan")
    with pytest.raises(LandscapeError, match="damaged"):
        read_generator(release_file(tmp_path / "g.model", state, 2))


def test_latents_must_fit_the_generator(tmp_path, small):
    assert run("import-release", small[0], "-o", tmp_path / "s.safetensors").exit_code == 0
    right = latents(5, WIDTH)
    wrong = [
        ({}, "holds z or w, one of them"),
        (right | {"w": torch.zeros(6, WIDTH)}, "holds z or w, one of them"),
        (latents(5, WIDTH + 1), f"needs z of the shape \\(1, {WIDTH}\\)"),
        (latents(4, WIDTH), "needs s_static.5 of the shape"),
        (latents(6, WIDTH), "also holds s_dynamic.6, s_static.6"),
        (right | {"z": torch.full((1, WIDTH), float("nan"))}, "needs z"),
    ]
    for given, sentence in wrong:
        save_file(given, tmp_path / "l.safetensors")
        called = ("sample", "--weights", tmp_path / "s", "--latents", tmp_path / "l.safetensors", "-o")
        with pytest.raises(LandscapeError, match=sentence):
            raise run(*called, tmp_path / "x.npy").exception
    assert not (tmp_path / "x.npy").exists()
    with pytest.raises(LandscapeError, match="give -o image.png alone"):
        raise run(*called, tmp_path / "x.png", "--video", tmp_path / "v.mp4").exception


def test_a_photo_moves_with_released_weights_and_its_scene_names_them(tmp_path, photo, masks):
    state = release_state(SMALL_CHANNELS, WIDTH)
    generator = read_generator(release_file(tmp_path / "r.model", state, 3))[0]
    save_imported(tmp_path / "released.safetensors", generator, None, None, {})
    models = load_models(tmp_path / "released.safetensors")
    settings = FitSettings(latent_steps=2, tune_steps=1, numbers="release")
    scene = Scene.open(photo, models, settings, masks=masks)
    frame = scene.renderer(MotionSettings(), LightSettings(day_cycle=True), 96, 2.0).frame(1.0)
    assert scene.resolution == 32 and frame.shape == (72, 96, 3)
    save_scene(scene, tmp_path / "s.landscape")
    assert open_scene(tmp_path / "s.landscape", models).made_with is None
    with pytest.raises(LandscapeError, match=r"made with other weights \(released\)"):
        open_scene(tmp_path / "s.landscape", load_models())


def test_names_of_weights_that_are_not_there_are_told(tmp_path):
    with pytest.raises(LandscapeError, match="There are no weights “nothing”"):
        raise run("sample", "-o", tmp_path / "x.png", "--weights", "nothing").exception
    assert find_weights("generator") == find_weights("generator.safetensors")


def test_channels_of_the_facts_are_those_of_the_configurations():
    assert load_config("paper-512").generator.channels == CHANNELS[:8]
    assert load_generator(find_weights("generator")).resolution == 64
