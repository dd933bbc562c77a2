"""Data preparation and training of the bundled networks."""
