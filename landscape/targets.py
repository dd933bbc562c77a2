"""Which files a run may write: none that it reads, and none that somebody else made.

This is decided here alone, before any work: :func:`require_targets` is told of all files that a command will read and
of all that it will write.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.files import require_writable
from landscape.marks import made_here
from landscape.working_folders import remove_leftovers

_LONGEST_NAME = 255
"""Bytes of a file's name where the system does not tell."""
_OTHER = "choose another name to write to."
_REMOVE = "choose another name, or remove it first."


def require_targets(reads: Iterable[Path | None], *writes: tuple[Path | None, str]) -> None:
    """Find out before any work that nothing is lost by it.

    Leftovers of killed runs in the folders that are written to are removed.

    Args:
        reads: All files that are read; folders stand for the files in them, None for nothing.
        writes: All files that are written, None for nothing, each with its kind, one of
            :data:`landscape.marks.KINDS`; an earlier file of that kind may be replaced.

    Raises:
        LandscapeError: If a file to write is read as well, is written twice, or is one that this program has not made;
            or if it cannot be written: its folder is missing or closed, its name is a folder's or too long.
    """
    sources = list(_files(reads))
    before: list[Path] = []
    for path, kind in writes:
        if path is None:
            continue
        require_name(path)
        require_writable(path)
        for source in sources:
            if same_file(source, path):
                raise LandscapeError(f"“{path}” would be written over “{source}”, which is read: {_OTHER}")
        for other in before:
            if same_file(other, path):
                raise LandscapeError(f"“{path}” and “{other}” are one file: give each a name of its own.")
        if not replaceable(path, kind):
            raise LandscapeError(f"“{path}” is there already and is no {kind} that was made here: {_REMOVE}")
        before.append(path)
    for folder in {Path(os.path.realpath(path)).parent for path in before}:
        remove_leftovers(folder)


def replaceable(path: Path, kind: str) -> bool:
    """Whether a file is not there, is empty, or is one of a kind that this program made."""
    if not os.path.lexists(os.path.realpath(path)):
        return True
    return os.path.isfile(path) and (os.path.getsize(path) == 0 or made_here(path, kind))


def same_file(first: Path, second: Path) -> bool:
    """Whether two paths are one file, through links, hard links and other spellings; one that is not there yet, too."""
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):
        pass
    here, there = (Path(os.path.realpath(path)) for path in (first, second))
    if here == there or os.path.lexists(here) or os.path.lexists(there):
        return here == there
    # Whether the place tells large letters from small ones shows only when a file is there.
    return _folded(here.name) == _folded(there.name) and _one_folder(here.parent, there.parent)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _one_folder(first: Path, second: Path) -> bool:
    try:
        return os.path.samefile(first, second)
    except OSError:
        return first == second


def require_folder(path: Path) -> None:
    """Make a folder for files unless it is there, and find out before any work whether it can be written to.

    Leftovers of killed runs in it are removed.

    Raises:
        LandscapeError: If a file has the name, the folder around it is missing, or it is closed to us.
    """
    if os.path.lexists(path) and not os.path.isdir(path):
        raise LandscapeError(f"“{path}” is no folder; choose another one.")
    if not os.path.isdir(path) and os.path.isdir(os.path.dirname(os.path.abspath(path))):
        require_writable(path)
        os.mkdir(path)
    require_writable(path / "file")
    remove_leftovers(path)


def require_name(path: Path) -> None:
    """Find out before any work whether a place takes a file's name.

    Raises:
        LandscapeError: If it is too long.
    """
    real = Path(os.path.realpath(path))
    over = len(os.fsencode(real.name)) - longest_name(real.parent)
    if over > 0:
        raise LandscapeError(f"The name {path.name} is {over} bytes too long for its folder: choose a shorter one.")


def longest_name(folder: Path) -> int:
    """Most bytes of a file's name in a folder."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, AttributeError, ValueError):
        return _LONGEST_NAME


def shortened(stem: str, end: str, longest: int) -> str:
    """A name cut to so many bytes, its end kept."""
    while len(os.fsencode(stem + end)) > longest and len(stem) > 1:
        stem = stem[:-1]
    return stem + end


def file_identities(paths: Iterable[Path | None]) -> set[tuple[int, int]]:
    """Device and number of the files that are there; folders stand for the files in them."""
    found = set()
    for path in _files(paths):
        with suppress(OSError, ValueError):
            status = os.stat(path)
            found.add((status.st_dev, status.st_ino))
    return found


def _files(paths: Iterable[Path | None]) -> Iterable[Path]:
    for path in paths:
        if path is not None and os.path.isdir(path):
            with os.scandir(path) as entries:
                yield from (Path(entry.path) for entry in entries if entry.is_file())
        elif path is not None:
            yield path
