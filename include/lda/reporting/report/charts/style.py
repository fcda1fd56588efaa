"""The look of every chart. Colours are CSS variables of the page, so drawings follow light, dark and print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from lda.reporting.report.charts.chart import KeyEntry, Spec, Width
from lda.reporting.report.spc import COMMON, CONCERN, IMPROVEMENT, KIND_WORDS, NEUTRAL, PLAIN
from lda.reporting.report.wording import RANK, is_share_of

INK, MUTED, GRID = "var(--ink)", "var(--muted)", "var(--rule)"
LINE, BAND, TARGET = "var(--line)", "var(--limit)", "var(--target)"
GOOD, BAD, QUIET, OTHER, BRAND = (
    "var(--improvement)",
    "var(--concern)",
    "var(--common)",
    "var(--neutral)",
    "var(--accent)",
)
# Labels are measured in the font that comes with the drawing library, as wide as Arial; pages set their own.
MEASURED = "Liberation Sans"
VALUE_LABELS = 58
# A letter of Arial is about half as wide as it is high.
LETTER = 0.5
KINDS = [IMPROVEMENT, CONCERN, NEUTRAL, COMMON, PLAIN]
KIND_COLOURS = [GOOD, BAD, OTHER, QUIET, BRAND]
KIND_SHAPES = ["circle", "square", "triangle-up", "circle", "circle"]
HIDDEN_MARK = "×"
HIDDEN_KEY = KeyEntry("hidden", "hidden: fewer than 5 or hidden to protect people")


def base(width: Width, height: int | dict[str, Any], layers: list[Spec], *, labels: int | None = None) -> Spec:
    """A layered chart of the report's look.

    :param labels: pixels that the labels beside the plot take, where they are short enough to be known; without it they
        are measured, and the chart is laid out twice.
    """
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width.plot - (labels or 0),
        "height": height,
        "autosize": {"type": "pad"} if labels else {"type": "fit-x", "contains": "padding"},
        "padding": 4,
        "background": None,
        "layer": layers,
        "config": {
            "aria": False,
            "font": MEASURED,
            "view": {"stroke": None},
            "axis": {
                "labelFontSize": width.font,
                "titleFontSize": width.font,
                "labelColor": MUTED,
                "titleColor": MUTED,
                "titleFontWeight": "normal",
                "gridColor": GRID,
                "domainColor": GRID,
                "tickColor": GRID,
                "labelLimit": 0,
                "labelPadding": 5,
            },
            "text": {"fontSize": width.font, "fill": INK},
            "line": {"strokeWidth": 2},
        },
    }


def shortened(name: str, width: Width) -> str:
    """A name that fits beside a plot: cut here, because the drawing library measures each letter to do it."""
    room = int(width.label_limit / (width.font * LETTER))
    return name if len(name) <= room else f"{name[: room - 1].rstrip()}…"


def name_labels(names: Sequence[str], width: Width) -> int:
    """Pixels that names beside a plot take, about."""
    longest = max((len(shortened(name, width)) for name in names), default=0)
    return int(longest * width.font * LETTER) + 10


def kind_key(kinds: set[str], hidden: bool) -> list[KeyEntry]:
    """The key of the point kinds that a chart holds."""
    found = [KeyEntry(kind, KIND_WORDS[kind]) for kind in KINDS if kind in kinds and kind != PLAIN]
    return found + ([HIDDEN_KEY] if hidden else [])


def kind_scale(channel: str) -> Spec:
    """Colour or shape of points by their kind; kinds differ in both, not in colour alone."""
    marks = KIND_COLOURS if channel == "color" else KIND_SHAPES
    return {"field": "kind", "type": "nominal", "legend": None, "scale": {"domain": KINDS, "range": marks}}


def value_axis(unit: str, title: str | None = None) -> Spec:
    """The axis of a measure's values in its unit."""
    form = "%" if unit == "proportion" or is_share_of(unit) else ",~f"
    name = title if title is not None else ("" if unit in ("proportion", "count") else unit)
    # Half a person is no tick, nor half a place in a ranking.
    whole = {"tickMinStep": 1} if unit in ("count", RANK) else {}
    return {"format": form, "title": name or None, "tickCount": 5, "domain": False, "ticks": False, **whole}


def month_axis(days: Sequence[date], room: int = 6) -> Spec:
    """A time axis with the month of each day, or of every other, third … so that no more than ``room`` are written.

    The latest month is always written, so labels never need to be tried and dropped.
    """
    every = max(1, -(-len(days) // room))
    values = [_month_start(day) for day in list(reversed(days))[::every]]
    ticks = {"values": values[::-1], "labelOverlap": False, "labelFlush": False}
    return {"format": "%b %y", "title": None, "grid": False, **ticks}


def _month_start(day: date) -> int:
    """The start of a day's month as Vega counts time: milliseconds of UTC."""
    return (day.replace(day=1) - date(1970, 1, 1)).days * 86_400_000


def span(values: list[float], unit: str, *, zero: bool = False) -> list[float]:
    """A domain that holds the values shown with a little room; shares stay within 0 and 1.

    Only what has values below zero reaches below it; ``zero`` says that zero is part of the domain. It is worked out
    from published values alone, so it tells nothing of a hidden one.
    """
    if not values:
        return [0, 1]
    below, least, most = min(values) < 0, min(values), max(values)
    if zero:
        least, most = min(0.0, least), max(0.0, most)
    room = (most - least or abs(most) or 1) * 0.12
    low = least - room if below else least if zero else max(0.0, least - room)
    high = most + room if most > 0 or not below else most
    return [low, min(1.0, high) if unit == "proportion" and most <= 1 else high]


def at(name: str, title: str | None = None, **more: Any) -> Spec:
    """A quantitative channel from a field of the same name."""
    return {"field": name, "type": "quantitative", "title": title, **more}
