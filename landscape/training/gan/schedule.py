"""Progressive growing: which resolution an image count belongs to (paper, 3.1.2 and 6.0.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from landscape.errors import LandscapeError
from landscape.models.config import ModelConfig, TrainingConfig


@dataclass(frozen=True)
class Stage:
    """Where training stands.

    Attributes:
        resolution: Pixels.
        alpha: Share of the new resolution, below 1 while it fades in.
        pair_share: Probability of a batch of pairs.
        batch: Images per step.
        learning_rate: Adam's rate.
        phase_images: Images seen at this resolution.
        cooling: Factor of all rates: 1, and towards the end of the schedule down to 0.
    """

    resolution: int
    alpha: float
    pair_share: float
    batch: int
    learning_rate: float
    phase_images: int
    cooling: float = 1.0


def stage_at(config: TrainingConfig, images: int) -> Stage | None:
    """The stage after so many images, None when training is over."""
    left = images
    for resolution in sorted(config.stable_images):
        fade = config.fade_images.get(resolution, 0)
        total = fade + config.stable_images[resolution]
        if left < total:
            alpha = min(1.0, left / fade) if fade else 1.0
            start, end = config.pair_shares
            # The first resolution does not fade in: its share of pairs falls over its first half instead.
            progress = alpha if fade else min(1.0, 2 * left / total)
            return Stage(
                resolution,
                alpha,
                start + (end - start) * progress,
                config.batch[resolution],
                config.learning_rate[resolution],
                left,
                min(1.0, (total_images(config) - images) / max(config.cool_images, 1)),
            )
        left -= total
    return None


def total_images(config: TrainingConfig) -> int:
    """Images of the whole schedule."""
    return sum(config.fade_images.get(r, 0) + count for r, count in config.stable_images.items())


def cut_schedule(config: ModelConfig, resolution: int) -> ModelConfig:
    """End the schedule after a resolution.

    Raises:
        LandscapeError: If the schedule has no such resolution.
    """
    training = config.training
    if resolution not in training.stable_images:
        known = ", ".join(map(str, sorted(training.stable_images)))
        raise LandscapeError(f"Choose a resolution that the schedule has: {known}; not {resolution}.")
    kept = {r: count for r, count in training.stable_images.items() if r <= resolution}
    return replace(config, training=replace(training, stable_images=kept))
