"""Fitting the generative model to a photo (paper, 3.2)."""
