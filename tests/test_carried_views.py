"""Carried views: what the generator learns motion from."""

import numpy as np
import torch

from landscape.fit.cells import moving_cells
from landscape.motion.flow import flow_homography
from landscape.motion.homography import pixel_centres, transform
from landscape.motion.maps import DynamicMotion
from landscape.motion.noise import upsampling
from landscape.settings import MotionSettings
from landscape.training.data.carried_views import Flow, carried_view, draw_flow

SIZES = (4, 8, 16, 32)


def shifted(x: float, size: int = 32) -> Flow:
    """A flow to one side."""
    shift = np.eye(3)
    shift[0, 2] = x
    centres = pixel_centres(size)
    return Flow(transform(shift, centres, centres))


def upper_half(count: int = 2, size: int = 32) -> torch.Tensor:
    moving = torch.zeros(count, 1, size, size)
    moving[:, :, : size // 2] = 1
    return moving


def test_moving_parts_go_and_the_rest_stays():
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    view, known = carried_view(shifted(0.25), images, upper_half())
    torch.testing.assert_close(view[:, :, :16, :28], images[:, :, :16, 4:])
    assert torch.equal(view[:, :, 16:], images[:, :, 16:])
    assert (known == 1).all()


def test_what_comes_from_behind_static_parts_is_unknown():
    moving = upper_half(1)
    moving[:, :, :, 16:] = 0
    known = carried_view(shifted(0.5), torch.zeros(1, 3, 32, 32), moving)[1]
    assert (known[:, :, :16, 8:16] == 0).all()
    assert (known[:, :, :16, :8] == 1).all() and (known[:, :, 16:] == 1).all()


def test_a_flow_that_stands_still_changes_no_map_in_the_moving_cells():
    rng = torch.Generator().manual_seed(1)
    maps = [torch.randn(2, 1, size, size, generator=rng) for size in SIZES]
    cells = moving_cells(upper_half(), SIZES)
    for item, carried, cell in zip(maps, shifted(0.0).maps(maps, cells), cells, strict=True):
        torch.testing.assert_close(carried * cell, item * cell, atol=1e-4, rtol=1e-4)


def test_maps_go_where_the_image_goes_and_keep_their_spread():
    rng = torch.Generator().manual_seed(2)
    maps = [3 * torch.randn(1, 1, size, size, generator=rng) for size in SIZES]
    cells = [torch.ones(1, 1, size, size) for size in SIZES]
    carried = shifted(0.5).maps(maps, cells)
    torch.testing.assert_close(carried[-1][..., :24], maps[-1][..., 8:], atol=1.0, rtol=0.3)
    for before, after in zip(maps, carried, strict=True):
        torch.testing.assert_close(before.std(), after.std(), atol=0.02, rtol=0.02)
        torch.testing.assert_close(before.mean(), after.mean(), atol=0.02, rtol=0.02)


def test_training_carries_maps_as_the_product_does():
    rng = torch.Generator().manual_seed(3)
    maps = [torch.randn(1, 1, size, size, generator=rng) for size in SIZES]
    cells = [torch.ones(1, 1, size, size) for size in SIZES]
    product = DynamicMotion(maps, MotionSettings(direction=90, perspective=0.0), 0.999).at(1.0)
    centres = pixel_centres(32)
    power = flow_homography(MotionSettings(direction=90, perspective=0.0), 0.999, 1.0, False)
    training = Flow(transform(power, centres, centres)).maps(maps, cells)
    for level in range(len(SIZES)):
        pair = torch.stack([product[level].flatten(), training[level].flatten()])
        assert torch.corrcoef(pair)[0, 1] > 0.98


def test_training_goes_on_after_a_video_in_the_same_process():
    """What the motion keeps for later must serve gradients too."""
    upsampling.cache_clear()
    maps = [torch.randn(1, 1, size, size) for size in SIZES]
    with torch.inference_mode():
        DynamicMotion(maps, MotionSettings(), 0.6).at(1.0)
    maps = [item.requires_grad_() for item in maps]
    cells = [torch.ones(1, 1, size, size) for size in SIZES]
    sum(item.square().sum() for item in shifted(0.3).maps(maps, cells)).backward()
    assert maps[0].grad is not None


def test_gradients_reach_the_maps():
    maps = [torch.randn(1, 1, size, size, requires_grad=True) for size in SIZES]
    cells = moving_cells(upper_half(1), SIZES)
    sum(item.square().sum() for item in shifted(0.3).maps(maps, cells)).backward()
    for item, cell in zip(maps, cells, strict=True):
        assert item.grad is not None and item.grad.isfinite().all() and item.grad.abs().sum() > 0
        assert not (item.grad * (1 - cell)).any()


def test_drawn_flows_differ_stay_in_bounds_and_repeat_with_the_seed():
    flows = [draw_flow(16, torch.Generator().manual_seed(seed)).grid for seed in range(20)]
    assert torch.equal(flows[3], draw_flow(16, torch.Generator().manual_seed(3)).grid)
    centres = pixel_centres(16)
    rest = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), dim=-1)
    ways = torch.stack([(flow - rest).abs().amax() for flow in flows])
    assert 0.4 < ways.max() < 0.9 and ways.min() < 0.3
