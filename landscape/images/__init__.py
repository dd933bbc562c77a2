"""Arithmetic on pictures that knows nothing of landscapes: grids, filters, tones, similarity, tensors."""
