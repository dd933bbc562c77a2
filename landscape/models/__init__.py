"""The bundled networks and their files."""
