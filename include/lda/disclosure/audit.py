"""The auditor: attack a publication and report every hidden figure that can be worked out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from lda.disclosure.attack import Findings, attack
from lda.disclosure.cells import HIDDEN, Source, read_figures
from lda.disclosure.reference import Reference
from lda.disclosure.rules import Bools, DisclosureError, Ints
from lda.disclosure.scene import Scene, published_intervals, read_scene
from lda.settings import PROJECT_DIR

REFERENCE = PROJECT_DIR / "dbt_project" / "seeds" / "reference"
# Columns that say something of a row's own figure, so that they must be empty where the figure is hidden.
OF_THE_FIGURE = ("value", "lower_95", "upper_95", "target_status", "spc_point_type", "national_rank")
TOGETHER = "several relations together"


@dataclass(frozen=True)
class WorkedOut:
    """A hidden figure that can be worked out: where it is, what is left of it and the relation that tells it.

    ``side`` is numerator or denominator, or ``complement`` for the people in a whole and not in its part; the place of
    a complement is that of its whole.
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

    ``beside_hidden`` counts, by column, figures shown in a row whose own figure is hidden. ``told_before`` counts
    figures that earlier publications already told: hiding them now protects nobody. ``contradictory`` counts relations
    that the published figures do not fulfil. ``unproved`` counts figures that interval arithmetic does not tell and
    that were not proved open either; all of them when only interval arithmetic was asked for.
    """

    cells: int
    hidden: int
    attacked: int
    worked_out: tuple[WorkedOut, ...]
    beside_hidden: dict[str, int]
    told_before: int
    contradictory: int
    unproved: int
    knows_exact: bool
    seconds: float

    @property
    def safe(self) -> bool:
        """True when nothing hidden can be worked out."""
        return not self.worked_out and not self.beside_hidden

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
) -> AuditReport:
    """Attack ``published.measure_value`` of a database (or a Parquet or CSV file of it).

    :param previous: databases of earlier publications, newest first.
    :param mart: exact figures (``mart.measure_value``), by which relations that do not hold are left out and the
        attacker is given, besides, why each figure is hidden. Without it the attack believes every relation that the
        published figures do not contradict.
    :param reference: folder of the reference seeds, or a database that has them in schema ``reference``.
    :param exact: go beyond interval arithmetic, to what all relations together tell.
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
        wanted = scene.to_hide(hidden, high)
        findings = attack(scene.relations, low, high, wanted, scene.standard.minimum_width, counts, exact=exact)
        return AuditReport(
            cells=len(scene.cells),
            hidden=int(hidden.sum()),
            attacked=int(wanted.sum()),
            worked_out=tuple(_worst_first(_name(scene, findings, hidden))),
            beside_hidden=_beside_hidden(published),
            told_before=int((scene.before.told & hidden).sum()),
            contradictory=len(findings.intervals.contradictory),
            unproved=len(findings.unproved),
            knows_exact=scene.counts is not None,
            seconds=round(time.monotonic() - started, 2),
        )


def exact_figures(source: Source) -> Source | None:
    """The source itself when it holds ``mart.measure_value``, for ``audit(mart=...)``."""
    try:
        read_figures(source, "mart")
    except DisclosureError:
        return None
    return source


def _name(scene: Scene, findings: Findings, hidden: Bools) -> list[WorkedOut]:
    relations, found = scene.relations, []
    row_of_rest = dict(zip(relations.rest.tolist(), range(relations.rows), strict=True))
    cells, sides = [], []
    for variable in findings.told.tolist():
        cell = scene.cell_of(variable, hidden)
        if cell < 0:
            cell = scene.cell_of(int(relations.variable[relations.start[row_of_rest[variable]]]), hidden)
            sides.append("complement")
        else:
            sides.append("")
        cells.append(cell)
    for variable, named, side, by_intervals in zip(
        findings.told.tolist(), scene.cells.describe(cells), sides, findings.by_intervals.tolist(), strict=True
    ):
        low, high = _left(findings, variable, by_intervals)
        relation = _relation(scene, findings, variable) if by_intervals else TOGETHER
        found.append(WorkedOut(**{**named, "side": side or named["side"]}, low=low, high=high, relation=relation))
    return found


def _left(findings: Findings, variable: int, by_intervals: bool) -> tuple[int, int]:
    source = findings.intervals if by_intervals else findings.reach
    if source.low[variable] > source.high[variable]:
        source = findings.intervals
    return int(source.low[variable]), int(source.high[variable])


def _relation(scene: Scene, findings: Findings, variable: int) -> str:
    rows: Ints = np.array([findings.intervals.low_row[variable], findings.intervals.high_row[variable]])
    kinds = sorted({str(scene.relations.kind[row]) for row in rows[rows >= 0]})
    cells = np.flatnonzero(scene.relations.of_cell == variable)
    if len(cells) and (rows < 0).all():
        carried = (
            scene.before.low[cells].max() > 0 or scene.before.high[cells].min() <= findings.intervals.high[variable]
        )
        kinds = ["previous publication"] if carried else ["rate"]
    return " and ".join(kinds) or "the figure itself"


def _worst_first(found: list[WorkedOut]) -> list[WorkedOut]:
    return sorted(found, key=lambda one: ((one.high or 0) - one.low, one.side == "complement", one.where))


def _beside_hidden(published: Source) -> dict[str, int]:
    """Rows whose figure is hidden and that show something of it, by column; columns that are not there are left out."""
    query = "SELECT * FROM published.measure_value"
    if isinstance(published, Path) and published.suffix in (".parquet", ".csv"):
        query = f"SELECT * FROM '{published}'"
    own = not isinstance(published, duckdb.DuckDBPyConnection)
    place = ":memory:" if "FROM '" in query else str(published)
    connection = duckdb.connect(place, read_only=place != ":memory:") if own else published
    assert isinstance(connection, duckdb.DuckDBPyConnection)
    try:
        names = {row[0] for row in connection.execute(f"DESCRIBE {query}").fetchall()}
        asked = [name for name in OF_THE_FIGURE if name in names]
        counts = ", ".join(f'count("{name}")' for name in asked)
        row = connection.execute(
            f"SELECT {counts} FROM ({query}) WHERE suppression IN ('suppressed', 'secondary')"
        ).fetchone()
    finally:
        if own:
            connection.close()
    return {name: count for name, count in zip(asked, row or (), strict=True) if count}
