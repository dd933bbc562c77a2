"""Which methods are compared, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from landscape.errors import LandscapeError, require
from landscape.evaluation.cases import Case
from landscape.evaluation.kept import kept
from landscape.evaluation.methods import Method, eulerian_frames, given_frames, texture_frames, warp_frames
from landscape.evaluation.own_methods import OwnMethods
from landscape.evaluation.predicted_motion import predicted_frames
from landscape.evaluation.single_image import single_image_frames
from landscape.settings import FitSettings

if TYPE_CHECKING:
    from landscape.models.bundle import Models

OURS, PAPER, FRAMES = "landscape", "paper", "frames"
WARP, EULERIAN, PREDICTED = "warp", "eulerian", "predicted"
TEXTURE, SINGLE_IMAGE = "texture", "single-image"
METHODS = (OURS, PAPER, WARP, EULERIAN, PREDICTED, TEXTURE, SINGLE_IMAGE)
"""Those that need no files of their own."""


def choose_methods(
    names: Sequence[str],
    models: Models,
    fit: FitSettings,
    cases: Sequence[Case] = (),
    frames: Path | None = None,
    turns: Sequence[float] = (),
    keep: Path | None = None,
) -> tuple[dict[str, Method], dict[str, float]]:
    """Methods by name.

    Args:
        names: Of :data:`METHODS`.
        models: The networks, for this project's.
        fit: How the model is fitted to a first frame.
        cases: What is compared, for methods that learn from other places.
        frames: Folder with the output of any other program, which is added as ``frames``.
        turns: This project's clips are made in these directions as well, degrees clockwise from the real one.
        keep: Folder in which frames are kept for other runs.

    Returns:
        The methods, and by how many degrees each goes another way than the real sky, where it does.

    Raises:
        LandscapeError: If there is no such method.
    """
    own = OwnMethods(models, fit)
    known: dict[str, Method] = {
        OURS: own.frames,
        PAPER: own.pipeline,
        WARP: warp_frames,
        EULERIAN: eulerian_frames,
        PREDICTED: lambda case: predicted_frames(case, cases),
        TEXTURE: texture_frames,
        SINGLE_IMAGE: single_image_frames,
    }
    for name in names:
        if name not in known:
            raise LandscapeError(f"Choose methods from: {', '.join(METHODS)}; not “{name}”.")
    require(not turns or OURS in names, f"Only {OURS} is animated in other directions: add it to the methods.")
    chosen: dict[str, Method] = {}
    turned: dict[str, float] = {}
    for name in names:
        chosen[name] = known[name]
        for turn in turns if name == OURS else ():
            title = f"{name} {turn:+g}°"
            chosen[title], turned[title] = partial(own.frames, turn=turn), turn
    if keep is not None:
        fitted = f"{models.name} {fit}"
        asked: Mapping[str, str] = {OURS: fitted, PAPER: fitted, PREDICTED: " ".join(case.name for case in cases)}
        chosen = {name: kept(name, method, keep, asked.get(name.split()[0], "")) for name, method in chosen.items()}
    if frames is not None:
        chosen[FRAMES] = lambda case: given_frames(case, frames)
    return chosen, turned
