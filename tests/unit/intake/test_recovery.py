"""A run that is killed anywhere leaves a home from which the next run comes to the same end."""

from __future__ import annotations

import hashlib
import os

import pyarrow.parquet as pq
import pytest

from lda.intake import IntakeError, batch, ingest, redrive
from lda.intake.outputs import RowsLost
from lda.settings import create_private
from lda.stops import DiskFull
from lda.vault import literal

from .conftest import gp_row


class Killed(BaseException):
    """Stands for a kill: nothing in the program catches it."""


STEPS = (
    "lda.landing.discovery.archive_landed",
    "lda.ledger.files.FileBook.register",
    "lda.intake.tables.create_dropped",
    "lda.intake.batch.validate",
    "lda.intake.outputs.pq.write_table",
    "lda.intake.batch.rows_in",
    "lda.intake.batch.write_identifiers",
    "lda.intake.batch.write_quarantine",
    "lda.intake.batch.write_warned",
    "lda.ledger.files.FileBook.record",
    "lda.ledger.files.settle",
)


def fingerprint(settings) -> dict[str, str]:
    """Hash of every file of the lake, the vault and the archive."""
    places = (settings.lake, settings.vault, settings.archive)
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    return {str(path.relative_to(settings.home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_a_kill_at_any_step_is_recovered_from(settings, land, home, monkeypatch):
    paths = [land([gp_row(1), gp_row(2, DOB="x"), gp_row(3)]), land([gp_row(4), gp_row(5)], "2026-01")]

    def kill(*arguments, **options):
        raise Killed

    for step in STEPS:
        with monkeypatch.context() as patch:
            patch.setattr(step, kill)
            with pytest.raises(Killed):
                ingest(settings)
        assert not [path for path in settings.lake.rglob(".*") if path.is_file()], step
    report = ingest(settings)
    assert (report.accepted, report.quarantined) == (4, 1)
    assert [home.account(path)[0] for path in paths] == ["accepted", "accepted"]
    assert len(list(settings.lake.rglob("*.parquet"))) == 2
    assert not list(settings.archive.rglob(".incoming*"))
    assert not (settings.vault / "scratch").exists() or not list((settings.vault / "scratch").iterdir())
    before = fingerprint(settings)
    assert ingest(settings).files == 0
    assert fingerprint(settings) == before


def full_disk(where: str, no_room, real):
    """A way to write that finds no room, in place of the real one."""
    if where.endswith("create_private"):
        return lambda _: os.open(no_room(), os.O_WRONLY)
    if where.endswith("write_table"):
        return lambda table, _, **options: real(table, no_room(), **options)
    # DuckDB writes identifiers itself, to the name that this quotes.
    return lambda text: real(no_room() if text.startswith("/") else text)


WRITERS = {
    "lda.landing.archive.create_private": create_private,
    "lda.intake.outputs.pq.write_table": pq.write_table,
    "lda.intake.outputs.literal": literal,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_ends_the_ingest_rejects_nothing_and_with_room_all_is_judged(
    settings, land, home, monkeypatch, no_room, writer
):
    paths = [land([gp_row(1), gp_row(2, DOB="x"), gp_row(3)]), land([gp_row(4), gp_row(5)], "2026-01")]
    with monkeypatch.context() as patch:
        patch.setattr(writer, full_disk(writer, no_room, WRITERS[writer]))
        with pytest.raises(DiskFull, match=r"The disk is full: .* Make room \(docs/runbooks/disk-full.md\)"):
            ingest(settings)
    assert {record.status for record in home.ledger.files()} <= {"received"}
    assert not [path for path in (*settings.lake.rglob(".*"), *settings.archive.rglob(".*")) if path.is_file()]
    assert home.ledger.book.last_run("ingest", "llr")["status"] == "failed"
    report = ingest(settings)
    assert (report.accepted, report.quarantined, report.problems) == (4, 1, [])
    assert [home.account(path)[0] for path in paths] == ["accepted", "accepted"]


def test_rows_that_were_not_written_are_noticed_and_nothing_is_recorded(settings, land, home, monkeypatch):
    path = land([gp_row(1), gp_row(2)])
    monkeypatch.setattr(batch, "rows_in", lambda _: 1)
    with pytest.raises(RowsLost, match="2 rows were accepted and 1 were written"):
        ingest(settings)
    assert home.file(path).status == "received"
    assert home.ledger.book.last_run("ingest", "llr")["status"] == "failed"


def test_a_batch_that_cannot_be_judged_is_reported_and_the_others_go_on(settings, land, home, monkeypatch, caplog):
    path = land([gp_row(1)])
    leder = settings.landing / "QK1" / "leder_QK1_2026-02.csv"
    leder.parent.mkdir()
    leder.write_text("Review ID,NHS Number\n")
    real = batch.judge_batch

    def sometimes(intake, feed, files):
        if feed == "leder":
            raise IntakeError("DuckDB could not judge the files of leder (ConversionException).")
        return real(intake, feed, files)

    monkeypatch.setattr("lda.intake.run.judge_batch", sometimes)
    report = ingest(settings)
    assert home.file(path).status == "accepted"
    assert home.file(leder).status == "received"
    assert "leder" in report.problems[0]
    assert "leder" in caplog.text


def test_duckdb_errors_are_passed_on_without_cells(settings, land, monkeypatch):
    land([gp_row(1, Ethnicity="SECRETCELL")])

    def fail(connection, *_):
        connection.execute("SELECT CAST('SECRETCELL' AS DATE)")

    monkeypatch.setattr("lda.intake.tables.create_dropped", fail)
    report = ingest(settings)
    assert "could not judge the files of gp_ld_register" in report.problems[0]
    assert "SECRETCELL" not in str(report.as_dict())


def test_redrive_of_nothing_wrong_changes_nothing(settings, land, home):
    land([gp_row(1)])
    ingest(settings)
    before = fingerprint(settings)
    report = redrive(settings)
    assert (report.files, report.new_submissions) == (0, [])
    assert fingerprint(settings) == before
