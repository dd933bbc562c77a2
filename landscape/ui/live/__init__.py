"""The live line of a visitor: wishes come in, pictures go out."""
