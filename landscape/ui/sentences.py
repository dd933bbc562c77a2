"""What visitors are told about errors: one sentence, and nothing of where files lie on this computer."""

from __future__ import annotations

import re

from landscape.errors import LandscapeError

UNEXPECTED = "Something went wrong on this computer; the terminal that runs the app says what. Your photo is kept."
"""What is told about an error that nobody foresaw."""

_START = r"(?:[A-Za-z]:|~[^\s/\\“”]*)?[/\\]"
_QUOTED = re.compile(rf"“{_START}[^“”]*?([^“”/\\]*)[/\\]*”")
_BARE = re.compile(rf"(?<![^\s(]){_START}+(?:[^\s/\\“”]+[/\\]+)+")


def told(error: BaseException, unexpected: str = UNEXPECTED) -> str:
    """What visitors are told about an error.

    Args:
        error: The error.
        unexpected: What is told about one that carries no sentence.
    """
    return without_folders(str(error)) if isinstance(error, LandscapeError) else unexpected


def without_folders(sentence: str) -> str:
    """A sentence whose files and folders are called by their names alone.

    Args:
        sentence: Paths with spaces stand between “ and ” in it, as all sentences of this program put them.
    """
    return _BARE.sub("", _QUOTED.sub(r"“\1”", sentence))
