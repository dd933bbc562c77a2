"""The command line as a user meets it."""

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
from landscape.errors import LandscapeError
from landscape.output.video import probe_video
from landscape.scene.recipe import Recipe, read_recipe, write_recipe
from landscape.settings import ExportSettings, FitSettings

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
    assert run("segment", photo, "-o", labels).returncode == 0
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
    slower = within("animate", photo, "-o", tmp_path / "slow.gif", "--recipe", tmp_path / "clip.mp4", "--speed", "0.5")
    assert slower.exit_code == 0
    content = read_recipe(tmp_path / "slow.gif")
    assert (content.motion.speed, content.motion.direction, content.export.format) == (0.5, 90.0, "gif")


def test_a_batch_goes_on_where_it_stopped(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    with Image.open(ROOT / "assets/sea_coast.jpg") as image:
        image.resize((160, 108)).save(photos / "sea.jpg")
    (photos / "broken.png").write_text("no picture")
    recipe = Recipe(inversion=FitSettings("E"), export=ExportSettings(0.2, 10, 128))
    write_recipe(tmp_path / "recipe.json", recipe)
    options = ("batch", photos, "--recipe", tmp_path / "recipe.json", "-o", tmp_path / "out")
    first = within(*options)
    assert first.exit_code == 1
    assert "1 made, 0 there before, 1 failed" in first.output and "broken.png" in first.output
    assert probe_video(tmp_path / "out" / "sea.mp4")["frames"] == 2
    assert "0 made, 1 there before, 1 failed" in within(*options).output


def test_samples_are_written_as_grid_and_video(tmp_path):
    result = run(
        "sample", "-n", 4, "-o", tmp_path / "g.png", "--video", tmp_path / "v.mp4", "--seconds", 0.2, "--cell", 64
    )
    assert result.returncode == 0, result.stderr
    assert Image.open(tmp_path / "g.png").size == (128, 128)
    assert probe_video(tmp_path / "v.mp4")["frames"] == 6


def test_priors_and_enlarged_samples_ask_for_what_they_need(called, tmp_path):
    status, error = called("train", "gan", "--data", tmp_path, "--out", tmp_path / "run", "--prior", tmp_path / "none")
    assert status == 2 and "There is no prior" in error and not (tmp_path / "run").exists()
    status, error = called("evaluate", "generation", "--data", tmp_path, "--upscaled")
    assert status == 2 and "add --inception" in error
