"""Options that commands of ``landscape train`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[Path, typer.Option(help="Folder of folders with stills or clips.")]
OutOption = Annotated[Path, typer.Option(help="The run's folder.")]
SeedOption = Annotated[int, typer.Option(help="Seed of everything random.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on where the run's folder stands.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
MinutesOption = Annotated[float | None, typer.Option(help="Stop after so many minutes.")]
WeightsOption = Annotated[Path | None, typer.Option(help="Write the trained weights here, *.safetensors.")]
CheckpointsOption = Annotated[Path | None, typer.Option(help="Folder with the weights, the bundled ones by default.")]
