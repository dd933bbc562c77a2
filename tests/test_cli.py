"""The command line as a user meets it."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from landscape.cli import cli, main
from landscape.commands.animate import write_json
from landscape.commands.choices import shot_of
from landscape.errors import LandscapeError
from landscape.output.video import probe_video
from landscape.scene.recipe import read_recipe, write_recipe
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, FitSettings, LightKey, LightSettings

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "landscape", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=300
    )


def within(*arguments):
    """Run a command within this process, which spares loading everything once more."""
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture
def called(monkeypatch, capsys):
    """Run a command within this process: exit status and what it wrote to standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["landscape", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code, capsys.readouterr().err

    return call


def test_help_names_every_command():
    text = CliRunner().invoke(cli, ["--help"]).output
    assert all(name in text for name in ("animate", "batch", "segment", "sample", "train", "evaluate", "styles", "app"))


def bad_files(folder):
    broken = folder / "broken.jpg"
    Image.new("RGB", (300, 200)).save(broken)
    broken.write_bytes(broken.read_bytes()[:400])
    tiny = folder / "tiny.png"
    Image.new("RGB", (8, 8)).save(tiny)
    text = folder / "text.jpg"
    text.write_text("no picture")
    return [broken, tiny, text, folder / "missing.jpg", folder]


@pytest.mark.parametrize("index", range(5))
def test_bad_photos_get_one_sentence_and_status_2(tmp_path, index, called):
    photo = bad_files(tmp_path)[index]
    before = sorted(tmp_path.iterdir())
    status, message = called("animate", photo, "-o", tmp_path / "out.mp4")
    assert status == 2
    assert message.strip().count("\n") == 0 and message.strip().endswith(".")
    assert sorted(tmp_path.iterdir()) == before


def test_bad_photo_ends_the_real_process_with_status_2(tmp_path):
    result = run("animate", tmp_path / "missing.jpg", "-o", tmp_path / "out.mp4")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr and result.stdout == ""


@pytest.mark.parametrize(
    "options",
    [
        ("--direction", "13"),
        ("--style", "noon"),
        ("--speed", "-1"),
        ("--variant", "EOX"),
        ("--seconds", "0"),
        ("--device", "abacus"),
        ("--recipe", "soup"),
        ("--save-scene", "scene.zip"),
    ],
)
def test_bad_options_get_one_sentence_and_status_2(tmp_path, options, called):
    status, message = called("animate", ROOT / "assets/sea_coast.jpg", "-o", tmp_path / "out.mp4", *options)
    assert status == 2 and message.strip().endswith(".")
    assert list(tmp_path.iterdir()) == []


def test_targets_are_checked_before_the_work(tmp_path, called):
    for name, sentence in (("clip.avi", r"\.mp4"), ("none/clip.mp4", "does not exist")):
        status, message = called("animate", ROOT / "assets/sea_coast.jpg", "-o", tmp_path / name)
        assert status == 2 and re.search(sentence, message)
    with pytest.raises(LandscapeError, match="another place"):
        write_json(tmp_path / "none" / "report.json", {})


@pytest.fixture
def light_of(monkeypatch, tmp_path):
    """The light that ``animate`` would use with some options; nothing is made."""
    found = []

    def take(*arguments):
        found.append(shot_of(*arguments).light)
        raise LandscapeError("That is enough.")

    monkeypatch.setattr("landscape.commands.animate.shot_of", take)

    def ask(*options):
        within("animate", ROOT / "assets/sea_coast.jpg", "-o", tmp_path / "out.mp4", *options)
        return found.pop()

    return ask


def test_the_later_word_on_the_light_wins(light_of, tmp_path):
    keys = (LightKey(0.0, None), LightKey(1.0, "blue hour"))
    day = LightSettings(day_cycle=True, keys=keys)
    write_recipe(tmp_path / "day.json", Shot(light=day))
    write_recipe(tmp_path / "dusk.json", Shot(light=LightSettings("warm sunset", 0.5)))
    recipe = ("--recipe", tmp_path / "day.json")
    assert light_of(*recipe) == day
    assert light_of(*recipe, "--style", "DEEP  night") == dataclasses.replace(day, style="deep night", day_cycle=False)
    assert light_of("--style", "Deep Night", *recipe).style == "deep night"
    assert not light_of(*recipe, "--style", "Photo").active
    assert not light_of(*recipe, "--no-day-cycle").active
    assert light_of("--recipe", tmp_path / "dusk.json", "--day-cycle") == LightSettings("warm sunset", 0.5, True)
    assert not light_of("--recipe", tmp_path / "dusk.json", "--style", "photo").active
    assert light_of("--style", "blue hour", "--day-cycle").day_cycle
    assert light_of("--day-cycle", "--style", "blue hour") == LightSettings("blue hour")
    assert light_of("--no-day-cycle", "--keys", "0 PHOTO, 1 Blue Hour") == day
    assert not light_of("--keys", "0 photo, 1 blue hour", "--style", "blue hour", "--strength", "0.5").day_cycle


def test_labels_are_written_as_png_alone(tmp_path, called):
    for name in ("labels.jpg", "labels", "labels.tif"):
        status, message = called("segment", ROOT / "assets/sea_coast.jpg", "-o", tmp_path / name)
        assert (
            status == 2 and message == f"Labels are written as PNG, which keeps them exactly: end “{name}” in .png.\n"
        )
    assert list(tmp_path.iterdir()) == []


def test_what_a_format_cannot_show_is_refused_before_the_fit(tmp_path, called):
    photo = tmp_path / "wide.png"
    Image.new("RGB", (640, 80), (90, 120, 200)).save(photo)
    options = ("--size", "64", "--format", "H265")
    status, message = called("animate", photo, "-o", tmp_path / "clip.mp4", *options)
    assert status == 2 and "MP4, H.265 cannot show 64 x 8 pixels, as both sides need at least 16: " in message
    assert list(tmp_path.iterdir()) == [photo]


def pictures(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return np.stack(frames)


def test_a_photo_becomes_labels_and_a_video(tmp_path):
    photo = tmp_path / "photo.jpg"
    with Image.open(ROOT / "assets/sea_coast.jpg") as image:
        image.resize((320, 214)).save(photo)
    labels = tmp_path / "labels.png"
    assert within("segment", photo, "-o", labels).exit_code == 0
    found = cv2.imread(str(labels), cv2.IMREAD_UNCHANGED)
    assert found.shape == (214, 320) and set(np.unique(found)) <= {0, 1, 2}
    assert (found[:20] == 1).mean() > 0.9

    report = tmp_path / "report.json"
    clip = ("--seconds", "0.4", "--fps", "10", "--size", "320", "--direction", "90deg")
    kept = tmp_path / "kept.landscape"
    options = (*clip, "--variant", "E", "--mask", labels, "--json", report, "--save-scene", kept)
    result = run("animate", photo, "-o", tmp_path / "clip.mp4", *options)
    assert result.returncode == 0, result.stderr
    probe = probe_video(tmp_path / "clip.mp4")
    assert (probe["width"], probe["height"], probe["frames"], probe["pixel_format"]) == (320, 214, 4, "yuv420p")
    content = json.loads(report.read_text())
    assert content["output"] == {"width": 320, "height": 214, "frames": 4, "fps": 10}
    assert content["variant"] == "E"
    assert {"segmentation", "inversion", "rendering"} <= content["timings"].keys()
    assert 0 < content["reconstruction"]["ssim"] <= 1 and content["reconstruction"]["lpips"] >= 0
    assert content["settings"]["motion"]["direction"] == 90
    assert 50 < content["peak_memory_mb"] < 4000
    again = CliRunner().invoke(cli, [str(item) for item in ("animate", kept, "-o", tmp_path / "again.mp4", *clip)])
    assert again.exit_code == 0, again.output
    assert np.array_equal(pictures(tmp_path / "again.mp4"), pictures(tmp_path / "clip.mp4"))
    assert not [path for path in tmp_path.iterdir() if "part" in path.name]

    beside = tmp_path / "clip.mp4.json"
    recipe = json.loads(beside.read_text())
    assert recipe["masks"]["png"] and recipe["photo"]["name"] == "photo.jpg"
    assert within("animate", photo, "-o", tmp_path / "again.mp4", "--recipe", beside).exit_code == 0
    assert probe_video(tmp_path / "again.mp4")["metadata"] == probe["metadata"]
    options = ("--recipe", tmp_path / "clip.mp4", "--speed", "0.5")
    slower = within("animate", photo, "-o", tmp_path / "slow.gif", *options)
    assert slower.exit_code == 0
    content = read_recipe(tmp_path / "slow.gif")
    assert (content.motion.speed, content.motion.direction, content.export.format) == (0.5, 90.0, "gif")

    kept.rename(tmp_path / "kept.landscape.zip")
    upright = tmp_path / "upright.png"
    with Image.open(photo) as image:
        image.crop((0, 0, 160, 214)).save(upright)
    for picture, sentence in ((tmp_path / "kept.landscape.zip", ""), (upright, "photo of another shape")):
        other = within("animate", picture, "-o", tmp_path / "other.mp4", *clip, "--variant", "e", "--recipe", beside)
        assert other.exit_code == 0 and (sentence in other.output if sentence else "shape" not in other.output)
    assert read_recipe(tmp_path / "other.mp4.json").masks is None
    masked = within("animate", upright, "-o", tmp_path / "other.mp4", "--mask", labels)
    assert "is 320 x 214 pixels and the photo 160 x 214: give" in str(masked.exception)


def test_a_batch_goes_on_where_it_stopped(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    with Image.open(ROOT / "assets/sea_coast.jpg") as image:
        image.resize((160, 108)).save(photos / "sea.jpg")
    (photos / "broken.png").write_text("no picture")
    recipe = Shot(inversion=FitSettings("E"), export=ExportSettings(0.2, 10, 128))
    write_recipe(tmp_path / "recipe.json", recipe)
    options = ("batch", photos, "--recipe", tmp_path / "recipe.json", "-o", tmp_path / "out")
    first = within(*options)
    assert first.exit_code == 1
    assert "1 made, 0 there before, 1 failed" in first.output and "broken.png" in first.output
    assert probe_video(tmp_path / "out" / "sea.mp4")["frames"] == 2
    assert "0 made, 1 there before, 1 failed" in within(*options).output


def test_samples_are_written_as_grid_and_video(tmp_path):
    result = within(
        "sample", "-n", 4, "-o", tmp_path / "g.png", "--video", tmp_path / "v.mp4", "--seconds", 0.2, "--cell", 64
    )
    assert result.exit_code == 0, result.output
    assert Image.open(tmp_path / "g.png").size == (128, 128)
    assert probe_video(tmp_path / "v.mp4")["frames"] == 6


def test_priors_and_enlarged_samples_ask_for_what_they_need(called, tmp_path):
    status, error = called("train", "gan", "--data", tmp_path, "--out", tmp_path / "run", "--prior", tmp_path / "none")
    assert status == 2 and "There is no prior" in error and not (tmp_path / "run").exists()
    status, error = called("evaluate", "generation", "--data", tmp_path, "--upscaled")
    assert status == 2 and "add --inception" in error
