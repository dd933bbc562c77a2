"""No photographer's file is ever written over, and what killed runs leave is removed."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape import marks
from landscape.commands.animate import write_json
from landscape.errors import LandscapeError
from landscape.files import replacing, save_picture
from landscape.marks import made_here
from landscape.masks.labels import write_labels
from landscape.models.files import save_weights
from landscape.output.video import write_video
from landscape.scene.recipe import write_recipe
from landscape.scene.shot import Shot
from landscape.targets import longest_name, require_targets, same_file, shortened
from landscape.working_folders import WorkingFolder, remove_leftovers

FRAME = np.full((32, 48, 3), 120, np.uint8)


def clip(path: Path, metadata: dict[str, object] | None = None) -> Path:
    return write_video(path, [FRAME] * 3, 10, metadata=Shot().as_dict() if metadata is None else metadata)


def refuses(reads: list[Path | None], *writes: tuple[Path | None, str]) -> str:
    with pytest.raises(LandscapeError) as refused:
        require_targets(reads, *writes)
    sentence = str(refused.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "lake.gif"
    Image.fromarray(FRAME).save(path)
    return path


@pytest.mark.parametrize("spelling", ["same", "relative", "dots", "link", "hard link", "folder link"])
def test_what_is_read_is_never_written(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other"
    (tmp_path / "a").mkdir()
    if spelling == "link":
        other.symlink_to(photo)
    elif spelling == "hard link":
        os.link(photo, other)
    elif spelling == "folder link":
        other.symlink_to(tmp_path)
    target = {
        "same": photo, "relative": Path("lake.gif"), "dots": Path("./a/../lake.gif"), "folder link": other / photo.name,
    }.get(spelling, other)  # fmt: skip
    assert "which is read" in refuses([None, photo], (target, "clip"))


def test_own_files_that_are_read_are_not_written_either(tmp_path: Path) -> None:
    made = clip(tmp_path / "clip.mp4")
    assert "which is read" in refuses([made], (made, "clip"))
    require_targets([], (made, "clip"))
    (tmp_path / "weights").mkdir()
    save_weights(tmp_path / "weights" / "a.safetensors", {}, {})
    assert "which is read" in refuses([tmp_path / "weights"], (tmp_path / "weights" / "a.safetensors", "weights"))


def test_two_results_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "b.json").symlink_to(tmp_path / "a.json")
    for second in ("a.json", "./a.json", "b.json", "A.JSON"):
        assert "one file" in refuses([], (tmp_path / "a.json", "recipe"), (tmp_path / second, "report"))
    require_targets([], (tmp_path / "a.json", "recipe"), (None, "scene"), (tmp_path / "c.json", "report"))


def write_all(folder: Path) -> dict[Path, str]:
    """One file of each kind."""
    made = {clip(folder / f"clip{suffix}"): "clip" for suffix in (".mp4", ".webm", ".gif", ".zip")}
    save_picture(FRAME, folder / "a.png")
    save_picture(FRAME, folder / "a.jpg")
    write_labels(folder / "labels.png", np.zeros((8, 8), np.uint8))
    write_json(folder / "report.json", {"output": 1})
    save_weights(folder / "w.safetensors", {}, {"steps": 1})
    made |= {folder / name: "picture" for name in ("a.png", "a.jpg", "labels.png")}
    made |= {folder / "report.json": "report", folder / "w.safetensors": "weights"}
    return made | {write_recipe(folder / "recipe.json", Shot()): "recipe"}


def test_own_files_are_known_and_may_be_written_again(tmp_path: Path) -> None:
    for path, kind in write_all(tmp_path).items():
        assert [name for name in marks.KINDS if made_here(path, name)] == [kind], path
        require_targets([], (path, kind))
        other = "scene" if kind == "clip" else "clip"
        assert "choose another name" in refuses([], (path, other))


def test_files_of_others_stay(tmp_path: Path, photo: Path) -> None:
    foreign = [photo, clip(tmp_path / "a.mp4", {"comment": "holiday"}), clip(tmp_path / "b.webm", {"landscape": "yes"})]
    for suffix in ("png", "jpg"):
        Image.fromarray(FRAME).save(tmp_path / f"c.{suffix}")
        foreign.append(tmp_path / f"c.{suffix}")
    for name, content in (
        ("d.json", '{"a": 1}'), ("e.json", "[]"), ("f.json", '{"landscape": "painting"}'), ("g.md", "| a |"),
        ("h.mp4", "no video"), ("i.json", "\xff{"), ("j.safetensors", "12345678{}"), ("k.zip", "PK\x03\x04"),
    ):  # fmt: skip
        (tmp_path / name).write_text(content, encoding="latin-1")
        foreign.append(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.writestr("holiday.txt", "")
    for path in (*foreign, tmp_path / "l.zip"):
        assert not made_here(path), path
        for kind in marks.KINDS:
            assert "choose another name" in refuses([], (path, kind))


@pytest.mark.parametrize("name", ["labels.png", "a.png", "a.jpg"])
def test_a_picture_that_was_painted_on_is_the_painters(tmp_path: Path, name: str) -> None:
    write_all(tmp_path)
    path = tmp_path / name
    with Image.open(path) as picture:
        assert made_here(path, "picture")
        edited = np.array(picture)
        # A program that keeps what the file says about itself.
        picture.load()
        kept = {"comment": picture.info["comment"]} if name.endswith("jpg") else {"pnginfo": _texts(picture)}
    edited[0, 0] = 2
    Image.fromarray(edited).save(path, **kept)
    assert not made_here(path)
    assert "choose another name" in refuses([], (path, "picture"))


def _texts(picture: Image.Image) -> object:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in picture.info.items():
        info.add_text(key, value)
    return info


def test_empty_files_may_be_written_and_other_things_not(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    require_targets([], (tmp_path / "empty.mp4", "clip"))
    assert "which is read" in refuses([tmp_path / "empty.mp4"], (tmp_path / "empty.mp4", "clip"))
    (tmp_path / "folder.mp4").mkdir()
    assert "is a folder" in refuses([], (tmp_path / "folder.mp4", "clip"))
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "choose another name" in refuses([], (tmp_path / "pipe.mp4", "clip"))
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    assert "choose another name" in refuses([], (tmp_path / "loop.mp4", "clip"))
    (tmp_path / "lost.mp4").symlink_to(tmp_path / "none" / "clip.mp4")
    assert "does not exist" in refuses([], (tmp_path / "lost.mp4", "clip"))


def test_a_link_stays_and_where_it_leads_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("video", "text"):
        (tmp_path / f"{name}.mp4").symlink_to(tmp_path / "there" / name)
    require_targets([], (tmp_path / "video.mp4", "clip"))
    clip(tmp_path / "video.mp4")
    with replacing(tmp_path / "text.mp4") as partial:
        partial.write_text("new")
    assert all((tmp_path / f"{name}.mp4").is_symlink() for name in ("video", "text"))
    assert made_here(tmp_path / "there" / "video", "clip") and (tmp_path / "there" / "text").read_text() == "new"
    assert sorted(os.listdir(tmp_path / "there")) == ["text", "video"]


def test_a_file_that_somebody_put_there_meanwhile_stays(tmp_path: Path) -> None:
    """A fit takes minutes: what was free before it may be a photographer's file after it."""

    def frames(path: Path) -> Iterator[np.ndarray]:
        yield FRAME
        path.write_bytes(b"holiday")
        yield FRAME

    film, mask = tmp_path / "film.mp4", tmp_path / "mask.png"
    require_targets([], (film, "clip"), (mask, "picture"))
    for number in (2, 3):
        with pytest.raises(LandscapeError, match=f"kept as “film-{number}.mp4” beside it"):
            write_video(film, frames(film), 10, metadata=Shot().as_dict())
        assert film.read_bytes() == b"holiday" and made_here(tmp_path / f"film-{number}.mp4", "clip")
    mask.write_bytes(b"painted")
    with pytest.raises(LandscapeError, match="kept as “mask-2.png”"):
        save_picture(FRAME, mask)
    assert mask.read_bytes() == b"painted" and made_here(tmp_path / "mask-2.png", "picture")
    assert len(list(tmp_path.iterdir())) == 5
    for _ in range(2):
        save_picture(FRAME, tmp_path / "mask-2.png")
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize("letter", ["a", "ä", "明"])
def test_names_are_refused_when_what_stands_beside_them_is_too_long(tmp_path: Path, letter: str) -> None:
    most = longest_name(tmp_path)
    name = shortened(letter * most, ".mp4", most)
    assert most - 3 < len(os.fsencode(name)) <= most
    path = tmp_path / name
    assert "too long" in refuses([], (path, "clip"), (path.with_name(f"{name}.json"), "recipe"))
    clip(path)
    require_targets([], (path, "clip"))
    assert "too long" in refuses([], (tmp_path / (letter * 4000), "clip"))


