"""``landscape segment``: sky and water of a photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.weights import WeightsOption


def segment(
    photo: Annotated[Path, typer.Argument(help="The photo.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="PNG to write: 0 other, 1 sky, 2 water.")],
    soft: Annotated[
        bool, typer.Option("--soft", help="Write 16 bits: red sky, green water, blue certainty; 2048 pixels at most.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    weights: WeightsOption = None,
) -> None:
    """Find sky and water; either picture can be edited and given to ``animate --mask``."""
    from landscape.masks.find import find_matte
    from landscape.masks.labels import require_labels_name, write_labels
    from landscape.masks.matte_files import write_matte
    from landscape.models.bundle import SEGMENTER_FILE, choose_device, load_corrector
    from landscape.models.frozen import load_segmenter
    from landscape.models.named import weights_file
    from landscape.photo.read import read_photo
    from landscape.targets import require_targets

    network = weights_file(weights, SEGMENTER_FILE)
    require_targets([photo, network], (out, "picture"))
    require_labels_name(out)
    target = choose_device(device)
    picture = read_photo(photo)
    matte = find_matte(picture.pixels, load_segmenter(network).to(target), load_corrector(weights, target))
    if soft:
        write_matte(out, matte)
    else:
        write_labels(out, matte.resized(picture.height, picture.width).labels())
