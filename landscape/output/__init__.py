"""Writing clips: formats, encoders, files, and how large they will be."""
