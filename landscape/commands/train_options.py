"""Options that commands of ``landscape train`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.targets import require_targets

DataOption = Annotated[Path, typer.Option(help="Folder of folders with stills or clips.")]
PackedDataOption = Annotated[
    Path, typer.Option("--data", help="Folder of folders with stills or clips, or a pack that train pack wrote.")
]
PackOption = Annotated[
    Path | None, typer.Option("--data", help="The pack of the run; the arrays in its folder by default.")
]
OutOption = Annotated[Path, typer.Option(help="The run's folder.")]
SeedOption = Annotated[int, typer.Option(help="Seed of everything random.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on where the run's folder stands.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
MinutesOption = Annotated[float | None, typer.Option(help="Stop after so many minutes.")]
WeightsOption = Annotated[Path | None, typer.Option(help="Write the trained weights here, *.safetensors.")]
CheckpointsOption = Annotated[Path | None, typer.Option(help="Folder with the weights, the bundled ones by default.")]


def require_weights(reads: list[Path | None], *weights: Path | None) -> None:
    """Find out before training that files of weights can be written, see :func:`landscape.targets.require_targets`.

    Their folders are made.
    """
    for path in weights:
        if path is not None and not path.parent.exists():
            path.parent.mkdir(parents=True)
    require_targets(reads, *((path, "weights") for path in weights))
