"""Files that are either complete or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from landscape.errors import LandscapeError

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
    folder = path.resolve().parent
    if not folder.is_dir():
        raise LandscapeError(f"The folder {folder} does not exist; create it or choose another one.")
    if path.is_dir():
        raise LandscapeError(f"{path} is a folder; give the name of a file in it.")
    if not os.access(folder, os.W_OK):
        raise LandscapeError(f"Nothing can be written to {folder}; choose another folder.")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside a path; what was written under it replaces the path in the end.

    Nothing stays behind under the temporary name, whatever happens.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise LandscapeError(f"{path} cannot be written; choose another place.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


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
    with replacing(path) as partial:
        Image.fromarray(pixels).save(partial, **PICTURE_KINDS[path.suffix.lower()])
