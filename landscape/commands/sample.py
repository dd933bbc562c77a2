"""``landscape sample``: synthetic scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, progress_bars
from landscape.errors import LandscapeError
from landscape.files import require_picture_name, save_picture
from landscape.marks import MARK, VERSION
from landscape.output.formats import format_of
from landscape.settings import ExportSettings, MotionSettings
from landscape.spelling import parse_direction
from landscape.targets import require_targets


def sample(
    count: Annotated[int, typer.Option("-n", help="How many scenes, 1 to 64.")] = 16,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write a grid of samples, *.png or *.jpg.")] = None,
    video: Annotated[Path | None, typer.Option(help="Write the moving scenes as MP4.")] = None,
    direction: Annotated[str, typer.Option(help="Clock hour like 3, or an angle like 90deg.")] = "3",
    speed: Annotated[float, typer.Option(help="Factor on the speed of the motion.")] = 1.0,
    seconds: Annotated[float, typer.Option(help="Length of the video.")] = 4.0,
    fps: Annotated[int, typer.Option(help="Frames a second.")] = 30,
    cell: Annotated[
        int | None, typer.Option(help="Size of a scene, pixels: 256 in grids, 128 in videos by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the scenes.")] = 0,
    checkpoints: Annotated[Path | None, typer.Option(help="Folder with other weights.")] = None,
) -> None:
    """Draw scenes that never existed: a grid of stills, enlarged, or a video with the paper's motion (3.1.3)."""
    from landscape.generate.synthesis import sample_stills, sample_video
    from landscape.models.bundle import GENERATOR_FILE, PRIOR_FILE, UPSCALER_FILE, default_folder
    from landscape.models.weights import load_generator, load_prior, load_upscaler
    from landscape.output.video import write_video

    if out is None and video is None:
        raise LandscapeError("Say where the samples go: -o grid.png, --video clip.mp4 or both.")
    if not 1 <= count <= 64:
        raise LandscapeError("Choose between 1 and 64 scenes.")
    if cell is not None and not 16 <= cell <= 512:
        raise LandscapeError("Choose a scene size between 16 and 512 pixels.")
    if not 0 <= seed < 2**31:
        raise LandscapeError("Choose a seed between 0 and 2147483647.")
    clip = ExportSettings(seconds, fps)
    motion = MotionSettings(direction=parse_direction(direction), speed=speed)
    if video is not None:
        format_of(video)
    if out is not None:
        require_picture_name(out)
    folder = checkpoints or default_folder()
    require_targets([folder], (out, "picture"), (video, "clip"))
    generator = load_generator(folder / GENERATOR_FILE)
    prior = load_prior(folder / PRIOR_FILE, generator)
    if out is not None:
        upscaler = folder / UPSCALER_FILE
        enlarge = load_upscaler(upscaler) if upscaler.is_file() else None
        save_picture(sample_stills(generator, count, cell or 256, seed, prior, enlarge), out)
    if video is not None:
        with cancel_on_signals() as cancel, progress_bars() as progress:
            pictures = sample_video(generator, count, cell or 128, motion, clip.frames, fps, seed, prior)
            metadata = {MARK: VERSION, "samples": count, "seed": seed}
            write_video(video, pictures, fps, total=clip.frames, metadata=metadata, progress=progress, cancel=cancel)
