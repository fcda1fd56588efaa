"""A ledger of any age is brought to today's tables, keeps what is in it, and is never taken back by older code."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, insert, inspect, text

from lda.ledger import Ledger, utc_now
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


def test_a_new_ledger_has_todays_tables_and_version(engine):
    bring_up_to_date(engine)
    assert differences(engine) == []
    assert revision(engine) == newest_revision()


def test_the_steps_lead_from_nothing_to_todays_tables(engine):
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    assert differences(engine) == []
    assert revision(engine) == newest_revision()
    with engine.connect() as connection:
        triggers = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")).all()
    assert triggers == ["audit_entry_no_delete", "audit_entry_no_update"]


def test_a_ledger_from_before_there_were_versions_keeps_what_is_in_it(engine):
    at = utc_now()
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
        connection.execute(text("DROP TABLE alembic_version"))
    record = {"file_id": "a" * 64, "status": "received", "landing_path": "x", "size_bytes": 1}
    with engine.begin() as connection:
        connection.execute(insert(file).values(**record, delivered_at=at, received_at=at))
    bring_up_to_date(engine)
    assert revision(engine) == newest_revision()
    assert differences(engine) == []
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM file")) == 1


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
