"""Frames that methods made, kept in a folder: another run with the same question need not make them again."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from landscape.errors import LandscapeError
from landscape.evaluation.cases import Case
from landscape.evaluation.methods import Method
from landscape.files import replacing
from landscape.images.pixels import Pixels


def kept(name: str, method: Method, folder: Path, question: str) -> Method:
    """The same method, which makes nothing twice.

    Args:
        name: The method's name, which begins the files' names.
        method: The method.
        folder: Where frames are kept; made if it is missing. Whoever changes a method takes another folder.
        question: What else the answer depends on, such as the weights and the time of a fit.

    Raises:
        LandscapeError: By what it gives, if a file cannot be read or written.
    """

    def frames(case: Case) -> list[Pixels]:
        known = hashlib.sha256(np.stack(case.frames).tobytes())
        known.update(repr((name, question, len(case.frames), case.step, case.motion, case.seed)).encode())
        path = folder / f"{name}-{Path(case.name).stem}-{known.hexdigest()[:16]}.npz"
        if path.is_file():
            try:
                with np.load(path) as stored:
                    return list(stored["frames"])
            except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
                raise LandscapeError(f"“{path}” is damaged: delete it, and its frames are made again.") from error
        made = method(case)
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, frames=np.stack(made))
        return made

    return frames
