"""Measures of one area as a board reads them: figure, target, state, movement, icons, small picture of the trend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from lda.reporting.report import spc
from lda.reporting.report.changes import Comparison, Movement
from lda.reporting.report.source import Area, Definition, Figure, Published
from lda.reporting.report.wording import (
    CURRENT,
    NOT_DUE,
    counted,
    earlier_text,
    figure_text,
    just_missed,
    month,
    number,
    slug,
    standing_text,
    status_text,
    target_text,
    value_and_unit,
)

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MONTHS = 120, 28, 24
STATE_CLASSES = {"On target": "good", "Off target": "bad", "Hidden": "quiet"}


@dataclass(frozen=True)
class MeasureRow:
    """One measure in one area, ready to show."""

    definition: Definition
    area: Area
    figure: Figure | None
    value: str
    amount: tuple[str, str]
    people: str
    target: str
    earlier: str
    standing: str
    status: str
    movement: Movement | None
    variation: spc.Icon | None
    assurance: spc.Icon | None
    spark: Markup

    @property
    def tone(self) -> str:
        """Class of the state's label: good, bad, quiet or plain."""
        return STATE_CLASSES.get(self.status, "plain")

    @property
    def href(self) -> str:
        """The measure's page."""
        return measure_file(self.definition.measure_id)

    @property
    def period(self) -> str:
        """The month of the figure."""
        return month(self.figure.period_end) if self.figure else ""


def measure_file(measure_id: str) -> str:
    """File of a measure's page."""
    return f"measure-{slug(measure_id)}.html"


def area_file(area: Area) -> str:
    """File of an area's page."""
    return f"{slug(area.geography_type)}-{slug(area.code)}.html"


def theme_file(theme: str) -> str:
    """File of a theme's page."""
    return f"theme-{slug(theme)}.html"


def _amount(figure: Figure | None, unit: str) -> tuple[str, str]:
    if figure is None or figure.value is None:
        return "", ""
    return value_and_unit(figure.value, unit, exact=just_missed(figure, unit))


def measure_row(comparison: Comparison, definition: Definition, area: Area) -> MeasureRow:
    """One measure of an area's board."""
    history = comparison.now.history(definition.measure_id, area)
    figure = comparison.now.now(definition.measure_id, area)
    return MeasureRow(
        definition=definition,
        area=area,
        figure=figure,
        value=figure_text(figure, definition.unit),
        amount=_amount(figure, definition.unit),
        people=_people(figure, definition),
        target=target_text(figure, definition),
        earlier=earlier_text(comparison.now.baselines_of(definition.measure_id, area), definition.unit),
        standing=standing_text(figure, comparison.now.standing(figure) if figure else None),
        status=status_text(figure, definition),
        movement=comparison.movement(definition, area),
        variation=spc.variation_icon(figure),
        assurance=spc.assurance_icon(figure),
        spark=sparkline(history, yearly=comparison.now.year_to_date(definition.measure_id)),
    )


def _people(figure: Figure | None, definition: Definition) -> str:
    """What a rate rests on: 4,515 of 6,030 people. Rounded, as published."""
    if figure is None or figure.value is None or figure.numerator is None or definition.unit == "count":
        return ""
    if definition.unit == "proportion" and figure.denominator is not None:
        return f"{number(figure.numerator)} of {number(figure.denominator)}"
    return f"{number(figure.numerator)} people"


def by_theme(rows: Sequence[MeasureRow]) -> list[tuple[str, list[MeasureRow]]]:
    """Rows under their themes, in order."""
    return [(theme, list(members)) for theme, members in groupby(rows, lambda row: row.definition.theme)]


def chosen(rows: Sequence[MeasureRow], measures: Sequence[str]) -> list[MeasureRow]:
    """The rows of some measures, in the order of the measures; those without a row are left out."""
    by_id = {row.definition.measure_id: row for row in rows}
    return [by_id[measure] for measure in measures if measure in by_id]


def board_rows(comparison: Comparison, area: Area) -> list[MeasureRow]:
    """Every measure that has a row for the area's latest month, or is hidden in it."""
    return [
        measure_row(comparison, definition, area)
        for definition in comparison.now.measures
        if comparison.now.history(definition.measure_id, area)
    ]


