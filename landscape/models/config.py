"""Named configurations of the generative model, read from the YAML files beside this module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from landscape.errors import LandscapeError
from landscape.networks.generator_block import GeneratorConfig


@dataclass(frozen=True)
class TrainingConfig:
    """The training schedule of the generator (paper, 3.1.2 and 6.0.1).

    Attributes:
        first_resolution: Where progressive growing starts, pixels.
        fade_images: Images per resolution while it fades in; pairs go from half of the batches to a tenth.
        stable_images: Images per resolution after that.
        batch: Images per step at each resolution.
        learning_rate: Adam's rate at each resolution; the mapping network takes a hundredth of it.
        r1_gamma: Weight of the R1 penalty, gamma / 2 * |gradient|^2.
        r1_every: The penalty is applied at every so many steps, scaled up by that number.
        average_half_life: Half-life of the moving average of G in images.
        pair_shares: Share of batches that are pairs, which the pairwise discriminator judges, where a resolution begins
            to fade in and when it has; two like numbers for a share that stays (paper, table 1).
        discriminator_convolutions: Convolutions per resolution of both discriminators, 2 in StyleGAN.
        reconstruction_share: Share of the steps that reconstruct real images instead of asking the discriminators.
        reconstruction_from: Resolution from which there are such steps.
        reconstruction_judged: Weight of the projected discriminator's word on what these steps draw; 0 does without it.
        judged_from: Resolution from which it has a word.
        cool_images: Images before the end of the schedule over which all rates fall to nothing: steps that still
            jump about cost detail that smaller ones find.
    """

    first_resolution: int
    fade_images: dict[int, int]
    stable_images: dict[int, int]
    batch: dict[int, int]
    learning_rate: dict[int, float]
    r1_gamma: float
    r1_every: int
    average_half_life: float
    pair_shares: tuple[float, float] = (0.5, 0.1)
    discriminator_convolutions: int = 2
    reconstruction_share: float = 0.0
    reconstruction_from: int = 8
    reconstruction_judged: float = 0.0
    judged_from: int = 8
    cool_images: int = 0


@dataclass(frozen=True)
class ModelConfig:
    """A configuration: the generator's sizes and how it is trained."""

    name: str
    generator: GeneratorConfig
    training: TrainingConfig


def config_names() -> list[str]:
    """Names of the built-in configurations."""
    folder = resources.files("landscape.models") / "configs"
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_config(name: str) -> ModelConfig:
    """Load a built-in configuration by name, or one from the path of a YAML file.

    Raises:
        LandscapeError: If there is no such configuration or it lacks a field.
    """
    if name in config_names():
        text = (resources.files("landscape.models") / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise LandscapeError(
            f"Choose a configuration from {', '.join(config_names())}, or give a YAML file; not “{name}”."
        )
    try:
        content: dict[str, Any] = yaml.safe_load(text)
        sizes = dict(content["generator"])
        sizes["channels"] = tuple(sizes["channels"])
        training = TrainingConfig(**content["training"])
        start, end = map(float, training.pair_shares)
        if not (0 <= start <= 1 and 0 <= end <= 1):
            raise ValueError("pair_shares are not between 0 and 1")
        training = replace(training, pair_shares=(start, end))
        return ModelConfig(Path(name).stem, GeneratorConfig(**sizes), training)
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise LandscapeError(f"The configuration “{name}” cannot be used, correct it first: {error}.") from error
