"""Data preparation, schedule and the training loop of the generator, on pictures made here."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.errors import Cancelled, LandscapeError
from landscape.models.config import ModelConfig, TrainingConfig, load_config
from landscape.models.files import load_weights
from landscape.models.weights import load_generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.training.data.arrays import GrowingArray
from landscape.training.data.batches import RealData
from landscape.training.data.pictures import find_sources, prepare
from landscape.training.data.relighting import light_statistics, relight
from landscape.training.data.split import SAMPLE_PHOTOS, is_held_out
from landscape.training.gan.export import export_generator, export_warm_start
from landscape.training.gan.gan import train_gan
from landscape.training.gan.schedule import cut_schedule, stage_at, total_images
from landscape.training.gan.trainer import GanTrainer
from landscape.training.run.checkpoint import MovingAverage, load_optimiser, load_state, save_state

TINY = ModelConfig(
    "tiny",
    GeneratorConfig((8, 8, 8), 16, fused_from=8, padding_mode="reflect", blur=False),
    TrainingConfig(
        first_resolution=8,
        fade_images={16: 16},
        stable_images={8: 24, 16: 24},
        batch={8: 4, 16: 4},
        learning_rate={8: 1e-3, 16: 1e-3},
        r1_gamma=1.0,
        r1_every=4,
        average_half_life=20,
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Stills, clips, a broken file and a folder of masks that is none of training's business."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("stills", "stills_100px", "masks/images", *(f"clips/clip{i}" for i in range(4))):
        (root / name).mkdir(parents=True)
    for i in range(12):
        Image.fromarray(rng.integers(0, 255, (40, 60, 3), np.uint8)).save(root / "stills" / f"s{i}.png")
        Image.fromarray(rng.integers(0, 255, (30, 30, 3), np.uint8)).save(root / "stills_100px" / f"t{i}.png")
    for clip in range(4):
        for i in range(5):
            Image.fromarray(np.full((36, 48, 3), 40 * clip + 2 * i, np.uint8)).save(
                root / f"clips/clip{clip}/{i:03d}.png"
            )
    (root / "stills" / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    Image.new("RGB", (50, 50)).save(root / "masks/images/m.png")
    return root


@pytest.fixture(scope="module")
def prepared(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("prepared")
    seen = []
    prepare(folder, out, (8, 16), progress=lambda *step: seen.append(step))
    assert seen[-1][1] == seen[-1][2] == len(seen)
    return out


def test_sources_are_stills_and_clips_but_no_masks(folder):
    stills, clips = find_sources(folder)
    assert {s.folder for s in stills} == {"stills", "stills_100px"}
    assert sorted(clips) == [f"clip{i}" for i in range(4)]
    with pytest.raises(LandscapeError, match="holds neither"):
        find_sources(folder / "stills")


def test_preparation_skips_broken_files_and_keeps_the_held_out_apart(folder, prepared):
    index = json.loads((prepared / "index.json").read_text())
    assert [name.split("/")[-1] for name in index["broken"]] == ["broken.jpg"]
    stems = [f"{kind}{i}" for kind in "st" for i in range(12)]
    held = sum(is_held_out(stem) for stem in stems)
    clip_stills = sum(not is_held_out(f"clip{i}") for i in range(4))
    assert held > 0
    for resolution in (8, 16):
        arrays = prepared / f"{resolution:04d}"
        assert np.load(arrays / "held_out.npy").shape == (held, resolution, resolution, 3)
        assert len(np.load(arrays / "stills.npy")) == 24 - held + clip_stills
    assert "clip frames" in index["folders"]


def test_preparation_is_not_repeated(folder, prepared):
    before = (prepared / "0008/stills.npy").stat().st_mtime_ns
    prepare(folder, prepared, (8, 16))
    assert (prepared / "0008/stills.npy").stat().st_mtime_ns == before


def test_pairs_come_from_one_clip_and_crops_from_one_frame(prepared):
    data = RealData(prepared, 16)
    rng = torch.Generator().manual_seed(0)
    data.lights = light_statistics(torch.zeros(4, 3, 16, 16))
    pairs = data.pairs_batch(32, rng)
    assert pairs.shape == (32, 6, 16, 16) and pairs.abs().max() <= 1
    assert data.crops_batch(8, rng).shape == (8, 6, 16, 16)
    assert data.stills_batch(8, rng).shape == (8, 3, 16, 16)


def test_folder_shares_are_kept(prepared):
    data = RealData(prepared, 16)
    labels = np.load(prepared / "0016/folders.npy")
    names = json.loads((prepared / "index.json").read_text())["folders"]
    weights = data.weights.numpy()
    assert weights.sum() == pytest.approx(1)
    assert weights[labels == names.index("stills_100px")].sum() == pytest.approx(0.3)


def test_split_is_stable_and_holds_out_the_samples():
    assert all(is_held_out(stem) for stem in SAMPLE_PHOTOS)
    share = sum(is_held_out(f"photo-{i}") for i in range(5000)) / 5000
    assert 0.06 < share < 0.10


def test_relighting_takes_over_the_statistics():
    rng = torch.Generator().manual_seed(0)
    day = torch.rand(2, 3, 32, 32, generator=rng) * 0.3 + 0.3
    night = torch.rand(2, 3, 32, 32, generator=rng) * 0.3 - 0.9
    target = light_statistics(night)
    assert torch.allclose(relight(day, target, torch.zeros(2)), day, atol=1e-5)
    result = relight(day, target, torch.ones(2))
    assert torch.allclose(result.mean(dim=(2, 3)), night.mean(dim=(2, 3)), atol=0.05)


def test_sky_and_land_take_their_light_apart():
    rng = torch.Generator().manual_seed(0)
    moving = torch.zeros(1, 1, 32, 32)
    moving[:, :, :, 16:] = 1  # a sky at the right, whatever the rows say
    shade = torch.where(moving > 0, 0.5, -0.5)
    image, other = (shade * sign + 0.1 * torch.rand(1, 3, 32, 32, generator=rng) for sign in (1, -1))
    apart, by_rows = (relight(image, light_statistics(other, m), torch.ones(1), m) for m in (moving, None))
    for part in (moving, 1 - moving):
        own, wanted, found, unknown = (float((x * part).sum() / part.sum() / 3) for x in (image, other, apart, by_rows))
        assert abs(found - wanted) < 0.3 * abs(own - wanted)  # rows keep a little say
        assert abs(unknown - own) < 0.01  # above and below are alike in both


def test_schedule_grows_fades_and_anneals():
    schedule = TINY.training
    stages = [stage_at(schedule, i) for i in range(total_images(schedule))]
    assert stage_at(schedule, total_images(schedule)) is None
    assert [s.resolution for s in stages] == [8] * 24 + [16] * 40
    assert stages[0].alpha == 1 and stages[24].alpha == 0 and stages[32].alpha == pytest.approx(0.5)
    assert all(s.alpha == 1 for s in stages[40:])
    assert stages[24].pair_share == pytest.approx(0.5) and stages[-1].pair_share == pytest.approx(0.1)
    assert stages[0].pair_share == pytest.approx(0.5) and stages[23].pair_share == pytest.approx(0.1)


def test_rates_cool_towards_the_end_of_the_schedule(prepared):
    schedule = replace(TINY.training, cool_images=20, reconstruction_share=0.5, reconstruction_from=32)
    factors = [stage_at(schedule, i).cooling for i in (0, 43, 44, 54, 63)]
    assert factors == pytest.approx([1, 1, 1, 0.5, 0.05])
    trainer = GanTrainer(replace(TINY, training=schedule), prepared)
    rates = []
    for images in (24, 63):
        trainer.train_step(stage_at(schedule, images))
        rates.append([[group["lr"] for group in each.param_groups] for each in trainer.optimisers.values()])
    for warm, cool in zip(*rates, strict=True):
        assert cool == pytest.approx([0.05 * rate for rate in warm])


def test_schedule_can_end_early():
    assert total_images(cut_schedule(TINY, 8).training) == 24
    with pytest.raises(LandscapeError, match="8, 16"):
        cut_schedule(TINY, 64)


def test_paper_schedule_anneals_over_600k_images():
    schedule = load_config("paper-256").training
    assert schedule.fade_images[64] == 600_000 and schedule.r1_gamma == 10 and schedule.r1_every == 1


def losses(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "images_per_second"} for line in lines]


@pytest.fixture
def every_step_logged(monkeypatch):
    monkeypatch.setattr("landscape.training.gan.gan.LOG_EVERY", 1)


def test_a_resumed_run_equals_an_uninterrupted_one(prepared, tmp_path, every_step_logged):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train_gan(TINY, prepared, whole, seed=5)

    cancel = threading.Event()

    def stop_at_40(stage, done, total):
        if done >= 40:
            cancel.set()

    with pytest.raises(Cancelled):
        train_gan(TINY, prepared, broken, seed=5, progress=stop_at_40, cancel=cancel)
    # A kill leaves an older checkpoint and newer metrics behind.
    older = load_state(broken / "state_8.pt")
    save_state(broken / "state.pt", older)
    assert losses(broken)[-1]["step"] > older["step"]
    train_gan(TINY, prepared, broken, seed=5, resume=True)

    assert losses(broken) == losses(whole)
    a, b = (load_state(run / "state.pt")["networks"]["average"] for run in (whole, broken))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert {"d_static", "d_pairwise", "g_static", "g_pairwise", "r1_static"} <= set().union(*losses(whole))
    assert (whole / "state_16.pt").exists()


def test_seeds_differ(prepared, tmp_path, every_step_logged):
    for seed in (1, 2):
        train_gan(cut_schedule(TINY, 8), prepared, tmp_path / str(seed), seed=seed)
    assert losses(tmp_path / "1") != losses(tmp_path / "2")


def test_export_cuts_the_average_at_the_resolution_reached(prepared, tmp_path):
    run = tmp_path / "run"
    train_gan(TINY, prepared, run, seed=1)
    export_generator(run / "state.pt", tmp_path / "g.safetensors")
    generator = load_generator(tmp_path / "g.safetensors")
    assert generator.resolution == 16 and generator.config.channels == (8, 8, 8)
    average = load_state(run / "state.pt")["networks"]["average"]
    assert torch.allclose(generator.state_dict()["blocks.2.conv2.weight"], average["blocks.2.conv2.weight"], atol=2e-3)
    export_generator(run / "state_8.pt", tmp_path / "small.safetensors")
    assert load_generator(tmp_path / "small.safetensors").resolution == 8
    with pytest.raises(LandscapeError, match="resolution"):
        export_generator(run / "state.pt", tmp_path / "none.safetensors", 1024)


def test_a_new_run_starts_from_the_exported_networks(prepared, tmp_path, every_step_logged):
    run = tmp_path / "run"
    train_gan(cut_schedule(TINY, 8), prepared, run, seed=1)
    export_warm_start(run / "state.pt", tmp_path / "warm.safetensors")
    tensors, metadata = load_weights(tmp_path / "warm.safetensors")
    assert metadata["images"] == 24 and "static/linear2.weight" in tensors
    assert not any(name.startswith("average/") for name in tensors)
    train_gan(TINY, prepared, tmp_path / "next", seed=1, start_from=tmp_path / "warm.safetensors")
    first = losses(tmp_path / "next")[0]
    assert first["resolution"] == 16 and first["images"] > 24


def test_moving_average_follows_slowly_and_forgets_its_start():
    network = torch.nn.Linear(1, 1)
    average = MovingAverage(network, half_life=100)
    with torch.no_grad():
        network.weight.fill_(1.0)
        average.network.weight.fill_(0.0)
    average.update(network, images=10**6, batch=100)
    assert average.network.weight.item() == pytest.approx(0.5)


def test_an_optimiser_goes_on_in_its_own_way_from_any_state():
    parameters = [[torch.ones(3, requires_grad=True)] for _ in range(2)]
    old = torch.optim.Adam(parameters[0], lr=0.1)
    new = torch.optim.Adam(parameters[1], lr=0.2, fused=True)
    for group in (old, new):
        for (parameter,) in parameters:
            parameter.grad = torch.tensor([1.0, -2.0, 3.0])
        group.step()
    load_optimiser(new, old.state_dict())
    assert new.param_groups[0]["fused"] and new.param_groups[0]["lr"] == 0.1
    with torch.no_grad():
        parameters[1][0].copy_(parameters[0][0])
    old.step()
    new.step()
    assert torch.allclose(*(item[0] for item in parameters), atol=1e-6)


def test_damaged_state_is_a_clear_error(tmp_path):
    (tmp_path / "state.pt").write_bytes(b"nothing")
    with pytest.raises(LandscapeError, match="start again"):
        load_state(tmp_path / "state.pt")
    with pytest.raises(LandscapeError, match="start again"):
        train_gan(replace(TINY), tmp_path, tmp_path, resume=True)


def test_a_run_is_not_overwritten_by_accident(prepared, tmp_path):
    run = tmp_path / "run"
    train_gan(cut_schedule(TINY, 8), prepared, run, seed=1)
    before = (run / "state.pt").read_bytes()
    with pytest.raises(LandscapeError, match="--resume"):
        train_gan(cut_schedule(TINY, 8), prepared, run, seed=1)
    other = replace(TINY, generator=replace(TINY.generator, style_width=8))
    with pytest.raises(LandscapeError, match="another configuration"):
        train_gan(other, prepared, run, resume=True)
    assert (run / "state.pt").read_bytes() == before


def test_metrics_cut_short_by_a_kill_do_not_stop_a_resume(prepared, tmp_path, every_step_logged):
    run = tmp_path / "run"
    train_gan(cut_schedule(TINY, 8), prepared, run, seed=1)
    count = len(losses(run))
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 7, "ima')
    train_gan(cut_schedule(TINY, 8), prepared, run, seed=1, resume=True)
    assert len(losses(run)) == count


def test_growing_arrays_hold_what_was_appended_and_leave_no_part_behind(tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (300, 4, 4, 3), np.uint8)
    with GrowingArray(tmp_path / "some.npy", 4) as array:
        for image in images:
            array.append(image)
        with pytest.raises(ValueError, match="expected"):
            array.append(images[0, :2])
        array.finish()
    with GrowingArray(tmp_path / "none.npy", 4) as empty:
        empty.finish()
    with pytest.raises(KeyError), GrowingArray(tmp_path / "broken.npy", 4) as broken:
        broken.append(images[0])
        raise KeyError
    assert np.array_equal(np.load(tmp_path / "some.npy", mmap_mode="r"), images)
    assert np.load(tmp_path / "none.npy").shape == (0, 4, 4, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["none.npy", "some.npy"]
