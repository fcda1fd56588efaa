"""Gaps between groups, from published figures: most against least deprived, and the spread of ethnic groups."""

from __future__ import annotations

from dataclasses import dataclass

from lda.reporting.report.source import Area, Definition, Figure, Published
from lda.reporting.report.wording import HIDDEN_TEXT, difference, shown

DEPRIVATION, ETHNICITY = "deprivation_quintile", "ethnicity_group"
OUTSIDE = ("Unknown", "Not stated")


@dataclass(frozen=True)
class Gap:
    """One measure's gaps in words. ``beyond_chance`` when the intervals of most and least deprived do not meet."""

    definition: Definition
    most_deprived: str
    least_deprived: str
    gap: str
    ratio: str
    ethnicity: str
    beyond_chance: bool


def gaps(published: Published, system: Area) -> list[Gap]:
    """Gaps of every measure of a system that is published by deprivation or ethnic group; counts have no rates to compare."""
    found = []
    for definition in published.measures:
        if definition.unit == "count":
            continue
        figures = [
            figure
            for figure in published.at_latest(definition.measure_id, system.system_code)
            if figure.geography == system.key and figure.breakdown_value not in OUTSIDE
        ]
        deprived = sorted(
            (one for one in figures if one.breakdown_type == DEPRIVATION), key=lambda one: one.breakdown_value
        )
        groups = [one for one in figures if one.breakdown_type == ETHNICITY]
        if deprived or groups:
            found.append(_gap(definition, deprived, groups))
    return found


def _gap(definition: Definition, deprived: list[Figure], groups: list[Figure]) -> Gap:
    most, least = (deprived[0], deprived[-1]) if len(deprived) > 1 else (None, None)
    gap = ratio = "not shown"
    beyond = False
    if most is not None and least is not None and most.value is not None and least.value is not None:
        way = "lower" if most.value < least.value else "higher"
        gap = f"{difference(most.value, least.value, definition.unit)} {way} in the most deprived areas"
        gap = "none" if most.value == least.value else gap
        ratio = f"{most.value / least.value:.2f}" if least.value else "not shown"
        beyond = _apart(most, least)
    return Gap(
        definition, _text(most, definition), _text(least, definition), gap, ratio, _spread(definition, groups), beyond
    )


def _text(figure: Figure | None, definition: Definition) -> str:
    if figure is None or figure.value is None:
        return HIDDEN_TEXT if figure is not None and figure.hidden else "no figure"
    return shown(figure.value, definition.unit)


def _apart(one: Figure, other: Figure) -> bool:
    bounds = (one.lower_95, one.upper_95, other.lower_95, other.upper_95)
    if any(bound is None for bound in bounds):
        return False
    return (one.lower_95 or 0) > (other.upper_95 or 0) or (other.lower_95 or 0) > (one.upper_95 or 0)


def _spread(definition: Definition, groups: list[Figure]) -> str:
    visible = sorted((one for one in groups if one.value is not None), key=lambda one: one.value or 0)
    if len(visible) < 2:
        return "too few groups can be shown"
    low, high = visible[0], visible[-1]
    return (
        f"{shown(low.value, definition.unit)} ({low.breakdown_value}) to "
        f"{shown(high.value, definition.unit)} ({high.breakdown_value})"
    )
