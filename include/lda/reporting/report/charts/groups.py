"""Groups of people side by side: sex, age, ethnic group, deprivation and any other breakdown, with intervals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from lda.reporting.report.charts.chart import Chart, Column, KeyEntry, Spec, Width
from lda.reporting.report.charts.style import (
    BRAND,
    HIDDEN_KEY,
    HIDDEN_MARK,
    INK,
    MUTED,
    at,
    base,
    name_labels,
    shortened,
    span,
    value_axis,
)
from lda.reporting.report.charts.table import RAW, raw_cells
from lda.reporting.report.source import ALL, Definition, Figure
from lda.reporting.report.wording import breakdown_name, figure_text, month, shown

ORDER = ("deprivation_quintile", "ethnicity_group", "sex", "age_band")
LAST = ("Unknown", "Not stated", "Other")
STEP = 24


def arranged(figures: Sequence[Figure]) -> list[tuple[str, list[Figure]]]:
    """Figures with a breakdown, by breakdown: usual order first, groups in the order published, unknown last."""
    broken = [figure for figure in figures if figure.breakdown_type != ALL]

    def rank(figure: Figure) -> tuple[int, str]:
        kind = figure.breakdown_type
        return (ORDER.index(kind) if kind in ORDER else len(ORDER)), kind

    ordered = sorted(broken, key=rank)
    return [
        (kind, sorted(members, key=_group_rank)) for kind, members in groupby(ordered, lambda one: one.breakdown_type)
    ]


def _group_rank(figure: Figure) -> tuple[int, str]:
    value = figure.breakdown_value
    if value in LAST:
        return 100 - LAST.index(value), value
    return (0 if value.startswith(("Under", "0")) else 1), value


def groups_chart(definition: Definition, area_name: str, figures: Sequence[Figure], key: str) -> Chart:
    """One measure in one area at its latest month, over every breakdown published."""
    parts = arranged(figures)
    whole = None
    if definition.unit != "count":  # everyone together is no yardstick for the size of a group
        whole = next((figure for figure in figures if figure.breakdown_type == ALL), None)
    flat = [figure for _, members in parts for figure in members]
    legend = [KeyEntry("dot", "figure")]
    if any(figure.lower_95 is not None for figure in flat):
        legend.append(KeyEntry("whisker", "95% interval"))
    if whole is not None and whole.value is not None:
        legend.append(KeyEntry("mean", f"everyone: {shown(whole.value, definition.unit)}"))
    headings = ("Breakdown", "Group", "Figure", "95% interval")
    return Chart(
        key=key,
        title=f"{definition.name} by group: {area_name}, {month(flat[0].period_end)}",
        short=f"By group, {month(flat[0].period_end)}",
        text=_words(definition, area_name, parts, whole),
        columns=[Column(name, "number" if name in headings[2:] else "text") for name in headings],
        rows=[_row(figure, definition) for figure in flat],
        raw_columns=("breakdown_type", "breakdown_value", *RAW),
        raw=[[figure.breakdown_type, figure.breakdown_value, *raw_cells(figure)] for figure in flat],
        draw=lambda width: _draw(width, definition.unit, parts, whole),
        legend=legend + ([HIDDEN_KEY] if any(figure.hidden for figure in flat) else []),
    )


def _row(figure: Figure, definition: Definition) -> list[str]:
    interval = ""
    if figure.value is not None and figure.lower_95 is not None and figure.upper_95 is not None:
        low, high = (shown(one, definition.unit, exact=True) for one in (figure.lower_95, figure.upper_95))
        interval = f"{low} to {high}"
    return [
        breakdown_name(figure.breakdown_type),
        figure.breakdown_value,
        figure_text(figure, definition.unit, exact=True),
        interval,
    ]


def _words(
    definition: Definition, area_name: str, parts: Sequence[tuple[str, list[Figure]]], whole: Figure | None
) -> str:
    sentences = [f"{area_name}: everyone, {figure_text(whole, definition.unit)}." if whole else f"{area_name}."]
    for kind, members in parts:
        visible = [figure for figure in members if figure.value is not None]
        if len(visible) < 2:
            continue
        low = min(visible, key=lambda figure: figure.value or 0)
        high = max(visible, key=lambda figure: figure.value or 0)
        if shown(low.value, definition.unit) == shown(high.value, definition.unit):
            sentences.append(f"{breakdown_name(kind)}: {shown(low.value, definition.unit)} in every group shown.")
            continue
        sentences.append(
            f"{breakdown_name(kind)}: from {shown(low.value, definition.unit)} for {low.breakdown_value} "
            f"to {shown(high.value, definition.unit)} for {high.breakdown_value}."
        )
    hidden = sum(figure.hidden for _, members in parts for figure in members)
    if hidden:
        sentences.append(f"{hidden} groups are hidden to protect people.")
    return " ".join(sentences)


def _draw(width: Width, unit: str, parts: Sequence[tuple[str, list[Figure]]], whole: Figure | None) -> Spec:
    rows, headers = _rows(width, parts)
    y = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": _axis(headers),
        "scale": {"domain": [row["name"] for row in rows]},
    }
    values = [row[name] for row in rows for name in ("value", "high") if row[name] is not None]
    values += [whole.value] if whole is not None and whole.value is not None else []
    x = at("value", axis=value_axis(unit), scale={"domain": span(values, unit, zero=True), "nice": True})
    layers: list[Spec] = [
        {
            "data": {"values": [row for row in rows if row["low"] is not None and row["value"] is not None]},
            "mark": {"type": "rule", "color": MUTED, "strokeWidth": 2},
            "encoding": {"x": at("low"), "x2": {"field": "high"}, "y": y},
        },
        {
            "data": {"values": [row for row in rows if row["value"] is not None]},
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 80, "color": BRAND},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": [row for row in rows if row["hidden"]]},
            "mark": {"type": "text", "text": f"{HIDDEN_MARK} hidden", "fill": MUTED, "align": "left", "x": 4},
            "encoding": {"y": y},
        },
    ]
    if whole is not None and whole.value is not None:
        rule = {"type": "rule", "color": MUTED}
        layers.insert(0, {"data": {"values": [{"value": whole.value}]}, "mark": rule, "encoding": {"x": x}})
    names = [row["name"].partition("|")[2] for row in rows]
    return base(width, {"step": STEP}, layers, labels=name_labels(names, width))


def _rows(width: Width, parts: Sequence[tuple[str, list[Figure]]]) -> tuple[list[Spec], list[str]]:
    """The lines of the drawing, each characteristic's heading before its groups; and the names of the headings."""
    rows: list[Spec] = []
    headers: list[str] = []
    for kind, members in parts:
        headers.append(f"{kind}|{breakdown_name(kind)}")
        rows.append({"name": headers[-1], "value": None, "low": None, "high": None, "hidden": False})
        rows += [
            {
                "name": f"{kind}-|{shortened(figure.breakdown_value, width)}",
                "value": figure.value,
                "low": figure.lower_95,
                "high": figure.upper_95,
                "hidden": figure.hidden,
            }
            for figure in members
        ]
    return rows, headers


def _axis(headers: list[str]) -> Spec:
    """The names of the lines; headings are bold, and what stands before the bar only keeps names apart."""
    header = f"indexof({json.dumps(headers)}, datum.value) >= 0"
    return {
        "title": None,
        "domain": False,
        "ticks": False,
        "labelExpr": "slice(datum.value, indexof(datum.value, '|') + 1)",
        "labelColor": INK,
        "labelFontWeight": {"condition": {"test": header, "value": "bold"}, "value": "normal"},
    }
