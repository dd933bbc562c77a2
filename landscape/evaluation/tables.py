"""Reports as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table_lines(head: Sequence[object], rows: Iterable[Iterable[object]]) -> list[str]:
    """The lines of a Markdown table.

    Args:
        head: Names of the columns.
        rows: Cells, as many as columns in each; bars and line ends in them, as names of files may have, are spelt so
            that the table stays one.

    Returns:
        The head, the line below it and one line per row.
    """
    return [_line(head), "|---" * len(head) + "|", *map(_line, rows)]


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"
