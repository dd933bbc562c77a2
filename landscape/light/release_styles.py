"""The nine styles of the released generators: where they lie in z_dynamic, and how far A goes there."""

from __future__ import annotations

from dataclasses import replace

from landscape.light.styles import StyleTable

_POINTS = (
    (-1.5, -1.5, 0.0),
    (-1.5, 1.5, 0.0),
    (-1.0, 2.0, 0.0),
    (0.0, 3.5, 0.0),
    (1.5, 3.5, 0.0),
    (2.0, 1.0, 0.0),
    (2.5, 0.0, 0.0),
    (2.5, -1.5, 0.0),
    (-1.5, -1.5, 0.0),
)
"""z_dynamic of the styles in their order; it belongs to the released generators alone."""
_FIRST_BLOCK = 4
"""From 64 px on w follows the light; coarser blocks keep theirs."""
_COEFFICIENT = {512: 0.3}
_USUAL_COEFFICIENT = 0.7


def release_styles(resolution: int, colours: StyleTable) -> StyleTable:
    """The style table of a released generator.

    Args:
        resolution: Of its output, pixels: at 512 px the released A goes less far.
        colours: A table whose colours of real photos in each light are taken.
    """
    styles = tuple(replace(style, z_dynamic=point) for style, point in zip(colours.styles, _POINTS, strict=True))
    c = _COEFFICIENT.get(resolution, _USUAL_COEFFICIENT)
    return replace(colours, styles=styles, coefficient=c, first_block=_FIRST_BLOCK, measured={})
