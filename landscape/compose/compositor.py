"""Full-size frames from small generator frames and the photo (paper, Super Resolution).

Static parts are the photo's pixels, relit where the light changes. Moving parts are the generator's colours, mixed with
the photo's own colours where the generator's picture of the photo is poor, plus the photo's detail; what comes from
the photo is carried along the motion.
"""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

from landscape.compose.carried import MIDDLE, CarriedLayers, MovingRegion
from landscape.compose.lit_region import Shining, relit, shining
from landscape.compose.mixing import mix
from landscape.compose.moving_parts import MovingParts
from landscape.compose.plates import STRIP, Plate, run_up
from landscape.compose.region import STILL_BLUR
from landscape.compose.scenery import Scenery
from landscape.compose.travelling_sky import TravellingSky
from landscape.images.filters import blur
from landscape.images.grid import with_ring
from landscape.images.pixels import DEEP_STEP, Array, Frame
from landscape.light.mixes import OWN_LIGHT, FrameLight
from landscape.light.photo_light import SceneLight
from landscape.settings import MotionSettings

_PREVIEW = 768
"""Frames up to this long side are previews: speed counts more than the last bit of sharpness."""
_NOTHING = np.zeros(4)

_OWN_LIGHT_NOISE = 0.4
"""Part of the noise against bands in the photo's own light, where its own grain is carried along."""


