"""Areas side by side, highest first. Hidden areas stand apart by name, so their place in the order tells nothing."""

from __future__ import annotations

from collections.abc import Sequence

from lda.reporting.report.charts.chart import Chart, Column, KeyEntry, Spec, Width
from lda.reporting.report.charts.style import (
    BAD,
    GOOD,
    HIDDEN_KEY,
    HIDDEN_MARK,
    INK,
    MUTED,
    QUIET,
    TARGET,
    VALUE_LABELS,
    at,
    base,
    name_labels,
    shortened,
    span,
    value_axis,
)
from lda.reporting.report.charts.table import RAW, raw_cells
from lda.reporting.report.source import Definition, Figure
from lda.reporting.report.wording import (
    CURRENT_NAME,
    due_day,
    figure_text,
    long_day,
    month,
    shown,
    status_text,
    type_name,
)

NAMED_BARS = 40
BAR_STEP = 26
THIN_HEIGHT = 240


def ranked(figures: Sequence[Figure]) -> list[Figure]:
    """Shown figures from high to low, then hidden ones by name."""
    visible = [figure for figure in figures if figure.value is not None]
    rest = [figure for figure in figures if figure.value is None]
    return [
        *sorted(visible, key=lambda figure: (-(figure.value or 0), figure.geography_name)),
        *sorted(rest, key=lambda figure: figure.geography_name),
    ]


def ranking_chart(definition: Definition, system: str, kind: str, figures: Sequence[Figure], key: str) -> Chart:
    """The latest figures of all areas of one kind in a system: bars with names, or thin bars of very many."""
    order = ranked(figures)
    legend = _key(order)
    headings = ("Area", "Figure", "95% interval", "Against the target", "Data received")
    return Chart(
        key=key,
        title=f"{definition.name} by {type_name(kind)}: {system}, {month(order[0].period_end)}",
        short=f"By {type_name(kind)}, {month(order[0].period_end)}",
        text=_words(definition, kind, order),
        columns=[Column(name, "number" if name in ("Figure", "95% interval") else "text") for name in headings],
        rows=[_row(figure, definition) for figure in order],
        raw_columns=RAW,
        raw=[raw_cells(figure) for figure in order],
        draw=lambda width: (
            _bars(width, definition.unit, order) if len(order) <= NAMED_BARS else _thin(width, definition.unit, order)
        ),
        legend=legend,
    )


def _row(figure: Figure, definition: Definition) -> list[str]:
    def exact(value: float) -> str:
        return shown(value, definition.unit, exact=True)

    interval = ""
    if figure.value is not None and figure.lower_95 is not None and figure.upper_95 is not None:
        interval = f"{exact(figure.lower_95)} to {exact(figure.upper_95)}"
    received = "" if figure.coverage is None else f"{figure.coverage:.0%}"
    return [
        figure.geography_name,
        figure_text(figure, definition.unit, exact=True),
        interval,
        status_text(figure, definition),
        received,
    ]


def _key(order: Sequence[Figure]) -> list[KeyEntry]:
    states = {_state(figure) for figure in order if figure.value is not None}
    words = {"met": "on target", "not_met": "off target", "none": "figure"}
    marks = {"met": "bar-good", "not_met": "bar-bad", "none": "bar-plain"}
    legend = [KeyEntry(marks[state], words[state]) for state in ("met", "not_met", "none") if state in states]
    if any(figure.target is not None for figure in order):
        legend.append(KeyEntry("target", "target"))
    if len(order) <= NAMED_BARS and any(figure.lower_95 is not None for figure in order):
        legend.append(KeyEntry("whisker", "95% interval: the true rate is likely to be within it"))
    return legend + ([HIDDEN_KEY] if any(figure.hidden for figure in order) else [])


def _state(figure: Figure) -> str:
    return figure.target_status if figure.target_status in ("met", "not_met") else "none"


