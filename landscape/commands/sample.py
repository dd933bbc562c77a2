"""``landscape sample``: synthetic scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from landscape.commands.console import cancel_on_signals, progress_bars
from landscape.commands.weights import WeightsOption
from landscape.errors import LandscapeError, require
from landscape.files import require_picture_name, save_array, save_picture
from landscape.marks import MARK, VERSION
from landscape.output.formats import format_of
from landscape.settings import ExportSettings, MotionSettings
from landscape.spelling import parse_direction
from landscape.targets import require_targets

if TYPE_CHECKING:
    from landscape.networks.generator import Generator

ARRAY_SUFFIX = ".npy"


def sample(
    count: Annotated[int, typer.Option("-n", help="How many scenes, 1 to 64.")] = 16,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write a grid of samples, *.png or *.jpg.")] = None,
    video: Annotated[Path | None, typer.Option(help="Write the moving scenes as MP4.")] = None,
    latents: Annotated[
        Path | None,
        typer.Option(help="Draw the one image of these latents, *.safetensors, as it is; -o may end in .npy then."),
    ] = None,
    direction: Annotated[str, typer.Option(help="Clock hour like 3, or an angle like 90deg.")] = "3",
    speed: Annotated[float, typer.Option(help="Factor on the speed of the motion.")] = 1.0,
    seconds: Annotated[float, typer.Option(help="Length of the video.")] = 4.0,
    fps: Annotated[int, typer.Option(help="Frames a second.")] = 30,
    cell: Annotated[
        int | None, typer.Option(help="Size of a scene, pixels: 256 in grids, 128 in videos by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the scenes.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """Draw scenes that never existed: a grid of stills, enlarged, or a video with the paper's motion (3.1.3)."""
    from landscape.generate.synthesis import sample_stills, sample_video
    from landscape.models.bundle import PRIOR_FILE, UPSCALER_FILE, default_folder
    from landscape.models.named import GENERATOR_FILE, weights_file
    from landscape.models.weights import load_generator, load_prior, load_upscaler
    from landscape.output.video import write_video

    if out is None and video is None:
        raise LandscapeError("Say where the samples go: -o grid.png, --video clip.mp4 or both.")
    if latents is not None:
        require(video is None and out is not None, "One image is drawn of given latents: give -o image.png alone.")
        assert out is not None
        _draw_given(latents, out, weights)
        return
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
    require_targets([weights or default_folder()], (out, "picture"), (video, "clip"))
    generator = load_generator(weights_file(weights, GENERATOR_FILE))
    # The bundled prior belongs to the bundled generator; the release's samples are drawn from noise.
    prior = load_prior(weights_file(weights, PRIOR_FILE), generator) if weights is None or weights.is_dir() else None
    if out is not None:
        upscaler = weights_file(weights, UPSCALER_FILE)
        enlarge = load_upscaler(upscaler) if upscaler.is_file() else None
        save_picture(sample_stills(generator, count, cell or 256, seed, prior, enlarge), out)
    if video is not None:
        with cancel_on_signals() as cancel, progress_bars() as progress:
            pictures = sample_video(generator, count, cell or 128, motion, clip.frames, fps, seed, prior)
            metadata = {MARK: VERSION, "samples": count, "seed": seed}
            write_video(video, pictures, fps, total=clip.frames, metadata=metadata, progress=progress, cancel=cancel)


def _draw_given(latents: Path, out: Path, weights: Path | None) -> None:
    """Draw the image of given latents and write it as a picture, or as the numbers that the network gives."""
    from landscape.generate.given import draw_given
    from landscape.images.tensors import to_pixels
    from landscape.models.bundle import default_folder
    from landscape.models.named import GENERATOR_FILE, weights_file
    from landscape.models.weights import load_generator

    array = out.suffix.lower() == ARRAY_SUFFIX
    if not array:
        require_picture_name(out)
    require_targets([latents, weights or default_folder()], (out, "array" if array else "picture"))
    generator: Generator = load_generator(weights_file(weights, GENERATOR_FILE))
    image = draw_given(generator, latents)
    if array:
        save_array(image.numpy(), out)
    else:
        save_picture(to_pixels(image[None].clamp(-1, 1))[0], out)
