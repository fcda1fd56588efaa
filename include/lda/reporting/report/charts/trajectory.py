"""A measure that counts from 1 April: this year's path beside earlier years' and the target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lda.reporting.report.charts.chart import BOTH, Chart, Column, KeyEntry, Spec, Width
from lda.reporting.report.charts.style import (
    BRAND,
    HIDDEN_KEY,
    HIDDEN_MARK,
    INK,
    LINE,
    MUTED,
    TARGET,
    VALUE_LABELS,
    at,
    base,
    span,
    value_axis,
)
from lda.reporting.report.charts.table import RAW, raw_cells
from lda.reporting.report.source import Definition, Figure
from lda.reporting.report.wording import (
    figure_text,
    financial_year,
    joined,
    short_month,
    shown,
    status_text,
    target_text,
    value_and_unit,
)

HEIGHT = 230
YEARS = 3
# Share of the height that a figure written above its point takes.
LABEL_ROOM = 0.15


def trajectory_chart(definition: Definition, area_name: str, figures: Sequence[Figure], key: str) -> Chart:
    """Cumulative figures by year, at most three years, the latest drawn strongest."""
    starts = sorted({figure.period_start for figure in figures if figure.period_start is not None})[-YEARS:]
    kept = [figure for figure in figures if figure.period_start in starts]
    legend = [KeyEntry("this-year", financial_year(starts[-1]))]
    if len(starts) > 1:
        legend.append(KeyEntry("last-year", joined(map(financial_year, starts[:-1]))))
    if any(figure.target is not None for figure in kept):
        legend.append(KeyEntry("target", "target"))
    if any(figure.hidden for figure in kept):
        legend.append(HIDDEN_KEY)
    headings = ("Month", "Year", "Figure", "Target", "Against the target")
    return Chart(
        key=key,
        title=f"{definition.name}: {area_name}",
        short="Through the year, beside last year",
        text=_words(definition, area_name, kept),
        columns=[Column(name, "number" if name in ("Figure", "Target") else "text") for name in headings],
        rows=[
            [
                short_month(figure.period_end),
                financial_year(figure.period_start or figure.period_end),
                figure_text(figure, definition.unit, exact=True),
                "" if figure.target is None else shown(figure.target, definition.unit, exact=True),
                status_text(figure, definition),
            ]
            for figure in kept
        ],
        raw_columns=RAW,
        raw=[raw_cells(figure) for figure in kept],
        draw=lambda width: _draw(width, definition.unit, kept),
        legend=legend,
        widths=(BOTH,),
    )


def _words(definition: Definition, area_name: str, figures: Sequence[Figure]) -> str:
    last = figures[-1]
    parts = [f"{area_name}, counted from the start of each year."]
    parts.append(f"By {short_month(last.period_end)}: {figure_text(last, definition.unit)}.")
    before = year_before(figures)
    if before is not None:
        parts.append(f"At the same point a year earlier: {figure_text(before, definition.unit)}.")
    if last.target is not None:
        parts.append(f"Target: {target_text(last, definition)}.")
    if any(figure.hidden for figure in figures):
        parts.append("Some months are hidden to protect people.")
    return " ".join(parts)


def year_before(figures: Sequence[Figure]) -> Figure | None:
    """The figure of the same month one year before the last of them."""
    last = figures[-1].period_end
    wanted = (last.year - 1, last.month)
    return next((one for one in figures if (one.period_end.year, one.period_end.month) == wanted), None)


def _months_in(figure: Figure) -> int:
    start: date = figure.period_start or figure.period_end
    return (figure.period_end.year - start.year) * 12 + figure.period_end.month - start.month


def _draw(width: Width, unit: str, figures: Sequence[Figure]) -> Spec:
    rows = [_row(figure, figures[-1].period_start) for figure in figures]
    first = (figures[-1].period_start or figures[-1].period_end).month
    names = [f"{date(2000, (first - 1 + step) % 12 + 1, 1):%b}" for step in range(12)]
    axis = {
        "values": list(range(0, 12, 2)),
        "labelExpr": f"{names!r}[datum.value]",
        "title": None,
        "grid": False,
        "labelOverlap": False,
        "labelAngle": 0,
    }
    x = at("at", axis=axis, scale={"domain": [0, 11.4], "nice": False})
    values = [row[name] for row in rows for name in ("value", "target") if row[name] is not None]
    y = at("value", axis=value_axis(unit), scale={"domain": span(values, unit, zero=True), "nice": True})
    now = [row for row in rows if row["current"]]
    layers = [
        _target(now[-1:], x),
        _line([row for row in rows if not row["current"]], x, y, {"color": LINE, "strokeWidth": 1.5}),
        _line(now, x, y, {"color": BRAND, "strokeWidth": 3}),
        {
            "data": {"values": [row for row in now if row["value"] is not None]},
            "mark": {"type": "point", "filled": True, "opacity": 1, "color": BRAND, "size": 50},
            "encoding": {"x": x, "y": y},
        },
        _hidden([row for row in now if row["hidden"]], x),
        *_end(now, x, y, unit, values),
    ]
    return base(width, HEIGHT, layers, labels=VALUE_LABELS)


def _row(figure: Figure, latest: date | None) -> Spec:
    """A figure as a point of its year's line; ``latest`` is where the current year begins."""
    return {
        "at": _months_in(figure),
        "value": figure.value,
        "target": figure.target,
        "year": financial_year(figure.period_start or figure.period_end),
        "current": figure.period_start == latest,
        "hidden": figure.hidden,
    }


