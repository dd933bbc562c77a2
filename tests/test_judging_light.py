"""The judge of light: figures, faults, and the choice of real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.errors import LandscapeError
from landscape.evaluation.light import StyledPhoto, judge, set_distance, sliced_distance
from landscape.evaluation.light_faults import clipped, halo, kept_gradients, worst_jump
from landscape.evaluation.light_features import light_frechet
from landscape.evaluation.light_sheet import faults, html_sheet, markdown_table
from landscape.light.figures import measure_light
from landscape.light.sky_variety import fit_variety, knot_weights
from landscape.settings import STYLES
from landscape.training.light_models import RealSky, fit_sky
from landscape.training.light_sets import RULES, load_sets, save_sets, without
from tests.mattes import hard_matte

LABELS = np.zeros((60, 90), np.uint8)
LABELS[:36] = 1
MATTE = hard_matte(LABELS)
STATIC = 1 - MATTE.sky


def picture(sky: tuple[int, int, int], land: tuple[int, int, int]) -> np.ndarray:
    """Sky over land with some texture."""
    rng = np.random.default_rng(0)
    flat = np.where(LABELS[..., None] == 1, sky, land) + rng.normal(0, 4, (60, 90, 1))
    return flat.clip(0, 255).astype(np.uint8)


DAY, DUSK = picture((120, 170, 230), (90, 110, 60)), picture((230, 140, 70), (30, 26, 24))


def test_distances_are_none_to_oneself_and_grow_with_the_difference() -> None:
    day, dusk = (measure_light(each, MATTE.sky, MATTE.water) for each in (DAY, DUSK))
    assert max(set_distance([day], [day]).values()) < 1e-6
    found = set_distance([day], [dusk])
    assert set(found) == {"sky", "land"} and found["sky"] > 15 and found["land"] > 5
    assert set_distance([day], []) == {}
    cloud = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    assert sliced_distance(cloud, cloud + 3) == pytest.approx(3 * 1.2, abs=1.2)


def test_faults_are_seen() -> None:
    assert kept_gradients(DAY, DAY, STATIC) == pytest.approx(1, abs=1e-3)
    half = (DAY * 0.5).astype(np.uint8)
    blurred = picture((120, 170, 230), (90, 110, 60))
    blurred[36:] = blurred[36:].mean(axis=(0, 1)).astype(np.uint8)
    kept, lost = kept_gradients(DAY, half, STATIC), kept_gradients(DAY, blurred, STATIC)
    assert kept is not None and lost is not None and kept > 0.9 > lost
    assert kept_gradients(DAY, DAY, np.zeros_like(STATIC)) is None
    burnt = DAY.copy()
    burnt[:30] = 255
    assert clipped(DAY, DAY) == 0 and clipped(DAY, burnt) == pytest.approx(0.5, abs=0.02)
    rimmed = DAY.copy()
    rimmed[35:37] = 250
    assert halo(DAY, rimmed, MATTE) > 3 > 0.5 > halo(DAY, DAY, MATTE)


def test_a_jump_within_a_day_is_seen() -> None:
    even = np.stack([np.linspace(0, 40, 21)] * 3, axis=1).astype(np.float32)
    jump = even.copy()
    jump[10:] += 30
    assert worst_jump(even) < 1.5 < 5 < worst_jump(jump)


def test_the_report_compares_each_style_with_its_real_pictures() -> None:
    lit = {"photo": DAY} | {style: DUSK for style in STYLES[:-1]}
    styled = [
        StyledPhoto(
            "made up",
            style,
            measure_light(each, MATTE.sky, MATTE.water),
            {} if style == "photo" else {"gradients": 0.9, "clipped": 0.0, "halo": 0.1},
            each,
        )
        for style, each in lit.items()
    ]
    real = {"warm sunset": [measure_light(DUSK, MATTE.sky, MATTE.water)]}
    report = judge(styled, real)
    assert report["warm sunset"]["distance"]["sky"] < 0.1 < report["warm sunset"]["from"]["sky"]
    assert report["warm sunset"]["within"]["land_L"]["share"] == 1 and report["blue day"]["distance"] == {}
    assert list(faults(styled[1])) == ["gradients"]
    assert "warm sunset" in markdown_table(report) and "made up" in html_sheet(styled, report)


def test_rules_choose_by_figures_and_names() -> None:
    night = {"sky_L": 12.0, "sky_a": 1.0, "sky_b": -10.0, "horizon_b": -4.0}
    assert RULES["deep night"].holds("photos/lake.jpg", night)
    assert not RULES["deep night"].holds("stills/aurora.jpg", night)
    assert not RULES["deep night"].holds("photos/lake.jpg", {"sky_L": 12.0})
    assert not RULES["blue day"].holds("photos/lake.jpg", night)


def test_sets_are_kept_as_names(tmp_path: Path) -> None:
    save_sets(tmp_path / "sets.txt", {"blue day": ["photos/a.jpg"], "deep night": []})
    sets = load_sets(tmp_path / "sets.txt")
    assert sets["blue day"] == sets["blue day again"] == ["photos/a.jpg"] and sets["deep night"] == []
    (tmp_path / "sets.txt").write_text("# noon: 1\n")
    with pytest.raises(LandscapeError, match="noon"):
        load_sets(tmp_path / "sets.txt")
    with pytest.raises(LandscapeError, match="choose them again"):
        load_sets(tmp_path / "none.txt")
    assert len(load_sets()) == len(STYLES) and all(load_sets()[style] for style in STYLES)


def test_a_sky_is_fitted_as_vivid_as_it_is() -> None:
    """Between blue and orange skies lies grey; the fit has their colours' strength."""
    values = np.linspace(0, 1, 200)
    weights = np.einsum(
        "ne,ns,nd->nesd",
        knot_weights(values, (0.0, 0.1, 0.3, 0.6, 1.0)),
        knot_weights(0 * values, (0.0, 0.3, 0.7)),
        knot_weights(0 * values, (-1.5, 0.0, 1.5)),
    ).reshape(200, -1)
    lab = np.stack([60 - 20 * values, 0 * values, 50 - 70 * values], axis=1).astype(np.float32)
    table = fit_sky([RealSky(weights, lab, lab[[0, 20, 60, 120, 199], 0])])
    assert table[0, 0, 1] == pytest.approx([60, 0, 50], abs=6)
    assert table[-1, 0, 1] == pytest.approx([40, 0, -20], abs=8)


