"""A photo that can move: open once (costly), preview and render many times (cheap)."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from landscape.compose.compositor import Compositor
from landscape.fit.invert import Inversion
from landscape.fit.mosaic import Mosaic, invert_photo
from landscape.fit.quality import Quality
from landscape.images.pixels import Frame
from landscape.masks.find import find_masks
from landscape.masks.masks import Masks
from landscape.models.bundle import Models
from landscape.output.formats import FORMATS
from landscape.photo.read import Photo
from landscape.photo.squares import Layout, as_square
from landscape.photo.squeeze import model_mask
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.animator import Animator
from landscape.scene.recipe import Recipe
from landscape.scene.render import Renderer, RenderReport, render_clip
from landscape.scene.sceneries import SceneryCache
from landscape.scene.warnings import POOR_SSIM, sentences_about
from landscape.settings import ExportSettings, FitSettings, LightSettings, MotionSettings

PREVIEW_SIDE = 768
MASK_STAGE = "finding sky and water"


@dataclass(frozen=True)
class Scene:
    """A photo, its masks and what the model made of it; knows nothing of any user interface.

    Attributes:
        photo: The photo at its own size.
        masks: Sky, water, frozen parts and horizon at the photo's size.
        inversions: Latents and tuned generator of each square of the layout.
        models: All networks.
        settings: How the model was fitted.
        timings: Seconds by stage.
        settled: Whether the fit is over; snapshots of one that goes on are not judged.
        light_matches: Whether the models' light was trained for the generator of the inversions.
    """

    photo: Photo
    masks: Masks
    inversions: tuple[Inversion, ...]
    models: Models
    settings: FitSettings
    timings: dict[str, float]
    settled: bool = True
    light_matches: bool = True
    _sceneries: SceneryCache = field(init=False, repr=False, default_factory=SceneryCache)

    @classmethod
    def open(
        cls,
        photo: Photo,
        models: Models,
        settings: FitSettings | None = None,
        masks: Masks | None = None,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
        *,
        observe: ObserveScene | None = None,
        remaining: Callable[[], float] | None = None,
    ) -> Scene:
        """Fit the model to a photo; :class:`landscape.scene.background_fit.BackgroundFit` does so in the background.

        Args:
            photo: The photo.
            models: The networks.
            settings: How to fit, the defaults if None.
            masks: Masks of the photo's size; found by the segmenter if None.
            progress: Called after every step.
            cancel: Set it to stop.
            observe: Called after every step, from the encoder's answer on, with a function that makes the scene as it
                is so far; it does not change the result.
            remaining: Gives the seconds that are left for the fit; by default those of the settings are counted.

        Raises:
            Cancelled: If ``cancel`` was set.
        """
        settings = settings or FitSettings()
        started = time.monotonic()
        if masks is None:
            progress(MASK_STAGE, 0, 1)
            masks = find_masks(photo, models.segmenter)
            progress(MASK_STAGE, 1, 1)
        check_cancelled(cancel)
        masked = time.monotonic()

        def scene(inversions: Mosaic, settled: bool) -> Scene:
            timings = {"segmentation": round(masked - started, 3), "inversion": round(time.monotonic() - masked, 3)}
            return cls(photo, masks, inversions, models, settings, timings, settled)

        following = None if observe is None else lambda copy: observe(lambda: scene(copy(), False))
        fitted = invert_photo(photo, masks.moving, models, settings, progress, cancel, following, remaining)
        return scene(fitted, True)

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
        count = len(self.inversions)
        return Quality(sum(i.ssim for i in self.inversions) / count, sum(i.lpips for i in self.inversions) / count)

    @property
    def warnings(self) -> list[str]:
        """Sentences for the user about photos that are not whole or that the model cannot do much with."""
        poor = self.settled and self.settings.variant != "E" and self.quality.ssim < POOR_SSIM
        return [*self.photo.notes, *sentences_about(self.masks, poor, self.light_matches)]

    @property
    def resolution(self) -> int:
        """Side of the generator's squares in pixels."""
        return self.inversion.generator.resolution

    def reconstruction(self) -> Tensor:
        """The photo as the model draws it, (3, R, R) in about [-1, 1]; larger for several squares."""
        return as_square(self.layout.join([inversion.reconstruction() for inversion in self.inversions]))[0]

    def with_masks(self, masks: Masks) -> Scene:
        """The same scene under other masks; what the model made of the photo is kept."""
        return dataclasses.replace(self, masks=masks)

    def with_photo(self, photo: Photo) -> Scene:
        """The same scene with the photo at another size; what the model made of it is kept."""
        return dataclasses.replace(self, photo=photo, masks=self.masks.resized(photo.height, photo.width))

    def animator(
        self, motion: MotionSettings, light: LightSettings, seconds: float, loop: bool, moving: Tensor | None = None
    ) -> Animator:
        """Prepare the generator's small frames.

        Args:
            motion: Direction, speed and amounts.
            light: Style or day cycle.
            seconds: Length of the clip, for day cycles and loops.
            loop: Whether the clip ends where it began.
            moving: Where the photo moves, as :meth:`moving` gives it, if it is at hand.
        """
        return Animator(
            self.inversions,
            self.layout,
            self.moving() if moving is None else moving,
            self.masks.horizon,
            motion,
            light,
            self.models.styles,
            self.models.lighting,
            seconds,
            loop=loop,
            seed=self.settings.seed,
        )

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
        deep: bool = False,
    ) -> Renderer:
        """Prepare frames at any time.

        Args:
            motion: Direction, speed and amounts.
            light: Style or day cycle.
            long_side: Long side of the frames in pixels; the photo's own at most.
            seconds: Length of the clip, for day cycles and loops.
            loop: Whether the clip ends where it began.
            generator_only: Show only what the generator draws.
            deep: Make frames of 16 bits a channel.
        """
        animator = self.animator(motion, light, seconds, loop)
        # Previews have hardly more pixels than the generator's frames, and must come at once.
        enlarged = generator_only or long_side > PREVIEW_SIDE
        upscaler = self.models.upscaler if enlarged else None
        keep = long_side <= PREVIEW_SIDE
        photo, masks = self.photo.resized(long_side), self.masks
        scenery = self._sceneries.scenery(photo, masks, self.reconstruction, generator_only, upscaler, keep)
        compositor = Compositor(scenery, motion, seconds if loop else None, deep=deep)
        return Renderer(animator, compositor, light.active, scenery.mean_photo_weight)

    def _clip_renderer(self, motion: MotionSettings, light: LightSettings, export: ExportSettings) -> Renderer:
        length = (export.long_side, export.seconds, export.loop)
        deep = FORMATS[export.format].deep
        return self.renderer(motion, light, *length, export.generator_only, deep)

    def frames(
        self,
        motion: MotionSettings,
        light: LightSettings,
        export: ExportSettings,
        cancel: threading.Event | None = None,
    ) -> Iterator[Frame]:
        """Frames of a clip one by one, as :meth:`Renderer.clip` gives them; nothing is held for the whole clip.

        Raises:
            Cancelled: If ``cancel`` was set.
        """
        renderer = self._clip_renderer(motion, light, export)
        with closing(renderer.clip(export.frames, export.fps, cancel)) as clip:
            yield from clip

    def render(
        self,
        out: Path,
        motion: MotionSettings,
        light: LightSettings,
        export: ExportSettings,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
        finish: threading.Event | None = None,
    ) -> RenderReport:
        """Write a video, a GIF or pictures.

        Args:
            out: The file, with the suffix of the export's format; it appears when it is complete.
            motion: Direction, speed and amounts.
            light: Style or day cycle.
            export: Length, rate, size, quality.
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
        renderer = self._clip_renderer(motion, light, export)
        preparation = time.monotonic() - started
        recipe, photo = Recipe(motion, light, self.settings, export), self.photo.resized(export.long_side)
        report = render_clip(out, renderer, recipe, (photo.width, photo.height), progress, cancel, finish)
        return dataclasses.replace(report, timings={"preparation": round(preparation, 3), **report.timings})


ObserveScene = Callable[[Callable[[], Scene]], None]
"""Called with a function that makes the scene as it is so far."""
