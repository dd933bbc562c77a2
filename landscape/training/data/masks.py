"""Photos with sky and water labels: reading and grouping of near duplicates."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from landscape.errors import LandscapeError
from landscape.training.data.label_rules import (
    BESIDE,
    BOTH_SETS,
    OWN,
    SHARES,
    SKY,
    UNKNOWN,
    WATER,
    WATER_SETS,
    own_pictures,
    read_rule,
    water_groups,
    water_kinds,
)
from landscape.training.data.split import is_held_out

Outline = list[list[float]]

DRY_PHOTOS = Path(__file__).with_name("dry_photos.txt")
"""Names of photos of the other folders that were looked at and hold no water: fields, deserts, streets."""
OUTLINES = Path(__file__).with_name("water_outlines.json")
"""Outlines of the water in photos of the other folders, and names of photos whose sky is labelled wrongly.

Corners are percents of width and height; islands are cut out of the water; unknown is what may be some."""
BLURRED_OUTLINE = 0.012
"""Pixels this near to an outline, as a fraction of the width, stay unknown, as it was drawn by hand."""

DUPLICATE = 0.98
"""Correlation of 16 x 16 lightness above which two photos count as one; unrelated sunsets stay under 0.97."""


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo and its labels.

    Attributes:
        source: Folder of the set, a key of :data:`SHARES`.
        name: File stem.
        pixels: uint8 (H, W, 3) RGB.
        labels: uint8 (H, W): 0 other, 1 sky, 2 water, 3 not sky but maybe water, 4 not water but maybe sky,
            255 unknown.
        held_out: Whether it belongs to the evaluation.
        labels_water: Whether its water is labelled, or known to be absent.
        labels_sky: Whether all of its sky is labelled.
        kind: Kind of the water of a held-out photo, such as "river"; "" if nobody has told.
        rank: Share of its set's training images that it gives, against the set's other photos.
    """

    source: str
    name: str
    pixels: np.ndarray
    labels: np.ndarray
    held_out: bool
    labels_water: bool
    labels_sky: bool = True
    kind: str = ""
    rank: float = 1.0


def read_labelled_photos(data: Path, area: int | None = 448**2, own: Path | None = None) -> list[LabelledPhoto]:
    """Read all labelled photos and split them.

    Near duplicates (copies in several sets, frames of one clip) fall on one side: the group is held out as soon as the
    split holds out one of its names. ``sky_pseudo`` loses copies of what a better set has among the training photos.

    Args:
        data: Folder with one folder per set, each holding ``images`` and ``labels``. Its siblings ``photos``,
            ``stills`` and ``timelapse`` tell the photos' first names, where they exist.
        area: Shrink larger photos to about this many pixels; None keeps their size.
        own: One more set, a folder with ``images`` and ``labels``, whose 0 is neither and 4 no water but maybe sky.

    Returns:
        The photos in a fixed order.

    Raises:
        LandscapeError: If no set is found, or a folder was named that holds none.
    """
    found = [(source, path) for source in SHARES if source != OWN for path in _pictures(data, source)]
    if not found:
        raise LandscapeError(f"{data} holds no labelled photos; give the folder that contains hand_labelled/images.")
    found += [(OWN, path) for path in own_pictures(own)]
    dry, drawn = frozenset(DRY_PHOTOS.read_text().split()), json.loads(OUTLINES.read_text())
    outlines = drawn["outlines"]
    found = [
        (source, path)
        for source, path in found
        if path.stem not in drawn["wrong"] and (source != BESIDE or path.stem in dry or path.stem in outlines)
    ]
    watered = [source in BOTH_SETS + WATER_SETS or path.stem in dry or path.stem in outlines for source, path in found]
    photos = [
        _read(source, path, area, known, outlines.get(path.stem))
        for (source, path), known in zip(found, watered, strict=True)
    ]
    first_names = list(_first_names(data.parent))
    thumbnails = [_thumbnail(pixels) for pixels, _ in photos]
    thumbnails += [_thumbnail(_imread(path, cv2.IMREAD_REDUCED_COLOR_2)) for _, path in first_names]
    places, kinds = water_groups(data), water_kinds()
    keys = [f"{source}/{path.stem}" for source, path in found]
    names = [
        f"water {places.get(key, key)}" if source in WATER_SETS else _clip(path.stem)
        for key, (source, path) in zip(keys, found, strict=True)
    ]
    names += [_clip(name) for name, _ in first_names]
    groups = group_duplicates(np.stack(thumbnails), names)
    listed = [source in WATER_SETS for source, _ in found] + [False] * len(first_names)
    apart = [key in kinds for key in keys] + [False] * len(first_names)
    held_out = {
        int(group)
        for group, name, by_list, chosen in zip(groups, names, listed, apart, strict=True)
        if (chosen if by_list else is_held_out(name))
    }
    better = {int(groups[i]) for i, (source, _) in enumerate(found) if source in BOTH_SETS}
    sizes = Counter((source, int(groups[i])) for i, (source, _) in enumerate(found))
    return [
        LabelledPhoto(
            source,
            path.stem,
            pixels,
            labels,
            held_out=int(groups[i]) in held_out,
            labels_water=watered[i],
            labels_sky=source not in WATER_SETS,
            kind=kinds.get(keys[i], ""),
            rank=sizes[source, int(groups[i])] ** -0.5,
        )
        for i, ((source, path), (pixels, labels)) in enumerate(zip(found, photos, strict=True))
        if source != "sky_pseudo" or int(groups[i]) not in better
    ]


