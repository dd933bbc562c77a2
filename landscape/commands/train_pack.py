"""``landscape train pack``: training data in one file, to be trained on elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.train_options import SeedOption
from landscape.errors import printable, require
from landscape.targets import require_targets


def pack(
    data: Annotated[Path, typer.Argument(help="Folder of folders with stills or clips.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The pack to write, *.safetensors.")],
    resolution: Annotated[int, typer.Option(help="Largest resolution that is trained on it, pixels.")] = 128,
    limit_mb: Annotated[float, typer.Option(help="Most megabytes of the pack.")] = 48.0,
    seed: SeedOption = 0,
) -> None:
    """Pack stills, clips and where they move as JPEGs in one file, for ``train gan --data``."""
    from landscape.models.bundle import SEGMENTER_FILE, default_folder
    from landscape.models.frozen import load_segmenter
    from landscape.models.named import SUFFIX
    from landscape.training.data.moving import mark_moving
    from landscape.training.data.pack import write_pack
    from landscape.training.data.pictures import prepare
    from landscape.working_folders import working_folder

    sizes = [4 << i for i in range(1, 9)]
    require(resolution in sizes, f"Choose a resolution from: {', '.join(map(str, sizes))}.")
    require(limit_mb > 0, "Choose a limit above 0 megabytes.")
    require(out.suffix.lower() == SUFFIX, f"Name the pack with the ending {SUFFIX}, not “{out.name}”.")
    require_targets([], (out, "pack"))
    with cancel_on_signals() as cancel, progress_bars() as progress, working_folder(out.parent) as prepared:
        prepare(data, prepared, (resolution,), seed, progress)
        mark_moving(prepared, (resolution,), load_segmenter(default_folder() / SEGMENTER_FILE), progress)
        told = write_pack(prepared, resolution, out, int(limit_mb * 1e6), seed, progress, cancel)
    console.print(
        printable(
            f"{out}: {told.bytes / 1e6:.1f} MB, {told.stills} stills and {told.frames} frames of {told.clips} clips, "
            f"{told.share:.0%} of the pictures at JPEG quality {told.quality}"
        ),
        soft_wrap=True,
    )
