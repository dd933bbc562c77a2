"""Files that are either complete or not there."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from landscape.errors import LandscapeError
from landscape.marks import TABLE_END, made_here, seal_array, seal_picture
from landscape.working_folders import working_folder

PICTURE_KINDS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 88},
    ".jpeg": {"format": "JPEG", "quality": 88},
}
"""What a picture is written as, by the end of its name."""


def require_writable(path: Path) -> None:
    """Find out before long work whether a result can be written.

    Raises:
        LandscapeError: If the folder is missing or closed to us, or a folder has the name.
    """
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise LandscapeError(f"The folder “{folder}” does not exist; create it or choose another one.")
    if os.path.isdir(path):
        raise LandscapeError(f"“{path}” is a folder; give the name of a file in it.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LandscapeError(f"Nothing can be written to “{folder}”; choose another folder.")


@contextmanager
def replacing(path: Path, marked: bool = False) -> Iterator[Path]:
    """Give a temporary name beside a path; what was written under it replaces the path in the end.

    A link stays one, and where it leads is written. Nothing stays behind under the temporary name, whatever happens.

    Args:
        path: The file to write.
        marked: As for :func:`put_in_place`.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    real = Path(os.path.realpath(path))
    try:
        with working_folder(real.parent) as folder:
            partial = folder / f"file{real.suffix}"
            yield partial
            put_in_place(partial, real, marked)
    except OSError as error:
        raise LandscapeError(f"“{path}” cannot be written; choose another place.") from error


def put_in_place(partial: Path, path: Path, marked: bool = False) -> None:
    """Give a complete file its name, so that even a power cut leaves it whole, or the file that was there before.

    Args:
        partial: The complete file.
        path: Its name, no link.
        marked: Whether it is of a kind that is known again (:mod:`landscape.marks`). Such a file takes the place of
            its like alone: where somebody put another one there while the work went on, it gets a free name beside.

    Raises:
        LandscapeError: If a file of somebody else has the name; it says under which one the complete file is kept.
        OSError: If that is not possible.
    """
    with partial.open("r+b") as file:
        os.fsync(file.fileno())
    if not marked or made_here(path) or _is_empty(path):
        partial.replace(path)
    elif not _placed(partial, path):
        others = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
        kept = next(other for other in others if _placed(partial, other))
        raise LandscapeError(
            f"“{path}” is somebody else's file by now and stays: what was made is kept as “{kept.name}” beside it."
        )


def _is_empty(path: Path) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) == 0


def _placed(partial: Path, path: Path) -> bool:
    """Give a file a name that is free; returns whether it was."""
    try:
        os.link(partial, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            return False
        partial.replace(path)
    return True


def require_picture_name(path: Path) -> None:
    """Find out before long work whether a picture can be written under a name.

    Raises:
        LandscapeError: If the name is of no known kind, or :func:`require_writable` raises it.
    """
    if path.suffix.lower() not in PICTURE_KINDS:
        raise LandscapeError(f"{path.name} is no name of a picture that can be written; end it in .png or .jpg.")
    require_writable(path)


def save_picture(pixels: np.ndarray, path: Path) -> None:
    """Write pixels, uint8 (H, W, 3), as PNG or JPEG as the name says.

    Raises:
        LandscapeError: If the name is of no known kind or the file cannot be written.
    """
    require_picture_name(path)
    write_picture(Image.fromarray(pixels), path, **PICTURE_KINDS[path.suffix.lower()])


def write_picture(image: Image.Image, path: Path, **options: Any) -> None:
    """Write a PNG or a JPEG with the mark by which :func:`landscape.marks.is_sealed` knows it again.

    Args:
        image: The picture.
        path: Where.
        options: Of Pillow, with the ``format``.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    buffer = io.BytesIO()
    image.save(buffer, **options)
    with replacing(path, marked=True) as partial:
        partial.write_bytes(seal_picture(buffer.getvalue()))


def save_array(values: np.ndarray, path: Path) -> None:
    """Write an array as NPY with the mark by which :func:`landscape.marks.is_array` knows it again.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    with replacing(path, marked=True) as partial:
        partial.write_bytes(seal_array(buffer.getvalue()))


def write_table(path: Path, text: str) -> None:
    """Write a Markdown table with the mark by which :func:`landscape.marks.is_table` knows it again.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    with replacing(path, marked=True) as partial:
        partial.write_text(f"{text}\n\n{TABLE_END}", encoding="utf-8")
