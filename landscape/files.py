"""Files that are either complete or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from landscape.errors import LandscapeError


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
