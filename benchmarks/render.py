"""Measure how long a clip takes and how much memory: ``python -m benchmarks.render PHOTO --size 1280 --frames 200``.

The photo is fitted by the encoder alone, as the fit is not what is measured. Processor seconds count this process and
the encoder of the video; on an idle machine with two cores a clip takes little more than half of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from landscape.models.bundle import load_models
from landscape.photo.read import Photo, read_photo
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, FitSettings, LightSettings


def processor_seconds() -> float:
    """Processor time of this process and of those it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def enlarged(scene: Scene, long_side: int) -> Scene:
    """The scene as if its photo had been taken by a larger camera: enlarged, with fresh grain."""
    photo = scene.photo
    factor = long_side / max(photo.width, photo.height)
    pixels = cv2.resize(photo.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).integers(0, 7, (512, 512, 3), dtype=np.uint8)
    tiles = (-(-pixels.shape[0] // 512), -(-pixels.shape[1] // 512), 1)
    pixels = cv2.subtract(cv2.add(pixels, np.tile(grain, tiles)[: pixels.shape[0], : pixels.shape[1]]), 3)
    return scene.with_photo(Photo(pixels, photo.name))


def main() -> None:
    """Measure one clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--size", type=int, default=1280)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--enlarge", type=int, help="make the photo this large first")
    parser.add_argument("--style")
    options = parser.parse_args()
    scene = Scene.open(read_photo(options.photo), load_models(), FitSettings(variant="E"))
    if options.enlarge:
        scene = enlarged(scene, options.enlarge)
    export = ExportSettings(seconds=max(0.2, options.frames / 30), long_side=options.size)
    with tempfile.TemporaryDirectory() as folder:
        started, busy = time.monotonic(), processor_seconds()
        report = scene.render(Path(folder) / "clip.mp4", Shot(light=LightSettings(options.style), export=export))
        wall, busy = time.monotonic() - started, processor_seconds() - busy
    figures = {
        "size": [report.width, report.height],
        "frames": report.frames,
        "seconds": round(wall, 1),
        "processor_seconds": round(busy, 1),
        "timings": report.timings,
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
