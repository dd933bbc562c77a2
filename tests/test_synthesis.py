"""Samples and synthetic videos."""

import numpy as np
import torch

from landscape.generate.synthesis import sample_stills, sample_video
from landscape.images.tensors import to_pixels
from landscape.settings import MotionSettings


def test_pixels_cover_the_range():
    images = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).view(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert to_pixels(images)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_grid_is_seeded_and_scenes_do_not_depend_on_their_number(small_generator):
    few, many = sample_stills(small_generator, 2, 32, seed=4), sample_stills(small_generator, 5, 32, seed=4)
    assert few.shape == (32, 64, 3) and many.shape == (64, 96, 3)
    assert np.abs(few[:, :64].astype(int) - many[:32, :64]).max() <= 1
    assert not np.array_equal(few, sample_stills(small_generator, 2, 32, seed=5))


def test_video_begins_with_the_stills_and_moves(small_generator):
    frames = list(sample_video(small_generator, 2, 32, MotionSettings(speed=3), 6, 30, seed=4))
    assert len(frames) == 6
    assert np.abs(frames[0].astype(int) - sample_stills(small_generator, 2, 32, seed=4)).max() <= 1
    steps = [np.abs(b.astype(int) - a).mean() for a, b in zip(frames, frames[1:], strict=False)]
    assert min(steps) > 0.05


def test_scenes_larger_than_drawn_are_asked_of_the_upscaler(small_generator):
    asked = []

    def enlarge(images):
        asked.append(images.shape)
        return -images.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)

    plain = sample_stills(small_generator, 2, 64, seed=4, enlarge=enlarge)
    assert asked == [] and plain.shape == (64, 128, 3)
    large = sample_stills(small_generator, 2, 256, seed=4, enlarge=enlarge)
    assert asked == [(1, 3, 64, 64)] * 2
    assert np.abs(255 - large[::4, ::4].astype(int) - plain).max() <= 1
    assert sample_stills(small_generator, 2, 128, seed=4, enlarge=enlarge).shape == (128, 256, 3)
