"""Clips and previews of one scene, made by the product and by a straightforward loop around the same compositor."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from benchmarks.plain import PlainGenerator
from landscape.models.bundle import load_models
from landscape.models.config import load_config
from landscape.networks.generator import Generator
from landscape.output.video import write_video
from landscape.photo.read import read_photo
from landscape.preview.parts import PreviewParts
from landscape.preview.player import Player
from landscape.scene.render import Renderer
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.scene.take import Take
from landscape.settings import ExportSettings, FitSettings, MotionSettings

RATE = 30


class _PlainDrawing:
    """Draws as :class:`landscape.networks.drawing.Drawing` does, plainly."""

    def __init__(self, generator: Generator) -> None:
        self._generator = PlainGenerator(generator)

    @torch.no_grad()
    def __call__(self, *latents: object) -> torch.Tensor:
        """Draw images."""
        return self._generator(*latents)


def open_scene(photo: Path, config: str | None) -> Scene:
    """The photo as the encoder sees it, as the fit is not what is measured.

    Args:
        photo: The photo.
        config: A configuration whose generator has random numbers; None takes the bundled weights.
    """
    models = load_models()
    if config is not None:
        torch.manual_seed(0)
        generator = Generator(load_config(config).generator).eval().requires_grad_(False)
        models = dataclasses.replace(models, generator=generator, encoder=None)
    return Scene.open(read_photo(photo), models, FitSettings(variant="E"))


def plainly_drawn(scene: Scene) -> Scene:
    """The same scene, whose frames the plain generator draws."""
    inversions = tuple(dataclasses.replace(item) for item in scene.inversions)
    for item in inversions:
        vars(item)["drawing"] = _PlainDrawing(item.generator)
    return dataclasses.replace(scene, inversions=inversions)


def exports(scene: Scene, frames: int, long_side: int) -> dict[str, Callable[[], object]]:
    """A whole clip both ways: the product, and frame after frame, each drawn, composited and written in turn."""
    shot = Shot(export=ExportSettings(seconds=frames / RATE, long_side=long_side))
    folder = tempfile.TemporaryDirectory()

    def product() -> None:
        scene.render(Path(folder.name) / "product.mp4", shot)

    def plain() -> None:
        renderer: Renderer = plainly_drawn(scene).renderer_of(shot)
        pictures = (renderer.frame(number / RATE) for number in range(frames))
        write_video(Path(folder.name) / "plain.mp4", pictures, RATE, total=frames)

    return {"plain": plain, "product": product}


def previews(scene: Scene, frames: int, side: int) -> dict[str, Callable[[], object]]:
    """So many pictures of a preview both ways: the product's player, and the frames of a clip of that size."""
    motion = MotionSettings()
    take = Take(scene, Shot(motion, export=ExportSettings(long_side=side)))
    drawer = ThreadPoolExecutor(1)
    player = Player.begin(PreviewParts.prepare(take, side), 0, drawer, 0.0, None)
    renderer = plainly_drawn(scene).renderer_of(take.shot)

    def product() -> None:
        for number in range(frames):
            player.frame(number / RATE, False, False)

    def plain() -> None:
        for number in range(frames):
            renderer.frame(number / RATE)

    return {"plain": plain, "product": product}
