"""A photo becomes a video in a dozen lines: ``python examples/one_photo.py photo.jpg clip.mp4``."""

from __future__ import annotations

import argparse
from pathlib import Path

from landscape import ExportSettings, FitSettings, LightSettings, MotionSettings, Scene, Shot, load_models, read_photo


def main() -> None:
    """Animate one photo: clouds drift to the right while the light turns to a warm sunset."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of the clip")
    parser.add_argument("--size", type=int, default=1280, help="long side in pixels")
    parser.add_argument("--fit-seconds", type=float, help="most seconds for fitting the model")
    options = parser.parse_args()

    # The costly part, once for each photo: sky and water are found, and the model is fitted.
    scene = Scene.open(read_photo(options.photo), load_models(), FitSettings(seconds=options.fit_seconds))
    # The cheap part, as often as you like.
    shot = Shot(
        MotionSettings(direction=90.0, speed=1.5),
        LightSettings(style="warm sunset"),
        export=ExportSettings(seconds=options.seconds, long_side=options.size),
    )
    report = scene.render(options.clip, shot)
    print(f"{options.clip}: {report.width} x {report.height}, {report.frames} frames, SSIM {scene.quality.ssim:.3f}")


if __name__ == "__main__":
    main()
