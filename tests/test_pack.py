"""A pack of training pictures: small enough to travel, and trained on like the arrays that it was made of."""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from landscape.errors import LandscapeError
from landscape.marks import made_here
from landscape.training.data.batches import RealData
from landscape.training.data.pack import QUALITIES, write_pack
from landscape.training.data.stored import open_stored, require_resolution
from landscape.training.gan.gan import train_gan
from landscape.training.gan.schedule import stage_at, total_images
from landscape.training.gan.trainer import GanTrainer
from landscape.training.run.checkpoint import load_state, save_state
from tests.test_training import TINY, losses

ROOT = Path(__file__).resolve().parents[1]
BOTH = replace(TINY, training=replace(TINY.training, reconstruction_share=0.5))


@pytest.fixture(scope="module")
def packed(marked, tmp_path_factory):
    out = tmp_path_factory.mktemp("pack") / "pack.safetensors"
    return out, write_pack(marked, 16, out, 10**6)


def test_a_pack_holds_what_the_arrays_hold(marked, packed):
    path, report = packed
    arrays, pack = open_stored(marked, 16), open_stored(path, 16)
    assert (report.quality, report.share, report.bytes) == (QUALITIES[0], 1.0, path.stat().st_size)
    assert np.array_equal(arrays.starts, pack.starts) and np.array_equal(arrays.labels, pack.labels)
    assert arrays.folders == pack.folders and made_here(path, "pack") and not made_here(path, "weights")
    for kind in ("stills", "held_out", "clips", "moving", "clips_moving"):
        mine, theirs = getattr(arrays, kind), getattr(pack, kind)
        assert mine.shape == theirs.shape and np.array_equal(np.stack(list(theirs)), theirs[:]), kind
        # JPEG keeps of pure noise what an eye would: the means of small blocks.
        blocks = [
            np.asarray(images[:4, :16, :16], float).reshape(-1, 8, 2, 8, 2, *mine.shape[3:])
            for images in (mine, theirs)
        ]
        assert np.abs(blocks[0].mean((2, 4)) - blocks[1].mean((2, 4))).mean() < 12, kind
    assert all(value.dtype == np.uint8 for name, value in load_file(path).items() if name in ("stills", "moving"))


