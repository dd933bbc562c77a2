"""Clips that a visitor of a booth takes home: under names that cannot be guessed, for a short while."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PICKUP_TIME = 1800.0
"""Seconds that a clip can be fetched."""
MOST_PICKUPS = 200
"""Most clips kept; the oldest go first."""


@dataclass(frozen=True)
class Pickup:
    """One clip to fetch.

    Attributes:
        path: The file.
        until: When it goes, in seconds of the store's clock.
    """

    path: Path
    until: float


class PickupStore:
    """Clips to fetch.

    Args:
        root: Existing folder for them.
        clock: Seconds of a monotonic clock.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._lock = threading.Lock()
        self._pickups: dict[str, Pickup] = {}

    def __len__(self) -> int:
        return len(self._pickups)

    def publish(self, clip: Path) -> str:
        """Copy a clip to where it can be fetched and return its name, which cannot be guessed."""
        self.sweep(room=1)
        name = secrets.token_urlsafe(16)
        path = self._root / f"{name}{clip.suffix}"
        shutil.copyfile(clip, path)
        with self._lock:
            self._pickups[name] = Pickup(path, self._clock() + PICKUP_TIME)
        return name

    def get(self, name: str) -> Path | None:
        """The clip of a name while it can be fetched."""
        with self._lock:
            pickup = self._pickups.get(name)
        return pickup.path if pickup is not None and self._clock() < pickup.until else None

    def minutes_left(self, name: str) -> int:
        """Whole minutes that a clip can still be fetched."""
        with self._lock:
            pickup = self._pickups.get(name)
        return 0 if pickup is None else max(0, round((pickup.until - self._clock()) / 60))

    def sweep(self, room: int = 0) -> None:
        """Delete what has had its time, and the oldest so that there is room for more."""
        now = self._clock()
        with self._lock:
            by_age = sorted(self._pickups, key=lambda name: self._pickups[name].until)
            surplus = by_age[: max(0, len(by_age) + room - MOST_PICKUPS)]
            gone = {name for name in by_age if self._pickups[name].until <= now} | set(surplus)
            paths = [self._pickups.pop(name).path for name in gone]
        for path in paths:
            path.unlink(missing_ok=True)
