"""No command loses anybody's work: each is tried on files that it must not write."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.cli import main
from landscape.errors import LandscapeError
from landscape.files import save_picture, write_table
from landscape.models.files import save_weights
from landscape.output.video import write_video
from landscape.scene.batch import finished, plan_batch, run_batch
from landscape.scene.recipe import recipe_beside, write_recipe
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, FitSettings
from landscape.targets import require_targets
from landscape.training.run.checkpoint import require_new_run, save_state

FRAME = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
GIF = Shot(inversion=FitSettings("E"), export=ExportSettings(0.2, 10, 64, format="gif"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a photographer may have, and clips that were made of it."""
    for name in ("photo.jpg", "anim.gif", "mask.png", "sheet.jpg"):
        Image.fromarray(FRAME).save(tmp_path / name)
    for name in ("notes.json", "table.md", "holiday.mp4", "w.safetensors", "a.landscape", "b.zip"):
        (tmp_path / name).write_text("mine")
    write_recipe(tmp_path / "r.json", GIF)
    write_video(tmp_path / "own.mp4", [FRAME] * 2, 10, metadata=Shot().as_dict())
    write_recipe(tmp_path / "own.mp4.json", Shot())
    (tmp_path / "other.mp4.json").write_text("mine")
    (tmp_path / "link.mp4").symlink_to("holiday.mp4")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.jsonl").write_text("{}")
    (tmp_path / "run" / "curves.png").write_text("mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


COMMANDS = """
animate photo.jpg -o holiday.mp4
animate photo.jpg -o link.mp4
animate photo.jpg -o ./run/../holiday.mp4
animate photo.jpg -o b.zip
animate photo.jpg -o other.mp4
animate anim.gif -o anim.gif
animate anim.gif -o ./anim.gif
animate photo.jpg -o new.mp4 --json notes.json
animate photo.jpg -o new.mp4 --json photo.jpg
animate photo.jpg -o new.mp4 --json r.json --recipe r.json
animate photo.jpg -o new.mp4 --json r.json
animate photo.jpg -o new.mp4 --json new.mp4
animate photo.jpg -o new.mp4 --json new.mp4.json
animate photo.jpg -o new.mp4 --json mask.png --mask mask.png
animate photo.jpg -o new.mp4 --save-scene a.landscape
animate a.landscape -o new.mp4 --save-scene a.landscape
animate photo.jpg -o own.mp4 --recipe own.mp4
animate photo.jpg -o own.mp4 --recipe own.mp4.json
segment photo.jpg -o photo.jpg
segment photo.jpg -o mask.png
sample -o sheet.jpg
sample --video holiday.mp4
styles sheet photo.jpg -o sheet.jpg
styles sheet photo.jpg -o photo.jpg
evaluate inversion photo.jpg --json notes.json
evaluate inversion photo.jpg --table table.md
evaluate animation photo.jpg --json photo.jpg
evaluate output photo.jpg --table notes.json
evaluate upscaler photo.jpg --json notes.json
evaluate segmentation --data . --json notes.json
evaluate generation --data . --json notes.json
train export run --out w.safetensors
train curves run
train prior run --weights w.safetensors
train lighting --out run --weights w.safetensors
train encoder --data . --out run --weights w.safetensors
train segmenter --data . --out run --weights w.safetensors
train matte --data . --out run --weights w.safetensors
train upscaler --data . --out run --weights w.safetensors
train realesrgan --weights w.safetensors
""".strip().splitlines()


@pytest.mark.parametrize("line", COMMANDS)
def test_no_command_writes_over_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    before = state(folder)
    monkeypatch.setattr(sys, "argv", ["landscape", *line.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err.strip()
    assert ended.value.code == 2 and "\n" not in said, said
    assert any(words in said for words in ("another name", "a name of its own")), said
    assert state(folder) == before


def test_too_long_a_name_is_refused_before_the_fit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["landscape", "animate", "photo.jpg", "-o", "a" * 249 + ".mp4"])
    with pytest.raises(SystemExit):
        main()
    assert "too long" in capsys.readouterr().err


def animate(item, recipe, progress, cancel):
    write_video(item.out, [FRAME] * 2, 10, metadata=recipe.as_dict())


def test_a_batch_among_its_photos_keeps_them_and_makes_no_clips_of_clips(tmp_path: Path) -> None:
    for name in ("anim.gif", "anim-2.gif", "lake.jpg", "sea.jpg", "sea.png"):
        Image.fromarray(FRAME + len(name)).save(tmp_path / name)
    (tmp_path / "lake.gif.json").write_text("mine")
    save_picture(FRAME, tmp_path / "sheet.png")
    photos = state(tmp_path)
    report = run_batch(plan_batch([tmp_path], tmp_path, GIF), GIF, animate)
    assert not report.failed
    written = ["anim-2-2.gif", "anim-3.gif", "lake-2.gif", "sea.gif", "sea-2.gif"]
    assert [path.name for path in report.written] == written
    made = state(tmp_path)
    assert made.items() >= photos.items() and len(made) == len(photos) + 2 * len(written)
    for again in ([tmp_path], sorted(tmp_path.iterdir()), [tmp_path, Path(tmp_path, ".", "lake.jpg")]):
        items = plan_batch([path for path in again if path.name != "lake.gif.json"], tmp_path, GIF)
        report = run_batch(items, GIF, animate)
        assert sorted(path.name for path in report.skipped) == sorted(written) and not report.written
        assert state(tmp_path) == made


def test_a_batch_keeps_its_recipe_and_clips_of_others(tmp_path: Path) -> None:
    Image.fromarray(FRAME).save(tmp_path / "sea.jpg")
    out = tmp_path / "out"
    out.mkdir()
    (item,) = plan_batch([tmp_path / "sea.jpg"], out, GIF)
    write_video(item.out, [FRAME] * 2, 10, metadata=Shot().as_dict())
    write_recipe(recipe_beside(item.out), Shot(), item.photo)
    (other,) = plan_batch([tmp_path / "sea.jpg"], out, GIF, [item.out])
    assert other.out.name == "sea-2.gif"
    run_batch([item], GIF, animate)
    assert finished(item, GIF)
    assert plan_batch([tmp_path / "sea.jpg"], out, GIF, [item.out]) == [item], "nothing is to be written"
    item.out.write_bytes(b"somebody's")
    recipe_beside(item.out).unlink()
    assert plan_batch([tmp_path / "sea.jpg"], out, GIF) == [other]


def test_long_names_of_photos_are_cut_in_a_batch(tmp_path: Path) -> None:
    for end in "ab":
        Image.fromarray(FRAME).save(tmp_path / f"{'明' * 83}{end}.jpg")
    items = plan_batch([tmp_path], tmp_path, GIF)
    report = run_batch(items, GIF, animate)
    assert len(report.written) == 2 and not report.failed
    assert len(run_batch(plan_batch([tmp_path], tmp_path, GIF), GIF, animate).skipped) == 2


def test_a_batch_into_a_file_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["landscape", "batch", "photo.jpg", "-o", "notes.json"])
    with pytest.raises(SystemExit):
        main()
    assert "no folder" in capsys.readouterr().err


def test_tables_are_written_again(tmp_path: Path) -> None:
    write_table(tmp_path / "t.md", "| a |")
    require_targets([], (tmp_path / "t.md", "table"))
    (tmp_path / "t.md").write_text((tmp_path / "t.md").read_text() + "My remark.")
    with pytest.raises(LandscapeError, match="remove it first"):
        require_targets([], (tmp_path / "t.md", "table"))


def test_a_training_does_not_begin_over_another(tmp_path: Path) -> None:
    save_state(tmp_path / "state.pt", {"step": 1})
    require_new_run(tmp_path / "state.pt", True)
    with pytest.raises(LandscapeError, match="--resume"):
        require_new_run(tmp_path / "state.pt", False)


def test_training_data_is_not_prepared_over_files_of_others(tmp_path: Path) -> None:
    from landscape.training.data.pictures import prepare

    (tmp_path / "data" / "stills").mkdir(parents=True)
    for name in "abc":
        Image.fromarray(FRAME).save(tmp_path / "data" / "stills" / f"{name}.jpg")
    out = tmp_path / "out"
    for _ in range(2):
        prepare(tmp_path / "data", out, (8,))
    assert sorted(path.name for path in out.iterdir()) == ["0008", "index.json"]
    (out / "index.json").write_text('{"settings": "mine"}')
    with pytest.raises(LandscapeError, match="another folder"):
        prepare(tmp_path / "data", out, (8,))
    assert (out / "index.json").read_text() == '{"settings": "mine"}'


def test_weights_of_ours_are_replaced_and_folders_made(tmp_path: Path) -> None:
    from landscape.commands.train_options import require_weights

    require_weights([], tmp_path / "a" / "b" / "w.safetensors")
    save_weights(tmp_path / "a" / "b" / "w.safetensors", {}, {})
    require_weights([], tmp_path / "a" / "b" / "w.safetensors", None)
    shutil.copy(tmp_path / "a" / "b" / "w.safetensors", tmp_path / "start.safetensors")
    with pytest.raises(LandscapeError, match="which is read"):
        require_weights([tmp_path / "start.safetensors"], tmp_path / "start.safetensors")
