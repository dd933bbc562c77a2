"""Quality of the fit against processor seconds, for several ways to fit by EOIFS.

    python -m benchmarks.inversion_speed assets/alpine_clouds.jpg [--rows product,turns] [--table table.md]

Seconds are of the processor on one thread, without the measuring itself; other load on the machine hardly changes them.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from landscape.evaluation.inversion import FRAME_STEP, moving_frames
from landscape.evaluation.metrics import sky_flow
from landscape.files import write_table
from landscape.fit.invert import fit
from landscape.fit.numbers import FIT_NUMBERS, FitNumbers
from landscape.masks.find import find_matte
from landscape.models.bundle import Models, load_models
from landscape.photo.read import read_photo
from landscape.photo.squeeze import model_image, model_mask
from landscape.settings import FitSettings, MotionSettings
from landscape.targets import require_targets

PRODUCT = FIT_NUMBERS["product"]


def with_steps(steps: int) -> dict[str, object]:
    """The product's recipe with so many steps of the latents."""
    schedule = dataclasses.replace(PRODUCT.latents_of("EOIFS"), steps=steps)
    return {"exceptions": {**PRODUCT.exceptions, "EOIFS": schedule}}


ROWS: dict[str, FitNumbers] = {
    "product": PRODUCT,
    "turns": dataclasses.replace(PRODUCT, joint=False, **with_steps(300)),
    "joint 40": dataclasses.replace(PRODUCT, **with_steps(40)),
    "joint 70": dataclasses.replace(PRODUCT, **with_steps(70)),
    "all blocks": dataclasses.replace(PRODUCT, tuned_blocks=None),
    "no rehearsal": dataclasses.replace(PRODUCT, rehearse=False),
}
"""What is compared; ``turns`` is algorithm 2's taking turns between the static and the moving part."""
MARKS = (0.8, 0.9)
LOOK_EVERY = 10


def measure(path: Path, recipe: FitNumbers, models: Models, most_tuning: int) -> dict[str, float]:
    """Fit one photo."""
    photo = read_photo(path, 1024)
    masks = find_matte(photo.pixels, models.segmenter, models.corrector)
    side = models.generator.resolution
    image, moving = model_image(photo, side), model_mask(masks.moving, side)
    reached: dict[str, float] = {}
    measuring = steps = 0.0
    began = time.process_time()

    FIT_NUMBERS["product"] = recipe
    settings = FitSettings(tune_steps=most_tuning)
    networks = models.generator, models.encoder, models.perceptual
    for state in fit(image, moving, *networks, settings):
        steps += 1
        if steps % LOOK_EVERY == 0:
            started = time.process_time()
            quality = state.snapshot().quality
            for mark in MARKS:
                if quality.ssim >= mark:
                    reached.setdefault(f"to {mark}", started - began - measuring)
            measuring += time.process_time() - started
    found = state.snapshot()
    seconds = time.process_time() - began - measuring
    sky = cv2.resize(np.ascontiguousarray(masks.sky), (side, side), interpolation=cv2.INTER_AREA)
    flow = sky_flow(moving_frames(found, moving, masks.horizon, MotionSettings()), sky).magnitude / FRAME_STEP
    to = {f"to {mark}": reached.get(f"to {mark}", float("nan")) for mark in MARKS}
    end = {"seconds": seconds, "steps": steps - 3, "ssim": found.ssim, "lpips": found.lpips, "flow x 1000": 1000 * flow}
    return to | end


def main() -> None:
    """Measure and print a Markdown table of means over the photos."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--most-tuning", type=int, default=120)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    require_targets(options.photos, (options.table, "table"))
    torch.set_num_threads(1)
    models = load_models()
    lines: list[str] = []
    for name in options.rows.split(","):
        found = [measure(path, ROWS[name], models, options.most_tuning) for path in options.photos]
        means = {key: float(np.mean([item[key] for item in found])) for key in found[0]}
        if not lines:
            lines += ["| way | " + " | ".join(means) + " |", "|---" * (len(means) + 1) + "|"]
        lines.append(f"| {name} | " + " | ".join(f"{value:.3g}" for value in means.values()) + " |")
        print(lines[-1], flush=True)
    if options.table is not None:
        write_table(options.table, "\n".join(lines))


if __name__ == "__main__":
    main()
