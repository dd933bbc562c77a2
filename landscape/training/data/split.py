"""Which photos, stills and clips are kept out of training, for honest evaluation."""

from __future__ import annotations

import hashlib

HELD_OUT_SHARE = 0.08

SAMPLE_PHOTOS = frozenset(
    {
        "084_apt_lomiri-wallpapers-16.04",
        "087_apt_mate-backgrounds",
        "090_apt_plasma-workspace-wallpapers",
        "095_boolean-light_wallpapers",
        "100_budgie-backgrounds",
        "114_elementary_wallpapers",
        "143_pop-os_wallpapers",
        "146_ubuntu-mate-artwork",
        "147_ubuntu-mate-artwork",
        "151_ubuntu-mate-artwork",
    }
)
"""Stems of the photos that are bundled as samples: demonstrations are on photos the model has never seen."""


def is_held_out(name: str) -> bool:
    """Whether a still (by file stem) or a clip (by its group) is kept out of training.

    The choice depends on nothing but the name, so every network agrees on it.
    """
    if name in SAMPLE_PHOTOS:
        return True
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT_SHARE
