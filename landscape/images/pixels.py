"""Pictures as arrays: the types that every room shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = np.ndarray
"""float32 unless said otherwise."""
Pixels = NDArray[np.uint8]
"""(H, W, 3) RGB unless said otherwise."""
Frame = NDArray[Any]
"""(H, W, 3) RGB, uint8, or uint16 in steps of :data:`DEEP_STEP`."""
DEEP_STEP = 257
"""Steps of 16-bit frames in one step of 8 bits."""
Upscale = Callable[[Array], Array]
"""Turns a generator frame (3, R, R) into a larger one (3, kR, kR), both float32 in [-1, 1]."""
