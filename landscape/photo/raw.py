"""Camera raw files, known by what is in them: what looks like a picture there is only a thumbnail."""

from __future__ import annotations

import logging
from typing import BinaryIO

from landscape.photo.refusals import RawError

logger = logging.getLogger(__name__)

SUFFIXES = frozenset({
    ".3fr", ".ari", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dcs", ".dng", ".drf", ".eip", ".erf",
    ".fff", ".gpr", ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".ptx",
    ".pxn", ".r3d", ".raf", ".raw", ".rw2", ".rwl", ".rwz", ".sr2", ".srf", ".srw", ".x3f",
})  # fmt: skip
"""Endings of their names, in small letters."""
_HEADS = (
    (0, b"FUJIFILMCCD-RAW"),  # RAF
    (0, b"IIRO"),  # ORF
    (0, b"IIRS"),
    (0, b"MMOR"),
    (0, b"IIU\0"),  # RW2
    (0, b"\0MRM"),
    (0, b"\0MRI"),
    (0, b"FOVb"),  # X3F
    (0, b"ARRI"),
    (0, b"IIIITwaR"),  # IIQ
    (0, b"MMMMRawT"),
    (4, b"ftypcrx "),  # CR3
    (6, b"HEAPCCDR"),  # CRW
    (8, b"CR\x02"),  # CR2
)
"""Where what stands at the beginning."""
_MOSAIC, _LINEAR = 32803, 34892
"""Photometric interpretations of samples that a camera measured."""
_DNG_VERSION = 50706
_COMPRESSIONS = frozenset({262, 32767, 32769, 32770, 32772, 34713, 65535})
"""Compressions of Kodak, Sony, Epson, Samsung, Nikon and Pentax."""


def is_tiff(file: BinaryIO) -> bool:
    """Whether a file is a TIFF or a BigTIFF, by its first bytes; it is at its beginning afterwards."""
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    return head in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_raw_suffix(suffix: str) -> bool:
    """Whether the names of camera raw files end so, in letters of any size."""
    return suffix.lower() in SUFFIXES


def refuse_raw(file: BinaryIO, suffix: str) -> None:
    """Make sure that a file is no camera's raw file; it is at its beginning afterwards.

    Args:
        file: The file.
        suffix: The end of its name, which counts where the content may be either.

    Raises:
        RawError: If it is one.
    """
    file.seek(0)
    head = file.read(16)
    if any(head[place : place + len(word)] == word for place, word in _HEADS):
        raise RawError
    if is_tiff(file) and (is_raw_suffix(suffix) or _measured(file)):
        raise RawError
    file.seek(0)


def _measured(file: BinaryIO) -> bool:
    """Whether one of the pictures in a TIFF is what a camera measured."""
    import tifffile

    from landscape.photo.tiff import pages

    try:
        file.seek(0)
        with tifffile.TiffFile(file) as tiff:
            return any(
                int(page.photometric) in (_MOSAIC, _LINEAR)
                or int(page.compression) in _COMPRESSIONS
                or _DNG_VERSION in page.tags
                for page in pages(tiff)
            )
    except Exception as error:  # on damaged files of many types
        logger.debug("no structure of a TIFF: %s", error)
        return False
