"""Bring landscape photos to life with a generative model of time-lapse videos (DeepLandscape, ECCV 2020)."""

import os

# The matrices here are small. Several threads gain nothing with them, and where another core is busy, they wait for
# each other: a product takes ten times as long. OpenBLAS, of which NumPy, SciPy and OpenCV each bring one, reads this
# when it is first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
