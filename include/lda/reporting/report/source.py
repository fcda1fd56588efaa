"""What the report is made from: the tables of the ``published`` schema, read once, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

ALL = "all"
PAGE_TYPES = ("system", "place", "neighbourhood")
# Code of what a system has in no known area, as variable unallocated of the dbt project.
REMAINDER = "U"
HIDDEN = ("suppressed", "secondary")


class ReportError(Exception):
    """The report cannot be made; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of ``published.measure_value``. Proportions are 0–1; a hidden figure has no number in it."""

    measure_id: str
    system_code: str
    geography_type: str
    geography_code: str
    geography_name: str
    period_end: date
    breakdown_type: str = ALL
    breakdown_value: str = "All"
    period_start: date | None = None
    numerator: float | None = None
    denominator: float | None = None
    value: float | None = None
    lower_95: float | None = None
    upper_95: float | None = None
    target: float | None = None
    target_status: str | None = None
    spc_mean: float | None = None
    spc_lower_limit: float | None = None
    spc_upper_limit: float | None = None
    spc_point_type: str | None = None
    variation: str | None = None
    assurance: str | None = None
    national_rank: int | None = None
    coverage: float | None = None
    suppression: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether the figure is withheld to protect people. Says nothing of what the number would be."""
        return self.value is None and self.suppression in HIDDEN

    @property
    def geography(self) -> tuple[str, str]:
        """Type and code of the area."""
        return self.geography_type, self.geography_code

    @property
    def is_remainder(self) -> bool:
        """Whether it is of the people of the system whose place or neighbourhood is not known: no area to plan for."""
        return self.geography_type in PAGE_TYPES and self.geography_code == REMAINDER


@dataclass(frozen=True, slots=True)
class Definition:
    """One row of ``published.measure_definition``."""

    measure_id: str
    name: str
    description: str = ""
    theme: str = "Measures"
    unit: str = "count"
    better_is: str = "neutral"
    numerator_definition: str | None = None
    denominator_definition: str | None = None
    source: str | None = None
    owner: str | None = None
    refresh: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """One row of ``published.measure_coverage``: partners expected, received, and standing in with older figures."""

    measure_id: str
    system_code: str
    geography_type: str
    geography_code: str
    period_end: date
    geography_name: str = ""
    partners_expected: int | None = None
    partners_received: int | None = None
    partners_stale: int | None = None
    coverage: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of ``published.measure_inequality``: a group beside a reference group, with the gap and its interval, in
    the unit of what is compared (of a number of people, per 100,000 residents of the group)."""

    measure_id: str
    system_code: str
    geography_type: str
    geography_code: str
    period_end: date
    comparison: str = ""
    breakdown_type: str | None = None
    group_value: str = ""
    reference_value: str = ""
    unit: str = ""
    group_rate: float | None = None
    reference_rate: float | None = None
    gap: float = 0.0
    gap_lower_95: float = 0.0
    gap_upper_95: float = 0.0
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """One row of ``published.measure_baseline``: an earlier figure, published elsewhere. ``[L]`` in its source: not
    confirmed."""

    measure_id: str
    system_code: str
    geography_type: str
    geography_code: str
    baseline_date: date
    value: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One row of ``published.national_benchmark``: where an organisation stands among those of its kind."""

    measure_id: str
    system_code: str
    organisation_type: str
    period_end: date
    national_rank: int
    organisations_ranked: int
    national_quartile: int
    is_top_third: bool = False
    is_own_system: bool = False


