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
from landscape.scene.background_fit import BackgroundFit
from landscape.scene.shot import Shot
from landscape.ui.names import download_name
from landscape.ui.pictures import STAGE_SIDE, jpeg, png
from landscape.ui.visitors.studio import MaskState, Studio

FRAME_QUALITY = 86
ENDED = 4404
"""Close code: the session has ended."""
ASKED: dict[str, tuple[str, ...]] = {
    "ack": (),
    "wish": ("values",),
    "cards": ("shown",),
    "play": ("playing",),
    "seek": ("seconds",),
    "view": ("side", "hidden"),
    "stroke": ("number", "points", "size", "softness", "paints"),
    "mask": ("grow", "feather", "snap", "horizon"),
    "undo": (),
    "redo": (),
    "reset": (),
    "save_mask": (),
    "save_scene": (),
    "fit": ("running",),
}
"""What a page may say: kinds of messages and the names of their fields."""
TOLD: dict[str, tuple[str, ...]] = {
    "frame": ("time", "run", "lit", "changes"),
    "photo": ("name", "width", "height"),
    "mask": ("undo", "redo", "touched", "horizon", "stroke"),
    "matte": ("file",),
    "card": ("style",),
    "light": ("style", "sun_side"),
    "fit": ("score", "ssim", "lpips", "done", "paused", "failed", "left"),
    "refused": ("fields",),
    "scene": ("file",),
    "notice": ("text",),
}
"""What the app says."""


def told(kind: str, **fields: Any) -> str:
    """A message of a kind of :data:`TOLD`."""
    if set(fields) != set(TOLD[kind]):
        raise ValueError(f"a message “{kind}” has the fields {TOLD[kind]}")
    return json.dumps({"kind": kind, **fields})


def packed(picture: bytes, kind: str, **fields: Any) -> bytes:
    """A picture and the message that belongs to it as one binary message."""
    head = told(kind, **fields).encode()
    return struct.pack(">I", len(head)) + head + picture


def frame_message(frame: LiveFrame, changes: int) -> bytes:
    """A picture of the preview.

    Args:
        frame: The picture.
        changes: How many of the page's changes, wishes and strokes, it shows.
    """
    picture = jpeg(frame.pixels, FRAME_QUALITY)
    return packed(picture, "frame", time=round(frame.seconds, 4), run=frame.run, lit=frame.lit, changes=changes)


def photo_message(studio: Studio) -> bytes:
    """The photo at the size of a page."""
    photo = studio.photo
    width, height = studio.size
    return packed(jpeg(photo.resized(STAGE_SIDE).pixels, 88), "photo", name=photo.name, width=width, height=height)


def mask_message(state: MaskState, stroke: int) -> bytes:
    """The matte as a picture whose colours are sky, water and freeze, and below it one of how certain it is.

    Args:
        state: The masks.
        stroke: Number of the newest stroke that they show.
    """
    matte = state.masks
    layers = np.vstack([np.dstack([matte.sky, matte.water, matte.freeze]), np.dstack([matte.certainty] * 3)])
    picture = png(np.rint(np.clip(layers, 0, 1) * 255).astype(np.uint8))
    undo, redo, touched = state.can_undo, state.can_redo, state.touched
    return packed(picture, "mask", undo=undo, redo=redo, touched=touched, horizon=matte.horizon, stroke=stroke)


def matte_message(studio: Studio) -> bytes:
    """The matte for a file, a PNG of 16 bits."""
    return packed(matte_png(studio.full_masks()), "matte", file=download_name(studio.photo.name))


def refusal_message(refused: dict[str, str], wish: Shot) -> str:
    """Which controls have values that cannot be used.

    Args:
        refused: A sentence about each, by the names of the settings; none to take all marks away.
        wish: What is in force instead.
    """
    fields = {name: {"text": text, "kept": wish.shown(name)} for name, text in refused.items()}
    return told("refused", fields=fields)


def fit_status(fit: BackgroundFit) -> str:
    """How good the fit is and how long it takes."""
    quality, outlook = fit.quality, fit.outlook
    return told(
        "fit",
        score=None if quality is None else quality.score,
        ssim=None if quality is None else round(quality.ssim, 3),
        lpips=None if quality is None else round(quality.lpips, 3),
        done=fit.done,
        paused=fit.paused,
        failed=fit.error is not None,
        left=None if outlook.seconds_left is None else round(outlook.seconds_left),
    )
