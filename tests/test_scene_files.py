"""Scenes in files: the same frames again, and nothing else gets in."""

import copy
import dataclasses
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load, save

from landscape.errors import LandscapeError
from landscape.marks import made_here
from landscape.masks.glow import Glow
from landscape.masks.matte import in_steps
from landscape.photo.read import Photo, read_photo
from landscape.preview.parts import PreviewParts
from landscape.scene.files import open_scene, save_scene
from landscape.scene.recipe import read_recipe, shot_in_scene
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.scene.take import Take
from landscape.settings import FitSettings, LightSettings, MotionSettings
from tests.conftest import made_up_landscape, seeded_models
from tests.mattes import hard_matte


@pytest.fixture(scope="module")
def small_models():
    """The networks of all tests here."""
    return seeded_models()


@pytest.fixture(scope="module")
def photo_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "hills.jpg"
    Image.fromarray(made_up_landscape()).save(path, quality=90)
    return path


@pytest.fixture(scope="module")
def scene(photo_file, small_models):
    photo = read_photo(photo_file)
    labels = np.zeros(photo.pixels.shape[:2], np.uint8)
    labels[:56] = 1
    freeze = np.zeros(labels.shape, np.float32)
    freeze[:, :20] = 1
    masks = hard_matte(labels, freeze=freeze)
    return Scene.open(photo, small_models, FitSettings(latent_steps=4, tune_steps=4, seed=7), masks=masks)


@pytest.fixture(scope="module")
def kept(scene, tmp_path_factory):
    path = tmp_path_factory.mktemp("scene") / "hills.landscape"
    save_scene(scene, path)
    return path


@pytest.fixture
def saved(kept, tmp_path):
    """The scene's file, for the test to change."""
    return Path(shutil.copyfile(kept, tmp_path / "hills.landscape"))


def frames(scene):
    light = LightSettings(style="warm sunset", strength=0.5)
    renderer = scene.renderer(MotionSettings(speed=2.5), light, 128, seconds=3.0, loop=True)
    return [renderer.frame(time) for time in (0.0, 0.7, 2.9)]


MASKS, MATTE, SKY = "masks.safetensors", "matte.safetensors", "sky.safetensors"


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, content, packing=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(
                zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED if name in (MASKS, MATTE, SKY) else packing
            )


def refused(path, models):
    with pytest.raises(LandscapeError) as caught:
        open_scene(path, models)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    return message


def test_an_opened_scene_shows_the_same_frames_bit_for_bit(scene, saved, small_models, photo_file, tmp_path):
    opened = open_scene(saved, small_models)
    for before, after in zip(frames(scene), frames(opened), strict=True):
        assert np.array_equal(before, after)
    assert opened.settings == scene.settings and opened.quality == scene.quality
    assert opened.warnings == scene.warnings
    assert members(saved)["photo"] == photo_file.read_bytes()
    save_scene(opened, tmp_path / "again.landscape")
    assert members(tmp_path / "again.landscape") == members(saved)


def test_photos_without_a_file_and_several_squares_are_kept_too(small_models, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (80, 300, 3), dtype=np.uint8)
    labels = np.ones((80, 300), np.uint8)
    settings = FitSettings(variant="E")
    scene = Scene.open(Photo(pixels, "made up"), small_models, settings, masks=hard_matte(labels))
    save_scene(scene, tmp_path / "wide.landscape")
    opened = open_scene(tmp_path / "wide.landscape", small_models)
    assert np.array_equal(opened.photo.pixels, pixels) and len(opened.inversions) == 3
    assert all(np.array_equal(a, b) for a, b in zip(frames(scene), frames(opened), strict=True))


def test_weights_are_stored_in_half_precision_where_that_is_exact(scene, saved):
    stored = load(members(saved)["model.safetensors"])
    weights = dict(scene.inversion.generator.state_dict())
    halves = 0
    for name, value in stored.items():
        if ".generator." in name:
            own = weights[name.split(".generator.")[1]]
            assert torch.equal(value.float(), own)
            assert (value.dtype == torch.float16) == torch.equal(own.half().float(), own), name
            halves += value.dtype == torch.float16
    assert halves > 0


