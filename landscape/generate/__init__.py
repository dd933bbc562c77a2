"""Scenes that never were, sampled from the model (paper, 3.1.3)."""
