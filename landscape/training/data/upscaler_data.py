"""Pairs of small and large pictures that the upscaler learns from (paper, Super Resolution).

The paper's small pictures are what the first steps of the inversion make of a real one, so that the network also mends
what the generator errs in. Here they are anything between the posterior's answer, where the inversion starts, and the
real picture, which it approaches.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.files import replacing
from landscape.fit.latents import starting_latents
from landscape.fit.numbers import VARIANTS
from landscape.images.tensors import from_pixels, to_pixels
from landscape.models.bundle import Models
from landscape.networks.upscaler import FACTOR
from landscape.progress import Progress, ignore_progress
from landscape.training.data.arrays import GrowingArray
from landscape.training.data.moving import find_moving
from landscape.training.data.pictures import find_sources, load_views, settings_of
from landscape.training.data.upscaler_pairs import shrink

SIDES = (256, 512)
"""Sides of the large pictures; the generator's frames are a quarter of them at 64 and 128 px."""
MOST_VIEWS = 4
DRAWN_AT_ONCE = 16


def prepare_pairs(
    data: Path, out: Path, models: Models, seed: int = 0, progress: Progress = ignore_progress
) -> tuple[int, ...]:
    """Write the large pictures and what the generator makes of them, unless they are there already.

    For each side L of :data:`SIDES`, ``out/LLLL`` gets ``large.npy`` and ``held_out.npy``, (N, L, L, 3) uint8; where L
    is four times the generator's resolution R also ``drawn.npy`` (N, R, R, 3), in the order of ``large.npy``.

    Args:
        data: See :func:`landscape.training.data.pictures.find_sources`; its clips are not used.
        out: Where to write.
        models: The generator, what predicts latents, the segmenter.
        seed: Seed of the views.
        progress: Called for every picture.

    Returns:
        The sides for which there are pictures to learn from.

    Raises:
        LandscapeError: If there is nothing to read.
    """
    index = out / "pairs.json"
    wanted = {"data": str(data.resolve()), "seed": seed, "resolution": models.generator.resolution}
    if settings_of(index) != wanted:
        counts = _write_large(data, out, seed, progress)
        side = FACTOR * models.generator.resolution
        if counts.get(side):
            _write_drawn(out / f"{side:04d}", models, progress)
        with replacing(index) as partial:
            partial.write_text(json.dumps({"settings": wanted, "counts": counts}))
    counts = json.loads(index.read_text())["counts"]
    return tuple(side for side in SIDES if counts[str(side)])


def _write_large(data: Path, out: Path, seed: int, progress: Progress) -> dict[int, int]:
    sources, _ = find_sources(data)
    broken: list[str] = []
    with ExitStack() as stack:
        arrays = {}
        for side in SIDES:
            folder = out / f"{side:04d}"
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("large", "held_out"):
                arrays[side, name] = stack.enter_context(GrowingArray(folder / f"{name}.npy", side))
        for done, source in enumerate(sources):
            name, most = ("held_out", 1) if source.held_out else ("large", MOST_VIEWS)
            for side, views in load_views(source, SIDES, seed, broken).items():
                for view in views[:most]:
                    arrays[side, name].append(view)
            progress("reading stills", done + 1, len(sources))
        for array in arrays.values():
            array.finish()
    return {side: arrays[side, "large"].count for side in SIDES}


def _write_drawn(folder: Path, models: Models, progress: Progress) -> None:
    large, size = np.load(folder / "large.npy", mmap_mode="r"), models.generator.resolution
    masks = find_moving(large, np.arange(len(large)), models.segmenter, progress)
    with GrowingArray(folder / "drawn.npy", size) as drawn:
        for start in range(0, len(large), DRAWN_AT_ONCE):
            pictures = from_pixels(large[start : start + DRAWN_AT_ONCE])
            moving = torch.from_numpy(masks[start : start + DRAWN_AT_ONCE])[:, None].float() / 255
            for picture in to_pixels(redraw(shrink(pictures), shrink(moving), models)):
                drawn.append(picture)
            progress("drawing", start + len(pictures), len(large))
        drawn.finish()


@torch.no_grad()
def redraw(small: Tensor, moving: Tensor, models: Models) -> Tensor:
    """The generator's answer to pictures (N, 3, R, R) with masks (N, 1, R, R) before any step on the latents."""
    latents = starting_latents(small, moving, models.generator, models.encoder, VARIANTS["EOIFS"], 0)
    drawn: Tensor = models.generator(latents.w, latents.s_static, latents.s_dynamic)
    return drawn
