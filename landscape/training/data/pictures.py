"""Training data: folders of stills and clips become memory-mapped arrays, one per resolution.

Photos are squashed to a square as the product does with the user's photo, so a training image shows the whole scene
in distorted proportions rather than a crop of it. Large photos give several views, each with its own frame.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.images.pixels import Pixels
from landscape.marks import made_here
from landscape.progress import Progress, ignore_progress
from landscape.targets import replaceable
from landscape.training.data.arrays import GrowingArray
from landscape.training.data.split import is_held_out
from landscape.training.data.stored import CLIP_MARGIN

log = logging.getLogger(__name__)


IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
IGNORED_FOLDERS = {"masks"}
CLIP_STILLS_STEP = 6
LARGE_SIDE = 600
LARGE_VIEWS = 14
SMALL_SIDE = 200
SMALL_VIEWS = 3
# Enlarging a little is worth it: a slightly soft view still teaches layouts and light.
MOST_ENLARGEMENT = 1.3


@dataclass(frozen=True)
class Source:
    """A still: its file, the folder that it counts to, and whether it is kept out of training."""

    path: Path
    folder: str
    held_out: bool


def find_sources(data: Path) -> tuple[list[Source], dict[str, list[Path]]]:
    """Find stills and clips below a folder.

    Args:
        data: A folder whose folders hold images (stills) or folders of images (clips, frames in order of time).

    Returns:
        The stills, and the frames of each clip by the clip's name.

    Raises:
        LandscapeError: If there is neither.
    """
    stills: list[Source] = []
    clips: dict[str, list[Path]] = {}
    folders = sorted(p for p in data.iterdir() if p.is_dir() and p.name not in IGNORED_FOLDERS) if data.is_dir() else []
    for folder in folders:
        images = _images(folder)
        stills += [Source(path, folder.name, is_held_out(path.stem)) for path in images]
        if not images:
            clips |= {clip.name: _images(clip) for clip in sorted(folder.iterdir()) if clip.is_dir()}
    clips = {name: frames for name, frames in clips.items() if len(frames) > 1}
    if not stills and not clips:
        raise LandscapeError(f"Give a folder that holds folders of photos or of clips; {data} holds neither.")
    return stills, clips


def _images(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)


def _squash(image: Image.Image, size: int, box: tuple[float, float, float, float] | None = None) -> Pixels:
    return np.asarray(
        image.resize((size, size), Image.Resampling.BOX if box is None else Image.Resampling.LANCZOS, box)
    )


def _view_boxes(image: Image.Image, rng: np.random.Generator) -> Iterator[tuple[float, float, float, float]]:
    """Frames within a photo: all of it first, then parts with aspects from 1:1 to 2:1."""
    width, height = image.size
    yield (0.0, 0.0, float(width), float(height))
    short = min(width, height)
    count = LARGE_VIEWS if short >= LARGE_SIDE else SMALL_VIEWS if short >= SMALL_SIDE else 1
    for _ in range(count - 1):
        part = rng.uniform(0.5 if count == LARGE_VIEWS else 0.75, 1.0)
        aspect = rng.uniform(1.0, min(2.0, max(1.0, width / height)))
        h = min(part * height, part * width / aspect)
        w = min(h * aspect, width)
        # Landscapes are centred on their horizon: cuts prefer the middle of the height.
        left, top = rng.uniform(0, width - w), (height - h) * rng.beta(2, 2)
        yield (left, top, left + w, top + h)


def load_views(source: Source, resolutions: tuple[int, ...], seed: int, broken: list[str]) -> dict[int, list[Pixels]]:
    """All views of one still at every resolution that it can fill, the whole still first.

    Args:
        source: The still.
        resolutions: Ascending, pixels.
        seed: Seed of the views.
        broken: Gets the file's name if it cannot be read.

    Returns:
        By resolution: uint8 (R, R, 3), squashed; nothing of a broken file.
    """
    try:
        return _decode(source, resolutions, seed)
    except Exception as error:  # Pillow raises many types on damaged files
        log.warning("skipped %s: %s", source.path, error)
        broken.append(str(source.path))
        return {}


def _decode(source: Source, resolutions: tuple[int, ...], seed: int) -> dict[int, list[Pixels]]:
    with Image.open(source.path) as opened:
        image = opened.convert("RGB")
    rng = np.random.default_rng([seed, *source.path.stem.encode()])
    views: dict[int, list[Pixels]] = {resolution: [] for resolution in resolutions}
    for box in _view_boxes(image, rng):
        fitting = [r for r in resolutions if r <= MOST_ENLARGEMENT * min(box[2] - box[0], box[3] - box[1])]
        if not fitting:
            continue
        large = Image.fromarray(_squash(image, fitting[-1], box))
        for resolution in fitting:
            views[resolution].append(_squash(large, resolution))
    return views


def prepare(
    data: Path,
    out: Path,
    resolutions: tuple[int, ...],
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> None:
    """Write the arrays that training reads, unless they are there already.

    For each resolution R, ``out/RRRR`` gets ``stills.npy`` (N, R, R, 3) uint8, ``folders.npy`` (N,) with the index of
    each still's folder, ``held_out.npy`` (stills kept out of training), ``clips.npy`` (frames a quarter larger than R)
    and ``starts.npy`` with the index of each clip's first frame, closed by the number of frames; ``index.json`` names
    folders, clips and files that could not be read.

    Args:
        data: See :func:`find_sources`.
        out: Where to write; an unfinished preparation is repeated.
        resolutions: Ascending, pixels.
        seed: Seed of the views cut from large photos.
        progress: Called for every file.

    Raises:
        LandscapeError: If there is nothing to read.
    """
    wanted = {"resolutions": list(resolutions), "seed": seed, "data": str(data.resolve())}
    index_file = out / "index.json"
    if settings_of(index_file) == wanted:
        return
    stills, clips = find_sources(data)
    groups = _clip_groups(data)
    training_clips = {name: frames for name, frames in clips.items() if not is_held_out(groups.get(name, name))}
    broken: list[str] = []
    folders = sorted({source.folder for source in stills} | {"clip frames"})
    labels: dict[int, list[int]] = {r: [] for r in resolutions}
    names: list[str] = []
    starts = [0]
    total = len(stills) + len(training_clips)

    with ExitStack() as stack:
        arrays = {
            r: {kind: stack.enter_context(array) for kind, array in _open_arrays(out / f"{r:04d}", r).items()}
            for r in resolutions
        }
        for done, source in enumerate(stills):
            for resolution, images in load_views(source, resolutions, seed, broken).items():
                for image in images[:1] if source.held_out else images:
                    arrays[resolution]["held_out" if source.held_out else "stills"].append(image)
                if not source.held_out:
                    labels[resolution] += [folders.index(source.folder)] * len(images)
            progress("reading stills", done + 1, total)
        for done, (name, frames) in enumerate(training_clips.items()):
            clip = _read_clip(frames, round(resolutions[-1] * CLIP_MARGIN), broken)
            if len(clip) > 1:
                names.append(name)
                starts.append(starts[-1] + len(clip))
                for resolution in resolutions:
                    for number, frame in enumerate(clip):
                        arrays[resolution]["clips"].append(_squash(frame, round(resolution * CLIP_MARGIN)))
                        if number % CLIP_STILLS_STEP == 0:
                            arrays[resolution]["stills"].append(_squash(frame, resolution))
                            labels[resolution].append(folders.index("clip frames"))
            progress("reading clips", len(stills) + done + 1, total)
        for resolution, kinds in arrays.items():
            for array in kinds.values():
                array.finish()
            np.save(out / f"{resolution:04d}" / "folders.npy", np.array(labels[resolution], np.int64))
            np.save(out / f"{resolution:04d}" / "starts.npy", np.array(starts, np.int64))
    index = {"settings": wanted, "folders": folders, "clips": names, "broken": broken}
    with replacing(index_file) as partial:
        partial.write_text(json.dumps(index, indent=1))


def settings_of(index: Path) -> Any:
    """What data was prepared with, by the index that was written last; None if there is none.

    Raises:
        LandscapeError: If the file is somebody else's.
    """
    if not replaceable(index, "index"):
        raise LandscapeError(f"{index} is no list of prepared data: choose another folder for the run.")
    return json.loads(index.read_text())["settings"] if made_here(index, "index") else None


def _open_arrays(folder: Path, resolution: int) -> dict[str, GrowingArray]:
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {"stills": resolution, "held_out": resolution, "clips": round(resolution * CLIP_MARGIN)}
    return {kind: GrowingArray(folder / f"{kind}.npy", size) for kind, size in sizes.items()}


def _read_clip(frames: list[Path], size: int, broken: list[str]) -> list[Image.Image]:
    images = []
    for path in frames:
        try:
            with Image.open(path) as opened:
                images.append(Image.fromarray(_squash(opened.convert("RGB"), size)))
        except Exception as error:  # as in load_views
            log.warning("skipped %s: %s", path, error)
            broken.append(str(path))
    return images


def _clip_groups(data: Path) -> dict[str, str]:
    """Clips of one camera share a group, so that none of them is in training when another one is held out."""
    groups: dict[str, str] = {}
    for file in data.glob("*/scenes.json"):
        groups |= {name: str(scene.get("group", name)) for name, scene in json.loads(file.read_text()).items()}
    return groups
