"""The variants of the inversion and the numbers of its optimisation, as two tables (paper, 3.2 and algorithms 1 and 2).

A :class:`Variant` says what is fitted, a row of the paper's figure 3; a :class:`FitNumbers` says how: the paper's
numbers, those of the released implementation where they differ, and the product's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Variant:
    """What is fitted to a photo (a row of the paper's figure 3).

    Attributes:
        encoder_start: Whether W starts at the encoder's prediction or at the mean w.
        random_maps: Whether S starts at unit normal noise or at zero.
        optimise_w: Whether step 2 changes W.
        optimise_maps: Whether step 2 changes S.
        tie_w: Whether W is tied to where it started.
        tune: Whether step 3 fine-tunes the generator.
        split: Whether the mask divides S_static from S_dynamic.
    """

    encoder_start: bool = True
    random_maps: bool = False
    optimise_w: bool = True
    optimise_maps: bool = True
    tie_w: bool = True
    tune: bool = False
    split: bool = False


VARIANTS = {
    "I2S": Variant(encoder_start=False, random_maps=True, optimise_maps=False, tie_w=False),
    "MO": Variant(encoder_start=False, tie_w=False),
    "E": Variant(random_maps=True, optimise_w=False, optimise_maps=False, tie_w=False),
    "EO": Variant(tie_w=False),
    "EOI": Variant(),
    "EOIF": Variant(tune=True),
    "EOIFS": Variant(tune=True, split=True),
}


@dataclass(frozen=True)
class Schedule:
    """How one stage is optimised: Adam whose rate is halved on plateaus.

    Attributes:
        steps: Most steps.
        rate: Adam's first learning rate.
        perceptual_weight: Weight of the perceptual term against the mean absolute error, in the paper's units.
        patience: Steps without improvement after which the rate is halved; None never does.
        stop_after: Steps without improvement after which the stage ends; None goes on to the last step.
        keep_best: Whether the stage ends at the best state seen or, as the paper's algorithms, at the last one.
    """

    steps: int
    rate: float
    perceptual_weight: float
    patience: int | None = 20
    stop_after: int | None = None
    keep_best: bool = False


@dataclass(frozen=True)
class FitNumbers:
    """The numbers of an inversion.

    Attributes:
        latents: Step 2, the latents.
        tuning: Step 3, the generator's weights.
        tie_weight: Weight of the squared distance of W from its start, in step 2.
        map_gradient: Factor on the gradients of S in step 2. None gives each map a learning rate of its own instead, by
            how strongly the generator has learnt to listen to it: Adam undoes a constant factor but for its eps.
        joint: Whether a split variant fits both kinds of maps in every step, each by its own cells, in place of
            algorithm 2's turns: half as many steps, as the regions hardly touch each other's maps.
        tuned_blocks: How many blocks of the generator, counted from the output, step 3 changes; None changes all. What
            the blocks before them draw is then computed once.
        rehearse: Whether step 3 of a split variant also draws views with the sky carried along, so that a generator
            that has seen little training goes on to listen to S_dynamic.
        enough: Whether step 3 ends where the quality is good enough.
        exceptions: Step 2 of single variants, by name.
    """

    latents: Schedule
    tuning: Schedule
    tie_weight: float = 1.0
    map_gradient: float | None = 0.001
    joint: bool = False
    tuned_blocks: int | None = None
    rehearse: bool = False
    enough: bool = False
    exceptions: Mapping[str, Schedule] = field(default_factory=dict)

    def latents_of(self, variant: str) -> Schedule:
        """Step 2 of a variant."""
        return self.exceptions.get(variant, self.latents)


_PAPER_LATENTS = Schedule(500, 0.1, 0.01)
_PAPER_TUNING = Schedule(500, 0.001, 0.1, patience=None)
_PRODUCT_LATENTS = Schedule(300, 0.1, 0.01, stop_after=100, keep_best=True)

FIT_NUMBERS = {
    # Algorithm 1 (all variants without the mask) stops after 100 idle steps, algorithm 2 (EOIFS) does not.
    "paper": FitNumbers(
        dataclasses.replace(_PAPER_LATENTS, stop_after=100), _PAPER_TUNING, exceptions={"EOIFS": _PAPER_LATENTS}
    ),
    "release": FitNumbers(_PAPER_LATENTS, _PAPER_TUNING, exceptions={"I2S": Schedule(4000, 0.01, 1.0)}),
    # The paper's rate of step 3 is for a generator with four times the channels. Its last two blocks are enough: tuning
    # all of them takes longer to the same similarity.
    "product": FitNumbers(
        _PRODUCT_LATENTS,
        Schedule(300, 3e-3, 0.05, stop_after=100, keep_best=True),
        map_gradient=None,
        joint=True,
        tuned_blocks=2,
        rehearse=True,
        enough=True,
        exceptions={
            "I2S": dataclasses.replace(_PRODUCT_LATENTS, steps=2400, rate=0.01, perceptual_weight=1.0),
            # Measured: joint steps stall after about 100; ended at 40 or cooled down over 70, fine-tuning takes longer.
            "EOIFS": dataclasses.replace(_PRODUCT_LATENTS, steps=110),
        },
    ),
}
