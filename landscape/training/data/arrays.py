"""Arrays that grow on disk: images are appended one by one and end as a NumPy file."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from landscape.files import replacing
from landscape.working_folders import WorkingFolder

CHUNK = 256


class GrowingArray:
    """Images of one size, written to a file as they come; memory holds one of them.

    Args:
        path: The ``.npy`` file; it appears when :meth:`finish` is called.
        size: Side of the square images, pixels.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.shape, self.count = path, (size, size, 3), 0
        self._folder = WorkingFolder(path.parent)
        self._raw = self._folder.path / "images.raw"
        self._file = self._raw.open("wb")

    def append(self, image: NDArray[np.uint8]) -> None:
        """Add one image, uint8 (size, size, 3).

        Raises:
            ValueError: If it has another shape or type.
        """
        if image.shape != self.shape or image.dtype != np.uint8:
            raise ValueError(f"expected uint8 {self.shape}, got {image.dtype} {image.shape}")
        self._file.write(np.ascontiguousarray(image).data)
        self.count += 1

    def finish(self) -> None:
        """Write the NumPy file."""
        self._file.close()
        shape = (self.count, *self.shape)
        with replacing(self.path) as partial:
            if self.count == 0:
                with partial.open("wb") as file:
                    np.save(file, np.zeros(shape, np.uint8))
                return
            source = np.memmap(self._raw, np.uint8, "r", shape=shape)
            target = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
            for start in range(0, self.count, CHUNK):
                target[start : start + CHUNK] = source[start : start + CHUNK]
            target.flush()

    def __enter__(self) -> GrowingArray:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._folder.close()
