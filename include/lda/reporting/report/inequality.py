"""Gaps between groups, as published in ``measure_inequality``: worked out there, with intervals, and only told here."""

from __future__ import annotations

from dataclasses import dataclass

from lda.reporting.report.source import Area, Comparison, Definition, Published
from lda.reporting.report.wording import breakdown_name, difference, shown

# Two groups picked because they differ most: the interval is too narrow to say anything of chance.
EXTREMES = "highest_and_lowest_ethnicity"


@dataclass(frozen=True)
class Gap:
    """One comparison of two groups in words. ``beyond_chance`` when the interval of the gap leaves out zero."""

    definition: Definition
    breakdown: str
    groups: str
    figures: str
    gap: str
    interval: str
    ratio: str
    beyond_chance: bool


def gaps(published: Published, system: Area) -> list[Gap]:
    """The comparisons of a system at the latest month, measure by measure."""
    order = {definition.measure_id: definition for definition in published.measures}
    rows = [
        one
        for one in published.comparisons
        if one.comparison != EXTREMES
        and (one.geography_type, one.geography_code) == system.key
        and one.measure_id in order
    ]
    places = list(order)
    return [
        _gap(order[one.measure_id], one)
        for one in sorted(rows, key=lambda one: (places.index(one.measure_id), one.comparison))
    ]


def not_compared(published: Published) -> list[tuple[str, list[Definition]]]:
    """Why the groups of measures are not compared: each reason with its measures, most measures first."""
    reasons = {one.measure_id: one.reason for one in published.not_compared}
    found: dict[str, list[Definition]] = {}
    for definition in published.measures:
        if definition.measure_id in reasons:
            found.setdefault(reasons[definition.measure_id], []).append(definition)
    return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def _gap(definition: Definition, one: Comparison) -> Gap:
    unit = one.unit or definition.unit
    way = "none" if one.gap == 0 else f"{difference(one.gap, 0, unit)} {'lower' if one.gap < 0 else 'higher'}"
    ends = sorted((one.gap_lower_95, one.gap_upper_95))
    return Gap(
        definition=definition,
        breakdown=breakdown_name(one.breakdown_type or one.comparison),
        groups=f"{one.group_value} beside {one.reference_value}",
        figures=f"{shown(one.group_rate, unit)} beside {shown(one.reference_rate, unit)}",
        gap=way,
        interval=" to ".join(_signed(end, unit) for end in ends),
        ratio="" if one.ratio is None else f"{one.ratio:.2f}",
        beyond_chance=ends[0] > 0 or ends[1] < 0,
    )


def _signed(value: float, unit: str) -> str:
    """An end of an interval with its sign: −3.1, +4.0."""
    size = abs(value) * (100 if unit == "proportion" else 1)
    return f"{'−' if value < 0 else '+'}{size:.1f}"
