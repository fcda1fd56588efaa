"""The candidate: one DuckDB file with everything a publication is made of, and a small description beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import duckdb

from lda.ledger.records import Submission
from lda.settings import Settings
from lda.warehouse.inputs import known_periods

# The name of the database inside the file while dbt builds it: views in it are bound to this name.
CATALOGUE = "candidate"
# Beside the candidate: what earlier runs proved of figures that have not changed since (lda.disclosure.proofs).
PROOFS = "disclosure_proofs.txt"


class CandidateError(Exception):
    """A candidate cannot be built or opened; the message says why and what to do."""


@dataclass(frozen=True)
class Candidate:
    """What a candidate database holds and what it was made from.

    ``descriptions`` maps ``schema.table`` to the description of the table (key ``""``) and of each column.
    ``period_end`` is the latest of ``periods``, each system's reporting month. ``structure`` says how those tables
    hang together (``lda.warehouse.structure``). ``seconds`` is by step, ``dbt_seconds`` by dbt node. ``rules`` is
    the fingerprint of contracts, SQL, reference data and code. ``compared_with`` maps the id of each earlier
    publication it was compared with to the units (system/measure) whose last figures that one holds. ``paused``
    says by feed which partners are paused for its latest period, and why. ``approval``: a person has to approve it
    before it is published, because one of its systems wants that.
    """

    run_id: str
    publication_id: str
    path: Path
    system_code: str
    period_end: date
    as_of: datetime
    code_version: str
    inputs_hash: str
    inputs: tuple[Submission, ...]
    periods: dict[str, date] = field(default_factory=dict)
    descriptions: dict[str, dict[str, str]] = field(default_factory=dict)
    structure: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    dbt_seconds: dict[str, float] = field(default_factory=dict)
    rules: str = ""
    compared_with: dict[str, list[str]] = field(default_factory=dict)
    paused: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    approval: bool = False

    @property
    def proofs(self) -> Path:
        """The file of disclosure proofs, which need not exist."""
        return self.path.parent / PROOFS

    def save(self) -> None:
        """Write the description beside the database, in one step."""
        target = self.path.with_suffix(".json")
        temporary = target.with_suffix(".json.part")
        temporary.write_text(json.dumps(asdict(self), default=str))
        temporary.replace(target)

    @classmethod
    def load(cls, settings: Settings, run_id: str) -> Self:
        """Read the description of a run's candidate.

        :raises CandidateError: when it was never finished or has been replaced by a later run's.
        """
        path = candidate_path(settings, run_id)
        description = path.with_suffix(".json")
        if not (description.exists() and path.exists()):
            raise CandidateError(
                f"The candidate of run {run_id} is not in {settings.warehouse}: it was not finished, or a later run "
                "replaced it. Start the refresh again with: lda refresh"
            )
        data = json.loads(description.read_text())
        data["path"] = path
        data["periods"] = known_periods(data)
        data["period_end"] = date.fromisoformat(data["period_end"])
        data["as_of"] = datetime.fromisoformat(data["as_of"])
        data["inputs"] = tuple(_submission(values) for values in data["inputs"])
        return cls(**data)


def _submission(values: dict[str, Any]) -> Submission:
    days = {name: date.fromisoformat(values[name]) for name in ("period_start", "period_end")}
    moments = {name: datetime.fromisoformat(values[name]) for name in ("accepted_at", "superseded_at") if values[name]}
    return Submission(**{**values, **days, **moments})


def candidate_path(settings: Settings, run_id: str) -> Path:
    """Where a run's finished candidate database is."""
    return settings.warehouse / f"{run_id}.duckdb"


@contextmanager
def open_candidate(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads a finished candidate under the name its views know; its schemas are the default ones."""
    connection = duckdb.connect(":memory:")
    try:
        attach_candidate(connection, path)
        connection.execute(f"USE {CATALOGUE}")
        yield connection
    finally:
        connection.close()


def attach_candidate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a finished candidate, read-only, as ``candidate``."""
    connection.execute(f"ATTACH {quoted(str(path))} AS {CATALOGUE} (READ_ONLY)")


def quoted(text: str) -> str:
    """A string as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def tables_of(connection: duckdb.DuckDBPyConnection, *schemas: str) -> list[tuple[str, str]]:
    """(schema, table) of every table and view in some schemas of the candidate, in name order."""
    rows = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = ? AND list_contains(?, table_schema) ORDER BY 1, 2",
        [CATALOGUE, list(schemas)],
    ).fetchall()
    return [(schema, table) for schema, table in rows]


def columns_of(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Column name → DuckDB type of a table of the candidate, in order.

    The table alone is described: the information schema would plan every view of the candidate to list its columns.
    """
    rows = connection.execute(f'DESCRIBE {CATALOGUE}."{schema}"."{table}"').fetchall()
    return {str(row[0]): str(row[1]) for row in rows}
