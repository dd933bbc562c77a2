"""Names of files to download, made of what a photo is called."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 180
"""Bytes of a name without its ending: file systems take 255, and a recipe's ending comes on top."""


def download_name(name: str) -> str:
    """What a file to download is called, without its ending.

    Letters, marks and digits of any script stay, as do ``-`` and ``_``; anything else becomes a dash. A name never
    begins with a dash, which programs take for an option, or with a dot, which hides files.

    Args:
        name: Of the photo, as the visitor's computer calls it.

    Returns:
        The name, at most :data:`LONGEST_NAME` bytes as UTF-8; ``clip`` where nothing is left.
    """
    letters = unicodedata.normalize("NFC", name)
    kept = "".join(letter if unicodedata.category(letter)[0] in "LMN" or letter in "-_" else "-" for letter in letters)
    short = kept.lstrip("-").encode()[:LONGEST_NAME].decode(errors="ignore")
    return short.rstrip("-") or "clip"
