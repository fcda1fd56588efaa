"""A ledger is copied whole between SQLite and PostgreSQL, and the copy goes on where the original stood."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import create_engine, select

from lda.ledger import Ledger, copy_ledger, open_engine, utc_now
from lda.ledger.tables import metadata


def contents(engine) -> dict[str, list[tuple]]:
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def test_a_ledger_comes_back_from_postgres_as_it_went_and_goes_on_counting(dsn, tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.create()
    for number in range(3):
        ledger.note("released", f"publication {number}", at=utc_now())
    ledger.place_hold("inquiry", "somebody", utc_now(), feed="ldhc")
    ledger.book.start_run("run-1", "refresh", "llr", utc_now())
    ledger.book.end_run("run-1", "succeeded", {"measures": 3}, utc_now())
    server = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
    back = open_engine(f"sqlite:///{tmp_path / 'back.db'}")
    try:
        counts = copy_ledger(ledger.engine, server)
        assert (counts["audit_entry"], counts["hold"], counts["run"]) == (3, 1, 1)
        assert copy_ledger(server, back) == counts
        assert contents(back) == contents(ledger.engine) == contents(server)
        with pytest.raises(ValueError, match="holds rows already"):
            copy_ledger(ledger.engine, server)
        on_server = Ledger.__new__(Ledger)
        on_server.engine = server
        on_server.note("rolled_back", "publication 1")
        assert [line["entry_id"] for line in on_server.trail()] == [1, 2, 3, 4]
    finally:
        server.dispose()
        back.dispose()
        ledger.close()
