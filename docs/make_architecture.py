"""Counts the rooms and doors of ``landscape/`` from its imports and draws ``docs/architecture.svg``.

``python docs/make_architecture.py [--check]``; with ``--check`` nothing is written. The exit status is 1 where rooms
know each other in a circle, and with ``--check`` where rooms, arrows or lines are too many.

A room is a folder with Python files; the files that lie flat in ``landscape/`` are one room, but for
the ways into the program: the command line and the public face.
An arrow goes from a room to each room of which it imports something.
"""

from __future__ import annotations

import ast
import html
import sys
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "landscape"
PICTURE = Path(__file__).with_name("architecture.svg")
MOST_ROOMS, MOST_ARROWS, LONGEST_FILE = 29, 149, 250
FLAT, TOP = "shared basics", "ways in"
TOP_FILES = ("", "cli", "__main__")
WIDTH, BOX_HEIGHT, GAP = 1120, 46, 44
TEXT = "Each room stands above all that it imports. Lines show the doors that no other way replaces."


def modules() -> dict[str, Path]:
    """Dotted names of all modules, without ``landscape.``, and their files."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        found[".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")] = path
    return found


def room_of(module: str, path: Path) -> str:
    """The room that a module lies in."""
    if module in TOP_FILES:
        return TOP
    folder = path.parent.relative_to(PACKAGE).parts
    return "/".join(folder) if folder else FLAT


def doors(found: dict[str, Path]) -> dict[str, set[str]]:
    """For each room the rooms of which it imports something."""
    rooms = {module: room_of(module, path) for module, path in found.items()}
    known: dict[str, set[str]] = defaultdict(set)
    for module, path in found.items():
        own = rooms[module]
        known[own] |= set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            first, _, rest = node.module.partition(".")
            if first != "landscape":
                continue
            for alias in node.names:
                target = f"{rest}.{alias.name}".strip(".")
                other = rooms[target if target in found else rest]
                if other != own:
                    known[own].add(other)
    return dict(known)


def floors(known: dict[str, set[str]]) -> list[list[str]]:
    """Rooms by height: each stands one floor above the highest room that it knows. Raises CycleError for circles."""
    height: dict[str, int] = {}
    for room in TopologicalSorter(known).static_order():
        height[room] = 1 + max((height[other] for other in known[room]), default=-1)
    levels: list[list[str]] = [[] for _ in range(max(height.values()) + 1)]
    for room, level in sorted(height.items()):
        levels[level].append(room)
    return levels


def needed(known: dict[str, set[str]]) -> dict[str, set[str]]:
    """The doors without which a room could not be reached (transitive reduction)."""
    reach: dict[str, set[str]] = {}
    for room in TopologicalSorter(known).static_order():
        reach[room] = set().union(known[room], *(reach[other] for other in known[room]))
    return {room: others - set().union(*(reach[other] for other in others)) for room, others in known.items()}


def draw(known: dict[str, set[str]], sizes: dict[str, tuple[int, int]]) -> str:
    """An SVG picture of the rooms.

    Args:
        known: Rooms and the rooms that they know.
        sizes: Files and lines of each room.
    """
    levels = floors(known)
    place: dict[str, tuple[float, float]] = {}
    boxes, lines = [], []
    height = len(levels) * (BOX_HEIGHT + GAP) + 60
    for level, rooms in enumerate(levels):
        y = height - 20 - (level + 1) * (BOX_HEIGHT + GAP) + GAP
        width = min(180.0, (WIDTH - 40) / len(rooms) - 14)
        for index, room in enumerate(rooms):
            x = WIDTH / 2 + (index - (len(rooms) - 1) / 2) * (width + 14)
            place[room] = (x, y)
            files, length = sizes[room]
            colour = "#e3eef7" if "/" not in room else "#eef3e6"
            boxes.append(
                f'<rect x="{x - width / 2:.0f}" y="{y:.0f}" width="{width:.0f}" height="{BOX_HEIGHT}" rx="7" '
                f'fill="{colour}" stroke="#4a6076"/>'
                f'<text x="{x:.0f}" y="{y + 20:.0f}" font-weight="600">{html.escape(room)}</text>'
                f'<text x="{x:.0f}" y="{y + 36:.0f}" class="small">{files} files, {length} lines</text>'
            )
    for room, others in needed(known).items():
        for other in sorted(others):
            (x0, y0), (x1, y1) = place[room], place[other]
            y0 += BOX_HEIGHT
            lines.append(
                f'<path d="M{x0:.0f} {y0:.0f} C{x0:.0f} {y0 + 34:.0f} {x1:.0f} {y1 - 34:.0f} {x1:.0f} {y1:.0f}"/>'
            )
    count = sum(map(len, known.values()))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        'font-size="14" text-anchor="middle"><style>.small{font-size:11px;fill:#51606e}'
        "path{fill:none;stroke:#7b8fa3;stroke-width:1.3}</style>"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<text x="{WIDTH / 2:.0f}" y="24">{len(known)} rooms, {count} arrows. {TEXT}</text>'
        + "".join(lines)
        + "".join(boxes)
        + "</svg>\n"
    )


def main() -> int:
    """Count, draw or check; returns the exit status."""
    found = modules()
    known = doors(found)
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in found.items()}
    sizes = defaultdict(lambda: (0, 0))
    for module, path in found.items():
        files, lines = sizes[room_of(module, path)]
        sizes[room_of(module, path)] = (files + 1, lines + lengths[module])
    arrows = sum(map(len, known.values()))
    real = [length for module, length in lengths.items() if found[module].name != "__init__.py"]
    sys.stdout.write(f"{len(known)} rooms, {arrows} arrows, {len(found)} files, median {median(real):.0f} lines\n")
    problems = [f"{module} has {length} lines" for module, length in lengths.items() if length > LONGEST_FILE]
    problems += [f"{len(known)} rooms"] * (len(known) > MOST_ROOMS) + [f"{arrows} arrows"] * (arrows > MOST_ARROWS)
    try:
        picture = draw(known, sizes)
    except CycleError as error:
        sys.stdout.write(f"a circle: {' -> '.join(error.args[1])}\n")
        return 1
    for problem in problems:
        sys.stdout.write(f"too much: {problem}\n")
    if "--check" in sys.argv[1:]:
        return 1 if problems else 0
    PICTURE.write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
