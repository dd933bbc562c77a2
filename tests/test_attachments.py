"""Thin dark things before the sky are told from clouds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from landscape.masks.attachments import find_attachments

HEIGHT, WIDTH, GROUND = 300, 400, 220


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray]:
    """A bright sky with soft dark clouds over dark ground, and the mask of the sky."""
    noise = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    cloud = cv2.GaussianBlur(noise, (0, 0), 12)
    photo = np.clip(190 + 50 * cloud / cloud.std(), 60, 255)[..., None] * np.ones(3)
    photo[GROUND:] = (40, 50, 30)
    sky = np.zeros((HEIGHT, WIDTH), np.float32)
    sky[:GROUND] = 1
    return photo.astype(np.uint8), sky


def test_clouds_are_none(scene) -> None:
    assert find_attachments(*scene) is None


def test_leaning_trunks_are_found_and_birds_are_not(scene) -> None:
    photo, sky = scene
    cv2.line(photo, (100, GROUND), (120, 60), (30, 25, 20), 3)
    cv2.line(photo, (300, 80), (312, 84), (30, 25, 20), 3)
    found = find_attachments(photo, sky)
    assert found is not None
    assert found[80:200, 100:120].max(axis=1).min() > 0.9
    assert found[60:100, 280:330].max() == 0
    assert found[:GROUND].mean() < 0.03 and found[GROUND + 3 :].max() == 0


def test_wide_things_and_skies_without_ground_are_left_to_the_mask(scene) -> None:
    photo, sky = scene
    photo[150:GROUND, 200:260] = 30
    assert find_attachments(photo, sky) is None
    assert find_attachments(photo, np.ones_like(sky)) is None
    assert find_attachments(photo, np.zeros_like(sky)) is None