class Compositor:
    """Makes full-size frames of one scene under one motion.

    :meth:`frame` holds no state and may be called for any time in any order.
    """

    def __init__(
        self, scenery: Scenery, motion: MotionSettings, loop_seconds: float | None = None, *, deep: bool = False
    ) -> None:
        """Prepare the motion.

        Args:
            scenery: What the photo shows, prepared once for all motions.
            motion: Direction, speed and amounts.
            loop_seconds: Period of a loop, or None.
            deep: Make frames of 16 bits a channel.
        """
        self._scenery = scenery
        self._deep = deep
        self._grid = scenery.grid
        size = (self._grid.height, self._grid.width)
        self._interpolation = cv2.INTER_LINEAR if max(size) <= _PREVIEW else cv2.INTER_CUBIC
        self._moving = MovingParts(scenery, motion, loop_seconds)
        # Half a step of noise, the same in every frame: smooth colours get no bands and still ones do not flicker.
        # Deep frames become videos of 10 bits, whose steps are a quarter as large.
        width = self._moving.widest
        noise = np.random.default_rng(7).uniform(-0.5, 0.5, (STRIP + self._grid.scale, width, 1))
        self._dither = np.repeat(noise.astype(np.float32) * np.float32(0.25 if deep else 1), 4, axis=2)

    def frame(
        self,
        generated: Array | Tensor,
        seconds: float,
        light: FrameLight = OWN_LIGHT,
    ) -> Frame:
        """Composite one frame.

        Args:
            generated: (3, R, R) float32 in [-1, 1], the generator's frame.
            seconds: Time of the frame; in a loop any two times a period apart give the same frame.
            light: The light; the photo's own by default.

        Returns:
            (H, W, 3) RGB, uint8, or uint16 up to 65535 for deep frames.
        """
        if self._scenery.generator_only:
            return self._enlarged(self._scenery.enlarged(generated))
        if light.mix and self._scenery.lights is not None:
            colours = self._scenery.colours(generated)
            return self._measured(colours, seconds, self._scenery.photo_light(light.sun_side).mixed(light.mix))
        # In the photo's own light the generator says where clouds grow, for which its small frames are enough.
        colours = self._scenery.enlarged(generated) if light.change else self._scenery.colours(generated)
        frame = self._relit(colours) if light.change else self._still()
        for part, moving, layers in self._moving.at(colours, seconds, light.change):
            shown = shining(part.plate, with_ring(moving.region.base, moving.region.window), layers.base)
            self._lay(frame, moving, part.plate, layers, shown, 1.0 if light.change else _OWN_LIGHT_NOISE)
            if layers.begun > 0 and not light.change:
                part.plate.edges.lay(frame, layers.begun, DEEP_STEP if self._deep else 1)
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGBA2RGB))

    def _measured(self, colours: Array, seconds: float, light: SceneLight) -> Frame:
        """A frame under measured light, in which the generator's own light does not count."""
        sigma = STILL_BLUR * colours.shape[0]
        colours = colours + blur(self._scenery.drawn - colours, sigma)
        frame = self._lit(light)
        for part, moving, layers in self._moving.at(colours, seconds, False):
            before = with_ring(moving.region.base, moving.region.window)
            stars = self._scenery.stars(part) if light.stars > 0 and not part.water else None
            self._lay(frame, moving, part.plate, *relit(layers, light, part.plate, before, stars, part.water), 1.0)
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGBA2RGB))

    def _lit(self, light: SceneLight) -> Frame:
        """What stands still under a light."""
        return self._under(light.land)

    def _still(self) -> Frame:
        static = self._scenery.static
        return static * np.uint16(DEEP_STEP) if self._deep else static.copy()

    def _stored(self, colours: Array, more: Array = _NOTHING) -> Frame:
        """The sum of two pictures (h, w, 4), 0 to 255, as it is stored in a frame."""
        if self._deep:
            return np.asarray(cv2.multiply(cv2.add(colours, more), np.full(4, float(DEEP_STEP)), dtype=cv2.CV_16U))
        return np.asarray(cv2.add(colours, more, dtype=cv2.CV_8U))

    def _enlarged(self, colours: Array) -> Frame:
        grid, small = self._grid, _four(self._grid.square(colours))
        frame = np.empty((grid.height, grid.width, 3), np.uint16 if self._deep else np.uint8)
        for window in grid.strips(grid.whole, STRIP):
            frame[grid.pixels(window)] = self._stored(grid.up(small, window))[..., :3]
        return frame

    def _relit(self, colours: Array) -> Frame:
        return self._under(self._scenery.light.fit(self._grid.square(colours)))

    def _under(self, light: tuple[Array, Array]) -> Frame:
        """What stands still under a light, given by gain and offset on the grid."""
        grid, static = self._grid, self._scenery.static
        gain, offset = (_four(model) for model in light)
        frame = np.empty(static.shape, np.uint16 if self._deep else np.uint8)
        for window in grid.strips(grid.whole, STRIP):
            rows = grid.pixels(window)[0]
            lit = cv2.multiply(static[rows], grid.up(gain, window), dtype=cv2.CV_32F)
            lit = cv2.add(lit, grid.up(offset, window))
            frame[rows] = self._stored(lit, self._noise(*lit.shape[:2]))
        return frame

    def _noise(self, height: int, width: int) -> Array:
        noise = self._dither[:height, :width]
        if noise.shape[1] < width:
            noise = np.tile(self._dither[:height], (1, -(-width // self._dither.shape[1]), 1))[:, :width]
        return noise

    def _lay(
        self,
        frame: Frame,
        moving: MovingRegion | TravellingSky,
        plate: Plate,
        layers: CarriedLayers,
        shown: list[Shining],
        grain: float,
    ) -> None:
        """Lay a region over the frame; the frame's own pixels there are kept by what the mask leaves of them."""
        grid, whole = self._grid, moving.region.window
        gain, base = _four(layers.contrast), _four(layers.base - MIDDLE * layers.contrast)
        for window in grid.strips(whole, STRIP):
            here = grid.pixels(window)
            top = here[0].start - whole[0] * grid.scale
            cut = slice(window[0] - whole[0], window[1] - whole[0] + 2)
            alpha = plate.alpha[top : top + here[0].stop - here[0].start]
            if layers.run_up is not None:
                alpha = run_up(plate.alpha, top, alpha, layers.run_up[cut], grid, window)
            if not alpha.any():
                continue
            sampling = grid, self._interpolation, moving.border
            detail = mix(moving.detail, layers.pictures, alpha, window, whole, *sampling)
            pixels = cv2.multiply(detail, grid.enlarge(gain[cut], window), dtype=cv2.CV_32F)
            smooth = cv2.addWeighted(grid.enlarge(base[cut], window), 1, self._noise(*alpha.shape), grain, 0)
            for glow, seen in shown:
                light = glow[top : top + alpha.shape[0]]
                smooth = cv2.add(smooth, cv2.multiply(light, grid.enlarge(seen[cut], window), dtype=cv2.CV_32F))
            share = alpha.astype(np.float32) * np.float32(1 / 255)
            if self._deep:
                below = frame[here] * np.float32(1 / DEEP_STEP)
                pixels = np.clip(cv2.add(pixels, smooth), 0, 255)
                frame[here] = self._stored(cv2.blendLinear(pixels, below, share, 1 - share))
            else:
                pixels = cv2.add(pixels, smooth, dtype=cv2.CV_8U)
                if alpha.min() == 255:
                    frame[here] = pixels
                    continue
                frame[here] = cv2.blendLinear(pixels, np.ascontiguousarray(frame[here]), share, 1 - share)


def _four(image: Array) -> Array:
    """Add a fourth channel, for pictures with four."""
    return cv2.merge([*cv2.split(np.asarray(image, np.float32)), np.asarray(image[..., 0], np.float32)])
