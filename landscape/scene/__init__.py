"""A photo that can move: opened, fitted, animated, rendered, saved."""
