"""Settings on the page: each is shown as its kind is, or by a component of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import gradio as gr

from landscape.arrows import WATER_KINDS
from landscape.declared import kinds_of
from landscape.kinds import Choice, Flag, Kind, Number
from landscape.masks.layers import MaskSettings
from landscape.scene.sceneries import PREVIEW_SIDE
from landscape.scene.shot import PLACES, Shot
from landscape.settings import CLOSEST_KEYS
from landscape.ui.live.messages import ENDED
from landscape.ui.page import widgets
from landscape.ui.visitors.controls import WISHES

_OWN: dict[str, Callable[[Kind, Any, str], gr.HTML]] = {
    "dial": widgets.dial,
    "cards": widgets.cards,
    "timeline": widgets.timeline,
    "held": widgets.held,
}
_FEW = 6
"""Most choices that are shown side by side."""


def field(name: str, offers: Sequence[tuple[str, Any]] = (), **layout: Any) -> Any:
    """The component of a setting; its ``elem_id`` is the setting's name.

    Args:
        name: The setting.
        offers: Values on offer and what they are called, if its kind does not say.
        layout: More arguments of the component.
    """
    kind, value = PLACES[name].kind, Shot().shown(name)
    if kind.widget in _OWN:
        return _OWN[kind.widget](kind, value, name)
    options: dict[str, Any] = {"label": kind.label, "info": kind.hint or None, "elem_id": name, **layout}
    if isinstance(kind, Flag):
        return gr.Checkbox(value, **options)
    if isinstance(kind, Choice):
        offers = offers or [(item, item) for item in (*kind.none[-1:], *kind.names)]
    elif isinstance(kind, Number):
        offers = offers or kind.offers
    if offers:
        widget = kind.widget or ("radio" if len(offers) <= _FEW else "dropdown")
        return (gr.Radio if widget == "radio" else gr.Dropdown)(offers, value=value, **options)
    assert isinstance(kind, Number), name
    if kind.none:
        # Gradio shows 0 in an empty field of numbers.
        return gr.Textbox("" if value is None else str(value), placeholder=kind.none[-1], **options)
    return gr.Slider(*kind.ends, value, step=kind.step, buttons=[], **{"min_width": 130, **options})


def fields(panel: str, built: Mapping[str, Any], after: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The components of all settings of a panel, by their names, in the order of their declarations.

    Args:
        panel: The panel.
        built: Components that are there already.
        after: What else stands in the panel, behind a row or a setting of that name.
    """
    names = [name for name, place in PLACES.items() if place.kind.panel == panel and name not in built]
    found = dict(built)
    for row, together in groupby(names, lambda name: PLACES[name].kind.row or name):
        with contextlib.nullcontext() if row in PLACES else gr.Row(elem_id=row):
            found |= {name: field(name) for name in together}
        if row in after:
            after[row]()
    return found


def facts() -> dict[str, Any]:
    """What the page's scripts must know of the settings; JSON values."""
    kinds = {name: PLACES[name].kind for name in WISHES if PLACES[name].kind.panel in ("motion", "light")}
    sliders = [name for name, kind in kinds.items() if isinstance(kind, Number) and not (kind.widget or kind.none)]
    masks: dict[str, dict[str, Any]] = {name: {"value": value} for name, value in vars(MaskSettings()).items()}
    for name, kind in kinds_of(MaskSettings).items():
        if isinstance(kind, Number):
            masks[name] |= {"low": kind.low, "high": kind.high, "step": kind.step}
    told = {"masks": masks, "side": PREVIEW_SIDE, "ended": ENDED, "kinds": WATER_KINDS}
    return {"sliders": sliders, "closest": CLOSEST_KEYS, **told}
