"""Bring landscape photos to life with a generative model of time-lapse videos (DeepLandscape, ECCV 2020).

The public face: :func:`read_photo`, :func:`load_models`, :class:`Scene` and the settings they take. Each is loaded
when it is first asked for, as torch and the rest take seconds.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from landscape.version import __version__

if TYPE_CHECKING:
    from landscape.errors import LandscapeError
    from landscape.models.bundle import load_models
    from landscape.photo.read import read_photo
    from landscape.scene.scene import Scene
    from landscape.scene.shot import Shot
    from landscape.settings import ExportSettings, FitSettings, LightSettings, MotionSettings

# The matrices here are small. Several threads gain nothing with them, and where another core is busy, they wait for
# each other: a product takes ten times as long. OpenBLAS, of which NumPy, SciPy and OpenCV each bring one, reads this
# when it is first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__all__ = [
    "ExportSettings",
    "FitSettings",
    "LandscapeError",
    "LightSettings",
    "MotionSettings",
    "Scene",
    "Shot",
    "__version__",
    "load_models",
    "read_photo",
]

_SETTINGS = "landscape.settings"
_PLACES = {
    "ExportSettings": _SETTINGS,
    "FitSettings": _SETTINGS,
    "LandscapeError": "landscape.errors",
    "LightSettings": _SETTINGS,
    "MotionSettings": _SETTINGS,
    "Scene": "landscape.scene.scene",
    "Shot": "landscape.scene.shot",
    "load_models": "landscape.models.bundle",
    "read_photo": "landscape.photo.read",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
