"""Figures over time: a process control chart where limits are published, a plain line with its target where not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from lda.reporting.report import spc
from lda.reporting.report.charts.chart import BOTH, Chart, Column, KeyEntry, Spec, Width
from lda.reporting.report.charts.style import (
    BAND,
    BRAND,
    HIDDEN_MARK,
    INK,
    LINE,
    MUTED,
    TARGET,
    VALUE_LABELS,
    at,
    base,
    kind_key,
    kind_scale,
    month_axis,
    span,
    value_axis,
)
from lda.reporting.report.charts.table import RAW, raw_cells
from lda.reporting.report.source import Definition, Figure
from lda.reporting.report.wording import (
    figure_text,
    long_day,
    month,
    short_month,
    shown,
    status_text,
    target_text,
    value_and_unit,
)

HEIGHT = 230


def run_chart(definition: Definition, area_name: str, figures: Sequence[Figure], key: str) -> Chart:
    """One measure in one area, every month, oldest first."""
    unit = definition.unit
    with_spc = spc.has_spc(figures)
    kinds = {spc.kind(figure.variation) for figure in figures if figure.value is not None}
    legend = kind_key(kinds, any(figure.hidden for figure in figures))
    if with_spc:
        legend += [KeyEntry("mean", "mean"), KeyEntry("limits", "process limits: usual figures fall between them")]
    if any(figure.target is not None for figure in figures):
        legend.append(KeyEntry("target", "target"))
    columns = ["Month", "Figure", "Target", "Against the target"] + (
        ["Mean", "Lower limit", "Upper limit", "Variation"] if with_spc else []
    )
    return Chart(
        key=key,
        title=f"{definition.name}: {area_name}",
        short="Month by month",
        text=_words(definition, area_name, figures),
        columns=[
            Column(name, "text" if name in (columns[0], columns[3], columns[-1]) else "number") for name in columns
        ],
        rows=[_row(figure, definition, with_spc) for figure in figures],
        raw_columns=RAW,
        raw=[raw_cells(figure) for figure in figures],
        draw=lambda width: _draw(width, unit, figures, with_spc),
        legend=legend,
        widths=(BOTH,),
    )


def _row(figure: Figure, definition: Definition, with_spc: bool) -> list[str]:
    def number(value: float | None) -> str:
        return "" if value is None else shown(value, definition.unit, exact=True)

    row = [
        short_month(figure.period_end),
        figure_text(figure, definition.unit, exact=True),
        number(figure.target),
        status_text(figure, definition),
    ]
    if with_spc:
        limits = (figure.spc_mean, figure.spc_lower_limit, figure.spc_upper_limit)
        row += [*map(number, limits), spc.point_words(figure)]
    return row


def _words(definition: Definition, area_name: str, figures: Sequence[Figure]) -> str:
    """The chart in two or three sentences."""
    first, last = figures[0], figures[-1]
    visible = [figure for figure in figures if figure.value is not None]
    parts = [f"{area_name}, {month(first.period_end)} to {month(last.period_end)}."]
    parts.append(f"Latest figure: {figure_text(last, definition.unit)}.")
    if len(visible) > 1:
        low = min(visible, key=lambda figure: figure.value or 0)
        high = max(visible, key=lambda figure: figure.value or 0)
        parts.append(
            f"Lowest {shown(low.value, definition.unit)} in {month(low.period_end)}, "
            f"highest {shown(high.value, definition.unit)} in {month(high.period_end)}."
        )
    if last.target is not None:
        parts.append(f"Target: {target_text(last, definition)}.")
    for icon in (spc.variation_icon(last), spc.assurance_icon(last)):
        parts += [f"{icon.words}."] if icon else []
    hidden = sum(figure.hidden for figure in figures)
    if hidden:
        parts.append(f"{hidden} of {len(figures)} months are hidden to protect people.")
    rebased = spc.phases(figures)[1:]
    parts += [f"Limits were worked out afresh from {long_day(phase[0].period_end)}." for phase in rebased]
    if spc.provisional(figures):
        parts.append("The limits are provisional: they rest on fewer than 12 points.")
    return " ".join(parts)


def _draw(width: Width, unit: str, figures: Sequence[Figure], with_spc: bool) -> Spec:
    rows = _data(figures, unit)
    values = [row[name] for row in rows for name in ("value", "mean", "low", "high", "target") if row[name] is not None]
    x: Spec = {
        "field": "month",
        "type": "temporal",
        "timeUnit": "utcyearmonth",
        "axis": month_axis([figure.period_end for figure in figures]),
        "scale": {"type": "utc"},
    }
    scale = {"domain": span(values, unit), "nice": True}
    y = at("value", axis=value_axis(unit), scale=scale)
    layers: list[Spec] = []
    if with_spc:
        layers += _limits(rows, x, scale)
    layers += [
        {
            "data": {"values": [row for row in rows if row["target"] is not None]},
            "mark": {"type": "line", "color": TARGET, "strokeDash": [7, 3], "strokeWidth": 1.5},
            "encoding": {"x": x, "y": at("target", scale=scale)},
        },
        {
            "data": {"values": [row for row in rows if row["value"] is not None]},
            "mark": {"type": "line", "color": LINE if with_spc else BRAND},
            "encoding": {"x": x, "y": y, "detail": {"field": "stretch", "type": "nominal"}},
        },
        {
            "data": {"values": [row for row in rows if row["value"] is not None]},
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 62 if len(rows) < 30 else 36},
            "encoding": {"x": x, "y": y, "color": kind_scale("color"), "shape": kind_scale("shape")},
        },
        _hidden(rows, x),
        *_labels(rows, x, y, unit),
    ]
    return base(width, HEIGHT, layers, labels=VALUE_LABELS)


def _data(figures: Sequence[Figure], unit: str) -> list[Spec]:
    """Rows for drawing. ``stretch`` counts runs of shown figures, so that a line never bridges a hidden one."""
    rows, stretch, phase, mean = [], 0, 0, None
    below = any(figure.value is not None and figure.value < 0 for figure in figures)
    for figure in figures:
        stretch += figure.value is None
        if figure.spc_mean is not None and figure.spc_mean != mean:
            phase, mean = phase + (mean is not None), figure.spc_mean
        rows.append(
            {
                "month": figure.period_end.isoformat(),
                "value": figure.value,
                "mean": figure.spc_mean,
                "low": figure.spc_lower_limit if below else _drawn(figure.spc_lower_limit, unit),
                "high": figure.spc_upper_limit if below else _drawn(figure.spc_upper_limit, unit),
                "target": figure.target,
                "kind": spc.kind(figure.variation),
                "hidden": figure.hidden,
                "stretch": stretch,
                "phase": phase,
            }
        )
    return rows


def _drawn(limit: float | None, unit: str) -> float | None:
    """A limit of what is never below zero, as drawn: none lies below it, nor that of a share above one."""
    if limit is None:
        return None
    return min(1.0, max(0.0, limit)) if unit == "proportion" else max(0.0, limit)


def _limits(rows: list[Spec], x: Spec, scale: Spec) -> list[Spec]:
    with_limits = {"values": [row for row in rows if row["mean"] is not None]}
    detail = {"field": "phase", "type": "nominal"}
    lines: list[Spec] = [
        {
            "data": with_limits,
            "mark": {"type": "line", "color": colour, "strokeWidth": 1.2, **dash},
            "encoding": {"x": x, "y": at(name, scale=scale), "detail": detail},
        }
        for name, colour, dash in (
            ("low", BAND, {"strokeDash": [3, 3]}),
            ("high", BAND, {"strokeDash": [3, 3]}),
            ("mean", MUTED, {}),
        )
    ]
    starts = [row for before, row in pairwise(with_limits["values"]) if row["phase"] != before["phase"]]
    mark = {"data": {"values": starts}, "encoding": {"x": x}}
    lines.append({**mark, "mark": {"type": "rule", "color": MUTED, "strokeDash": [1, 3]}})
    label = {"type": "text", "text": "new limits", "align": "left", "dx": 4, "fill": MUTED, "y": HEIGHT - 10}
    return [*lines, {**mark, "mark": label}]


def _hidden(rows: list[Spec], x: Spec) -> Spec:
    """A mark on the baseline for each hidden month: the same height whatever the number is."""
    return {
        "data": {"values": [row for row in rows if row["hidden"]]},
        "mark": {"type": "text", "text": HIDDEN_MARK, "fill": MUTED, "fontSize": 15, "baseline": "bottom", "y": HEIGHT},
        "encoding": {"x": x},
    }


def _labels(rows: list[Spec], x: Spec, y: Spec, unit: str) -> list[Spec]:
    """The latest figure, written beside its point, when it is shown."""
    last = rows[-1]
    if last["value"] is None:
        return []
    text = {"type": "text", "text": value_and_unit(last["value"], unit)[0], "fontWeight": "bold", "fill": INK}
    place = {"align": "right", "dx": 6, "dy": -13}
    return [{"data": {"values": [last]}, "mark": {**text, **place}, "encoding": {"x": x, "y": y}}]