def counts(rows: Sequence[MeasureRow]) -> Counter[str]:
    """Measures by state."""
    return Counter(row.status for row in rows)


def headline(rows: Sequence[MeasureRow], area_name: str) -> str:
    """The area's state in one or two sentences."""
    found = counts(rows)
    judged = found["On target"] + found["Off target"]
    if not rows:
        return f"There are no figures for {area_name} yet."
    if judged:
        verb = "meets" if found["On target"] == 1 else "meet"
        text = f"In {area_name}, {found['On target']} of {counted(judged, 'measure')} with a target {verb} it."
    else:
        text = f"{area_name} has {counted(len(rows), 'measure')}; none could be held against a target."
    if found[NOT_DUE]:
        text += f" {counted(found[NOT_DUE], 'target is', 'targets are')} not due yet."
    if found["Hidden"]:
        text += f" {counted(found['Hidden'], 'figure is', 'figures are')} hidden to protect people."
    return text


def worst_first(rows: Sequence[MeasureRow]) -> list[MeasureRow]:
    """Measures off target, those furthest from it first."""

    def gap(row: MeasureRow) -> float:
        figure = row.figure
        if figure is None or figure.value is None or not figure.target:
            return 0.0
        return abs(figure.value - figure.target) / abs(figure.target)

    return sorted((row for row in rows if row.status == "Off target"), key=gap, reverse=True)


def sparkline(history: Sequence[Figure], *, yearly: bool = False) -> Markup:
    """A small line of the last two years, for the eye alone; it breaks where a figure is hidden.

    ``yearly``: it counts from the start of each year, so it breaks there too: a new year is no collapse.
    """
    kept = history[-SPARK_MONTHS:]
    values = [figure.value for figure in kept if figure.value is not None]
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    scale = (high - low) or 1
    step = (SPARK_WIDTH - 8) / (len(kept) - 1)
    strokes: list[list[str]] = [[]]
    last = ""
    for position, figure in enumerate(kept):
        if yearly and position and figure.period_start != kept[position - 1].period_start:
            strokes.append([])
        if figure.value is None:
            strokes.append([])
            continue
        x, y = 4 + position * step, SPARK_HEIGHT - 4 - (figure.value - low) / scale * (SPARK_HEIGHT - 8)
        strokes[-1].append(f"{x:.1f},{y:.1f}")
        last = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' if position == len(kept) - 1 else ""
    lines = "".join(f'<polyline points="{" ".join(stroke)}"/>' for stroke in strokes if len(stroke) > 1)
    return Markup(  # noqa: S704 - numbers and fixed text only
        f'<svg class="spark" aria-hidden="true" focusable="false" width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}" '
        f'viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}">{lines}{last}</svg>'
    )


def compared_areas(published: Published, measure_id: str, system_code: str) -> dict[str, list[Figure]]:
    """Latest figures without breakdown by kind of area, kinds with fewer areas first; the system itself apart.

    Areas restated on today's boundaries, which are those that changed, come last. A kind of which there is one area
    only compares nothing and is left out; so are the people whose area is not known, who are nobody's to compare.
    """
    found: dict[str, list[Figure]] = {}
    for figure in published.at_latest(measure_id, system_code):
        if figure.breakdown_type == "all" and figure.geography_type != "system" and not figure.is_remainder:
            found.setdefault(figure.geography_type, []).append(figure)
    several = [(kind, figures) for kind, figures in found.items() if len(figures) > 1]
    return dict(sorted(several, key=lambda pair: (pair[0].endswith(CURRENT), len(pair[1]))))


def remainders(published: Published, definition: Definition, system_code: str) -> list[tuple[str, str]]:
    """Name and words of the latest figure of the people whose place or neighbourhood is not known, where there may be
    any: the areas that are compared do not add up to the system without them."""
    return [
        (figure.geography_name, figure_text(figure, definition.unit))
        for figure in published.at_latest(definition.measure_id, system_code)
        if figure.is_remainder and figure.breakdown_type == "all" and (figure.hidden or figure.numerator)
    ]
