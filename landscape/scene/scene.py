"""A photo that can move: open once (costly), preview and render many times (cheap)."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean

from torch import Tensor

from landscape.compose.flowing import Flowing
from landscape.compose.scenery import Scenery
from landscape.compose.sky_plan import SkyPlan
from landscape.fit.invert import Inversion
from landscape.fit.mosaic import Mosaic, fit_photo
from landscape.fit.quality import Quality
from landscape.fit.state import FitState, finish
from landscape.masks.find import find_matte
from landscape.masks.matte import Matte
from landscape.models.bundle import Models
from landscape.photo.read import Photo
from landscape.photo.squares import Layout, as_square
from landscape.photo.squeeze import model_mask
from landscape.progress import Progress, ignore_progress
from landscape.scene.own_light import OwnLight, OwnLights
from landscape.scene.render import Renderer, RenderReport, render_clip
from landscape.scene.sceneries import PREVIEW_SIDE, SceneryCache, SkyPlans
from landscape.scene.shot import Shot
from landscape.scene.take import Take
from landscape.scene.warnings import POOR_SSIM, sentences_about
from landscape.settings import ExportSettings, FitSettings, LightSettings, MotionSettings

MASK_STAGE = "finding sky and water"


@dataclass(frozen=True)
class Scene:
    """A photo, its masks and what the model made of it; knows nothing of any user interface.

    Attributes:
        photo: The photo at its own size.
        masks: What moves, at any size.
        inversions: Latents and tuned generator of each square of the layout.
        models: All networks.
        settings: How the model was fitted.
        timings: Seconds by stage.
        settled: Whether the fit is over; snapshots of one that goes on are not judged.
        made_with: Name of the weights whose generator drew the inversions, where they are others than the models.
    """

    photo: Photo
    masks: Matte
    inversions: tuple[Inversion, ...]
    models: Models
    settings: FitSettings
    timings: dict[str, float]
    settled: bool = True
    made_with: str | None = None
    _plans: SkyPlans = field(repr=False, compare=False, default_factory=SkyPlans)
    _own_light: OwnLights = field(init=False, repr=False, compare=False, default_factory=OwnLights)
    _sceneries: SceneryCache = field(init=False, repr=False, default_factory=SceneryCache)

    @classmethod
    def open(
        cls,
        photo: Photo,
        models: Models,
        settings: FitSettings | None = None,
        masks: Matte | None = None,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
    ) -> Scene:
        """Fit the model to a photo; :class:`landscape.scene.background_fit.BackgroundFit` does so in the background.

        Args:
            photo: The photo.
            models: The networks.
            settings: How to fit, the defaults if None.
            masks: What moves; found if None.
            progress: Called after every step.
            cancel: Set it to stop.

        Raises:
            Cancelled: If ``cancel`` was set.
        """
        return finish(cls.fit(photo, models, settings, masks), progress, cancel)

    @classmethod
    def fit(
        cls,
        photo: Photo,
        models: Models,
        settings: FitSettings | None = None,
        masks: Matte | None = None,
        remaining: Callable[[], float] | None = None,
    ) -> Iterator[FitState[Scene]]:
        """Fit the model to a photo step by step.

        Args:
            photo: The photo.
            models: The networks.
            settings: How to fit.
            masks: What moves; found if None.
            remaining: Gives the seconds that are left for the fit; by default those of the settings are counted.

        Yields:
            The states of the fit, from the encoder's answer on.
        """
        settings = settings or FitSettings()
        started = time.monotonic()
        masks = find_matte(photo.pixels, models.segmenter, models.corrector) if masks is None else masks
        masked = time.monotonic()
        plans = SkyPlans()

        def scene(settled: bool, inversions: Mosaic) -> Scene:
            timings = {"segmentation": round(masked - started, 3), "inversion": round(time.monotonic() - masked, 3)}
            return cls(photo, masks, inversions, models, settings, timings, settled, _plans=plans)

        for state in fit_photo(photo, masks.moving, models, settings, remaining):
            yield state.of(partial(scene, state.finished))

    @property
    def inversion(self) -> Inversion:
        """Latents and tuned generator of the first square, which for most photos is the only one."""
        return self.inversions[0]

    @property
    def layout(self) -> Layout:
        """The squares that cover the photo."""
        return Layout.of(self.photo.height, self.photo.width)

    @property
    def quality(self) -> Quality:
        """How well the model shows the photo, on average over the squares."""
        return Quality(fmean(item.ssim for item in self.inversions), fmean(item.lpips for item in self.inversions))

    @property
    def warnings(self) -> list[str]:
        """Sentences for the user about photos that are not whole or that the model cannot do much with."""
        poor = self.settled and self.settings.variant != "E" and self.quality.ssim < POOR_SSIM
        return [*self.photo.notes, *sentences_about(self.masks, poor, self.made_with)]

    @property
    def resolution(self) -> int:
        """Side of the generator's squares in pixels."""
        return self.inversion.generator.resolution

    def reconstruction(self) -> Tensor:
        """The photo as the model draws it, (3, R, R) in about [-1, 1]; larger for several squares."""
        return as_square(self.layout.join([inversion.reconstruction() for inversion in self.inversions]))[0]

    def sky_plan(self, search: bool = True) -> SkyPlan | None:
        """How the sky goes on beyond the photo; None without a sky, or if it is unknown and no ``search`` is wished."""
        return self._plans.plan(self.photo, self.masks, search)

    def own_light(self) -> OwnLight:
        """The light that the photo was taken in."""
        return self._own_light.of(self.photo, self.masks, self.models.lights)

    def flowing(self) -> Flowing:
        """What the photo tells of how its water goes; found once."""
        return self._plans.flowing(self.photo, self.masks)

    def with_masks(self, masks: Matte) -> Scene:
        """The same scene under other masks; what the model made of the photo is kept."""
        return dataclasses.replace(self, masks=masks)

    def with_photo(self, photo: Photo) -> Scene:
        """The same scene with the photo at another size; what the model made of it is kept."""
        return dataclasses.replace(self, photo=photo)

    def moving(self) -> Tensor:
        """Where the photo moves, at the generator's size, (1, 1, R, R) in [0, 1] or the size of the layout."""
        return model_mask(self.masks.moving, self.resolution, self.layout).to(self.inversion.w)

    def renderer(
        self,
        motion: MotionSettings,
        light: LightSettings,
        long_side: int = PREVIEW_SIDE,
        seconds: float = 6.0,
        loop: bool = False,
        generator_only: bool = False,
    ) -> Renderer:
        """Prepare frames at any time; see :meth:`renderer_of` for those of a shot.

        Args:
            motion: Direction, speed and amounts.
            light: Style or day cycle.
            long_side: Long side of the frames in pixels; the photo's own at most.
            seconds: Length of the clip, for day cycles and loops.
            loop: Whether the clip ends where it began.
            generator_only: Show only what the generator draws.
        """
        export = ExportSettings(seconds, long_side=long_side, loop=loop, generator_only=generator_only)
        return self.renderer_of(Shot(motion, light, export=export))

    def renderer_of(self, shot: Shot) -> Renderer:
        """Prepare the frames of a shot at any time, of as many bits as its format has."""
        return Take(self, shot).renderer()

    def scenery(self, long_side: int, generator_only: bool = False) -> Scenery:
        """The photo taken apart at a size; kept for previews.

        Args:
            long_side: Long side in pixels; the photo's own at most.
            generator_only: Show only what the generator draws.
        """
        photo, size, models = self.photo.resized(long_side), (long_side, generator_only), self.models
        plan, flowing = (None, None) if generator_only else (self.sky_plan(), self.flowing())  # of the photo's own size
        return self._sceneries.scenery(
            photo, self.masks, self.reconstruction, *size, models.upscaler, plan, lights=models.lights, flowing=flowing
        )

    def render(
        self,
        out: Path | str,
        shot: Shot,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
        finish: threading.Event | None = None,
    ) -> RenderReport:
        """Write a video, a GIF or pictures.

        Args:
            out: The file, with the suffix of the shot's format; it appears when it is complete.
            shot: What to show; how the model was fitted is the scene's own.
            progress: Called after every frame.
            cancel: Set it to stop; nothing is left behind then.
            finish: Set it to end the clip early; what was rendered becomes the file.

        Returns:
            What was written.

        Raises:
            LandscapeError: If the file cannot be written.
            Cancelled: If ``cancel`` was set.
        """
        started = time.monotonic()
        renderer = self.renderer_of(shot)
        preparation = time.monotonic() - started
        photo = self.photo.resized(shot.export.long_side)
        made = dataclasses.replace(shot, inversion=self.settings, masks=None)
        report = render_clip(Path(out), renderer, made, (photo.width, photo.height), progress, cancel, finish)
        return dataclasses.replace(report, timings={"preparation": round(preparation, 3), **report.timings})
