"""What the product gains over a straightforward PyTorch implementation of the same networks, in one run.

    python -m benchmarks.all [--quick] [--threads 2] [--json speed.json] [--picture speed.png]

Frames, steps of the inversion and of the training, whole clips and previews are made both ways in turns. Beside their
ratio stand GFLOP/s and the share of what this computer does at most, measured in the same run by a large product of
matrices and a large convolution. ``--quick`` takes less than three minutes. On a machine that does other things as well
``--only frames --threads 1 --processor-time`` is hardly disturbed. docs/performance.md says what was done.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks import inversion_step, training_step
from benchmarks.clips import exports, open_scene, previews
from benchmarks.plain import PlainGenerator
from benchmarks.timing import alternating, gflop, peaks
from landscape.commands.animate import write_json
from landscape.files import save_picture
from landscape.fit.precision import quick_precision
from landscape.models.config import load_config
from landscape.networks.drawing import Drawing
from landscape.networks.generator import Generator
from landscape.targets import require_targets
from landscape.training.run.processes import join_processes

PHOTO = Path(__file__).resolve().parents[1] / "assets" / "alpine_clouds.jpg"
Row = dict[str, Any]
Clock = Callable[[], float]
PARTS = ("frames", "inversion", "training", "clips")


def row(name: str, plain: float, product: float, **more: Any) -> Row:
    """A line of the table: seconds of one piece of work both ways, and what else is known."""
    found = {"name": name, "plain_seconds": plain, "seconds": product, "ratio": round(plain / product, 2), **more}
    speed = f", {more['gflops']:.0f} GFLOP/s, {more['share']:.0%} of the peak" if "gflops" in more else ""
    print(
        f"{name}: plain {plain * 1e3:.1f} ms, product {product * 1e3:.1f} ms, ratio {found['ratio']}{speed}", flush=True
    )
    return found


def frames(config: str, rounds: int, peak: dict[str, dict[str, float]], clock: Clock) -> list[Row]:
    """One frame of the generator, in single precision and in the type that is quick here."""
    torch.manual_seed(0)
    generator = Generator(load_config(config).generator).eval().requires_grad_(False)
    w = torch.randn(1, generator.depth(), generator.config.style_width)
    latents = w, generator.sample_maps(1), generator.sample_maps(1)
    plain, rows = PlainGenerator(generator), []
    kinds = {"float32": torch.float32} | ({"bf16": torch.bfloat16} if quick_precision() == torch.bfloat16 else {})
    drawings = {name: Drawing(generator, kind) for name, kind in kinds.items()}
    works = {"plain": lambda: plain(*latents)}
    works |= {name: lambda drawing=drawing: drawing(*latents) for name, drawing in drawings.items()}
    with torch.no_grad():
        spent = alternating(works, rounds, clock)
        image = plain(*latents)
        for name, drawing in drawings.items():
            work = gflop(works[name])
            most = max(peak[name].values())
            error = float((drawing(*latents) - image).abs().mean() / image.std())
            speed = {"gflop": round(work, 2), "gflops": work / spent[name], "share": work / spent[name] / most}
            more = {"frames_per_second": round(1 / spent[name], 1), "error": error, **speed}
            rows.append(row(f"frame, {config}, {name}", spent["plain"], spent[name], **more))
    return rows


def inversion(rounds: int, clock: Clock) -> list[Row]:
    """Steps of the inversion of paper-256; a step of the product does what turns of the plain loop do."""
    found = inversion_step.measure(rounds, clock).items()
    return [row(f"inversion, paper-256, {stage}", turns * step, ours) for stage, (step, ours, turns) in found]


def made_up_data(folder: Path, resolution: int) -> None:
    """Stills and clips that training reads, of noise in several sizes."""
    rng = np.random.default_rng(0)
    places = [folder / "stills" / f"{i}.jpg" for i in range(64)]
    places += [folder / "clips" / f"clip{i}" / f"{j:03d}.jpg" for i in range(8) for j in range(4)]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(place), cv2.resize(coarse, (4 * resolution, 4 * resolution), interpolation=cv2.INTER_CUBIC))


def training(seconds: float, threads: int, resolution: int = 32) -> list[Row]:
    """A training step with discriminators, for each image of its batch."""
    processes, _ = join_processes("cpu")
    with tempfile.TemporaryDirectory() as folder:
        made_up_data(Path(folder), resolution)
        rates = training_step.measure(Path(folder), "compact", resolution, seconds, None, threads, processes)
    torch.set_num_threads(threads)
    return [row(f"training, compact, {resolution} px, an image", 1 / rates["plain"], 1 / rates["project"])]


def clips(photo: Path, config: str | None, frames: int, side: int) -> list[Row]:
    """A whole clip and the pictures of a preview, for each of their frames."""
    scene, name = open_scene(photo, config), config or "bundled"
    rows = []
    for title, works in (("clip", exports(scene, frames, side)), ("preview", previews(scene, frames, min(side, 704)))):
        spent = alternating(works, 1)
        rows.append(row(f"{title}, {name}, {side} px, a frame", spent["plain"] / frames, spent["product"] / frames))
    return rows


def picture(rows: list[Row]) -> np.ndarray:
    """The ratios as bars, uint8 (H, W, 3)."""
    width, line, left = 900, 34, 430
    image = np.full((line * len(rows) + 50, width, 3), 255, np.uint8)
    scale = (width - left - 90) / max(item["ratio"] for item in rows)
    font, grey = cv2.FONT_HERSHEY_SIMPLEX, (60, 60, 60)
    cv2.putText(image, "times as fast as plain PyTorch", (left, 24), font, 0.5, grey, 1, cv2.LINE_AA)
    for index, item in enumerate(rows):
        y = 40 + line * index
        cv2.putText(image, item["name"], (10, y + 19), font, 0.48, grey, 1, cv2.LINE_AA)
        end = left + round(item["ratio"] * scale)
        cv2.rectangle(image, (left, y + 3), (end, y + line - 8), (72, 118, 170), -1)
        cv2.putText(image, f"{item['ratio']:.2f}", (end + 8, y + 19), font, 0.5, grey, 1, cv2.LINE_AA)
    one = left + round(scale)
    cv2.line(image, (one, 36), (one, 40 + line * len(rows)), (200, 90, 60), 1)
    return image


def main() -> None:
    """Measure everything, print it, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and shorter clips: three minutes at most")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument(
        "--processor-time", action="store_true", help="of frames and inversion, in place of the clock's"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    require_targets([options.photo], (options.json, "report"), (options.picture, "picture"))
    torch.set_num_threads(options.threads)
    began, quick = time.perf_counter(), options.quick
    clock = time.process_time if options.processor_time else time.perf_counter
    peak = peaks(clock=clock)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "units": torch.backends.cpu.get_cpu_capability(),
    }
    machine |= {
        "threads": options.threads,
        "torch": torch.__version__,
        "quick_type": str(quick_precision()).split(".")[1],
    }
    print(json.dumps({**machine, "peak_gflops": peak}, indent=2), flush=True)
    rows: list[Row] = []
    if "frames" in options.only:
        rows += frames("paper-256", 3 if quick else 9, peak, clock) + frames(
            "compact", 15 if quick else 60, peak, clock
        )
    if "inversion" in options.only:
        rows += inversion(1 if quick else 3, clock)
    if "training" in options.only:
        rows += training(9 if quick else 60, options.threads)
    if "clips" in options.only:
        rows += clips(options.photo, None, 20 if quick else 90, 640 if quick else 1280)
        rows += clips(options.photo, "paper-256", 8 if quick else 30, 640 if quick else 1280)
    print(f"{time.perf_counter() - began:.0f} s in all", flush=True)
    if options.json is not None:
        write_json(options.json, {**machine, "peak_gflops": peak, "rows": rows})
    if options.picture is not None:
        save_picture(picture(rows), options.picture)


if __name__ == "__main__":
    main()