def test_a_photo_keeps_what_skies_of_the_style_differ_by() -> None:
    """They differ at the top; so a dark top stays darker, and a dark horizon counts for nothing."""
    values = np.linspace(-1, 1, 21)[:, None]
    dusk = (40 + values * [0, 0, 2, 8, 12]).astype(np.float32)
    day = (70 + 2 * values * [1, 1, 2, 8, 12]).astype(np.float32)
    variety = fit_variety(dusk, [dusk, day], 1)
    ordinary = np.full(5, 55, np.float32)
    assert np.abs(variety.of(ordinary)).max() < 1.5
    dark = variety.of(ordinary - np.array([0, 0, 5, 20, 30], np.float32))
    light = variety.of(ordinary + np.array([0, 0, 5, 20, 30], np.float32))
    assert dark[-1] < -4 and light[-1] > 4 and abs(dark[0]) < 0.5 > abs(light[0])
    assert np.abs(variety.of(ordinary - np.array([30, 0, 0, 0, 0], np.float32)) - variety.of(ordinary)).max() < 0.5
    assert np.abs(variety.of(ordinary * 0)).max() <= 1.5 * dusk[:, -1].std() + 0.1, "no farther than real skies are"


def plain_pictures(middle: tuple[float, float, float], spread: float) -> list[np.ndarray]:
    """Flat pictures whose mean colours have this mean and, along each channel, this deviation, and no covariance."""
    signs = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T
    # The covariance of n pictures divides by n - 1.
    return [np.full((4, 6, 3), middle + sign * spread * np.sqrt(7 / 8), np.float32) for sign in signs]


def test_frechet_distances_are_those_of_normal_distributions() -> None:
    """With independent channels it is the distance of the means and of the deviations, each squared."""

    def means(images: torch.Tensor) -> torch.Tensor:
        return (images + 1).mean(dim=(2, 3)) * 127.5

    day, dusk, night = (120.0, 140.0, 180.0), (160.0, 100.0, 60.0), (20.0, 22.0, 30.0)
    real = {"blue day": plain_pictures(day, 8), "warm sunset": plain_pictures(dusk, 8)}
    shown = {"photo": (day, 4), "blue day": (day, 8), "warm sunset": (dusk, 5), "deep night": (night, 5)}
    empty = measure_light(DAY, MATTE.sky, MATTE.water)
    styled = [
        StyledPhoto("made up", style, empty, {}, picture)
        for style, (middle, spread) in shown.items()
        for picture in plain_pictures(middle, spread)
    ]
    found = light_frechet(styled, real, means)
    assert set(found) == set(real)  # there is no real night
    apart = sum((one - other) ** 2 for one, other in zip(day, dusk, strict=True))
    assert found["blue day"]["real"] == pytest.approx(0, abs=0.01)
    assert found["blue day"]["from"] == pytest.approx(3 * 4**2, rel=1e-3)
    assert found["warm sunset"]["real"] == pytest.approx(3 * 3**2, rel=1e-3)
    assert found["warm sunset"]["from"] == pytest.approx(apart + 3 * 4**2, rel=1e-3)
    assert found["warm sunset"]["plain"] == pytest.approx(apart + 3 * 1**2, rel=1e-3)
    assert {row["nearest"] for row in found.values()} == set(real)
    assert light_frechet(styled[:1], real, means) == {}


def test_no_photo_is_compared_with_itself(tmp_path: Path) -> None:
    sets = {"blue day": ["photos/a.jpg", "stills/b.jpg"], "deep night": ["photos/c.jpg"]}
    left = without(sets, tmp_path, [tmp_path / "photos" / "a.jpg", tmp_path / "photos" / ".." / "photos" / "c.jpg"])
    assert left == {"blue day": ["stills/b.jpg"], "deep night": []}
