"""The README's first picture: ``python -m docs.make_first_look`` writes ``first_look.jpg`` beside itself.

A row shows a sample photo as it is, after 2.5 seconds of its motion, in a warm sunset and in a deep night.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from landscape.models.bundle import load_models
from landscape.photo.read import read_photo
from landscape.scene.scene import Scene
from landscape.settings import FitSettings, LightSettings, MotionSettings

HERE = Path(__file__).parent
SAMPLES = ("alpine_clouds", "mountain_lake", "jetty_at_dusk")
SPEED = 2.5
"""That of clouds in time-lapse films."""
SECONDS = 2.5
CELL = (360, 240)
"""Width and height of one picture in pixels."""
GAP = 4


def row(scene: Scene) -> list[np.ndarray]:
    """The four pictures of a scene, uint8 (H, W, 3)."""
    wishes = (
        (LightSettings(), 0.0),
        (LightSettings(), SECONDS),
        (LightSettings("warm sunset"), SECONDS),
        (LightSettings("deep night"), SECONDS),
    )
    return [scene.renderer(MotionSettings(speed=SPEED), light).frame(seconds) for light, seconds in wishes]


def cell(picture: np.ndarray) -> np.ndarray:
    """The middle of a picture at the size of a cell, with a gap to the next one."""
    width, height = CELL
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    cut = large[top : top + height, left : left + width]
    return cv2.copyMakeBorder(cut, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def main() -> None:
    """Fit the samples and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "first_look.jpg")
    options = parser.parse_args()
    models, rows = load_models(None), []
    for name in SAMPLES:
        scene = Scene.open(read_photo(HERE.parent / "assets" / f"{name}.jpg"), models, FitSettings())
        rows.append(np.hstack([cell(picture) for picture in row(scene)]))
    sheet = np.vstack(rows)[:-GAP, :-GAP]
    cv2.imwrite(str(options.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 86])


if __name__ == "__main__":
    main()
