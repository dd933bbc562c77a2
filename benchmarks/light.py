"""What a frame costs under each kind of light, by turns on the same photo, one thread.

``python -m benchmarks.light assets/mountain_lake.jpg`` prints milliseconds of processor time for the photo's own light,
the older light (mean colours of three bands, as recipes of version 1 have it) and a measured style.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import cv2
import torch

from landscape.compose.compositor import Compositor
from landscape.light.mixes import OWN_LIGHT, FrameLight
from landscape.models.bundle import load_models
from landscape.photo.read import read_photo
from landscape.scene.scene import Scene
from landscape.settings import FitSettings, MotionSettings

KINDS = {
    "photo": OWN_LIGHT,
    "older": FrameLight(change=True),
    "measured": FrameLight((("warm sunset", 1.0),)),
}


def main() -> None:
    """Measure every photo at every size."""
    parser = argparse.ArgumentParser(description="What a frame costs under each kind of light.")
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--sizes", nargs="+", type=int, default=[384, 768, 1280])
    parser.add_argument("--frames", type=int, default=24, help="of each kind")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    models = load_models()
    for path in options.photos:
        scene = Scene.open(read_photo(path).resized(max(options.sizes)), models, FitSettings("E"))
        for size in options.sizes:
            compositor = Compositor(scene.scenery(size), MotionSettings())
            generated = scene.reconstruction().cpu()
            spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for count in range(options.frames + 1):
                for kind, light in KINDS.items():
                    began = time.process_time()
                    compositor.frame(generated, 0.1 * count, light)
                    spent[kind] += [1000 * (time.process_time() - began)] * (count > 0)  # the first prepares the rest
            figures = ", ".join(f"{kind} {statistics.median(times):.0f} ms" for kind, times in spent.items())
            print(f"{path.stem} at {size} px: {figures}", flush=True)


if __name__ == "__main__":
    main()
