"""Ctrl+C at any moment: one word, no traceback."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from landscape.scene.recipe import write_recipe
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, FitSettings

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at what the system knows of a process")
ROOT = Path(__file__).resolve().parents[1]


def wait_for_first_line(process: subprocess.Popen[str]) -> None:
    """Python itself takes no signal but Ctrl+C; the program takes all of them in its first lines."""
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        caught = int(Path(f"/proc/{process.pid}/status").read_text().split("SigCgt:")[1].split()[0], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.001)


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """A short run from the first line to the last."""
    (tmp_path / "out").mkdir()
    with Image.open(ROOT / "assets/sea_coast.jpg") as image:
        image.resize((160, 108)).save(tmp_path / "photo.jpg")
    write_recipe(tmp_path / "r.json", Shot(inversion=FitSettings("E"), export=ExportSettings(1.0, 10, 160)))
    animate = ["animate", "photo.jpg", "-o", "out/clip.mp4", "--recipe", "r.json", "--save-scene", "out/a.landscape"]
    return ["-m", "landscape", *animate]


def interrupted(
    command: list[str], folder: Path, seconds: float, *numbers: int, pause: float = 0.05
) -> tuple[int, str, bool]:
    """Send a program signals after its first line; its status, what it said, and whether it ran at the first one."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, *command], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    wait_for_first_line(process)
    time.sleep(seconds)
    running = process.poll() is None
    for number in numbers:
        process.send_signal(number)
        time.sleep(pause)
    _, said = process.communicate(timeout=120)
    return process.returncode, said, running


def check(folder: Path, number: int, ended: tuple[int, str, bool]) -> None:
    status, said, running = ended
    assert "Traceback" not in said and "Error" not in said and "Exception" not in said, said
    if running:
        assert (status, "Stopped." in said) == (128 + number, True), said
    else:
        assert status == 0, said
    left = [path.name for path in (folder / "out").iterdir()]
    assert set(left) <= {"clip.mp4", "clip.mp4.json", "a.landscape"}, left


@pytest.mark.parametrize("seconds", [0, 0.1, 0.4])
def test_the_first_moments(tmp_path: Path, command: list[str], seconds: float) -> None:
    check(tmp_path, signal.SIGINT, interrupted(command, tmp_path, seconds, signal.SIGINT))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_and_impatience(tmp_path: Path, command: list[str], number: int) -> None:
    check(tmp_path, number, interrupted(command, tmp_path, 0.5, number, number, number))


def test_the_app_is_stopped_while_it_starts(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    check(tmp_path, signal.SIGINT, interrupted([str(ROOT / "app.py"), "--no-browser"], tmp_path, 0.1, signal.SIGINT))


def test_a_program_that_outlives_its_terminal_goes_on(tmp_path: Path) -> None:
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "from landscape.stopping import take_signals; take_signals(); os.kill(os.getpid(), signal.SIGHUP)"
    )
    assert interrupted(["-c", code], tmp_path, 0)[:2] == (0, "")


def test_a_second_wish_ends_the_program_within_a_step(tmp_path: Path) -> None:
    code = (
        "import time; from landscape.commands import console; console.PATIENCE = 0.1\n"
        "from pathlib import Path; from landscape.files import replacing\n"
        "with console.cancel_on_signals(), replacing(Path('out/a')) as partial:\n"
        "    partial.write_text('half'); Path('ready').touch()\n"
        "    while True: time.sleep(0.01)\n"
    )
    (tmp_path / "out").mkdir()
    ended = interrupted(["-c", code], tmp_path, 1, signal.SIGINT, signal.SIGINT, pause=0.4)
    assert (tmp_path / "ready").exists()
    check(tmp_path, signal.SIGINT, ended)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_moment(tmp_path: Path, command: list[str], seed: int) -> None:
    """Twelve moments between the first and the last line."""
    started = time.monotonic()
    status, said, _ = interrupted(command, tmp_path, 0)
    assert status == 0, said
    length = time.monotonic() - started
    moments = random.Random(seed)
    for _ in range(12):
        seconds = moments.uniform(0, length)
        numbers = moments.choice([[signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGTERM]])
        check(tmp_path, numbers[0], interrupted(command, tmp_path, seconds, *numbers, pause=moments.uniform(0.01, 1)))
