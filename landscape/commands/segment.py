"""``landscape segment``: sky and water of a photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def segment(
    photo: Annotated[Path, typer.Argument(help="The photo.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="PNG to write: 0 other, 1 sky, 2 water.")],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    checkpoints: Annotated[Path | None, typer.Option(help="Folder with other weights.")] = None,
) -> None:
    """Find sky and water; the labels have the photo's size and can be edited and given to ``animate --mask``."""
    from landscape.masks.find import segment as find_labels
    from landscape.masks.labels import require_labels_name, write_labels
    from landscape.models.bundle import SEGMENTER_FILE, choose_device, default_folder
    from landscape.models.frozen import load_segmenter
    from landscape.photo.read import read_photo
    from landscape.targets import require_targets

    weights = (checkpoints or default_folder()) / SEGMENTER_FILE
    require_labels_name(out)
    require_targets([photo, weights], (out, "picture"))
    target = choose_device(device)
    picture = read_photo(photo)
    network = load_segmenter(weights).to(target)
    write_labels(out, find_labels(picture.pixels, network, target))
