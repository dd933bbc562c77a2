"""The option ``--weights``, and the commands that take weights over and tell what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import console
from landscape.errors import printable
from landscape.models.named import find_weights
from landscape.targets import require_targets

WeightsOption = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        "--checkpoints",
        callback=find_weights,
        help="Other weights: a folder, or a file that import-release wrote, by its path or name.",
    ),
]

CheckpointsOption = Annotated[Path | None, typer.Option(help="Folder with the weights, the bundled ones by default.")]


def import_release(
    file: Annotated[Path, typer.Argument(help="The release's generator, NNNNNN.model.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The weights to write, *.safetensors.")],
    encoder: Annotated[Path | None, typer.Option(help="The release's encoder for this generator.")] = None,
    lighting: Annotated[Path | None, typer.Option(help="The release's lighting network for this generator.")] = None,
    resolution: Annotated[
        int | None, typer.Option(help="Where the generator ends, pixels; by default where its training stood.")
    ] = None,
) -> None:
    """Take over the released DeepLandscape models; nothing in their files is executed."""
    from landscape.errors import require
    from landscape.models.imported import configuration_of, save_imported
    from landscape.models.named import SUFFIX
    from landscape.models.release import read_encoder, read_generator, read_lighting

    require(out.suffix.lower() == SUFFIX, f"Name the weights with the ending {SUFFIX}, not “{out.name}”.")
    sizes = [4 << i for i in range(9)]
    require(resolution is None or resolution in sizes, f"Choose a resolution from: {', '.join(map(str, sizes))}.")
    require_targets([file, encoder, lighting], (out, "weights"))
    generator, facts, notes = read_generator(file, resolution)
    networks = None if encoder is None else read_encoder(encoder, generator)
    light = None if lighting is None else read_lighting(lighting, generator)
    if networks is None:
        notes.append("Fits will start at the mean w: add the release's encoder with --encoder for better ones.")
    if light is None:
        notes.append("Light will change by its colours alone: add the release's lighting network with --lighting.")
    save_imported(out, generator, networks, light, facts)
    for sentence in notes:
        console.print(sentence, style="yellow", soft_wrap=True)
    kind = configuration_of(generator.config) or f"{generator.resolution} px"
    console.print(printable(f"{out}: generator {kind}; use it with --weights {out}"), soft_wrap=True)


def inspect(
    weights: Annotated[str, typer.Argument(help="A file of weights or a folder of them, by path or name.")],
) -> None:
    """Tell what weights hold: networks, numbers, types, and what was written about them."""
    from landscape.models.describe import describe_weights
    from landscape.models.named import SUFFIX

    found = find_weights(weights)
    assert found is not None
    files = [found] if found.is_file() else sorted(found.glob(f"*{SUFFIX}"))
    for file in files:
        told = describe_weights(file)
        total = sum(part.numbers for part in told.parts)
        typer.echo(printable(f"{file}: {total / 1e6:.2f} million numbers, {file.stat().st_size / 1e6:.1f} MB"))
        for part in told.parts:
            typer.echo(
                printable(f"  {part.name}: {part.tensors} tensors, {part.numbers} numbers, {', '.join(part.kinds)}")
            )
        for name, value in told.facts.items():
            typer.echo(printable(f"  {name} = {value}")[:160])
