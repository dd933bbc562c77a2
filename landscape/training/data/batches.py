"""Batches of real stills, pairs of frames and crops, drawn from the prepared arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.images.tensors import from_pixels
from landscape.training.data.pair_drawing import PairBatch
from landscape.training.data.relighting import LightStatistics, light_statistics, relight
from landscape.training.data.stored import CLIP_MARGIN, open_stored

# Share of the batches per folder; folders not named here share the rest in proportion to their size.
FOLDER_SHARES = {"stills_100px": 0.3, "clip frames": 0.1}
RELIT_STILLS = 0.2
RELIT_PAIRS = 0.7
CLIP_PLACES = 0.25
RELIT_FIRST, RELIT_SECOND, RELIT_CLOUDS = 0.3, 0.7, 0.5
SAME_IMAGE = 0.5


class RealData:
    """Random batches of real images at one resolution.

    Args:
        prepared: Folder written by :func:`landscape.training.data.pictures.prepare`, or a pack of
            :func:`landscape.training.data.pack.write_pack`.
        resolution: Pixels.
    """

    def __init__(self, prepared: Path, resolution: int) -> None:
        stored = open_stored(prepared, resolution)
        self.resolution = resolution
        self.stills, self.clips, self.starts = stored.stills, stored.clips, stored.starts
        self.moving, self.clips_moving = stored.moving, stored.clips_moving
        names, labels = stored.folders, stored.labels
        weights = np.ones(len(labels))
        named = 0.0
        for name, share in FOLDER_SHARES.items():
            chosen = labels == names.index(name) if name in names else np.zeros(len(labels), bool)
            if chosen.any() and not chosen.all():
                weights[chosen] = share / chosen.sum()
                named += share
        rest = weights == 1
        weights[rest] = (1 - named) / max(1, rest.sum())
        self.weights = torch.from_numpy(weights)
        self.lights = self._statistics()

    def _statistics(self) -> LightStatistics:
        every = max(1, len(self.stills) // 2000)
        step = max(1, self.resolution // 16)
        small = from_pixels(self.stills[::every, ::step, ::step])
        if self.moving is None:
            return light_statistics(small)
        return light_statistics(small, _shares(np.array(self.moving[::every, ::step, ::step])))

    def stills_batch(self, count: int, rng: torch.Generator, relit: float = RELIT_STILLS) -> Tensor:
        """Real images (count, 3, R, R) in [-1, 1], mirrored at random, a share of them under another light."""
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=rng).numpy()
        images = from_pixels(np.stack([self.stills[i] for i in chosen]))
        return self._relit(_mirrored(images, rng), relit, rng)

    def pairs_batch(self, count: int, rng: torch.Generator) -> Tensor:
        """Two frames of one clip at the same place, in any order (count, 6, R, R).

        The clips hold little change of daylight; most pairs get two different plausible lights, so that a change of
        light alone is a legitimate difference between the frames of a pair and z_dynamic can learn it.
        """
        clips = torch.randint(len(self.starts) - 1, (count,), generator=rng).numpy()
        first = self._frames(clips, rng)
        second = self._frames(clips, rng)
        places = self._places(count, rng)
        frames = [self._cut(first, places), self._cut(second, places)]
        flip = torch.rand(count, generator=rng) < 0.5
        relit = torch.rand(count, generator=rng) < RELIT_PAIRS
        result = []
        for frame in frames:
            frame = torch.where(flip[:, None, None, None], frame.flip(3), frame)
            changed = self._relit(frame, 1.0, rng)
            result.append(torch.where(relit[:, None, None, None], changed, frame))
        return torch.cat(result, dim=1)

    def places_batch(self, count: int, rng: torch.Generator) -> PairBatch:
        """Pairs that show one place: two frames of a clip, or one still under two lights, with the clouds in a third.

        In half of the batches both are the second image: cheaper, and what inversion asks for. The masks of
        :func:`landscape.training.data.moving.mark_moving` must be there.
        """
        assert self.moving is not None and self.clips_moving is not None
        from_clips = int((torch.rand(count, generator=rng) < CLIP_PLACES).sum())
        firsts, seconds, masks = [], [], []
        chosen = torch.multinomial(self.weights, count - from_clips, replacement=True, generator=rng).numpy()
        for i in chosen:
            firsts.append(self.stills[i])
            seconds.append(self.stills[i])
            masks.append(self.moving[i])
        clips = torch.randint(len(self.starts) - 1, (from_clips,), generator=rng).numpy()
        r = self.resolution
        frames = zip(self._frames(clips, rng), self._frames(clips, rng), strict=True) if from_clips else ()
        for clip, pair, (y, x) in zip(clips, frames, self._places(from_clips, rng).tolist(), strict=True):
            for found, image in zip((firsts, seconds, masks), (*pair, self.clips_moving[clip]), strict=True):
                found.append(image[y : y + r, x : x + r])
        first, second = (from_pixels(np.stack(images)) for images in (firsts, seconds))
        moving = _shares(np.stack(masks))
        flip = (torch.rand(count, generator=rng) < 0.5)[:, None, None, None]
        first, second, moving = (torch.where(flip, images.flip(3), images) for images in (first, second, moving))
        shown = self._relit(second, RELIT_SECOND, rng, moving)
        if torch.rand((), generator=rng) < SAME_IMAGE:
            return PairBatch(shown, shown, moving)
        first, clouds = (
            self._relit(images, share, rng, moving) for images, share in ((first, RELIT_FIRST), (second, RELIT_CLOUDS))
        )
        return PairBatch(first, shown, moving, clouds)

    def crops_batch(self, count: int, rng: torch.Generator) -> Tensor:
        """Two different places of one frame (count, 6, R, R): the fake pairs of the crop trick (paper, 3.1.2)."""
        clips = torch.randint(len(self.starts) - 1, (count,), generator=rng).numpy()
        frames = self._frames(clips, rng)
        first, second = self._places(count, rng), self._places(count, rng)
        # Opposite corners when the two places would nearly coincide: such a pair would be a real one.
        span = self.clips.shape[1] - self.resolution
        close = (first - second).abs().sum(dim=1) < span / 2
        second = torch.where(close[:, None], torch.where(first * 2 > span, 0, span), second)
        pair = [self._relit(_mirrored(self._cut(frames, p), rng), RELIT_PAIRS, rng) for p in (first, second)]
        return torch.cat(pair, dim=1)

    def _frames(self, clips: np.ndarray, rng: torch.Generator) -> np.ndarray:
        lengths = self.starts[clips + 1] - self.starts[clips]
        offsets = (torch.rand(len(clips), generator=rng).numpy() * lengths).astype(np.int64)
        return np.stack([self.clips[i] for i in self.starts[clips] + offsets])

    def _places(self, count: int, rng: torch.Generator) -> Tensor:
        span = round(self.resolution * CLIP_MARGIN) - self.resolution
        return torch.randint(span + 1, (count, 2), generator=rng)

    def _cut(self, frames: np.ndarray, places: Tensor) -> Tensor:
        r = self.resolution
        cuts = [frame[y : y + r, x : x + r] for frame, (y, x) in zip(frames, places.tolist(), strict=True)]
        return from_pixels(np.stack(cuts))

    def _relit(self, images: Tensor, share: float, rng: torch.Generator, moving: Tensor | None = None) -> Tensor:
        count = len(images)
        strength = 0.3 + 0.7 * torch.rand(count, generator=rng)
        strength = torch.where(torch.rand(count, generator=rng) < share, strength, 0.0)
        chosen = torch.randint(len(self.lights.mean), (count,), generator=rng)
        with torch.autocast("cpu", enabled=False):  # pictures are made in float32, however networks compute
            return relight(images, self.lights.select(chosen), strength, moving)


def _shares(masks: np.ndarray) -> Tensor:
    """Masks (N, H, W) uint8 as shares (N, 1, H, W) in [0, 1]."""
    return torch.from_numpy(masks)[:, None].float() / 255


def _mirrored(images: Tensor, rng: torch.Generator) -> Tensor:
    flip = torch.rand(len(images), generator=rng) < 0.5
    return torch.where(flip[:, None, None, None], images.flip(3), images)
