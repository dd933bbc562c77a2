"""Frames as arrays, for your own program: ``python examples/own_frames.py photo.jpg folder``.

Shows what a scene is made of, and writes the photo at four times as PNG pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from landscape import FitSettings, LightSettings, MotionSettings, Scene, load_models, read_photo


def main() -> None:
    """Write frames of a photo as pictures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=640, help="long side in pixels")
    parser.add_argument("--fit-seconds", type=float, help="most seconds for fitting the model")
    options = parser.parse_args()

    photo = read_photo(options.photo)  # photo.pixels: uint8 (H, W, 3), upright sRGB
    scene = Scene.open(photo, load_models(), FitSettings(seconds=options.fit_seconds))
    masks = scene.masks  # masks.sky, masks.water: float32 (H, W) in [0, 1]
    print(f"sky {masks.sky.mean():.0%}, water {masks.water.mean():.0%}, horizon at {masks.horizon:.0%} of the height")

    frames = scene.renderer(MotionSettings(speed=2.0), LightSettings(), options.size)
    options.folder.mkdir(parents=True, exist_ok=True)
    for seconds in (0.0, 1.0, 2.0, 4.0):
        frame = frames.frame(seconds)  # uint8 (h, w, 3); any time, in any order
        Image.fromarray(frame).save(options.folder / f"frame_{seconds:g}s.png")


if __name__ == "__main__":
    main()
