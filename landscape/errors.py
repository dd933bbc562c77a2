"""Errors that carry a sentence for the person in front of the screen."""

from __future__ import annotations


class LandscapeError(Exception):
    """A problem the user can solve.

    The message is one clear sentence that says what is wrong and what to do. The command line prints it and ends
    with exit status 2, the app shows it beside the photo.
    """


class Cancelled(Exception):
    """Raised by a long operation at its next step after its cancel event was set."""