def test_other_weights_are_noticed(saved, small_models):
    lighting = copy.deepcopy(small_models.lighting)
    with torch.no_grad():
        lighting.output.bias.add_(1)
    other = dataclasses.replace(small_models, lighting=lighting)
    assert "other weights" in " ".join(open_scene(saved, other).warnings)


def test_a_name_without_the_ending_is_refused(scene, tmp_path):
    with pytest.raises(LandscapeError, match=r"\.landscape"):
        save_scene(scene, tmp_path / "hills.zip")
    assert not (tmp_path / "hills.zip").exists()


def test_newer_formats_say_so(saved, small_models):
    content = members(saved)
    facts = json.loads(content["scene.json"])
    content["scene.json"] = json.dumps(facts | {"format": 99, "program": "7.0"}).encode()
    write(saved, content)
    assert "7.0" in refused(saved, small_models) and "99" in refused(saved, small_models)


def change_facts(content, **changes):
    content["scene.json"] = json.dumps(json.loads(content["scene.json"]) | changes).encode()


def as_format_1(content):
    """What the first format held in place of the matte."""
    tensors = load(content.pop(MATTE))
    planes = {name: (tensors[name].numpy() / 65535.0).astype(np.float32) for name in ("sky", "water", "freeze")}
    content[MASKS] = save({name: torch.from_numpy(plane) for name, plane in planes.items()})
    return without_sky(content, 1, "mirror", "night")


def without_sky(content, format, *names):
    """What was in a file of an earlier format, which did not know these facts either."""
    content.pop(SKY)
    facts = json.loads(content["scene.json"]) | {"format": format}
    content["scene.json"] = json.dumps({k: v for k, v in facts.items() if k not in (*names, "sky")}).encode()
    return content


def test_files_of_the_first_format_open(scene, saved, small_models):
    content = as_format_1(members(saved))
    write(saved, content)
    opened = open_scene(saved, small_models)
    for name in ("sky", "water", "freeze"):
        assert np.array_equal(getattr(opened.masks, name), getattr(scene.masks, name))
    assert opened.masks.horizon == scene.masks.horizon and opened.masks.certainty.min() == 1
    for before, after in zip(frames(scene), frames(opened), strict=True):
        assert np.array_equal(before, after)


def test_files_without_a_sky_find_it_again(scene, saved, small_models):
    write(saved, without_sky(members(saved), 2))
    assert made_here(saved, "scene")
    for before, after in zip(frames(scene), frames(open_scene(saved, small_models)), strict=True):
        assert np.array_equal(before, after)


def another_sky(content):
    """A sky in a scene file that shows other clouds than a search would find."""
    change_tensors(content, SKY, lambda tensors: tensors["correction"].add_(30))
    return content


def test_an_opened_scene_goes_on_with_its_sky_and_without_a_search(scene, saved, small_models, monkeypatch):
    monkeypatch.setattr("landscape.scene.sceneries.plan_sky", lambda *_: pytest.fail("the sky was searched for again"))
    opened = open_scene(saved, small_models)
    first = PreviewParts.prepare(Take(opened, Shot()), 96, draft=True).scenery.parts[0].canvas
    assert first is not None and first.plan is opened.sky_plan(), "the first picture shows it"
    for before, after in zip(frames(scene), frames(opened), strict=True):
        assert np.array_equal(before, after)
    write(saved, another_sky(members(saved)))
    later = frames(open_scene(saved, small_models))[1]
    assert not np.array_equal(later, frames(scene)[1]), "what is in the file is shown"


@pytest.mark.parametrize("foreign", [{"version": 99}, {"of": "another photo"}])
def test_a_sky_of_another_version_or_photo_is_found_anew(scene, saved, small_models, foreign):
    content = another_sky(members(saved))
    change_facts(content, sky=json.loads(content["scene.json"])["sky"] | foreign)
    write(saved, content)
    for before, after in zip(frames(scene), frames(open_scene(saved, small_models)), strict=True):
        assert np.array_equal(before, after)