def test_upper_and_lower_case_are_told_apart_where_the_place_does(photo: Path) -> None:
    other = photo.with_name("LAKE.GIF")
    assert same_file(photo, other) == other.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from landscape.files import replacing
from landscape.stopping import take_signals
take_signals()
with replacing(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    print(flush=True)
    os.kill(os.getpid(), int(sys.argv[2]))
    signal.pause()
"""


def kill(target: Path, number: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, str(target), str(number)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_end_leaves_nothing(tmp_path: Path, number: int) -> None:
    ended = kill(tmp_path / "a.txt", number)
    assert ended.returncode == 128 + number and ended.stderr == "Stopped.\n"
    assert os.listdir(tmp_path) == []


def test_what_killed_runs_leave_goes_with_the_next(tmp_path: Path) -> None:
    kill(tmp_path / "a.txt", signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    assert {path.name for path in left.iterdir()} == {"lock", "file.txt"}
    require_targets([], (tmp_path / "b.txt", "clip"))
    assert os.listdir(tmp_path) == []
    for number in range(3):
        kill(tmp_path / f"{number}.txt", signal.SIGKILL)
    with replacing(tmp_path / "b.txt") as partial:
        partial.write_text("whole")
    assert os.listdir(tmp_path) == ["b.txt"]


def test_what_lives_stays(tmp_path: Path) -> None:
    folder = WorkingFolder(tmp_path)
    (folder.path / "half").touch()
    remove_leftovers(tmp_path)
    command = "import sys; from pathlib import Path; from landscape.working_folders import remove_leftovers;"
    subprocess.run([sys.executable, "-c", f"{command} remove_leftovers(Path(sys.argv[1]))", tmp_path], check=True)
    assert (folder.path / "half").exists()
    folder.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("owner", [{"made by": "somebody"}, {"host": "elsewhere", "boot": "other"}, [], None])
def test_what_merely_looks_like_a_leftover_stays(tmp_path: Path, owner: object) -> None:
    kill(tmp_path / "a.txt", signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    content = json.loads((left / "lock").read_text())
    changed = content | owner if isinstance(owner, dict) else owner
    (left / "lock").write_text("" if changed is None else json.dumps(changed))
    for name in (".a.txt.part", ".a.part.mp4", "landscape-0123456789abcdef.part", ".landscape-.part"):
        (tmp_path / name).write_text("mine")
    (tmp_path / ".landscape-0123456789abcdef.part").mkdir()
    (tmp_path / ".landscape-0123456789abcdef.part" / "diary.txt").write_text("mine")
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    remove_leftovers(tmp_path)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_a_link_to_a_leftover_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    kill(tmp_path / "a" / "a.txt", signal.SIGKILL)
    (left,) = (tmp_path / "a").iterdir()
    (tmp_path / left.name).symlink_to(left)
    remove_leftovers(tmp_path)
    assert (tmp_path / left.name).is_symlink() and (left / "file.txt").exists()


def test_folders_of_other_computers_are_removed_when_they_are_old(tmp_path: Path) -> None:
    kill(tmp_path / "a.txt", signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    content = json.loads((left / "lock").read_text()) | {"host": "elsewhere", "boot": "other"}
    (left / "lock").write_text(json.dumps(content))
    for path in left.iterdir():
        os.utime(path, (1e9, 1e9))
    remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Already the first bytes of the working folder find no room."""

    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    frames = iter([np.zeros((64, 64, 3), np.uint8)])
    monkeypatch.setattr("landscape.working_folders.os.write", full)
    with pytest.raises(LandscapeError, match="the disk is full"):
        write_video(tmp_path / "a.mp4", frames, 10)
    with pytest.raises(LandscapeError, match="cannot be written"), replacing(tmp_path / "a.json") as partial:
        partial.write_bytes(b"{}")
    assert not list(tmp_path.iterdir())
