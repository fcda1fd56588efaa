"""A ledger in a real PostgreSQL: brought forward step by step, its trail append-only, put back from a backup."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine, delete, inspect, text, update
from sqlalchemy.exc import SQLAlchemyError

from lda.keeping import BackupError, backup, restore
from lda.keeping.backup import sha256_of
from lda.ledger import Ledger, open_engine
from lda.ledger.migrate import MIGRATIONS, bring_up_to_date, newest_revision
from lda.ledger.tables import audit_entry, metadata
from lda.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def url(dsn) -> str:
    """The empty database as a setting names it."""
    known = conninfo_to_dict(dsn)
    return f"postgresql+psycopg://{known['user']}@/{known['dbname']}?host={known['host']}"


@pytest.fixture
def engine(url):
    made = create_engine(url)
    yield made
    made.dispose()


def steps(engine: Engine, to: str) -> None:
    """Take the steps of a ledger's history up to one of them."""
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def test_every_step_leads_to_todays_tables_from_nothing_and_from_any_version(engine):
    for number in range(1, int(newest_revision()) + 1):
        steps(engine, f"{number:04d}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    bring_up_to_date(engine)


@pytest.mark.parametrize("made_by", ["steps", "tables of today"])
def test_no_line_of_the_trail_can_be_changed_or_removed(engine, url, made_by):
    if made_by == "steps":
        steps(engine, "head")
    ledger = Ledger(url)
    ledger.create()
    ledger.note("released", "2026-03_x")
    changes = update(audit_entry).values(actor="nobody"), delete(audit_entry), text("TRUNCATE audit_entry")
    for change in changes:
        with pytest.raises(SQLAlchemyError, match="append-only"), engine.begin() as connection:
            connection.execute(change)
    ledger.note("rolled_back", "2026-02_x")
    assert [line["subject"] for line in ledger.trail()] == ["2026-03_x", "2026-02_x"]
    ledger.close()


@pytest.fixture
def backed_up(tmp_path) -> Settings:
    """A home that is lost but for its key; its backup is in ``backups`` beside it."""
    settings = Settings(home=tmp_path / "home", ledger_url=None)
    settings.make_folders()
    key = settings.token_key
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    ledger.note("released", "2026-03_x")
    ledger.close()
    backup(settings, tmp_path / "backups")
    shutil.rmtree(settings.home)
    settings.home.mkdir()
    settings.demo_key_path.write_bytes(key)
    return settings


def test_a_backup_is_put_back_into_an_empty_database_and_into_no_other(backed_up, url, tmp_path, monkeypatch):
    settings = Settings(home=backed_up.home, ledger_url=url)

    def stopped(*_: object) -> None:
        raise OSError("the machine stopped")

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["lda.ledger.copying"], "_go_on_counting", stopped)
        with pytest.raises(OSError, match="the machine stopped"):
            restore(settings, tmp_path / "backups")
    engine = create_engine(url)
    assert inspect(engine).has_table("audit_entry"), "it had begun to make the ledger"
    engine.dispose()
    restore(settings, tmp_path / "backups")
    ledger = Ledger(url)
    assert [line["action"] for line in ledger.trail()] == ["released", "restored"]
    ledger.close()
    another = Settings(home=tmp_path / "another", ledger_url=url, pseudonym_key=settings.token_key.decode())
    with pytest.raises(BackupError, match="holds a ledger already"):
        restore(another, tmp_path / "backups")


def test_a_backup_of_an_older_ledger_is_put_back_and_stays_as_it_was(backed_up, url, tmp_path):
    (folder,) = (tmp_path / "backups").iterdir()
    book, told = folder / "ledger.db", json.loads((folder / "backup.json").read_text())
    book.unlink()
    older = open_engine(f"sqlite:///{book}")
    steps(older, "0005")
    with older.connect() as connection:
        connection.exec_driver_sql(
            "INSERT INTO run (run_id, kind, system_code, status, started_at) "
            "VALUES ('r1', 'ingest', 'llr', 'succeeded', '2026-03-01 00:00:00')"
        )
        connection.commit()
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    older.dispose()
    before = sha256_of(book)
    told["ledger_revision"], told["files"]["ledger.db"]["sha256"] = "0005", before
    (folder / "backup.json").write_text(json.dumps(told))
    restore(Settings(home=backed_up.home, ledger_url=url), folder)
    ledger = Ledger(url)
    assert [(run["run_id"], run["feeds"]) for run in ledger.book.runs("llr")] == [("r1", None)]
    ledger.close()
    assert sha256_of(book) == before


def test_a_restore_stopped_after_its_ledger_was_put_back_is_started_again(backed_up, url, tmp_path, monkeypatch):
    settings = Settings(home=backed_up.home, ledger_url=url)
    (first,) = (tmp_path / "backups").iterdir()
    second = shutil.copytree(first, tmp_path / "backups" / f"{first.name}_another")

    def stopped() -> None:
        raise OSError("the machine stopped")

    with monkeypatch.context() as patched:
        patched.setattr("os.sync", stopped)
        with pytest.raises(OSError, match="the machine stopped"):
            restore(settings, first)
    with pytest.raises(BackupError, match="holds a ledger already"):
        restore(settings, second)
    restore(settings, first)
    ledger = Ledger(url)
    assert [line["action"] for line in ledger.trail()] == ["released", "restored"]
    ledger.close()
    assert not (settings.home / ".restoring").exists()
