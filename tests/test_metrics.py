import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.evaluation.metrics import direction_error, sky_flow, ssim


def reference_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Straight from the definition, window by window; a, b (H, W) in [0, 1]."""
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / taps.sum() ** 2
    values = []
    for y in range(a.shape[0] - 10):
        for x in range(a.shape[1] - 10):
            p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mp, mq = (window * p).sum(), (window * q).sum()
            vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
            cov = (window * (p - mp) * (q - mq)).sum()
            top = (2 * mp * mq + 1e-4) * (2 * cov + 9e-4)
            values.append(top / ((mp**2 + mq**2 + 1e-4) * (vp + vq + 9e-4)))
    return float(np.mean(values))


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    first = rng.random((16, 14, 3))
    return first, np.clip(first + 0.2 * rng.standard_normal(first.shape), 0, 1)


def test_ssim_follows_the_definition(pair):
    a, b = pair
    wanted = np.mean([reference_ssim(a[..., c], b[..., c]) for c in range(3)])
    assert ssim(a, b) == pytest.approx(wanted, abs=1e-4)


def test_ssim_forms_agree(pair):
    a, b = ((255 * item).round().astype(np.uint8) for item in pair)
    tensors = [torch.from_numpy(item).permute(2, 0, 1)[None].float() / 127.5 - 1 for item in (a, b)]
    assert ssim(a, b) == pytest.approx(ssim(*tensors), abs=1e-5)
    assert ssim(a, b) == pytest.approx(ssim(a / 255, b / 255), abs=1e-5)


def test_ssim_of_small_images_shrinks_the_window():
    rng = np.random.default_rng(1)
    a = rng.random((8, 9, 3))
    assert ssim(a, a) == pytest.approx(1)
    assert ssim(a, 1 - a) < 0


def test_masked_ssim_looks_at_the_mask_alone():
    rng = np.random.default_rng(2)
    a = rng.random((40, 60, 3))
    b = a.copy()
    b[:, 30:] = rng.random((40, 30, 3))
    mask = np.zeros((40, 60), np.float32)
    mask[:, :20] = 1
    assert ssim(a, b, mask) == pytest.approx(1, abs=1e-5)
    assert ssim(a, b, 1 - mask) < ssim(a, b) < 1
    assert ssim(a, b, np.ones_like(mask)) == pytest.approx(ssim(a, b), abs=1e-6)


def test_ssim_refuses_what_cannot_be_compared():
    a = np.zeros((20, 20, 3))
    with pytest.raises(ValueError, match="one size"):
        ssim(a, np.zeros((20, 21, 3)))
    with pytest.raises(ValueError, match="mask"):
        ssim(a, a, np.zeros((20, 20)))


def clouds(size: int = 160) -> np.ndarray:
    noise = np.random.default_rng(4).random((size, size, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 4)
    return ((noise - noise.min()) / np.ptp(noise) * 255).astype(np.uint8)


@pytest.mark.parametrize(("dx", "dy", "direction"), [(2, 0, 90), (-2, 0, 270), (0, 2, 180), (0, -2, 0), (2, -2, 45)])
def test_flow_of_a_shifted_texture(dx, dy, direction):
    texture = clouds()
    frames = [np.roll(texture, (k * dy, k * dx), axis=(0, 1))[20:140, 20:140] for k in range(3)]
    flow = sky_flow(frames, np.ones((120, 120), np.float32))
    assert flow.magnitude == pytest.approx(math.hypot(dx, dy) / 60, rel=0.15)
    assert direction_error(flow.direction_deg, direction) < 8


def test_flow_of_the_mask_alone():
    texture = clouds()[:128, :128]
    moved = texture.copy()
    moved[64:] = np.roll(texture[64:], 3, axis=1)
    mask = np.zeros((128, 128), np.float32)
    mask[:40] = 1
    still = sky_flow([texture, moved], mask)
    assert still.magnitude < 0.2 * sky_flow([texture, moved], np.roll(mask, 80, axis=0)).magnitude


def test_nothing_moves_in_equal_frames():
    flow = sky_flow([clouds()] * 2, np.ones((160, 160)))
    assert flow.magnitude < 1e-4


def test_flow_needs_frames_and_a_region():
    with pytest.raises(ValueError, match="two frames"):
        sky_flow([clouds()], np.ones((160, 160)))
    with pytest.raises(ValueError, match="empty"):
        sky_flow([clouds()] * 2, np.zeros((160, 160)))


@given(st.floats(-720, 720), st.floats(-720, 720))
@settings(max_examples=50, deadline=None)
def test_direction_error_is_the_angle_between(a, b):
    wanted = math.degrees(math.acos(max(-1.0, min(1.0, math.cos(math.radians(a - b))))))
    assert direction_error(a, b) == pytest.approx(wanted, abs=1e-3)
    assert direction_error(a, b) == pytest.approx(direction_error(b, a), abs=1e-6)


def test_direction_error_where_nothing_moves():
    assert direction_error(math.nan, 90) == 180