def _words(definition: Definition, kind: str, order: Sequence[Figure]) -> str:
    visible = [figure for figure in order if figure.value is not None]
    many = type_name(kind, many=True)
    if not visible:
        return f"All {len(order)} {many} are hidden to protect people."
    top, low = visible[0], visible[-1]
    parts = [f"{len(visible)} of {len(order)} {many} are shown."]
    if len(visible) > 1:
        parts.append(
            f"Highest: {top.geography_name}, {shown(top.value, definition.unit)}. "
            f"Lowest: {low.geography_name}, {shown(low.value, definition.unit)}."
        )
    met = sum(figure.target_status == "met" for figure in visible)
    due = next((day for day in map(due_day, visible) if day is not None), None)
    if due is not None:
        parts.append(f"The target is due by {long_day(due)}.")
    elif any(figure.target is not None for figure in visible):
        parts.append(f"{met} of these {len(visible)} meet the target.")
    return " ".join(parts)


def _data(order: Sequence[Figure], width: Width) -> list[Spec]:
    return [
        {
            "name": f"{position}|{shortened(figure.geography_name.removesuffix(CURRENT_NAME), width)}",
            "position": position,
            "value": figure.value,
            "low": figure.lower_95,
            "high": figure.upper_95,
            "state": _state(figure),
            "hidden": figure.hidden,
        }
        for position, figure in enumerate(order)
    ]


COLOUR = {
    "field": "state",
    "type": "nominal",
    "legend": None,
    "scale": {"domain": ["met", "not_met", "none"], "range": [GOOD, BAD, QUIET]},
}


def _domain(rows: list[Spec], target: float | None, unit: str) -> Spec:
    values = [row[name] for row in rows for name in ("value", "high") if row[name] is not None]
    values += [row["low"] for row in rows if row["low"] is not None and row["low"] < 0]
    return {"domain": span([*values, *([target] if target is not None else [])], unit, zero=True), "nice": True}


def _bars(width: Width, unit: str, order: Sequence[Figure]) -> Spec:
    rows, target = _data(order, width), order[0].target
    scale = _domain(rows, target, unit)
    label = {"labelExpr": "slice(datum.value, indexof(datum.value, '|') + 1)", "labelColor": INK}
    y = {
        "field": "name",
        "type": "nominal",
        "sort": [row["name"] for row in rows],
        "axis": {"title": None, "domain": False, "ticks": False, **label},
    }
    visible, hidden = [row for row in rows if row["value"] is not None], [row for row in rows if row["hidden"]]
    x = at("value", axis=value_axis(unit), scale=scale)
    layers: list[Spec] = [
        {
            "data": {"values": visible},
            "mark": {"type": "bar", "height": {"band": 0.62}},
            "encoding": {"x": x, "y": y, "color": COLOUR},
        },
        {
            "data": {"values": [row for row in visible if row["low"] is not None]},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 1.2},
            "encoding": {"x": at("low"), "x2": {"field": "high"}, "y": y},
        },
        {
            "data": {"values": hidden},
            "mark": {"type": "text", "text": f"{HIDDEN_MARK} hidden", "fill": MUTED, "align": "left", "x": 4},
            "encoding": {"y": y},
        },
    ]
    if target is not None:
        rule = {"type": "rule", "color": TARGET, "strokeDash": [7, 3], "strokeWidth": 1.5}
        layers.append({"data": {"values": [{"value": target}]}, "mark": rule, "encoding": {"x": x}})
    names = [figure.geography_name for figure in order]
    return base(width, {"step": BAR_STEP}, layers, labels=name_labels(names, width))


def _thin(width: Width, unit: str, order: Sequence[Figure]) -> Spec:
    rows, target = _data(order, width), order[0].target
    x = at("position", axis=None, scale={"domain": [-1, len(rows)], "nice": False})
    y = at("value", axis=value_axis(unit), scale=_domain(rows, target, unit))
    size = max(1, width.plot / (len(rows) + 2) * 0.72)
    layers: list[Spec] = [
        {
            "data": {"values": [row for row in rows if row["value"] is not None]},
            "mark": {"type": "bar", "size": size},
            "encoding": {"x": x, "y": y, "color": COLOUR},
        },
        {
            "data": {"values": [row for row in rows if row["hidden"]]},
            "mark": {"type": "text", "text": HIDDEN_MARK, "fill": MUTED, "baseline": "bottom", "y": THIN_HEIGHT},
            "encoding": {"x": x},
        },
    ]
    if target is not None:
        rule = {"type": "rule", "color": TARGET, "strokeDash": [7, 3], "strokeWidth": 1.5}
        layers.append({"data": {"values": [{"value": target}]}, "mark": rule, "encoding": {"y": y}})
    return base(width, THIN_HEIGHT, layers, labels=VALUE_LABELS)