def test_scenes_without_a_sky_have_no_plan(scene, small_models, tmp_path, monkeypatch):
    land = scene.with_masks(hard_matte(np.zeros(scene.masks.sky.shape, np.uint8)))
    save_scene(land, tmp_path / "land.landscape")
    monkeypatch.setattr("landscape.scene.sceneries.plan_sky", lambda *_: pytest.fail("a sky was searched for"))
    assert open_scene(tmp_path / "land.landscape", small_models).sky_plan() is None


def test_what_shines_and_what_is_doubtful_is_saved(scene, small_models, tmp_path):
    height, width = scene.masks.sky.shape
    rng = np.random.default_rng(4)
    glow = Glow(
        *(
            rng.integers(0, 256, size, dtype=np.uint8)
            for size in ((height, width, 3), (height, width), (height, width))
        ),
        night=True,
    )
    doubtful = in_steps(rng.random((height, width), dtype=np.float32))
    matte = dataclasses.replace(scene.masks, glow=glow, certainty=doubtful, mirror=0.7)
    save_scene(scene.with_masks(matte), tmp_path / "night.landscape")
    opened = open_scene(tmp_path / "night.landscape", small_models).masks
    assert np.array_equal(opened.certainty, doubtful) and opened.mirror == 0.7
    assert opened.glow is not None and opened.glow.night
    for name in ("backdrop", "place", "burnt"):
        assert np.array_equal(getattr(opened.glow, name), getattr(glow, name))


def change_tensors(content, member, change):
    tensors = load(content[member])
    change(tensors)
    content[member] = save(tensors)


def bomb():
    buffer = io.BytesIO()
    Image.new("L", (30000, 30000)).save(buffer, format="PNG")
    return buffer.getvalue()


