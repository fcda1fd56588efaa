"""Rates against the number of people they rest on, within limits that widen where few people are counted.

Limits are the binomial 95 % and 99.8 % about the rate of all areas together (Spiegelhalter, 2005). Everything is worked
out from published figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from lda.reporting.report.charts.chart import Chart, Column, KeyEntry, Spec, Width
from lda.reporting.report.charts.style import (
    BAND,
    HIDDEN_KEY,
    KIND_SHAPES,
    MUTED,
    OTHER,
    QUIET,
    VALUE_LABELS,
    at,
    base,
    span,
    value_axis,
)
from lda.reporting.report.charts.table import RAW, raw_cells
from lda.reporting.report.source import Definition, Figure
from lda.reporting.report.wording import joined, month, number, shown, type_name

INNER, OUTER = 1.96, 3.09
SMALLEST = 10
HEIGHT = 280
WORDS = {"high": "above the limits", "low": "below the limits", "within": "within the limits"}


def funnel_points(figures: Sequence[Figure]) -> list[Figure]:
    """Figures a funnel can show: a rate with both its sides published."""
    return [
        figure
        for figure in figures
        if figure.value is not None and figure.numerator is not None and (figure.denominator or 0) > 0
    ]


def suits_funnel(definition: Definition, figures: Sequence[Figure]) -> bool:
    """Whether a funnel plot says something: a share, over enough areas."""
    return definition.unit == "proportion" and len(funnel_points(figures)) >= SMALLEST


def funnel_chart(definition: Definition, system: str, kind: str, figures: Sequence[Figure], key: str) -> Chart:
    """A funnel plot of one measure's latest figures over all areas of one kind in a system."""
    points = funnel_points(figures)
    centre = sum(one.numerator or 0 for one in points) / sum(one.denominator or 0 for one in points)
    placed = [(figure, _place(figure, centre)) for figure in points]
    present = {place for _, place in placed}
    marks = {"high": "funnel-high", "low": "funnel-low", "within": "funnel-within"}
    legend = [KeyEntry(marks[place], words) for place, words in WORDS.items() if place in present]
    legend += [KeyEntry("mean", "all together"), KeyEntry("limits", "limits: 95% (inner) and 99.8% (outer)")]
    hidden = len(figures) - len(points)
    headings = ("Area", "People counted", "Rate", "Against the limits")
    return Chart(
        key=key,
        title=f"{definition.name}, {system}: is the difference between {type_name(kind, many=True)} more than chance?",
        short=f"Differences between {type_name(kind, many=True)}",
        text=_words(definition, kind, placed, centre, hidden),
        columns=[Column(name, "number" if name in headings[1:3] else "text") for name in headings],
        rows=[
            [
                figure.geography_name,
                number(figure.denominator or 0),
                shown(figure.value, definition.unit, exact=True),
                WORDS[place],
            ]
            for figure, place in sorted(placed, key=lambda pair: pair[0].geography_name)
        ],
        raw_columns=RAW,
        raw=[raw_cells(figure) for figure in sorted(points, key=lambda figure: figure.geography_name)],
        draw=lambda width: _draw(width, definition.unit, placed, centre),
        legend=legend + ([HIDDEN_KEY] if hidden else []),
    )


def _half_width(centre: float, people: float, z: float) -> float:
    return z * sqrt(centre * (1 - centre) / people)


def _place(figure: Figure, centre: float) -> str:
    """Where a figure stands against the outer (99.8 %) limits."""
    reach = _half_width(centre, figure.denominator or 1, OUTER)
    if (figure.value or 0) > centre + reach:
        return "high"
    return "low" if (figure.value or 0) < centre - reach else "within"


def _words(definition: Definition, kind: str, placed: Sequence[tuple[Figure, str]], centre: float, hidden: int) -> str:
    many = type_name(kind, many=True)
    parts = [
        f"{len(placed)} {many} in {month(placed[0][0].period_end)}; all together {shown(centre, definition.unit)}.",
    ]
    for place in ("high", "low"):
        names = sorted(figure.geography_name for figure, found in placed if found == place)
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            listed = ", ".join(names[:5]) + more if more else joined(names)
            parts.append(f"{len(names)} {WORDS[place].replace('the', 'the outer')}: {listed}.")
    if all(place == "within" for _, place in placed):
        parts.append("None is outside the outer limits: the differences are what chance would give.")
    if hidden:
        parts.append(f"{hidden} {'is' if hidden == 1 else 'are'} not shown, to protect people.")
    return " ".join(parts)


def _draw(width: Width, unit: str, placed: Sequence[tuple[Figure, str]], centre: float) -> Spec:
    rows: list[Spec] = [
        {"people": figure.denominator, "value": figure.value, "place": place} for figure, place in placed
    ]
    most, least = (pick(figure.denominator or 0 for figure, _ in placed) for pick in (max, min))
    start, end = 0 if least < most * 0.4 else least * 0.9, most * 1.05
    curves = _limits(centre, start, end, least)
    shares = [row["value"] for row in [*rows, *curves] if row["value"] is not None]
    x = at(
        "people",
        "people counted",
        axis={"format": ",~f", "tickCount": 6, "grid": False},
        scale={"domain": [start, end]},
    )
    y = at("value", axis=value_axis(unit), scale={"domain": span(shares, unit), "nice": True})
    layers: list[Spec] = [
        {
            "data": {"values": curves},
            "mark": {"type": "line", "color": BAND, "strokeWidth": 1.2, "strokeDash": [3, 3]},
            "encoding": {"x": x, "y": y, "detail": {"field": "curve", "type": "nominal"}},
        },
        {
            "data": {"values": [{"value": centre}]},
            "mark": {"type": "rule", "color": MUTED},
            "encoding": {"y": y},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "point", "filled": True, "opacity": 0.85, "size": 52},
            "encoding": {
                "x": x,
                "y": y,
                "color": _by_place([OTHER, OTHER, QUIET]),
                "shape": _by_place(["triangle-up", "triangle-down", KIND_SHAPES[0]]),
            },
        },
    ]
    return base(width, HEIGHT, layers, labels=VALUE_LABELS)


def _limits(centre: float, start: float, end: float, least: float) -> list[Spec]:
    """The four curves of the limits, from somewhat left of the area with the ``least`` people on."""
    steps = [start + (end - start) * step / 60 for step in range(61)]
    return [
        {
            "people": people,
            "value": min(1, max(0, centre + sign * _half_width(centre, people, z))),
            "curve": f"{sign}{z}",
        }
        for z in (INNER, OUTER)
        for sign in (-1, 1)
        for people in steps
        if people >= least * 0.6
    ]


def _by_place(shown: list[str]) -> Spec:
    """Colour or shape by where an area stands: above the outer limits, below them, within."""
    places = ["high", "low", "within"]
    return {"field": "place", "type": "nominal", "legend": None, "scale": {"domain": places, "range": shown}}
