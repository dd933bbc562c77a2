"""Damaged and made-up files of every kind are read right or refused in a sentence."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import seeded_models
from tests.hostile import DAMAGES, LARGEST, Reader, inputs, special, wholes

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def models():
    return seeded_models()


@pytest.fixture(scope="module")
def whole(models, tmp_path_factory):
    return wholes(tmp_path_factory.mktemp("whole"), models)


@pytest.fixture(scope="module")
def first(whole):
    return list(special(whole))


def test_whole_files_are_read(whole, models, tmp_path) -> None:
    """What is damaged below would be read if it were not."""
    reader = Reader(models)
    for kind, files in whole.items():
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
            assert reader.read(kind, tmp_path / name) is not None


def test_a_seed_gives_the_same_inputs(whole, first) -> None:
    one, again, other = (list(itertools.islice(inputs(seed, whole, first), len(first) + 90)) for seed in (3, 3, 4))
    assert one == again != other
    assert {damage.__name__ for damage in DAMAGES} <= {hostile.damage for hostile in one}
    assert len(first) > 200


def test_hostile_files_of_every_kind(whole, first, models, tmp_path) -> None:
    """A few of each kind; the slow test tries hundreds."""
    reader = Reader(models)
    chosen = list(itertools.islice(inputs(1, whole, first[::15]), 80))
    complaints = [(hostile.damage, hostile.name, reader.complaint(hostile, tmp_path)) for hostile in chosen]
    assert [complaint for complaint in complaints if complaint[2]] == []


def test_a_reader_that_fails_is_noticed(whole, models, tmp_path) -> None:
    reader = Reader(models)
    hostile = next(inputs(0, whole, []))

    def fail(path: Path) -> None:
        raise IndexError("list index out of range")

    reader.readers[hostile.kind] = fail
    assert "IndexError" in str(reader.complaint(hostile, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_hundreds_of_hostile_files(seed: int) -> None:
    """In a process of its own: a crash is noticed, and its memory is its own."""
    command = [sys.executable, "-m", "tests.hostile", "--seed", str(seed), "--count", "600"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-500:]
    assert "600 inputs, 0 wrong" in done.stdout and float(done.stdout.split()[-2]) < LARGEST
