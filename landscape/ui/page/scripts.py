"""The page's scripts: ES modules in ``static``, sent as one script.

Gradio builds components as soon as it is there itself and waits for no module, so a page that loaded them one by one
would have components before their scripts. Node and editors see plain modules: ``import { a, b } from "./c.js"`` at the
start, ``export`` before functions and constants.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[1] / "static"
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) (\w+))", re.MULTILINE)


def bundle(name: str) -> str:
    """A module and all that it imports as one script, whose value is an object with what the module exports.

    Args:
        name: The module's file without its suffix.
    """
    modules: dict[str, str] = {}
    _collect(name, modules)
    return "(() => {\n" + "".join(modules.values()) + f"return ${name};\n}})()"


def _collect(name: str, modules: dict[str, str]) -> None:
    """Add a module behind those it imports, each in a scope of its own."""
    if name in modules:
        return
    text = (STATIC / f"{name}.js").read_text(encoding="utf-8")
    for _, other in _IMPORT.findall(text):
        _collect(other, modules)
    exported = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub(r"const { \1 } = $\2;\n", text))
    modules[name] = f"const ${name} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


def page_script(facts: dict[str, Any]) -> str:
    """The script in the page's head.

    Args:
        facts: What the scripts must know of the app, JSON values.
    """
    return f"window.landscape = {bundle('main')}.start({json.dumps(facts)});"


def part(script: str, name: str = "") -> str:
    """How a component begins with its part of the scripts, for ``js_on_load``.

    Args:
        script: Name of the part.
        name: Name of the setting, for parts that serve several: Gradio gives elements identifiers of its own.
    """
    return f"landscape.parts.{script}(landscape, {{ element, props, trigger, watch, name: {json.dumps(name)} }});"
