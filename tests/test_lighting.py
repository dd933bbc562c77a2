"""Styles, paths of light, the grade, the lighting network and the fit of the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from landscape.declared import kinds_of
from landscape.errors import LandscapeError
from landscape.images.tone import band_colours, band_weights, luminance, move_colours, to_unit, warmth
from landscape.light.paths import DAY, grade, grade_path, light_path, styled_w
from landscape.light.styles import Style, StyleGrade, StyleTable
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.lighting import LightingNetwork
from landscape.settings import STYLES, LightKey, LightSettings
from landscape.spelling import spelled
from landscape.training.lighting import interpolation_batch, lighting_error, lighting_loss, train_lighting
from landscape.training.style_draws import DESCRIPTIONS, choose_stills
from landscape.training.styles import fit_styles

WIDTH = 16
COLOURS = {
    "blue day": ((0.45, 0.6, 0.8), (0.55, 0.65, 0.75), (0.4, 0.43, 0.43)),
    "warm sunset": ((0.56, 0.37, 0.25), (0.67, 0.4, 0.2), (0.36, 0.2, 0.11)),
    "deep night": ((0.08, 0.1, 0.16), (0.09, 0.12, 0.18), (0.06, 0.07, 0.1)),
}


def make_table() -> StyleTable:
    styles = []
    for i, name in enumerate(STYLES[:-1]):
        colours = COLOURS.get(name, ((0.1 * i, 0.5, 0.4),) * 3)
        styles.append(Style(name, (i - 4.0, 1.0, 0.5 * i), StyleGrade(colours, float(name == "deep night"))))
    styles.append(Style(STYLES[-1], styles[0].z_dynamic, styles[0].grade))
    return StyleTable(tuple(styles), 0.7, 1, 0.85, {"note": 1})


def make_network() -> LightingNetwork:
    torch.manual_seed(0)
    network = LightingNetwork(WIDTH, 2)
    for block in network.blocks:
        torch.nn.init.normal_(block.second.weight, std=0.2)
    return network.eval()


@pytest.fixture
def w() -> Tensor:
    return torch.randn(1, 3, WIDTH, generator=torch.Generator().manual_seed(1))


def make_image(seed: int, mean: float, contrast: float) -> Tensor:
    """A random picture: a vertical gradient of colour, blobs and noise."""
    rng = torch.Generator().manual_seed(seed)
    ends = torch.rand(2, 3, 1, 1, generator=rng) - 0.5
    y = torch.linspace(0, 1, 32)[:, None]
    blobs = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4, generator=rng) - 0.5, 32, mode="bilinear")[0]
    noise = 0.1 * (torch.rand(3, 32, 32, generator=rng) - 0.5)
    return (2 * (mean + contrast * (ends[0] * (1 - y) + ends[1] * y + blobs + noise)) - 1).clamp(-1, 1)[None]


# Stronger contrast clips most of a dark or bright picture, as no photo is.
images = st.builds(make_image, st.integers(0, 10_000), st.floats(0.2, 0.8), st.floats(0.0, 0.6))
horizons = st.floats(0.2, 0.8)


# The lighting network


def test_network_shapes_gradients_and_saving(w: Tensor) -> None:
    network = make_network().train()
    z, c = torch.randn(3, 3), torch.rand(3, 1)
    moved = network(w[0], z, c)
    assert moved.shape == (3, WIDTH)
    moved.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    other = LightingNetwork(WIDTH, 2)
    assert not torch.allclose(other(w[0], z, c), moved)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(w[0], z, c), moved)


def test_an_untrained_network_keeps_w(w: Tensor) -> None:
    assert torch.equal(LightingNetwork(WIDTH)(w[0], torch.randn(3, 3), torch.rand(3, 1)), w[0])


# Training of the lighting network


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(GeneratorConfig((8, 8, 8), WIDTH)).eval()


def test_interpolation_keeps_w_at_zero_and_moves_with_c(generator: Generator) -> None:
    before, _, c, after = interpolation_batch(generator.mapping, WIDTH, 512, torch.Generator().manual_seed(0))
    distance = (after - before).abs().mean(dim=1)
    near, far = c[:, 0] < 0.1, c[:, 0] > 0.9
    assert distance[near].mean() < 0.5 * distance[far].mean()


def test_loss_is_zero_for_the_truth_only() -> None:
    before, after = torch.randn(4, WIDTH), torch.randn(4, WIDTH)
    assert lighting_loss(after, before, after).item() == pytest.approx(0, abs=1e-5)
    assert lighting_loss(before + 0.5 * (after - before), before, after) > 0.1


def test_training_learns_the_direction_and_resumes_exactly(generator: Generator, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    network = train_lighting(generator, tmp_path / "a", steps=120, batch=128, blocks=2)
    error = lighting_error(generator, network)
    assert error["cosine"] > 0.3 and error["l1"] < error["trivial_l1"]
    again = train_lighting(generator, tmp_path / "a", steps=120, batch=128, blocks=2, resume=True)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
    with pytest.raises(LandscapeError):
        train_lighting(generator, tmp_path / "b", steps=1, resume=True)


# The table


def test_table_round_trip(tmp_path: Path) -> None:
    make_table().save(tmp_path / "styles.json")
    assert StyleTable.load(tmp_path / "styles.json") == make_table()
    assert make_table().style("deep night").name == "deep night"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 1, "styles": []}', '{"format": 1, "styles": [3]}'])
def test_broken_tables_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "styles.json").write_text(content)
    with pytest.raises(LandscapeError):
        StyleTable.load(tmp_path / "styles.json")


def test_unknown_styles_are_refused() -> None:
    with pytest.raises(LandscapeError):
        make_table().style("disco")


# Paths


def test_no_light_and_strength_zero_keep_w(w: Tensor) -> None:
    table, network = make_table(), make_network()
    off = (LightSettings(), LightSettings(style="deep night", strength=0), LightSettings(day_cycle=True, strength=0))
    for light in off:
        assert torch.equal(light_path(w, light, table, network)(0.3), w)
        assert grade_path(light, table)(0.3) is None
    assert torch.equal(styled_w(w, table.styles[0], 0.0, table, network), w)


def test_a_style_is_constant_and_spares_coarse_blocks(w: Tensor) -> None:
    table, network = make_table(), make_network()
    path = light_path(w, LightSettings(style="deep night"), table, network)
    assert torch.equal(path(0.0), path(0.7))
    assert torch.equal(path(0.0)[:, :1], w[:, :1])
    assert (path(0.0)[:, 1:] - w[:, 1:]).abs().amax(dim=2).min() > 1e-3
    half = light_path(w, LightSettings(style="deep night", strength=0.1), table, network)(0.0)
    assert (half - w).norm() < (path(0.0) - w).norm()


def test_day_cycle_passes_every_style_and_closes(w: Tensor) -> None:
    table, network = make_table(), make_network()
    light = LightSettings(day_cycle=True)
    path, colours = light_path(w, light, table, network), grade_path(light, table)
    for time, style in zip(DAY, table.styles, strict=True):
        assert torch.allclose(path(time), styled_w(w, style, 1.0, table, network), atol=1e-5)
        target = colours(time)
        assert target is not None and np.allclose(target[0].vector(), style.grade.vector(), atol=1e-6)
    assert torch.equal(path(0.0), path(1.0))
    assert torch.equal(path(-1.0), path(0.0)) and torch.equal(path(2.0), path(1.0))
    step = 1e-4
    start, end = path(step) - path(0.0), path(1.0) - path(1.0 - step)
    assert start.abs().max() < 1e-4 and end.abs().max() < 1e-4
    assert max((path(t + 0.005) - path(t)).abs().max().item() for t in np.arange(0, 0.995, 0.005)) < 0.5


@given(st.floats(0, 1))
def test_grades_of_the_day_stay_in_range(time: float) -> None:
    target = grade_path(LightSettings(day_cycle=True), make_table())(time)
    assert target is not None and target[0].vector().min() >= 0 and target[0].vector().max() <= 1


@given(st.floats(0, 1))
def test_grades_of_key_frames_stay_in_range(time: float) -> None:
    keys = (LightKey(0.1, None), LightKey(0.5, "deep night"), LightKey(0.9, "warm sunset"))
    target = grade_path(LightSettings(day_cycle=True, strength=0.8, keys=keys), make_table())(time)
    assert target is not None and target[0].vector().min() >= 0 and target[0].vector().max() <= 1
    assert 0 <= target[1] <= 0.8


def test_key_frames_are_reached_at_their_times_and_held_beyond(w: Tensor) -> None:
    table, network = make_table(), make_network()
    keys = (LightKey(0.2, None), LightKey(0.6, "deep night"), LightKey(0.8, "warm sunset"))
    light = LightSettings(day_cycle=True, strength=0.5, keys=keys)
    path, colours = light_path(w, light, table, network), grade_path(light, table)
    assert torch.allclose(path(0.0), w) and torch.allclose(path(0.2), w)
    for key in keys[1:]:
        style = table.style(key.style or "")
        assert torch.allclose(path(key.time), styled_w(w, style, 0.5, table, network), atol=1e-5)
        target = colours(key.time)
        assert target is not None and np.allclose(target[0].vector(), style.grade.vector(), atol=1e-6)
        assert target[1] == pytest.approx(0.5)
    assert torch.equal(path(0.8), path(1.0))
    photo, dusk = colours(0.2), colours(0.4)
    assert photo is not None and dusk is not None and photo[1] == 0 and 0.1 < dusk[1] < 0.4
    only = LightSettings(day_cycle=True, keys=(LightKey(0.5, "blue hour"),))
    assert torch.equal(light_path(w, only, table, network)(0.1), light_path(w, only, table, network)(0.9))
    assert grade_path(LightSettings(day_cycle=True, keys=(LightKey(0.5, None),)), table)(0.5) is None


def test_key_frames_are_read_and_refused() -> None:
    kind = kinds_of(LightSettings)["keys"]
    keys = spelled(kind, "0 photo, 0.5 deep night,1: photo")
    assert keys == (LightKey(0, None), LightKey(0.5, "deep night"), LightKey(1, None))
    assert LightSettings(keys=[{"time": 0.5, "style": None}]).keys == (LightKey(0.5, None),)  # type: ignore[list-item]
    for wrong in ("noon", "0.5 noon", "1.2.3 photo", "2 photo", ""):
        with pytest.raises(LandscapeError):
            spelled(kind, wrong)
    with pytest.raises(LandscapeError, match="after the one before"):
        LightSettings(keys=(LightKey(0.5, None), LightKey(0.5, "deep night")))


# The grade


@given(st.integers(2, 100), st.floats(0, 1))
def test_bands_share_every_row(height: int, horizon: float) -> None:
    weights = band_weights(height, horizon)
    assert weights.min() >= 0 and torch.allclose(weights.sum(dim=0), torch.ones(height), atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(images, horizons)
def test_own_colours_and_strength_zero_change_nothing(image: Tensor, horizon: float) -> None:
    unit = to_unit(image).clamp(0.01, 0.99)
    assert torch.allclose(move_colours(unit, band_colours(unit, horizon), horizon), unit, atol=1e-4)
    assert torch.equal(grade(image, make_table().style("deep night").grade, 0.0, horizon), image)


@settings(max_examples=60, deadline=None)
@given(images, horizons, st.floats(0.05, 1))
def test_night_darkens_every_pixel_of_any_image(image: Tensor, horizon: float, strength: float) -> None:
    night = grade(image, make_table().style("deep night").grade, strength, horizon)
    assert night.shape == image.shape and night.min() >= -1 - 1e-5
    assert (night - image).max() < 1e-5


@settings(max_examples=60, deadline=None)
@given(images, horizons)
def test_night_is_darker_than_day_for_any_image(image: Tensor, horizon: float) -> None:
    table = make_table()
    night, day = (
        luminance(to_unit(grade(image, table.style(name).grade, 1.0, horizon)).mean(dim=(2, 3)))
        for name in ("deep night", "blue day")
    )
    assert night.item() < day.item() - 0.05


@settings(max_examples=60, deadline=None)
@given(images, horizons)
def test_sunset_is_warmer_than_the_image_and_than_day(image: Tensor, horizon: float) -> None:
    table = make_table()
    sunset, day = (
        warmth(to_unit(grade(image, table.style(name).grade, 1.0, horizon)).mean(dim=(2, 3))).item()
        for name in ("warm sunset", "blue day")
    )
    own = warmth(to_unit(image).mean(dim=(2, 3))).item()
    assert sunset > day + 0.1
    assert sunset > min(own, 0.15)


@settings(max_examples=30, deadline=None)
@given(images, st.floats(0.05, 0.9))
def test_more_strength_goes_farther(image: Tensor, strength: float) -> None:
    target = make_table().style("deep night").grade
    weaker, stronger = (grade(image, target, s).mean() for s in (strength, strength + 0.1))
    assert stronger <= weaker + 1e-6


# The fit


def test_stills_are_chosen_by_their_light_without_twins() -> None:
    pixels = np.full((40, 32, 32, 3), 128, np.uint8)
    pixels[3], pixels[5], pixels[9] = (18, 24, 40), (18, 24, 41), (40, 24, 10)
    chosen = choose_stills(pixels, DESCRIPTIONS["deep night"], 2)
    assert chosen[0] in (3, 5) and chosen[1] == 9


def test_fit_writes_a_usable_table(generator: Generator, tmp_path: Path) -> None:
    stills = torch.cat([to_unit(make_image(i, i / 60, 1.0)) for i in range(60)])
    pixels = (stills * 255).byte().permute(0, 2, 3, 1).numpy()
    (tmp_path / "0032").mkdir()
    np.save(tmp_path / "0032" / "stills.npy", pixels)
    table = fit_styles(generator, tmp_path, tmp_path / "out", seed=1)
    assert table == StyleTable.load(tmp_path / "out" / "styles.json")
    assert (tmp_path / "out" / "style_stills.png").exists()
    assert 1 <= table.first_block <= 2 and set(table.measured["styles"]) == set(DESCRIPTIONS)
    assert table.styles[0].grade == table.styles[-1].grade
    assert json.dumps(fit_styles(generator, tmp_path, tmp_path / "out", seed=1).measured) == json.dumps(table.measured)
    by_network = fit_styles(generator, tmp_path, tmp_path / "out", seed=1, network=make_network())
    assert by_network.measured != table.measured