def test_a_pack_is_read_at_lower_resolutions(packed):
    large, small = open_stored(packed[0], 16), open_stored(packed[0], 8)
    assert small.stills.shape[1:] == (8, 8, 3) and small.clips.shape[1:] == (10, 10, 3)
    assert small.moving.shape[1:] == (8, 8)
    halves = large.stills[0].reshape(8, 2, 8, 2, 3).mean((1, 3))
    assert np.abs(halves - small.stills[0]).max() <= 1
    assert small.stills[::5, ::2, ::2].shape == (-(-len(small.stills) // 5), 4, 4, 3)
    require_resolution(packed[0], 16)
    with pytest.raises(LandscapeError, match="made for 16 px: end with --resolution 16"):
        open_stored(packed[0], 32)


@pytest.mark.parametrize("share", [0.9, 0.5])
def test_a_pack_stays_below_its_limit(marked, packed, tmp_path, share):
    limit = int(packed[1].bytes * share)
    report = write_pack(marked, 16, tmp_path / "p.safetensors", limit, seed=3)
    assert (tmp_path / "p.safetensors").stat().st_size <= limit
    assert report.quality < QUALITIES[0] and report.clips == packed[1].clips
    stored = open_stored(tmp_path / "p.safetensors", 16)
    assert (np.diff(stored.starts) >= 2).all()
    again = write_pack(marked, 16, tmp_path / "q.safetensors", limit, seed=3)
    assert again == report
    assert (tmp_path / "p.safetensors").read_bytes() == (tmp_path / "q.safetensors").read_bytes()


def test_a_limit_that_nothing_fits_is_told(marked, tmp_path):
    with pytest.raises(LandscapeError, match="raise the limit"):
        write_pack(marked, 16, tmp_path / "p.safetensors", 2000)
    assert not list(tmp_path.iterdir())


def test_batches_come_from_a_pack(packed):
    data = RealData(packed[0], 16)

    def draw():
        rng = torch.Generator().manual_seed(1)
        batches = data.stills_batch(4, rng), data.pairs_batch(2, rng), data.crops_batch(2, rng)
        places = data.places_batch(4, rng)
        return [*batches, places.first, places.second, places.moving]

    first, second = draw(), draw()
    assert [tuple(item.shape[1:]) for item in first[:3]] == [(3, 16, 16), (6, 16, 16), (6, 16, 16)]
    assert all(torch.equal(a, b) and torch.isfinite(a).all() for a, b in zip(first, second, strict=True))


def test_a_run_on_a_pack_goes_on_exactly_and_its_files_stay_small(packed, tmp_path, monkeypatch):
    monkeypatch.setattr("landscape.training.gan.gan.LOG_EVERY", 1)
    whole, slices = tmp_path / "whole", tmp_path / "slices"
    train_gan(BOTH, packed[0], whole, seed=5)
    clock = itertools.count()  # a second passes whenever somebody looks at it
    monkeypatch.setattr("landscape.training.gan.gan.time.monotonic", lambda: float(next(clock)))
    for number in itertools.count():
        train_gan(BOTH, packed[0], slices, seed=5, resume=number > 0, minutes=0.3, most_bytes=20_000)
        if load_state(slices / "state.pt")["images"] >= total_images(BOTH.training):
            break
    assert number >= 2 and losses(slices) == losses(whole)
    a, b = (load_state(run / "state.pt")["networks"]["average"] for run in (whole, slices))
    assert all(torch.equal(a[name], b[name]) for name in a)
    states = list(slices.glob("state.pt*"))
    assert len(states) > 3 and all(path.stat().st_size <= 20_000 for path in states)
    assert len(load_whole(slices)["pieces"]) == len(states) - 1  # none of former states is left


def load_whole(run):
    return torch.load(run / "state.pt", weights_only=True)


def test_states_in_pieces_are_whole_or_refused(tmp_path):
    state = {"step": 3, "networks": {"a": torch.arange(5000.0)}}
    path = tmp_path / "state.pt"
    save_state(path, state, most_bytes=4000)
    assert torch.equal(load_state(path)["networks"]["a"], state["networks"]["a"])
    piece = sorted(tmp_path.glob("state.pt.*"))[1]
    piece.write_bytes(piece.read_bytes()[:-1] + b"x")
    with pytest.raises(LandscapeError, match="cannot be read"):
        load_state(path)
    piece.unlink()
    with pytest.raises(LandscapeError, match="cannot be read"):
        load_state(path)
    save_state(path, state)
    assert [item.name for item in tmp_path.iterdir()] == ["state.pt"]


def test_half_precision_learns_nearly_the_same(packed):
    found = []
    for precision in ("float32", "bf16"):
        trainer = GanTrainer(BOTH, packed[0], seed=2, precision=precision)
        stage = stage_at(BOTH.training, 30)
        steps = [trainer.train_step(stage) for _ in range(6)]
        assert all(parameter.dtype == torch.float32 for parameter in trainer.generator.parameters())
        assert trainer.half == (precision == "bf16")
        found.append({name: value for step in steps for name, value in step.items()})
    assert found[0].keys() == found[1].keys() and {"carried_l1", "d_static"} <= found[0].keys()
    assert all(np.isclose(found[0][name], found[1][name], rtol=0.1, atol=0.05) for name in found[0]), found
    with pytest.raises(LandscapeError, match="Choose a precision from"):
        GanTrainer(BOTH, packed[0], precision="fp8")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_takes_half_precision_by_itself(packed):
    trainer = GanTrainer(BOTH, packed[0], seed=2, device="cuda")
    assert trainer.half == torch.cuda.is_bf16_supported()
    losses = [trainer.train_step(stage_at(BOTH.training, 30)) for _ in range(6)]
    assert all(np.isfinite(value) for step in losses for value in step.values())


def test_damaged_packs_are_refused(packed, tmp_path):
    tensors, facts = load_file(packed[0]), {"pack": 1, "resolution": 16, "folders": ["a"]}
    path = tmp_path / "p.safetensors"

    def opened(changed, described=facts):
        save_file(tensors | changed, path, metadata={"landscape": json.dumps(described)})
        return open_stored(path, 16)

    assert len(opened({}).stills) == packed[1].stills
    for changed in (
        {"stills_ends": tensors["stills_ends"][:-1]},
        {"stills_ends": tensors["stills_ends"][::-1].copy()},
        {"starts": tensors["starts"] + 1},
        {"labels": tensors["labels"][:-1]},
        {"moving": tensors["moving"][:-1]},
    ):
        with pytest.raises(LandscapeError, match="damaged"):
            opened(changed)
    with pytest.raises(LandscapeError, match="of another version"):
        opened({}, facts | {"pack": 2})
    with pytest.raises(LandscapeError, match="no training pack"):
        opened({}, {})
    with pytest.raises(LandscapeError, match="damaged"):
        _ = opened({"stills": np.zeros_like(tensors["stills"])}).stills[0]


@pytest.mark.slow
def test_the_documented_commands_train_in_slices(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("stills", "clips/a"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(6):
            pixels = np.kron(rng.integers(0, 255, (4, 6, 3), np.uint8), np.ones((12, 12, 1), np.uint8))
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{i}.png")
    config = tmp_path / "tiny.yaml"
    config.write_text(
        "generator: {channels: [8, 8, 8], style_width: 16, fused_from: 8}\n"
        "training: {first_resolution: 8, fade_images: {16: 16}, stable_images: {8: 40000, 16: 24},\n"
        "  batch: {8: 4, 16: 4}, learning_rate: {8: 0.001, 16: 0.001},\n"
        "  r1_gamma: 1.0, r1_every: 4, average_half_life: 20}\n"
    )
    environment = os.environ | {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}

    def run(*command):
        result = subprocess.run(
            [str(item) for item in command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr + result.stdout

    options = ("data", "-o", "pack.safetensors", "--resolution", 16, "--limit-mb", 1)
    run(sys.executable, "-m", "landscape", "train", "pack", *options)
    script = (ROOT / "tools/train_in_slices.sh", "pack.safetensors", "run", 5, "--config", config)
    run(*script)
    before = load_state(tmp_path / "run/state.pt")["step"]
    assert before > 50
    run(*script)
    assert load_state(tmp_path / "run/state.pt")["step"] > before + 50
    slice_ = {path.name for path in (tmp_path / "run/slice").iterdir()}
    assert slice_ == {"generator.safetensors", "samples.png", "metrics.jsonl", "curves.png", "slice.json"}
    assert json.loads((tmp_path / "run/slice/slice.json").read_text())["seconds"] < 120
