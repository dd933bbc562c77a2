"""What the labels of each set mean, which of its photos evaluation alone sees, and the kind of their water."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from landscape.errors import LandscapeError

SKY, WATER, UNKNOWN = 1, 2, 255
NOT_SKY = 3
"""Label of pixels that are no sky but may be water; learnt through the sum of the other two classes alone."""
NOT_WATER = 4
"""Label of pixels that are no water but may be sky; learnt through the sum of the other two classes alone."""

SHARES = {
    "hand_labelled": 0.27,
    "sea_horizon_weak": 0.07,
    "coco_stuff_samples": 0.01,
    "rivers": 0.11,
    "mixed_water": 0.06,
    "coco_water": 0.06,
    "water_clip_frames": 0.06,
    "water_photo_polygons": 0.07,
    "water_photos": 0.04,
    "ade20k_sky_subset": 0.12,
    "deepphoto_examples": 0.02,
    "horizon_uav": 0.02,
    "sky_pseudo": 0.14,
    "own": 0.16,
}
"""Folders of labels and the share of training images that each gives, as far as they are there."""
OWN = "own"
"""Set that lies in a folder of its own, named when training begins: what somebody labelled because it was mistaken."""
BOTH_SETS = ("hand_labelled", "sea_horizon_weak", "coco_stuff_samples", OWN)
"""Folders whose label 0 means neither sky nor water."""
WATER_SETS = ("rivers", "mixed_water", "coco_water", "water_clip_frames", "water_photo_polygons", "water_photos")
"""Folders whose label 0 means not water; in all the others it means not sky."""
BESIDE = "water_photos"
"""Set that is no folder of labels but one of photos beside them, whose water is outlined or known to be absent."""
HELD_OUT_WATER = Path(__file__).with_name("held_out_water.txt")
"""Lines ``SET/NAME KIND``: held-out photos with water and the kind of it.

Of the sets with water alone, those listed are held out, with all photos of their groups; the others are held out by
name (:mod:`landscape.training.data.split`)."""
GROUPS = "water_sets.json"
"""File beside the folders that tells which photos of the sets with water alone show one place."""


def read_rule(source: str, labels: np.ndarray, labels_water: bool) -> np.ndarray:
    """Say what the label 0 of a set means.

    Args:
        source: Folder of the set.
        labels: uint8 (H, W) as the set has them: 0, 1 sky, 2 water, 255 unknown.
        labels_water: Whether the water is labelled, or known to be absent.

    Returns:
        uint8 (H, W): 0 neither sky nor water, 1 sky, 2 water, 3 not sky, 4 not water, 255 unknown.
    """
    if source in WATER_SETS:
        return np.where(labels == 0, np.uint8(NOT_WATER), labels)
    return labels if labels_water else np.where(labels == 0, np.uint8(NOT_SKY), labels)


def water_kinds() -> dict[str, str]:
    """Read the kinds of water in held-out photos, by ``SET/NAME``."""
    return dict(line.rsplit(" ", 1) for line in HELD_OUT_WATER.read_text(encoding="utf-8").splitlines())


def water_groups(data: Path) -> dict[str, str]:
    """Read which photos of the sets with water alone belong together.

    Args:
        data: Folder with one folder per set.

    Returns:
        Names of groups by ``SET/NAME``; empty if the folder has no such table.
    """
    table = data / GROUPS
    rows = json.loads(table.read_text(encoding="utf-8")) if table.is_file() else []
    return {f"{row['set']}/{row['name']}": str(row["group"]) for row in rows}


def own_pictures(folder: Path | None) -> list[Path]:
    """The pictures of a set of one's own, in order of names; none without a folder.

    Raises:
        LandscapeError: If the folder holds none.
    """
    found = [] if folder is None else sorted((folder / "images").glob("*.jpg"))
    if folder is not None and not found:
        raise LandscapeError(f"{folder} holds no labelled photos; give a folder with images/*.jpg and labels/*.png.")
    return found
