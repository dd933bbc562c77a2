"""What ``torch.save`` wrote, read without executing anything: tensors, containers, and modules as plain shells.

Both forms are read: the archive of torch 1.6 and later, and the row of pickles with raw numbers behind it that earlier
versions wrote, as the release's.
"""

from __future__ import annotations

import io
import mmap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch

from landscape.errors import LandscapeError
from landscape.models.pickle_reader import RefusedError, read_pickle
from landscape.models.stored_tensors import rules

_DAMAGE = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, AttributeError),
    *(RuntimeError, ArithmeticError, MemoryError, zipfile.BadZipFile),
)
"""What libraries raise on files that are not what they seem."""
_ZIP = b"PK\x03\x04"
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
"""Of the form before torch 1.6."""
_MOST_PICKLE = 64 * 2**20
"""Bytes of the pickle in an archive; the numbers lie beside it."""


@contextmanager
def open_torch_file(path: Path) -> Iterator[Any]:
    """Give what a file holds: dictionaries, lists, numbers, :class:`StoredTensor`, :class:`Shell` for modules.

    Tensors can be read while the file is open; what is wrong with them is told by the same sentence.

    Raises:
        LandscapeError: If there is no such file, it is damaged, or holds anything else; nothing of it is executed.
    """
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            if view[: len(_ZIP)] == _ZIP:
                with zipfile.ZipFile(file) as archive:
                    yield _Archive(archive, len(view)).content()
            else:
                yield _Row(view).content()
    except RefusedError as error:
        raise LandscapeError(
            f"“{path.name}” holds {error}, which no released model needs: nothing of it was executed; "
            "get the file from the release itself."
        ) from error
    except _DAMAGE as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> LandscapeError:
    return LandscapeError(f"“{path.name}” is damaged or was not written by torch: get the file from the release again.")


class _Archive:
    """The form since torch 1.6: a ZIP in which nothing is compressed."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.kinds: dict[str, torch.dtype] = {}
        self._archive = archive
        entries = archive.infolist()
        packed = any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries)
        if packed or sum(entry.file_size for entry in entries) > size:
            raise RefusedError("packed members")
        (pickle,) = (entry for entry in entries if entry.filename.endswith("/data.pkl"))
        self._folder = pickle.filename.removesuffix("data.pkl")
        if pickle.file_size > _MOST_PICKLE:
            raise RefusedError("more steps than any network")
        self._pickle = pickle

    def content(self) -> Any:
        """What was saved."""
        return read_pickle(io.BytesIO(self._archive.read(self._pickle)), rules(self))

    def read(self, key: str, start: int, count: int, size: int) -> bytes:
        """Numbers that are kept in a member of their own."""
        if start or not key.isalnum():
            raise RefusedError("an object that is kept elsewhere")
        data = self._archive.read(f"{self._folder}data/{key}")
        if len(data) != count * size:
            raise ValueError("length")
        return data


class _Row:
    """The form before torch 1.6: five pickles, and the numbers behind them."""

    def __init__(self, view: mmap.mmap) -> None:
        self.kinds: dict[str, torch.dtype] = {}
        self._view = view
        self._places: dict[str, tuple[int, int]] = {}

    def content(self) -> Any:
        """What was saved."""
        file, admitted = cast(BinaryIO, self._view), rules(self)
        if read_pickle(file, admitted) != _MAGIC or read_pickle(file, admitted) != _PROTOCOL:
            raise ValueError("magic")
        system, content, keys = (read_pickle(file, admitted) for _ in range(3))
        if not system["little_endian"] or not isinstance(keys, list):
            raise ValueError("system")
        place = self._view.tell()
        for key in keys:
            count = int.from_bytes(self._view[place : place + 8], "little")
            self._places[key] = (place + 8, count)
            place += 8 + count * self.kinds[key].itemsize
        if place > len(self._view):
            raise ValueError("length")
        return content

    def read(self, key: str, start: int, count: int, size: int) -> bytes:
        """Numbers of the row."""
        place, there = self._places[key]
        if start + count > there:
            raise ValueError("length")
        return self._view[place + start * size : place + (start + count) * size]
