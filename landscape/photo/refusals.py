"""Why a file is not read: one sentence for each reason, which says what to do."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from landscape.errors import LandscapeError

logger = logging.getLogger(__name__)

MIN_SIDE = 64
"""Smallest side in pixels."""
MAX_ASPECT = 8.0
"""Largest ratio of the sides."""
MAX_PIXELS = 200_000_000
"""Most pixels: 600 MB decoded."""
_CHOOSE = "choose a JPEG, PNG, WebP, TIFF or HEIC photo."
_AGAIN = "save it again as an ordinary TIFF (RGB with 8 or 16 bits) or as PNG."


class NotReadError(Exception):
    """A sound TIFF is of a kind that is not read; the message names the kind."""


class RawError(Exception):
    """A file is a camera's raw file."""


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what decoders raise about a file into sentences.

    Raises:
        LandscapeError: Instead of anything else.
    """
    try:
        yield
    except LandscapeError:
        raise
    except NotReadError as error:
        raise LandscapeError(f"“{path.name}” is a TIFF with {error}, which is not read: {_AGAIN}") from error
    except RawError as error:
        raise LandscapeError(
            f"“{path.name}” is a camera's raw file: develop it first, and choose the JPEG or TIFF that comes out."
        ) from error
    except Image.UnidentifiedImageError as error:
        raise LandscapeError(f"“{path.name}” is not a picture that can be read: {_CHOOSE}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except MemoryError as error:
        raise LandscapeError(f"“{path.name}” does not fit into memory: make it smaller and try again.") from error
    except Exception as error:  # decoders answer broken files with any kind of exception
        logger.debug("cannot decode %s: %s", path, error)
        raise LandscapeError(
            f"“{path.name}” is damaged or incomplete: copy or download it again, or choose another photo."
        ) from error


def require_file(path: Path) -> None:
    """Make sure that there is a file with something in it.

    Raises:
        LandscapeError: If there is none.
    """
    try:
        if path.is_dir():
            raise LandscapeError(f"“{path.name or path}” is a folder: choose a photo inside it.")
        if not path.is_file():
            if os.path.islink(path):
                raise LandscapeError(f"“{path.name}” is a link that leads to no file: choose the photo itself.")
            raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
        if path.stat().st_size == 0:
            raise LandscapeError(f"“{path.name}” is empty: copy or download it again, or choose another photo.")
    except PermissionError as error:
        raise not_allowed(path) from error
    except (OSError, ValueError) as error:
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.") from error


def require_size(path: Path, width: int, height: int) -> None:
    """Make sure that a photo's size is within bounds.

    Raises:
        LandscapeError: If it is not.
    """
    if min(width, height) < MIN_SIDE:
        raise LandscapeError(
            f"“{path.name}” is {width} x {height} pixels: choose a photo with at least {MIN_SIDE} pixels on both sides."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise LandscapeError(
            f"“{path.name}” is more than {MAX_ASPECT:g} times as long as it is wide: crop it to a less extreme shape."
        )
    if width * height > MAX_PIXELS:
        raise _too_large(path)


def _too_large(path: Path) -> LandscapeError:
    return LandscapeError(
        f"“{path.name}” has more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller and try again."
    )


def not_allowed(path: Path) -> LandscapeError:
    """The sentence about a file that is closed to us."""
    return LandscapeError(f"“{path.name}” may not be read: change its permissions or choose another photo.")
