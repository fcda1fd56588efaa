"""A candidate database made without files: lake and ledger of the contracts, empty or with a few rows, and dbt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from lda.contracts import load_contracts, load_system
from lda.settings import Settings
from lda.warehouse.ledger_rows import feed_rows, feed_table_rows, partner_rows, system_rows
from lda.warehouse.load import load_lake, load_ledger
from lda.warehouse.transform import invoke

REPORTING_PERIOD = date(2026, 3, 31)
Rows = Sequence[Mapping[str, Any]]


class Candidate:
    """A scratch candidate: make its sources, run dbt on them in this process, read what came out."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder, duckdb_threads=1, duckdb_memory_limit="1GB")
        self.settings.make_folders()
        self.path = folder / "candidate.duckdb"
        self.target = folder / "target"
        self.contracts = load_contracts(self.settings)

    def make_sources(self, lake: Mapping[str, Rows] | None = None, submissions: Rows = (), expected: Rows = ()) -> None:
        """Make schemas ``lake`` and ``ledger``: every table of the contracts, with the rows given by column name."""
        system = load_system(self.settings)
        ledger = {
            "run": [
                {
                    "run_id": "run-1",
                    "publication_id": "publication-1",
                    "period_end": REPORTING_PERIOD,
                    "as_of": datetime(2026, 4, 20),  # noqa: DTZ001 - the ledger's datetimes are naive UTC
                    "code_version": "test",
                }
            ],
            "system": system_rows([system], {system.system_code: REPORTING_PERIOD}),
            "partner": partner_rows([system]),
            "feed_table": feed_table_rows(self.contracts),
            "feed": feed_rows(self.contracts),
            "submission": submissions,
            "expected_submission": expected,
            "file_account": [],
        }
        tables = {feed: contract.lake_tables() for feed, contract in self.contracts.items()}
        with duckdb.connect(str(self.path)) as connection:
            load_lake(connection, self.settings.lake, tables, [])
            load_ledger(connection, ledger)
            for feed, rows in (lake or {}).items():
                for row in rows:
                    names = ", ".join(f'"{name}"' for name in row)
                    marks = ", ".join("?" for _ in row)
                    connection.execute(f'INSERT INTO lake."{feed}" ({names}) VALUES ({marks})', list(row.values()))

    def dbt(self, *command: str) -> Any:
        """Run dbt on the candidate and return its result; the manifest is kept between calls."""
        return invoke(self.settings, self.path, list(command), self.target)

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection to the candidate."""
        connection = duckdb.connect(str(self.path), read_only=True)
        try:
            yield connection
        finally:
            connection.close()

    def manifest(self) -> dict[str, Any]:
        """What dbt parsed."""
        found: dict[str, Any] = json.loads((self.target / "manifest.json").read_text())
        return found


def failures(result: Any) -> list[str]:
    """Nodes of a dbt result that did not succeed, with dbt's words."""
    if result.result is None:
        return [str(result.exception)]
    return [
        f"{outcome.node.name}: {outcome.status}: {outcome.message}"
        for outcome in result.result.results
        if str(outcome.status) not in ("success", "pass")
    ]