def group_duplicates(thumbnails: np.ndarray, clips: list[str]) -> np.ndarray:
    """Number the groups of photos that show the same scene.

    Args:
        thumbnails: float32 (N, P), each row of mean 0 and norm 1.
        clips: N names; equal names belong together.

    Returns:
        int (N,) group numbers.
    """
    rows, columns = np.nonzero(thumbnails @ thumbnails.T > DUPLICATE)
    _, clip = np.unique(np.array(clips), return_inverse=True)
    _, first = np.unique(clip, return_index=True)
    index = np.arange(len(clips))
    rows, columns = np.concatenate([rows, index]), np.concatenate([columns, first[clip]])
    links = coo_matrix((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(len(clips), len(clips)))
    groups: np.ndarray = connected_components(links, directed=False)[1]
    return groups


def with_water(
    labels: np.ndarray, water: list[Outline], islands: list[Outline], unknown: Sequence[Outline] = ()
) -> np.ndarray:
    """Add outlined water to labels of the sky.

    Args:
        labels: uint8 (H, W).
        water: Outlines, lists of corners (x, y) in percents of width and height.
        islands: Outlines of what is no water within them.
        unknown: Outlines of what may be water where no other outline tells.

    Returns:
        uint8 (H, W), unknown along the outlines.
    """
    height, width = labels.shape
    inside = np.zeros((height, width), np.uint8)
    doubtful = np.zeros_like(inside)
    for mask, outlines, value in ((doubtful, unknown, 1), (inside, water, 1), (inside, islands, 0)):
        for corners in outlines:
            cv2.fillPoly(mask, [np.rint(np.array(corners) / 100 * [width, height]).astype(np.int32)], (value,))
    reach = 2 * max(1, round(BLURRED_OUTLINE * width / 2)) + 1
    kernel = np.ones((reach, reach), np.uint8)
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, kernel, borderType=cv2.BORDER_REPLICATE)
    found = np.where(inside > 0, np.uint8(WATER), np.where(doubtful > 0, np.uint8(UNKNOWN), labels))
    found[(edge > 0) & ((labels != SKY) | (inside > 0))] = UNKNOWN
    return found


def _pictures(data: Path, source: str) -> list[Path]:
    return sorted((data.parent / source if source == BESIDE else data / source / "images").glob("*.jpg"))


def _imread(path: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise LandscapeError(f"The training picture {path} cannot be read; copy the data again.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image


def _read(
    source: str, path: Path, area: int | None, labels_water: bool, outlines: dict[str, Any] | None
) -> tuple[np.ndarray, np.ndarray]:
    pixels = _imread(path, cv2.IMREAD_COLOR)
    if source == BESIDE:
        labels: np.ndarray = np.zeros(pixels.shape[:2], np.uint8)
    else:
        labels = _imread(path.parent.parent / "labels" / f"{path.stem}.png", cv2.IMREAD_GRAYSCALE)
    labels = read_rule(source, labels, labels_water)
    if outlines is not None:
        labels = with_water(labels, outlines["water"], outlines.get("islands", []), outlines.get("unknown", []))
    height, width = labels.shape
    shrink = 1.0 if area is None else min(1.0, (area / (height * width)) ** 0.5)
    if shrink < 1:
        shape = (round(width * shrink), round(height * shrink))
        pixels = cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA)
        labels = cv2.resize(labels, shape, interpolation=cv2.INTER_NEAREST)
    return pixels, labels


def _thumbnail(pixels: np.ndarray) -> np.ndarray:
    small = cv2.resize(pixels, (16, 16), interpolation=cv2.INTER_AREA)
    light = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32).ravel()
    light -= light.mean()
    return light / max(float(np.linalg.norm(light)), 1.0)


def _clip(name: str) -> str:
    """Name shared by frames of one clip or one flight."""
    return re.sub(r"^clip_|-converted.*$", "", name)


def _first_names(folder: Path) -> Iterable[tuple[str, Path]]:
    """Names under which the project's split knows the photos: file stems and groups of clips."""
    for kind in ("photos", "stills"):
        for path in sorted((folder / kind).glob("*.jpg")):
            yield path.stem, path
    table = folder / "timelapse" / "scenes.json"
    scenes = json.loads(table.read_text()) if table.is_file() else {}
    for scene in sorted(scenes):
        for path in sorted((folder / "timelapse" / scene).glob("*.jpg"))[::8]:
            yield scene, path
            yield str(scenes[scene].get("group", scene)), path
