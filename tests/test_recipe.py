"""Recipes: written, read back from every place they are kept, refused with a sentence when damaged."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.errors import LandscapeError
from landscape.masks.matte import Matte
from landscape.scene.recipe import read_recipe, source_of, write_recipe
from landscape.scene.shot import Shot
from landscape.settings import (
    FORMATS,
    STYLES,
    VARIANTS,
    ExportSettings,
    FitSettings,
    LightKey,
    LightSettings,
    MotionSettings,
)

floats = st.floats(0, 2, allow_nan=False)


@given(
    st.builds(MotionSettings, direction=st.floats(-720, 720), speed=floats, sky=floats, water=floats),
    st.builds(LightSettings, st.sampled_from([None, *STYLES]), st.floats(0, 1), st.booleans()),
    st.builds(FitSettings, st.sampled_from(VARIANTS), seed=st.integers(0, 2**31 - 1)),
    st.builds(ExportSettings, loop=st.booleans(), crf=st.integers(0, 51), format=st.sampled_from(FORMATS)),
)
def test_recipes_survive_json(
    motion: MotionSettings, light: LightSettings, inversion: FitSettings, export: ExportSettings
) -> None:
    recipe = Shot(motion, light, inversion, export)
    assert Shot.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


def test_a_persons_masks_come_back(tmp_path: Path) -> None:
    y, x = np.mgrid[0:60, 0:90].astype(np.float32)
    masks = Matte.certain(1 - y / 60, y / 60 * (x > 30), (x > 80).astype(np.float32), 0.4)
    path = write_recipe(tmp_path / "a.json", Shot(masks=masks))
    found = read_recipe(path).masks
    assert found is not None and found.horizon == 0.4
    for name in ("sky", "water", "freeze"):
        assert np.abs(getattr(found, name) - getattr(masks, name)).max() <= 0.5 / 255 + 1e-6
    assert "masks" not in Shot(masks=masks).as_dict(with_masks=False)


def test_large_masks_are_kept_small(tmp_path: Path) -> None:
    sky = np.zeros((1500, 3000), np.float32)
    sky[:700] = 1
    path = write_recipe(tmp_path / "a.json", Shot(masks=Matte.certain(sky, 0 * sky, 0 * sky, 0.5)))
    found = read_recipe(path).masks
    assert found is not None and found.sky.shape == (512, 1024)
    assert np.abs(found.resized(1500, 3000).sky - sky).mean() < 0.002
    assert path.stat().st_size < 50_000


def test_the_photo_is_named(tmp_path: Path) -> None:
    photo = tmp_path / "sea.jpg"
    photo.write_bytes(b"abc")
    content = json.loads(write_recipe(tmp_path / "a.json", Shot(), photo).read_text())
    assert content["photo"] == source_of(photo)
    assert content["photo"]["sha256"].startswith("ba7816bf") and content["photo"]["name"] == "sea.jpg"
    assert read_recipe(tmp_path / "a.json") == Shot()


def changed(section: str, **values: object) -> dict[str, object]:
    content = Shot().as_dict()
    content[section] |= values
    return content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1], "no recipe"),
        ({}, "no recipe"),
        ({"motion": 3}, "damaged"),
        (changed("motion", speed="fast"), "damaged: speed"),
        (changed("motion", speed=99), "speed between"),
        (changed("motion", speed=10**400), "damaged"),
        (changed("light", day_cycle=1), "damaged: day_cycle"),
        (changed("light", style="noon"), "style from"),
        (changed("light", style=["noon"]), "damaged: style"),
        (changed("export", fps=29.97), "damaged: fps"),
        (changed("export", format="theora"), "format from"),
        (changed("export", bitrate=1), "does not know: bitrate"),
        (Shot().as_dict() | {"landscape": 99}, "newer version"),
        (Shot().as_dict() | {"masks": {"png": "x", "horizon": 0.5}}, "masks in this recipe"),
        (Shot().as_dict() | {"masks": 7}, "masks in this recipe"),
    ],
)
def test_damaged_recipes_get_a_sentence(tmp_path: Path, content: object, words: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    with pytest.raises(LandscapeError, match=words):
        read_recipe(path)


@pytest.mark.parametrize("name", ["a.json", "a.zip", "a.gif", "a.mp4", "a.txt", "a.webm"])
@pytest.mark.parametrize("data", [b"", b"{", b"GIF89a" + b"\0" * 9, b"\xff" * 30, b"[" * 100_000])
def test_files_without_recipe_get_a_sentence(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(LandscapeError) as caught:
        read_recipe(path)
    assert str(caught.value).endswith(".")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(LandscapeError, match="no file"):
        read_recipe(tmp_path / "a.json")


def test_older_recipes_get_the_defaults() -> None:
    assert Shot.from_dict({"motion": {"speed": 2}}) == dataclasses.replace(Shot(), motion=MotionSettings(speed=2.0))


def test_names_of_earlier_versions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"landscape": 1, "motion": {}, "inversion": {"variant": "EOI", "recipe": "paper"}}))
    assert read_recipe(path).inversion == FitSettings(variant="EOI", numbers="paper")


def test_the_parts_of_a_recipe_keep_their_names() -> None:
    """Files that were written before must be read, whatever the classes are called by now."""
    assert set(Shot().as_dict()) == {"landscape", "motion", "light", "inversion", "export"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_recipes_are_read_as_editors_save_them(tmp_path: Path, encoding: str) -> None:
    content = Shot(inversion=FitSettings("EO", 20, seed=7)).as_dict()
    content["photo"] = {"name": "Düne 東.jpg"}
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode(encoding))
    assert read_recipe(path).inversion == FitSettings("EO", 20, seed=7)


def test_whole_numbers_may_be_written_as_fractions() -> None:
    content = changed("export", fps=30.0, long_side=640.0, crf=20.0, seconds=2)
    content["inversion"] |= {"latent_steps": 20.0, "seed": 3.0, "seconds": 5}  # type: ignore[operator]
    content["landscape"] = 1.0
    recipe = Shot.from_dict(content)
    assert repr(recipe.export) == repr(ExportSettings(2.0, 30, 640, crf=20))
    assert repr(recipe.inversion) == repr(FitSettings(latent_steps=20, seed=3, seconds=5.0))
    for section, name, value in (("inversion", "latent_steps", 20.5), ("inversion", "seconds", "5")):
        with pytest.raises(LandscapeError, match=f"damaged: {name}"):
            Shot.from_dict(changed(section, **{name: value}))
    for value in (float("nan"), float("inf"), True, None):
        with pytest.raises(LandscapeError):
            Shot.from_dict(changed("export", fps=value))


def test_names_are_read_in_any_case() -> None:
    content = changed("light", style="Deep NIGHT", keys=[{"time": 0.5, "style": "Photo"}])
    content["inversion"]["variant"], content["export"]["format"] = "eoi", "GIF"  # type: ignore[index]
    recipe = Shot.from_dict(content)
    assert recipe.light == LightSettings("deep night", keys=(LightKey(0.5, None),))
    assert (recipe.inversion.variant, recipe.export.format) == ("EOI", "gif")
