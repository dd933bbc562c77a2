"""Work without end, to be killed: ``python -m tests.killed export|batch|scene|training FOLDER``."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from landscape.photo.read import Photo
from landscape.scene.batch import BatchItem, plan_batch, run_batch
from landscape.scene.files import save_scene
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, FitSettings
from landscape.training.gan import gan
from tests.conftest import made_up_landscape, seeded_models
from tests.mattes import hard_matte
from tests.test_training import TINY

SHOT = Shot(export=ExportSettings(seconds=0.5, fps=10, long_side=128))
FRAMES = 5


def scene() -> Scene:
    photo = Photo(made_up_landscape(), "made up")
    labels = np.repeat(np.uint8([1, 2]), 48)[:, None].repeat(128, 1)
    return Scene.open(photo, seeded_models(), FitSettings(variant="E"), masks=hard_matte(labels))


def export(folder: Path) -> None:
    opened = scene()
    ready()
    for _ in itertools.count():
        opened.render(folder / "clip.mp4", SHOT)


def batch(folder: Path) -> None:
    opened = scene()
    for number in range(3):
        Image.fromarray(made_up_landscape()).save(folder / f"{number}.jpg")
    ready()

    def animate(item: BatchItem, shot: Shot, *_: object) -> None:
        opened.render(item.out, shot)

    for round_ in itertools.count():
        # Another recipe each time: what was made before is made anew.
        shot = SHOT.with_values({"crf": 18 + round_ % 2})
        run_batch(plan_batch([folder], folder, shot), shot, animate)


def save_scenes(folder: Path) -> None:
    opened = scene()
    ready()
    for _ in itertools.count():
        save_scene(opened, folder / "a.landscape")


def train(folder: Path) -> None:
    long = replace(TINY, training=replace(TINY.training, stable_images={8: 20_000, 16: 20_000}))
    ready()
    resume = (folder / "state.pt").exists()
    gan.train_gan(long, folder.parent / "marked", folder, seed=1, resume=resume, checkpoint_minutes=1e-4)


def ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"export": export, "batch": batch, "scene": save_scenes, "training": train}[sys.argv[1]](Path(sys.argv[2]))