HOSTILE = {
    "missing member": lambda c: c.pop("photo"),
    "path": lambda c: c.update({"../../evil.py": b"x"}),
    "no json": lambda c: c.update({"scene.json": b"{"}),
    "list": lambda c: c.update({"scene.json": b"[1, 2]"}),
    "deep json": lambda c: c.update({"scene.json": b"[" * 100_000}),
    "pickle": lambda c: c.update({"model.safetensors": b"\x80\x04\x95\x10"}),
    "empty model": lambda c: c.update({"model.safetensors": save({})}),
    "no photo": lambda c: c.update({"photo": b"#!/bin/sh"}),
    "photo bomb": lambda c: c.update({"photo": bomb()}),
    "variant": lambda c: change_facts(c, settings={"variant": "EOX"}),
    "extra setting": lambda c: change_facts(c, settings={"shell": "rm"}),
    "squares": lambda c: change_facts(c, squares=[]),
    "many squares": lambda c: change_facts(c, squares=json.loads(c["scene.json"])["squares"] * 9),
    "channels": lambda c: change_facts(c, generator=json.loads(c["scene.json"])["generator"] | {"channels": [10**9]}),
    "no channels": lambda c: change_facts(c, generator=json.loads(c["scene.json"])["generator"] | {"channels": []}),
    "padding": lambda c: change_facts(c, generator=json.loads(c["scene.json"])["generator"] | {"padding_mode": "x"}),
    "horizon": lambda c: change_facts(c, horizon=float("nan")),
    "matte size": lambda c: change_tensors(c, MATTE, lambda t: t.update(sky=torch.ones(4, 4, dtype=torch.uint16))),
    "matte type": lambda c: change_tensors(c, MATTE, lambda t: t.update(sky=t["sky"].float())),
    "matte sum": lambda c: change_tensors(c, MATTE, lambda t: t.update(water=t["sky"].clone())),
    "matte plane": lambda c: change_tensors(c, MATTE, lambda t: t.pop("certainty")),
    "glow": lambda c: change_tensors(c, MATTE, lambda t: t.update(backdrop=torch.zeros(9, 9, 3, dtype=torch.uint8))),
    "mirror": lambda c: change_facts(c, mirror=float("nan")),
    "matte bomb": lambda c: c.update({MATTE: b"\0" * 50_000_000}),
    "mask size": lambda c: change_tensors(as_format_1(c), MASKS, lambda t: t.update(sky=torch.ones(4, 4))),
    "mask values": lambda c: change_tensors(as_format_1(c), MASKS, lambda t: t["sky"].fill_(7)),
    "mask nan": lambda c: change_tensors(as_format_1(c), MASKS, lambda t: t["sky"].fill_(float("nan"))),
    "sky bomb": lambda c: c.update({SKY: b"\0" * 50_000_000}),
    "sky plane": lambda c: change_tensors(c, SKY, lambda t: t.pop("row")),
    "sky type": lambda c: change_tensors(c, SKY, lambda t: t.update(labels=t["labels"].int())),
    "sky size": lambda c: change_tensors(c, SKY, lambda t: t["size"].fill_(2**30)),
    "sky shape": lambda c: change_tensors(c, SKY, lambda t: t.update(number=t["number"][1:].clone())),
    "sky copies": lambda c: change_tensors(c, SKY, lambda t: t.update(copies=t["copies"].repeat(99, 1))),
    "sky labels": lambda c: change_tensors(c, SKY, lambda t: t["labels"].fill_(999)),
    "sky pieces": lambda c: change_tensors(c, SKY, lambda t: t["number"].fill_(10**6)),
    "sky place": lambda c: change_tensors(c, SKY, lambda t: t["copies"].fill_(-(10**9))),
    "sky nan": lambda c: change_tensors(c, SKY, lambda t: t["correction"].fill_(float("nan"))),
    "w": lambda c: change_tensors(c, "model.safetensors", lambda t: t.update({"0.w": torch.zeros(1, 5, 7)})),
    "map": lambda c: change_tensors(c, "model.safetensors", lambda t: t.pop("0.s_static.2")),
    "nan": lambda c: change_tensors(c, "model.safetensors", lambda t: t["0.w"].fill_(float("nan"))),
    "more": lambda c: change_tensors(c, "model.safetensors", lambda t: t.update(more=torch.zeros(3))),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_in_one_sentence(case, saved, small_models):
    content = members(saved)
    HOSTILE[case](content)
    write(saved, content)
    refused(saved, small_models)


def test_compressed_models_and_broken_zips_are_refused(saved, small_models, tmp_path):
    content = members(saved)
    write(saved, content, zipfile.ZIP_DEFLATED)
    refused(saved, small_models)
    write(saved, content)
    whole = saved.read_bytes()
    for data in (b"", b"PK", whole[: len(whole) // 2], whole[:200] + bytes(400) + whole[600:]):
        saved.write_bytes(data)
        refused(saved, small_models)
    assert "check the name" in refused(tmp_path / "none.landscape", small_models)


def test_the_shot_that_was_chosen_stays_with_the_scene(scene, saved, tmp_path):
    shot = Shot().with_values({"speed": 2.0, "style": "deep night", "seconds": 3.0, "seed": 3})
    save_scene(scene, tmp_path / "night.landscape", shot)
    found = shot_in_scene(tmp_path / "night.landscape")
    assert found == dataclasses.replace(shot, inversion=scene.settings) == read_recipe(tmp_path / "night.landscape")
    assert shot_in_scene(saved) == Shot(inversion=scene.settings)


@pytest.mark.parametrize("damage", [lambda content: content.pop("shot"), lambda content: content.update(shot=[3])])
def test_scenes_without_a_shot_open_with_the_defaults(scene, saved, small_models, tmp_path, damage):
    """As those that were saved before shots were."""
    found = members(saved)
    content = json.loads(found["scene.json"])
    damage(content)
    older = tmp_path / "older.landscape"
    with zipfile.ZipFile(older, "w") as archive:
        for name, data in (found | {"scene.json": json.dumps(content)}).items():
            archive.writestr(name, data)
    assert shot_in_scene(older) == Shot()
    assert np.array_equal(frames(open_scene(older, small_models)), frames(scene))
