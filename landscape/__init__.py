"""Bring landscape photos to life with a generative model of time-lapse videos (DeepLandscape, ECCV 2020)."""

__version__ = "0.1.0"
