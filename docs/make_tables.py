"""Writes the README's table of settings from their declarations.

``python -m docs.make_tables [--check]``; with ``--check`` nothing is written, and the exit status is 1 where the table
is not what the settings say.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from landscape.kinds import Flag
from landscape.scene.shot import PLACES, Place, Shot
from landscape.ui.visitors.controls import CONTROLS, QUALITIES, STANDARD

README = Path(__file__).resolve().parents[1] / "README.md"
HEAD = "| option of `animate` | for programs | default | meaning |\n|---|---|---|---|\n"


def option(name: str, place: Place) -> str:
    """An option as somebody would write it; empty where there is none."""
    kind, default = place.kind, place.default
    if kind.option == ():
        return ""
    first = (kind.option or (f"--{name.replace('_', '-')}",))[0]
    if isinstance(kind, Flag):
        return f"`{first}`"
    value = kind.example or (f"{default:g}" if isinstance(default, float) else default)
    return f'`{first} "{value}"`' if " " in str(value) else f"`{first} {value}`"


def table() -> str:
    """All settings of the command line and of programs."""
    rows = []
    for name, place in PLACES.items():
        kind, parameter = place.kind, f"`{name}`" if name in CONTROLS else ""
        default = Shot().shown(name)
        if isinstance(kind, Flag):
            default = str(default).lower()
        elif default is None:
            default = kind.none[0]
        if option(name, place) or parameter:
            rows.append(
                f"| {option(name, place)} | {parameter} | {'' if default == [] else default} | {kind.described} |"
            )
    rows.append(f"| | `quality` | {STANDARD} | How carefully the model is fitted ({', '.join(QUALITIES)}). |")
    return HEAD + "\n".join(rows)


def written(text: str) -> str:
    """The README with its table as the settings are now."""
    pattern = r"(<!-- settings: docs/make_tables.py -->\n).*?(\n<!-- end -->)"
    text, count = re.subn(pattern, lambda match: match[1] + table() + match[2], text, flags=re.DOTALL)
    if count != 1:
        raise ValueError("the README has no place for the table of settings")
    return text


def main() -> int:
    """Write or check the table."""
    text = README.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        return int(written(text) != text)
    README.write_text(written(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
