"""Training of the generator against its discriminators (paper, 3.1)."""
