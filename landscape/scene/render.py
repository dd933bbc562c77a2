"""Frames of a scene under one motion and one light: any of them at once, or a clip in a pipeline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from landscape.compose.compositor import Compositor
from landscape.images.pixels import Frame
from landscape.light.mixes import FrameLight
from landscape.output.formats import FORMATS
from landscape.output.video import write_video
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.animator import Animator
from landscape.scene.shot import Shot
from landscape.streaming import ahead

RENDER_STAGE = "rendering"
_SMALL_AHEAD = 4
"""Generator frames that wait for the compositor; they are small."""
_FRAMES_AHEAD = 2
"""Full-size frames that wait for the encoder."""


class Renderer:
    """Frames of a scene at any time, for one motion and one light; holds no state between frames.

    Attributes:
        mean_photo_weight: Mean weight of the photo's own colours in the moving parts, 0 to 1.
    """

    def __init__(
        self,
        animator: Animator | _Held,
        compositor: Compositor,
        light: Callable[[float], FrameLight],
        mean_photo_weight: float,
    ) -> None:
        self._animator = animator
        self._compositor = compositor
        self._light = light
        self.mean_photo_weight = mean_photo_weight

    def frame(self, seconds: float) -> Frame:
        """Make the frame at a time, (H, W, 3) RGB, uint8, or uint16 where the compositor's frames are deep."""
        return self._composite(self._animator.frame(seconds), seconds)

    def held(self) -> Renderer:
        """The same frames but for what the generator changes: it draws the photo at all times."""
        return Renderer(_Held(self._animator.frame(0.0)), self._compositor, self._light, self.mean_photo_weight)

    def clip(self, frames: int, fps: float, cancel: threading.Event | None = None) -> Generator[Frame, None, None]:
        """Frames of a clip one by one; generator, compositor and whoever takes the frames work at the same time.

        The frames are those of :meth:`frame`; a handful is held at once whatever the clip's length.

        Args:
            frames: Number of frames.
            fps: Frames a second.
            cancel: Set it to stop.

        Raises:
            Cancelled: If ``cancel`` was set.
        """

        def drawn() -> Iterator[tuple[Tensor, float]]:
            for index in range(frames):
                check_cancelled(cancel)
                yield self._animator.frame(index / fps), index / fps

        def composited() -> Iterator[Frame]:
            with closing(ahead(drawn(), _SMALL_AHEAD)) as small:
                for generated, seconds in small:
                    yield self._composite(generated, seconds)

        with closing(ahead(composited(), _FRAMES_AHEAD)) as finished:
            yield from finished

    def _composite(self, generated: Tensor, seconds: float) -> Frame:
        return self._compositor.frame(generated, seconds, self._light(seconds))


@dataclass(frozen=True)
class _Held:
    """An animator that draws one picture."""

    picture: Tensor

    def frame(self, seconds: float) -> Tensor:
        """That picture."""
        return self.picture


@dataclass(frozen=True)
class RenderReport:
    """What was written.

    Attributes:
        width: Pixels.
        height: Pixels.
        frames: Number of frames.
        fps: Frames a second.
        mean_photo_weight: Mean weight of the photo's own colours in the moving parts, 0 to 1.
        timings: Seconds by stage.
    """

    width: int
    height: int
    frames: int
    fps: float
    mean_photo_weight: float
    timings: dict[str, float]


def render_clip(
    out: Path,
    renderer: Renderer,
    shot: Shot,
    size: tuple[int, int],
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    finish: threading.Event | None = None,
) -> RenderReport:
    """Write a clip; see :meth:`landscape.scene.scene.Scene.render`.

    Args:
        out: The file.
        renderer: Makes the frames.
        shot: What the file is to tell of itself, and how it is exported.
        size: Width and height of the frames in pixels.
        progress: Called after every frame.
        cancel: Set it to stop.
        finish: Set it to end the clip early.
    """
    started, export, written = time.monotonic(), shot.export, 0

    def report(stage: str, done: int, total: int) -> None:
        nonlocal written
        written = done
        progress(RENDER_STAGE, done, export.frames)

    with closing(renderer.clip(export.frames, export.fps, cancel)) as clip:
        write_video(
            out,
            clip,
            export.fps,
            crf=export.crf,
            total=export.frames,
            metadata=shot.as_dict(),
            progress=report,
            cancel=cancel,
            finish=finish,
            format=export.format,
        )
    width, height = FORMATS[export.format].completed(*size)
    timings = {"rendering": round(time.monotonic() - started, 3)}
    return RenderReport(width, height, written, export.fps, renderer.mean_photo_weight, timings)
