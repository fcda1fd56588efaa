"""One bad file, whatever is wrong with it, is told of and does not keep the others from being taken in."""

from __future__ import annotations

import io
import os
import zipfile

import pytest
import xlsxwriter
from sqlalchemy.exc import OperationalError

from lda.intake import batch, ingest, records, redrive
from lda.intake.database import IntakeError
from lda.intake.outputs import RowsLost

from .conftest import gp_row

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def put(settings, name: str | bytes, content: bytes, partner: str = "Y90002"):
    folder = settings.landing / partner
    folder.mkdir(exist_ok=True)
    (folder / os.fsdecode(name)).write_bytes(content)


def packed_workbook() -> bytes:
    """A workbook of a few kilobytes whose sheet unpacks to more than ten million bytes."""
    text = io.BytesIO()
    with xlsxwriter.Workbook(text, {"in_memory": True}) as book:
        book.add_worksheet()
    row = b'<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    bomb = io.BytesIO()
    with zipfile.ZipFile(text) as real, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in real.namelist():
            if member != "xl/worksheets/sheet1.xml":
                archive.writestr(member, real.read(member))
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + row * 300_000 + b"</sheetData>")
    return bomb.getvalue()


BAD = {
    "a version no ledger holds": ("gp_ld_register_Y90002_2026-02_v999999999999999999.csv", b"x", "unrecognised", None),
    "a version one ledger does not hold": ("gp_ld_register_Y90002_2026-02_v3000000000.csv", b"x", "unrecognised", None),
    "a name that is not text": (b"caf\xe9.csv", b"x", "unrecognised", None),
    "a name that is not text and far too long": (b"\xe9" * 240 + b".csv", b"x", "unrecognised", None),
    "a quotation mark never closed": (
        "gp_ld_register_Y90002_2026-02.csv", b'a,"b' + b"x" * 11_000_000, "rejected", "FILE-UNREADABLE",
    ),
    "a workbook of the old kind": (
        "gp_ld_register_Y90002_2026-02.csv", OLE + b"\x00" * 504, "rejected", "FILE-UNREADABLE",
    ),
    "a workbook packed too tightly": (
        "gp_ld_register_Y90002_2026-02.csv", packed_workbook(), "rejected", "FILE-ARCHIVE",
    ),
    "a workbook cut short": (
        "gp_ld_register_Y90002_2026-02.csv", b"PK\x03\x04 no more", "rejected", "FILE-UNREADABLE",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_told_of_and_the_others_are_taken_in(settings, land, home, what):
    name, content, status, rule = BAD[what]
    put(settings, name, content)
    good = land([gp_row(1)])
    ingest(settings)
    assert home.account(good)[0] == "accepted"
    (bad,) = [item for item in home.ledger.files() if item.landing_path.startswith("Y90002/")]
    assert bad.status == status
    assert rule in {None, *(item.rule_code for item in home.ledger.rule_results(bad.file_id))}
    assert len(bad.landing_path) <= 1000
    assert ingest(settings).files == 0


def test_a_workbook_of_the_old_kind_never_reaches_the_library(settings, land, home, monkeypatch):
    monkeypatch.setattr(records.python_calamine, "load_workbook", lambda _: pytest.fail("opened"))
    put(settings, "gp_ld_register_Y90002_2026-02.xls", OLE * 64)
    put(settings, "gp_ld_register_Y90002_2026-02.csv", OLE * 64)
    ingest(settings)
    (bad,) = home.ledger.files(status="rejected")
    assert "save it as XLSX" in str(home.ledger.rule_results(bad.file_id)[0].detail)


class PanicException(BaseException):
    """What a library written in Rust raises when it gives up."""


PanicException.__module__ = "pyo3_runtime"


@pytest.mark.parametrize("kind", [PanicException, ValueError])
def test_whatever_the_workbook_library_raises_is_an_unreadable_file(settings, land, home, monkeypatch, kind):
    def panic(_):
        raise kind("Jane Smith")

    monkeypatch.setattr(records.python_calamine, "load_workbook", panic)
    put(settings, "gp_ld_register_Y90002_2026-02.csv", small_workbook())
    good = land([gp_row(1)])
    report = ingest(settings)
    (bad,) = home.ledger.files(status="rejected")
    assert home.account(good)[0] == "accepted"
    assert kind.__name__ in str(home.ledger.rule_results(bad.file_id)[0].detail)
    assert "Jane" not in str(report.as_dict())


def small_workbook() -> bytes:
    text = io.BytesIO()
    with xlsxwriter.Workbook(text, {"in_memory": True}) as book:
        book.add_worksheet()
    return text.getvalue()


@pytest.fixture
def unforeseen(monkeypatch):
    """Makes the reading of rows end with an error for files whose number of rows is 2."""

    def install(error: Exception) -> None:
        real = batch.judge_table

        def judge(connection, contract, table, parts, *rest):
            work = real(connection, contract, table, parts, *rest)
            if any(part.account.received == 2 for part in parts):
                raise error
            return work

        monkeypatch.setattr(batch, "judge_table", judge)

    return install


def test_a_file_that_cannot_be_judged_is_rejected_and_the_rest_of_its_batch_goes_on(
    settings, land, home, unforeseen, caplog
):
    unforeseen(UnicodeDecodeError("utf-8", b"Jane Smith", 0, 1, "Jane Smith"))
    bad = land([gp_row(1), gp_row(2)], "2025-12")
    good = [land([gp_row(seed, **{"AHC Date": ""})], f"2025-{seed:02d}") for seed in range(5, 12)]
    report = ingest(settings)
    assert [home.account(path)[0] for path in good] == ["accepted"] * 7
    assert home.account(bad)[0] == "rejected"
    assert home.rules(bad) == {"FILE-UNJUDGED": 1}
    (problem,) = report.problems
    assert bad.name in problem and "UnicodeDecodeError" in problem and "lda redrive" in problem
    told = str(report.as_dict()) + caplog.text + str(home.ledger.history(home.file(bad).file_id))
    assert "Jane" not in told
    assert ingest(settings).files == 0


def test_a_file_that_could_not_be_judged_is_judged_again_after_a_fix(settings, land, home, unforeseen, monkeypatch):
    bad = land([gp_row(1), gp_row(2)])
    with monkeypatch.context():
        unforeseen(ValueError())
        ingest(settings)
        monkeypatch.undo()
    redrive(settings)
    assert home.account(bad) == ("accepted", 2, 2, 0, 0)


def test_an_accepted_file_that_a_redrive_cannot_judge_stays_in_force(settings, land, home, unforeseen):
    path = land([gp_row(1), gp_row(2, DOB="x")])
    ingest(settings)
    unforeseen(ValueError("Jane Smith"))
    report = redrive(settings)
    assert home.account(path)[0] == "accepted"
    assert "ValueError" in report.problems[0] and "Jane" not in report.problems[0]


@pytest.mark.parametrize("error", [OSError("no room"), MemoryError(), IntakeError("the contract's SQL")])
def test_what_is_no_file_s_fault_leaves_the_file_to_be_judged_later(settings, land, home, unforeseen, error):
    path = land([gp_row(1), gp_row(2)])
    unforeseen(error)
    report = ingest(settings)
    assert home.file(path).status == "received"
    assert len(report.problems) == 1


def test_rows_lost_in_one_file_are_told_after_the_others_are_taken_in(settings, land, home, monkeypatch):
    bad, good = land([gp_row(1), gp_row(2)]), land([gp_row(3)], "2026-01")
    real = batch.rows_in
    monkeypatch.setattr(batch, "rows_in", lambda path: min(1, real(path)))
    with pytest.raises(RowsLost, match="2 rows were accepted and 1 were written"):
        ingest(settings)
    assert (home.file(bad).status, home.file(good).status) == ("received", "accepted")


def test_a_ledger_out_of_reach_is_not_taken_for_a_bad_file(settings, land, home, monkeypatch):
    def away(*_):
        raise OperationalError("", {}, Exception())

    path = land([gp_row(1)])
    with monkeypatch.context() as patch:
        patch.setattr("lda.ledger.files.settle", away)
        ingest(settings)
    assert home.file(path).status == "received"
    ingest(settings)
    assert home.file(path).status == "accepted"


def test_text_of_a_row_is_not_in_the_words_of_a_fault(settings, land, home, monkeypatch):
    def fail(connection, *_):
        connection.execute("SELECT CAST('SECRETCELL' AS DATE)")

    land([gp_row(1)])
    monkeypatch.setattr("lda.intake.tables.create_dropped", fail)
    report = ingest(settings)
    (bad,) = home.ledger.files(status="rejected")
    told = str(report.as_dict()) + str(home.ledger.rule_results(bad.file_id)) + str(home.ledger.history(bad.file_id))
    assert "ConversionException" in report.problems[0] and "SECRETCELL" not in told
