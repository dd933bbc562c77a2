"""Messages of the live line: JSON, and a JSON header with a picture in one binary message.

A binary message begins with four bytes of the header's length (big endian); the header and the picture follow.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from landscape.masks.matte_files import matte_png
from landscape.preview.player import LiveFrame
from landscape.scene.shot import Shot
from landscape.ui.names import download_name
from landscape.ui.pictures import STAGE_SIDE, jpeg, png
from landscape.ui.visitors.engine import Fit
from landscape.ui.visitors.studio import MaskState, Studio

FRAME_QUALITY = 86


def packed(header: dict[str, Any], picture: bytes) -> bytes:
    """A picture and what belongs to it as one binary message."""
    head = json.dumps(header).encode()
    return struct.pack(">I", len(head)) + head + picture


def frame_message(frame: LiveFrame, changes: int) -> bytes:
    """A picture of the preview.

    Args:
        frame: The picture.
        changes: How many of the page's changes, wishes and strokes, it shows.
    """
    header = {"kind": "frame", "time": round(frame.seconds, 4), "run": frame.run, "lit": frame.lit, "changes": changes}
    return packed(header, jpeg(frame.pixels, FRAME_QUALITY))


def photo_message(studio: Studio) -> bytes:
    """The photo at the size of a page."""
    photo = studio.photo
    width, height = studio.size
    facts = {"kind": "photo", "name": photo.name, "width": width, "height": height}
    return packed(facts, jpeg(photo.resized(STAGE_SIDE).pixels, 88))


def mask_message(state: MaskState, stroke: int) -> bytes:
    """The matte as a picture whose colours are sky, water and freeze, and below it one of how certain it is.

    Args:
        state: The masks.
        stroke: Number of the newest stroke that they show.
    """
    header = {
        "kind": "mask",
        "undo": state.can_undo,
        "redo": state.can_redo,
        "touched": state.touched,
        "horizon": state.masks.horizon,
        "stroke": stroke,
    }
    matte = state.masks
    layers = np.vstack([np.dstack([matte.sky, matte.water, matte.freeze]), np.dstack([matte.certainty] * 3)])
    return packed(header, png(np.rint(np.clip(layers, 0, 1) * 255).astype(np.uint8)))


def matte_message(studio: Studio) -> bytes:
    """The matte for a file, a PNG of 16 bits."""
    return packed({"kind": "matte", "file": download_name(studio.photo.name)}, matte_png(studio.full_masks()))


def refusal_message(refused: dict[str, str], wish: Shot) -> str:
    """Which controls have values that cannot be used.

    Args:
        refused: A sentence about each, by the names of the settings; none to take all marks away.
        wish: What is in force instead.
    """
    fields = {name: {"text": text, "kept": wish.shown(name)} for name, text in refused.items()}
    return json.dumps({"kind": "refused", "fields": fields})


def fit_status(fit: Fit) -> dict[str, Any]:
    """How good the fit is and how long it takes."""
    quality, outlook = fit.quality, fit.outlook
    return {
        "kind": "fit",
        "score": None if quality is None else quality.score,
        "ssim": None if quality is None else round(quality.ssim, 3),
        "lpips": None if quality is None else round(quality.lpips, 3),
        "done": fit.done,
        "paused": fit.paused,
        "failed": fit.error is not None,
        "left": None if outlook.seconds_left is None else round(outlook.seconds_left),
    }
