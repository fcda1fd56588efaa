"""The auditor: attack a publication and report every hidden figure that can be worked out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from lda.disclosure.attack import Findings, attack
from lda.disclosure.cells import HIDDEN, Source, read_figures
from lda.disclosure.intervals import propagate
from lda.disclosure.proofs import Proofs
from lda.disclosure.reference import Reference
from lda.disclosure.rules import Bools, DisclosureError, Ints
from lda.disclosure.scene import Scene, narrowed, published_intervals, read_scene
from lda.settings import PROJECT_DIR

REFERENCE = PROJECT_DIR / "dbt_project" / "seeds" / "reference"
# Columns that say something of a row's own figure, so that they must be empty where the figure is hidden.
OF_THE_FIGURE = ("value", "lower_95", "upper_95", "target_status", "spc_point_type", "national_rank")
TOGETHER = "several relations together"


@dataclass(frozen=True)
class WorkedOut:
    """A hidden figure that can be worked out: where it is, what is left of it and the relation that tells it.

    ``side`` is numerator or denominator, or ``complement`` for the people in a whole and not in its part; a
    complement is named after the part.
    """

    measure_id: str
    system_code: str
    geography_type: str
    geography_code: str
    breakdown_type: str
    breakdown_value: str
    period_end: date
    side: str
    low: int
    high: int | None
    relation: str

    @property
    def where(self) -> str:
        """Where it is, in words, without the figure."""
        return (
            f"{self.measure_id} {self.side}, {self.geography_type} {self.geography_code}, "
            f"{self.breakdown_type} {self.breakdown_value}, {self.period_end}"
        )


@dataclass(frozen=True)
class AuditReport:
    """What the attack told.

    ``beside_hidden`` counts, by measure and column, figures shown in a row whose own figure is hidden. ``narrowed``
    counts, by measure, rounded counts of which a mean, median or rate in their row tells more. ``told_before``
    counts figures that earlier publications already told: hiding them now protects nobody. ``contradictory`` counts
    relations that the published figures do not fulfil. ``unproved`` counts, by measure, figures that interval
    arithmetic does not tell and that were not proved open either; all of them when only it was asked for.
    """

    cells: int
    hidden: int
    attacked: int
    worked_out: tuple[WorkedOut, ...]
    beside_hidden: dict[str, int]
    narrowed: dict[str, int]
    told_before: int
    contradictory: int
    unproved: dict[str, int]
    knows_exact: bool
    seconds: float

    @property
    def safe(self) -> bool:
        """True when nothing hidden can be worked out, and nothing rounded from a mean, median or rate beside it."""
        return not self.worked_out and not self.beside_hidden and not self.narrowed

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {"safe": self.safe, **asdict(self)}


def audit(
    published: Source,
    previous: Path | Sequence[Path] | None = None,
    *,
    mart: Source | None = None,
    reference: Reference = REFERENCE,
    exact: bool = True,
    proofs: Path | None = None,
    threads: int = 1,
) -> AuditReport:
    """Attack ``published.measure_value`` of a database (or a Parquet or CSV file of it).

    :param previous: databases of earlier publications, newest first.
    :param mart: exact figures (``mart.measure_value``), by which relations that do not hold are left out and the
        attacker is given, besides, why each figure is hidden. Without it the attack believes every relation that the
        published figures do not contradict.
    :param reference: folder of the reference seeds, or a database that has them in schema ``reference``.
    :param exact: go beyond interval arithmetic, to what all relations together tell.
    :param proofs: file of what ``protect`` proved; the same question about the same figures is not asked again.
    :param threads: groups of connected figures that are attacked at a time; the findings do not depend on it.
    :raises DisclosureError: when a table, column or seed is missing.
    """
    started = time.monotonic()
    earlier = [previous] if isinstance(previous, Path) else list(previous or [])
    with duckdb.connect(":memory:") as connection:
        scene = read_scene(published, mart, earlier, reference, connection)
        hidden = scene.cells.shown == HIDDEN
        low, high = scene.variables(*published_intervals(scene.cells))
        counts = scene.counts
        if counts is not None and not ((counts >= low) & (counts <= high)).all():
            counts = None
        largest = high if scene.counts is not None else propagate(scene.relations, low, high).high
        wanted = scene.to_hide(hidden, largest)
        width, kept = scene.width, Proofs(proofs)
        findings = attack(scene.relations, low, high, wanted, width, counts, exact=exact, proofs=kept, threads=threads)
        return AuditReport(
            cells=len(scene.cells),
            hidden=int(hidden.sum()),
            attacked=int(wanted.sum()),
            worked_out=tuple(_worst_first(_name(scene, findings, hidden))),
            beside_hidden=_beside_hidden(published),
            narrowed=_by_measure(scene, narrowed(scene.cells)),
            told_before=int((scene.before.told & hidden).sum()),
            contradictory=len(findings.intervals.contradictory),
            unproved=_measures_of(scene, findings.unproved, hidden),
            knows_exact=scene.counts is not None,
            seconds=round(time.monotonic() - started, 2),
        )


def _by_measure(scene: Scene, which: Bools) -> dict[str, int]:
    """How many of some cells each measure has."""
    return dict(Counter(str(one["measure_id"]) for one in scene.cells.describe(np.flatnonzero(which))))


def exact_figures(source: Source) -> Source | None:
    """The source itself when it holds ``mart.measure_value``, for ``audit(mart=...)``."""
    try:
        read_figures(source, "mart")
    except DisclosureError:
        return None
    return source


def _name(scene: Scene, findings: Findings, hidden: Bools) -> list[WorkedOut]:
    found = []
    cells = _cells_of(scene, findings.told, hidden)
    for variable, named, by_intervals in zip(
        findings.told.tolist(), scene.cells.describe(cells), findings.by_intervals.tolist(), strict=True
    ):
        low, high = _left(findings, variable, by_intervals)
        relation = _relation(scene, findings, variable) if by_intervals else TOGETHER
        side = "complement" if variable >= scene.relations.counts else named["side"]
        found.append(WorkedOut(**{**named, "side": side}, low=low, high=high, relation=relation))
    return found


def _cells_of(scene: Scene, variables: Ints, hidden: Bools) -> list[int]:
    """A cell of each variable, a hidden one if there is any; of a rest, one of the part that leaves it."""
    relations, counts = scene.relations, variables.copy()
    rests = variables >= relations.counts
    counts[rests] = relations.variable[relations.start[relations.row_of_rest[variables[rests]]] + 1]
    return [scene.cell_of(one, hidden) for one in counts.tolist()]


def _measures_of(scene: Scene, variables: Ints, hidden: Bools) -> dict[str, int]:
    """How many of some variables each measure has."""
    cells = _cells_of(scene, variables, hidden)
    return dict(Counter(str(one["measure_id"]) for one in scene.cells.describe(cells)))


def _left(findings: Findings, variable: int, by_intervals: bool) -> tuple[int, int]:
    source = findings.intervals if by_intervals else findings.reach
    if source.low[variable] > source.high[variable]:
        source = findings.intervals
    return int(source.low[variable]), int(source.high[variable])


def _relation(scene: Scene, findings: Findings, variable: int) -> str:
    rows = (int(findings.intervals.low_row[variable]), int(findings.intervals.high_row[variable]))
    kinds = sorted({str(scene.relations.kind[row]) for row in rows if row >= 0})
    return " and ".join(kinds) or scene.origin(variable)


def _worst_first(found: list[WorkedOut]) -> list[WorkedOut]:
    return sorted(found, key=lambda one: ((one.high or 0) - one.low, one.side == "complement", one.where))


def _beside_hidden(published: Source) -> dict[str, int]:
    """Rows whose figure is hidden and that show something of it, by measure and column."""
    if isinstance(published, duckdb.DuckDBPyConnection):
        return _count_beside(published, "published.measure_value")
    is_file = published.suffix in (".parquet", ".csv")
    with duckdb.connect(":memory:" if is_file else str(published), read_only=not is_file) as connection:
        return _count_beside(connection, f"'{published}'" if is_file else "published.measure_value")


def _count_beside(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Columns that the table does not have are left out."""
    names = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()}
    asked = [name for name in OF_THE_FIGURE if name in names]
    counts = ", ".join(f'count("{name}")' for name in asked)
    rows = connection.execute(
        f"SELECT measure_id, {counts} FROM {table} WHERE suppression IN ('suppressed', 'secondary') "
        "GROUP BY measure_id ORDER BY measure_id"
    ).fetchall()
    return {
        f"{measure}.{name}": count
        for measure, *found in rows
        for name, count in zip(asked, found, strict=True)
        if count and not (name == "target_status" and _no_target(connection, table, measure))
    }


def _no_target(connection: duckdb.DuckDBPyConnection, table: str, measure: str) -> bool:
    """Whether the only thing said of a measure's hidden figures is that they have no target, which tells nothing."""
    row = connection.execute(
        f"SELECT count(*) FROM {table} WHERE measure_id = ? AND suppression IN ('suppressed', 'secondary') "
        "AND target_status <> 'no_target'",
        [measure],
    ).fetchone()
    return row == (0,)
