"""Where the folders lie that come with the program: weights and sample photos."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def bundled_folder(name: str) -> Path:
    """A folder of the repository, or its copy inside the package where the program was installed from a wheel.

    Args:
        name: ``checkpoints`` or ``assets``.
    """
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name