def _target(last: list[Spec], x: Spec) -> Spec:
    """The target of the latest month, across the year."""
    ends = [{**row, "at": spot} for row in last for spot in (0, 11.4) if row["target"] is not None]
    return {
        "data": {"values": ends},
        "mark": {"type": "line", "color": TARGET, "strokeDash": [7, 3], "strokeWidth": 1.5},
        "encoding": {"x": x, "y": at("target")},
    }


def _hidden(rows: list[Spec], x: Spec) -> Spec:
    """Marks at the foot of the months that are hidden."""
    mark = {"type": "text", "text": HIDDEN_MARK, "fill": MUTED, "fontSize": 15, "baseline": "bottom", "y": HEIGHT}
    return {"data": {"values": rows}, "mark": mark, "encoding": {"x": x}}


def _line(rows: list[Spec], x: Spec, y: Spec, style: Spec) -> Spec:
    """One line a year; it breaks at a hidden month."""
    stretch, kept = 0, []
    for row in rows:
        stretch += row["value"] is None
        kept += [{**row, "stretch": f"{row['year']} {stretch}"}] if row["value"] is not None else []
    detail = {"field": "stretch", "type": "nominal"}
    return {
        "data": {"values": kept},
        "mark": {"type": "line", **style},
        "encoding": {"x": x, "y": y, "detail": detail},
    }


def _end(now: list[Spec], x: Spec, y: Spec, unit: str, drawn: Sequence[float]) -> list[Spec]:
    """The latest figure of this year, written at the end of its line.

    It stands above its point; below it where the target is close above, or where the line comes down to the point.
    """
    visible = [row for row in now if row["value"] is not None]
    if not visible:
        return []
    value, target, floor = visible[-1]["value"], visible[-1]["target"], min(0, *drawn)
    room = LABEL_ROOM * (max(drawn) - floor)
    near = target is not None and abs(target - value) < room
    falls = len(visible) > 1 and visible[-2]["value"] > value and value - floor > room
    below = target >= value if near else falls
    place = {"align": "center", "dy": 24} if below else {"align": "right", "dx": 6, "dy": -14}
    mark = {"type": "text", "text": value_and_unit(value, unit)[0], **place, "fontWeight": "bold", "fill": INK}
    return [{"data": {"values": visible[-1:]}, "mark": mark, "encoding": {"x": x, "y": y}}]
