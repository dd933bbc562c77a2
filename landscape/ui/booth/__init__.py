"""The screen for visitors of a booth, and their phones."""
