"""What each format costs and keeps: ``python -m benchmarks.export_formats [PHOTO ...]``.

A clip in which the upper half of each photo drifts is written in every format; the table gives the encoding time and
the file's size relative to H.264, and the fidelity (PSNR of the luma in dB; equal where the rate factors match).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from landscape.output.formats import FORMATS
from landscape.output.video import write_video
from landscape.photo.read import read_photo

ASSETS = Path(__file__).resolve().parents[1] / "assets"
FRAMES, SIDE = 30, 960
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def drifting(path: Path) -> np.ndarray:
    """A clip uint8 (T, H, W, 3), its sides even."""
    pixels = read_photo(path, SIDE).pixels
    height, width = (side - side % 2 for side in pixels.shape[:2])
    clip = np.repeat(pixels[None, :height, :width], FRAMES, axis=0)
    for index, frame in enumerate(clip):
        shift = np.float32([[1.02, 0, 0.9 * index - 18], [0, 1.02, -5]])
        moved = cv2.warpAffine(pixels, shift, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        frame[: height // 2] = moved[: height // 2]
    return clip


def fidelity(path: Path, clip: np.ndarray) -> float:
    """PSNR of the luma in dB."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path), "-f", "rawvideo"]
    data = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], capture_output=True, check=True).stdout
    decoded = np.frombuffer(data, np.uint8).reshape(clip.shape)
    errors = [((a.astype(np.float32) - b) @ LUMA) ** 2 for a, b in zip(decoded, clip, strict=True)]
    return float(10 * np.log10(255**2 / max(np.mean(errors), 1e-9)))


def main() -> None:
    """Print the table."""
    photos = [Path(name) for name in sys.argv[1:]] or [ASSETS / "alpine_clouds.jpg", ASSETS / "sea_coast.jpg"]
    clips = [drifting(path) for path in photos]
    print("| format | quality (crf) | time | size | PSNR |\n|---|---|---|---|---|")
    for crf in (12, 18, 26):
        base: tuple[float, int] | None = None
        for form in FORMATS.values():
            with tempfile.TemporaryDirectory() as folder:
                seconds, size, levels = 0.0, 0, []
                for index, clip in enumerate(clips):
                    began = time.monotonic()
                    out = write_video(Path(folder) / f"{index}{form.suffix}", clip, 30, crf=crf, format=form.name)
                    seconds += time.monotonic() - began
                    size += out.stat().st_size
                    if form.name != "png":
                        levels.append(fidelity(out, clip))
            base = base or (seconds, size)
            level = f"{np.mean(levels):.1f}" if levels else "lossless"
            ratios = f"{seconds / base[0]:.1f} x | {size / base[1]:.2f} x"
            print(f"| {form.name} | {crf} | {ratios} | {level} |", flush=True)


if __name__ == "__main__":
    main()