@dataclass(frozen=True, slots=True)
class NotCompared:
    """One row of ``published.measure_comparison``: why a measure's groups are not compared; empty where they are."""

    measure_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A system, place or neighbourhood that has a page of its own."""

    system_code: str
    geography_type: str
    code: str
    name: str

    @property
    def key(self) -> tuple[str, str]:
        """Type and code, as figures carry them."""
        return self.geography_type, self.code


@dataclass(frozen=True)
class Published:
    """Everything of one publication that the report shows.

    ``series`` holds every month of the figures without breakdown of the areas that have pages; ``latest`` holds, for
    each measure and system, every figure of its latest month: all kinds of area and every breakdown.
    """

    definitions: list[Definition]
    series: list[Figure]
    latest: list[Figure]
    coverage: list[Coverage] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    baselines: list[Baseline] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    not_compared: list[NotCompared] = field(default_factory=list)

    @cached_property
    def systems(self) -> list[Area]:
        """The systems of the publication, by name; a system without figures of its own is named by its code."""
        named = {area.system_code: area for area in self.areas if area.geography_type == "system"}
        codes = {figure.system_code for figure in self.latest}
        found = [named.get(code) or Area(code, "system", code, code) for code in codes]
        return sorted(found, key=lambda area: area.name)

    @cached_property
    def areas(self) -> list[Area]:
        """Areas with a page: systems first, then places, then neighbourhoods, each by name. Those whose area is not
        known have none."""
        found: dict[tuple[str, str, str], Area] = {}
        for figure in self.series:
            if figure.is_remainder:
                continue
            key = (figure.system_code, figure.geography_type, figure.geography_code)
            found[key] = Area(*key, figure.geography_name)
        return sorted(found.values(), key=lambda area: (PAGE_TYPES.index(area.geography_type), area.name))

    def areas_of(self, system_code: str, *types: str) -> list[Area]:
        """Areas of a system, of the given types or of all."""
        kinds = types or PAGE_TYPES
        return [area for area in self.areas if area.system_code == system_code and area.geography_type in kinds]

    @cached_property
    def measures(self) -> list[Definition]:
        """Measures that have figures, in the order of their definitions; themes stay together."""
        shown = {figure.measure_id for figure in self.latest}
        themes = list(dict.fromkeys(definition.theme for definition in self.definitions))
        found = [definition for definition in self.definitions if definition.measure_id in shown]
        return sorted(found, key=lambda definition: themes.index(definition.theme))

    @cached_property
    def _history(self) -> dict[tuple[str, str, str, str], list[Figure]]:
        def key(figure: Figure) -> tuple[str, str, str, str]:
            return figure.measure_id, figure.system_code, *figure.geography

        ordered = sorted(self.series, key=lambda figure: (*key(figure), figure.period_end))
        return {one: list(figures) for one, figures in groupby(ordered, key)}

    def history(self, measure_id: str, area: Area) -> list[Figure]:
        """All months of one measure in one area, oldest first."""
        return self._history.get((measure_id, area.system_code, *area.key), [])

    def baselines_of(self, measure_id: str, area: Area) -> list[Baseline]:
        """Earlier figures of one measure in one area, oldest first."""
        found = [
            one
            for one in self.baselines
            if (one.measure_id, one.system_code, one.geography_type, one.geography_code)
            == (measure_id, area.system_code, *area.key)
        ]
        return sorted(found, key=lambda one: one.baseline_date)

    def standing(self, figure: Figure) -> Standing | None:
        """Where a system's figure stands in the national publication of its month."""
        return next(
            (
                one
                for one in self.standings
                if figure.geography_type == "system"
                and (one.measure_id, one.system_code, one.period_end)
                == (figure.measure_id, figure.system_code, figure.period_end)
            ),
            None,
        )

    def now(self, measure_id: str, area: Area) -> Figure | None:
        """The figure of the measure's latest month in an area; None when the area has none for that month."""
        history = self.history(measure_id, area)
        return history[-1] if history and history[-1].period_end == self.latest_period(history[-1]) else None

    @cached_property
    def _periods(self) -> dict[tuple[str, str], date]:
        return {(figure.measure_id, figure.system_code): figure.period_end for figure in self.latest}

    def latest_period(self, figure: Figure) -> date | None:
        """The latest month of a figure's measure in its system."""
        return self._periods.get((figure.measure_id, figure.system_code))

    def at_latest(self, measure_id: str, system_code: str) -> list[Figure]:
        """Every figure of a measure's latest month in a system."""
        return self._by_measure.get((measure_id, system_code), [])

    @cached_property
    def _by_measure(self) -> dict[tuple[str, str], list[Figure]]:
        found: dict[tuple[str, str], list[Figure]] = {}
        for figure in self.latest:
            found.setdefault((figure.measure_id, figure.system_code), []).append(figure)
        return found

    def year_to_date(self, measure_id: str) -> bool:
        """Whether a measure counts from the start of a year: two of its months share one beginning."""
        return measure_id in self._year_to_date

    @cached_property
    def _year_to_date(self) -> set[str]:
        found: set[str] = set()
        seen: dict[tuple[str, date], date] = {}
        for figure in self.series:
            if figure.period_start is None:
                continue
            key = (figure.measure_id, figure.period_start)
            if seen.setdefault(key, figure.period_end) != figure.period_end:
                found.add(figure.measure_id)
        return found


def read_published(published: duckdb.DuckDBPyConnection | Path | str) -> Published:
    """Read a publication's figures.

    :param published: a DuckDB file, or an open connection, with a schema ``published``.
    :raises ReportError: when there is no ``published.measure_value``.
    """
    with _connection(published) as connection:
        if not _columns(connection, "measure_value"):
            raise ReportError("There is no table published.measure_value, so no report can be made.")
        types = ", ".join(f"'{kind}'" for kind in PAGE_TYPES)
        last = "period_end = max(period_end) OVER (PARTITION BY measure_id, system_code)"
        order = "ORDER BY measure_id, system_code, geography_type, geography_code, breakdown_type, period_end"
        return Published(
            definitions=_rows(connection, "measure_definition", Definition),
            series=_rows(
                connection, "measure_value", Figure, f"WHERE breakdown_type = 'all' AND geography_type IN ({types})"
            ),
            latest=_rows(connection, "measure_value", Figure, f"QUALIFY {last} {order}, rowid"),
            coverage=_rows(connection, "measure_coverage", Coverage),
            comparisons=_rows(connection, "measure_inequality", Comparison, f"QUALIFY {last}"),
            baselines=_rows(connection, "measure_baseline", Baseline),
            standings=[one for one in _rows(connection, "national_benchmark", Standing) if one.is_own_system],
            not_compared=[one for one in _rows(connection, "measure_comparison", NotCompared) if one.reason],
        )


@contextmanager
def _connection(published: duckdb.DuckDBPyConnection | Path | str) -> Iterator[duckdb.DuckDBPyConnection]:
    if isinstance(published, duckdb.DuckDBPyConnection):
        yield published
        return
    if not Path(published).is_file():
        raise ReportError(f"{published} is not a file. Give the lda_public.duckdb of a publication.")
    with duckdb.connect(str(published), read_only=True) as connection:
        yield connection


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'published' AND table_name = ? "
        "AND table_catalog = current_database()",
        [table],
    ).fetchall()
    return {name for (name,) in found}


def _rows(connection: duckdb.DuckDBPyConnection, table: str, kind: type[Any], tail: str = "") -> list[Any]:
    """Rows of a table as dataclasses. Columns that the table does not have, or holds as NULL, take their default."""
    present = _columns(connection, table)
    names = [one.name for one in fields(kind) if one.name in present]
    if not names:
        return []
    found = connection.execute(f"SELECT {', '.join(names)} FROM published.{table} {tail}").fetchall()
    return [kind(**{name: value for name, value in zip(names, row, strict=True) if value is not None}) for row in found]
