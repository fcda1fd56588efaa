"""A ledger of any age is brought to today's tables, keeps what is in it, and is never taken back by older code."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, insert, inspect, text

from lda.ledger import PAST_RETENTION, Ledger, utc_now
from lda.ledger.migrate import FIRST, MIGRATIONS, LedgerVersionError, bring_up_to_date, newest_revision
from lda.ledger.tables import file, metadata


@pytest.fixture
def engine(tmp_path: Path):
    made = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield made
    made.dispose()


def differences(engine: Engine) -> list[object]:
    """What Alembic would have to change to get from the database's tables to those the code expects."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()


def upgrade_to(engine: Engine, step: str) -> None:
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, step)


def test_a_new_ledger_has_todays_tables_and_version(engine):
    bring_up_to_date(engine)
    assert differences(engine) == []
    assert revision(engine) == newest_revision()


def test_the_steps_lead_from_nothing_to_todays_tables(engine):
    upgrade_to(engine, "head")
    assert differences(engine) == []
    assert revision(engine) == newest_revision()
    with engine.connect() as connection:
        triggers = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")).all()
    assert triggers == ["audit_entry_no_delete", "audit_entry_no_update"]


def test_a_ledger_from_before_there_were_versions_keeps_what_is_in_it(engine):
    at = utc_now()
    upgrade_to(engine, FIRST)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    record = {"file_id": "a" * 64, "status": "received", "landing_path": "x", "size_bytes": 1}
    with engine.begin() as connection:
        connection.execute(insert(file).values(**record, delivered_at=at, received_at=at))
    bring_up_to_date(engine)
    assert revision(engine) == newest_revision()
    assert differences(engine) == []
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM file")) == 1


def test_files_that_retention_ended_before_it_was_said_of_files_are_marked_and_their_partners_not_told(engine):
    """Of January an accepted file that stayed so, one replaced and one rejected before; and what came later."""
    upgrade_to(engine, "0006")
    files = {"replaced": 1, "ended": 2, "bad": 3, "waits": 4, "late": 9, "february": 1}
    statuses = {"bad": "rejected", "waits": "received", "replaced": "superseded", "late": "rejected"}
    with engine.begin() as connection:
        for name, day in files.items():
            end = "2026-02-28" if name == "february" else "2026-01-31"
            values = {
                "id": name,
                "status": statuses.get(name, "accepted"),
                "at": f"2027-03-0{day} 00:00:00",
                "end": end,
            }
            connection.execute(
                text(
                    "INSERT INTO file (file_id, status, landing_path, size_bytes, delivered_at, received_at, feed, "
                    "partner_code, period_end) VALUES (:id, :status, :id, 1, :at, :at, 'ldhc', 'Y90001', :end)"
                ),
                values,
            )
            event = "INSERT INTO file_event (file_id, at, status) VALUES (:id, :at, :status)"
            connection.execute(text(event), values)
            told = "INSERT INTO feedback SELECT file_id, event_id - :behind, 0, at FROM file_event WHERE file_id = :id"
            connection.execute(text(told), {"id": name, "behind": int(name == "february")})
        for name, ended, by in (
            ("replaced", "2027-03-02", "ended"), ("ended", "2027-03-08", None), ("february", None, None),
        ):  # fmt: skip
            connection.execute(
                text(
                    "INSERT INTO submission (file_id, feed, partner_code, system_code, period_start, period_end, "
                    "accepted_at, superseded_at, superseded_by, lake_path, rows_accepted) "
                    "SELECT file_id, feed, partner_code, 'llr', period_end, period_end, received_at, :ended, :by, "
                    "'x', 1 FROM file WHERE file_id = :id"
                ),
                {"id": name, "ended": ended and f"{ended} 00:00:00.000000", "by": by},
            )
    bring_up_to_date(engine)
    ledger = Ledger(str(engine.url))
    assert {one.file_id for one in ledger.files() if one.is_past_retention} == {"replaced", "ended", "bad"}
    now = {one.file_id: one.status for one in ledger.files()}
    assert now == {name: statuses.get(name, "accepted") for name in files} | {"ended": "superseded"}
    last = ledger.history("ended")[-1]
    assert (last["detail"], last["at"], ledger.file("ended").past_retention_at) == (
        PAST_RETENTION, datetime.fromisoformat("2027-03-08"), datetime.fromisoformat("2027-03-08"),
    )  # fmt: skip
    assert [one.file.file_id for one in ledger.notices.judged_files() if one.is_news] == ["february"]
    ledger.end_files(["ended", "bad"], utc_now())
    assert len(ledger.history("ended")) == 2, "said once"
    ledger.close()


def test_bringing_a_ledger_up_to_date_again_changes_nothing(engine):
    bring_up_to_date(engine)
    before = inspect(engine).get_table_names()
    bring_up_to_date(engine)
    assert inspect(engine).get_table_names() == before


def test_older_code_refuses_a_newer_ledger(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.create()
    with ledger.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerVersionError, match="at version 9999"):
        ledger.create()
    ledger.close()


def test_steps_are_numbered_one_after_the_other():
    numbers = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert numbers == [f"{number + 1:04d}" for number in range(len(numbers))]
