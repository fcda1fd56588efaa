"""Files in every shape partners save them in come out as the same rows, with the row numbers the partner sees."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lda.contracts import load_contracts, load_systems
from lda.intake import records
from lda.intake.header import Labels
from lda.intake.reading import Reading, check_name, open_file, read_rows
from lda.intake.records import Unreadable, cell_text, open_source
from lda.intake.rows import RowCollector, create_raw
from lda.intake.text import encoding_of
from lda.ledger import FileRecord
from lda.settings import Settings

from .conftest import HEADER, csv_bytes, gp_row

CONTRACTS = load_contracts(Settings())
LABELS = {feed: Labels(contract.table) for feed, contract in CONTRACTS.items() if not contract.is_archive}
REQUIRED = CONTRACTS["gp_ld_register"].table.required_columns
ROWS = [gp_row(seed) for seed in range(3)]
TABLE = [HEADER, *ROWS]


def test_a_file_without_a_header_has_its_columns_in_the_contract_s_order(tmp_path):
    path = tmp_path / "opt_out_QK1_2026-03.dat"
    path.write_bytes(b"NHS Number,\r\n9434765919,\r\n\r\n9434765870,\r\n9434765919,more\r\n")
    now = datetime.fromisoformat("2026-04-01")
    reading = Reading(0, FileRecord("f" * 64, "received", path.name, 9, now, now, "opt_out"), path)
    table = CONTRACTS["opt_out"].table
    with duckdb.connect() as connection:
        create_raw(connection, table)
        open_file(reading, LABELS["opt_out"], LABELS)
        rows = RowCollector(connection, table)
        read_rows(reading, rows, table.required_columns)
        rows.flush()
        found = connection.execute("SELECT _row, _misshapen, nhs_number FROM raw ORDER BY _row").fetchall()
    # A heading and a blank line are layout; a second cell with something in it is none of the list's.
    assert found == [(2, False, "9434765919"), (4, False, "9434765870"), (5, True, None)]
    assert (reading.layout_rows, reading.facts["data_rows"]) == (2, 3)


def test_a_file_without_a_header_is_not_taken_for_every_other_feed(path):
    path.write_bytes(b"practice,doctor\r\nY90001,Dr Bell\r\n")
    reading, _ = read(path)
    assert "has_columns_of_other_feed" not in reading.facts
    assert reading.facts["required_columns_missing"] > 0


def read(path) -> tuple[Reading, list[tuple]]:
    """A GP file read record by record: what was found out, and (row, misshapen, first cell, practice)."""
    now = datetime.fromisoformat("2026-04-01")
    record = FileRecord("f" * 64, "received", path.name, path.stat().st_size, now, now, "gp_ld_register")
    reading = Reading(0, record, path)
    contract = CONTRACTS["gp_ld_register"].table
    with duckdb.connect() as connection:
        create_raw(connection, contract)
        open_file(reading, LABELS["gp_ld_register"], LABELS)
        if reading.header and not reading.facts.get("required_columns_missing"):
            rows = RowCollector(connection, contract)
            read_rows(reading, rows, REQUIRED)
            rows.flush()
        query = "SELECT _row, _misshapen, nhs_number, practice_code FROM raw ORDER BY _row"
        return reading, connection.execute(query).fetchall()


def expected(rows, first: int = 2) -> list[tuple]:
    return [(number, False, row[0], row[7]) for number, row in enumerate(rows, start=first)]


@pytest.mark.parametrize(
    ("received", "over"),
    [("2026-03-31T22:59:59", 0), ("2026-03-31T23:05:00", 1), ("2026-04-01T00:00:00", 1)],
)
def test_a_month_is_over_at_midnight_in_london(received, over):
    moment = datetime.fromisoformat(received)
    end = {"partner_code": "Y90001", "period_end": date(2026, 3, 31)}
    record = FileRecord("f" * 64, "received", "a.csv", 1, moment, moment, "gp_ld_register", **end)
    reading = Reading(0, record, Path("a.csv"))
    check_name(reading, CONTRACTS["gp_ld_register"], load_systems(Settings()))
    assert reading.facts["period_over"] == over


@pytest.fixture
def path(tmp_path):
    return tmp_path / "gp_ld_register_Y90001_2026-02.csv"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(path, encoding, delimiter, end):
    rows = [gp_row(1, Ethnicity="Siân’s"), gp_row(2), gp_row(3)]
    path.write_bytes(csv_bytes([HEADER, *rows], delimiter, end, encoding))
    reading, found = read(path)
    assert found == expected(rows)
    assert reading.facts["opened"] == 1


def test_the_encoding_decides_how_letters_come_out(path):
    labels = LABELS["gp_ld_register"]
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        path.write_bytes(csv_bytes([HEADER, gp_row(1, Ethnicity="Siân’s")], encoding=encoding))
        source, _ = open_source(path, labels)
        assert list(source.records())[1][4] == "Siân’s", encoding


def test_windows_1252_is_found_deep_in_a_file(path):
    path.write_bytes(b"a,b\n" * 2_000_000 + "Siân\n".encode("cp1252"))
    assert encoding_of(path) == "cp1252"
    path.write_bytes(b"a,b\n" * 2_000_000 + "Siân\n".encode())
    assert encoding_of(path) == "utf-8"


def test_a_letter_cut_in_two_by_the_reading_is_still_utf_8(path):
    path.write_bytes(b"x" * ((1 << 22) - 1) + "é".encode() + b"\n")
    assert encoding_of(path) == "utf-8"
    path.write_bytes(b"x" * ((1 << 22) - 1) + b"\xe9" + b"\n")
    assert encoding_of(path) == "cp1252"


def test_layout_rows_are_set_apart_and_row_numbers_are_the_partner_s(path):
    blank = [""] * len(HEADER)
    total = ["Total", "3", *blank[2:]]
    text = csv_bytes([["LD register, Ashgrove Surgery"], [], HEADER, ROWS[0], HEADER, ROWS[1], blank, ROWS[2], total])
    path.write_bytes(text + b"\n\n")
    reading, found = read(path)
    assert [row[0] for row in found] == [4, 6, 8]
    assert reading.layout_rows == 2 + 1 + 1 + 1 + 2
    assert reading.facts["data_rows"] == 3


def test_line_breaks_in_cells_do_not_shift_row_numbers(path):
    path.write_bytes(csv_bytes([HEADER, gp_row(1, Ethnicity="two\nlines"), gp_row(2)]))
    assert [row[0] for row in read(path)[1]] == [2, 3]


def test_misshapen_rows_keep_their_text_and_trailing_blanks_do_no_harm(path):
    rows = [ROWS[0], ROWS[1][:9], [*ROWS[2], "", ""], [*ROWS[2], "stray"]]
    path.write_bytes(csv_bytes([HEADER, *rows]))
    reading, found = read(path)
    assert [(row, bad) for row, bad, *_ in found] == [(2, False), (3, True), (4, False), (5, True)]
    assert reading.facts["data_rows"] == 4


def test_headers_are_found_by_name_in_any_order_and_unknown_ones_noted(path):
    order = [7, 0, 2, 8]
    table = [[HEADER[i] for i in order] + ["Favourite colour"]] + [[row[i] for i in order] + ["red"] for row in ROWS]
    path.write_bytes(csv_bytes(table))
    reading, found = read(path)
    assert found == expected(ROWS)
    assert reading.notes == ["Columns left out: Favourite colour."]


@pytest.mark.parametrize(
    ("content", "fact", "value"),
    [
        (b"", "data_rows", 0),
        (b"\n\n , \n", "data_rows", 0),
        (csv_bytes([HEADER]), "data_rows", 0),
        (csv_bytes([[label for label in HEADER if label != "DOB"], ["x"] * 15]), "required_columns_missing", 1),
        (b"hello there\n", "required_columns_missing", 3),
        (b"\x00\x01\x02\x03binary\x00\x00", "opened", 0),
        (b"PK\x03\x04 not really a workbook", "opened", 0),
        (csv_bytes(TABLE)[:-40], "stops_mid_row", 1),
        (csv_bytes(TABLE).rstrip(b"\n") + b'\n"9434', "stops_mid_row", 1),
        (csv_bytes([[*HEADER, "Date of Birth"], [*ROWS[0], "1950-01-01"]]), "columns_repeated", 1),
        (b"QUALITY_SERVICE,ORG_CODE,ACH_DATE,IND_CODE,FIELD_NAME,VALUE\n", "has_columns_of_other_feed", 1),
    ],
)
def test_files_that_cannot_be_used_say_why(path, content, fact, value):
    path.write_bytes(content)
    assert read(path)[0].facts[fact] == value


def spoilt(*ending: list[str], encoding: str = "utf-8", rows: int = 3) -> bytes:
    """A GP register whose last record has no line end."""
    table = [HEADER, *(gp_row(seed) for seed in range(rows)), *ending]
    return csv_bytes(table, encoding=encoding)[: -len("\n".encode(encoding))]


@pytest.mark.parametrize(
    ("content", "cut"),
    {
        "totals": (spoilt(["Total", "5"]), 0),
        "the mark that programs of DOS end a text with": (csv_bytes(TABLE) + b"\x1a", 0),
        "a line break in the last cell": (spoilt([*gp_row(9)[:-1], "one\ntwo"]), 0),
        "a quotation mark in the last cell": (spoilt([*gp_row(9)[:-1], 'say "x']), 0),
        "UTF-16, big end first": (b"\xfe\xff" + spoilt(gp_row(9), encoding="utf-16-be", rows=6000), 0),
        "UTF-16, big end first, with a line end": (
            b"\xfe\xff" + csv_bytes([HEADER, *(gp_row(seed) for seed in range(6000))], encoding="utf-16-be"), 0,
        ),
        "UTF-16 without a mark": (spoilt(gp_row(9), encoding="utf-16-le", rows=6000), 0),
        "cut in a row": (spoilt(gp_row(9)[:5]), 1),
        "cut in a row that begins like totals": (spoilt(["Totally", "5"]), 1),
        "cut in a quotation": (csv_bytes([HEADER, gp_row(1, **{"Date of Death": "a\nb"})])[:-4], 1),
        "cut in a row of UTF-16": (b"\xfe\xff" + spoilt(gp_row(9)[:5], encoding="utf-16-be", rows=6000), 1),
    }.values(),
)  # fmt: skip
def test_a_file_is_cut_short_when_its_last_record_is(path, content, cut):
    path.write_bytes(content)
    assert read(path)[0].facts["stops_mid_row"] == cut


@pytest.mark.parametrize(
    ("first", "complete", "is_data"),
    [
        ("Totally fine, seen at home", False, True),
        ("Totally plc", True, True),
        ("Total", True, True),
        ("Totals", False, False),
        ("GRAND TOTAL:", False, False),
        (" total ", False, False),
        ("Total for March 2026", False, False),
        ("Totals fell", False, True),
    ],
)
def test_totals_say_so_and_lack_what_a_row_must_have(path, first, complete, is_data):
    row = gp_row(1)
    path.write_bytes(csv_bytes([HEADER, ROWS[0], [first, *(row[1:] if complete else [""] * 15)], ROWS[1]]))
    assert len(read(path)[1]) == 2 + is_data


def test_a_last_line_without_a_line_end_is_no_sign_of_a_cut(path):
    path.write_bytes(csv_bytes(TABLE).rstrip(b"\n"))
    reading, found = read(path)
    assert found == expected(ROWS)
    assert reading.facts["stops_mid_row"] == 0


@pytest.mark.parametrize("size", ["small", "large"])
def test_rows_behind_a_quotation_mark_that_is_never_closed_are_not_lost_in_one_cell(path, monkeypatch, size):
    rows = [gp_row(seed) for seed in range(9)]
    rows[5][4] = "\x01"
    path.write_bytes(csv_bytes([HEADER, *rows]).replace(b"\x01", b'"A'))
    if size == "large":
        monkeypatch.setattr(records, "WHOLE_BYTES", 10)
    reading, _ = read(path)
    assert reading.facts["opened"] == 0
    assert reading.details["opened"] == "a quotation mark that is opened in row 7 is never closed."


def test_a_row_that_stray_quotation_marks_made_of_several_is_misshapen(path):
    rows = [gp_row(seed) for seed in range(6)]
    rows[1][4], rows[3][4] = "\x01", "\x02"
    path.write_bytes(csv_bytes([HEADER, *rows]).replace(b"\x01", b'"A').replace(b"\x02", b'B"'))
    assert [(row, bad) for row, bad, *_ in read(path)[1]] == [(2, False), (3, True), (4, False), (5, False)]
    path.write_bytes(csv_bytes([HEADER, gp_row(1, Postcode="1 High Street,\nAshgrove,\nLeicester")]))
    assert [(row, bad) for row, bad, *_ in read(path)[1]] == [(2, False)]


def workbook(path, **sheets) -> None:
    """A workbook with these rows by name of the sheet; a sheet whose name begins with ``hidden`` is hidden."""
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if name.startswith("hidden"):
            sheet.hide()
        else:
            sheet.set_first_sheet()
            sheet.activate()
    book.close()


def test_a_hidden_sheet_is_not_what_a_partner_sent(path):
    workbook(path, hidden_last_month=TABLE, Register=[HEADER, *ROWS[:2]], hidden_lists=[["M"], ["F"]])
    reading, found = read(path)
    assert len(found) == 2
    assert reading.facts["sheets_with_rows"] == 1


@pytest.mark.parametrize(
    ("second", "sheets"), [(TABLE, 2), ([HEADER], 1), ([["NHS Number", "DOB"], ["example", "1980-01-01"]], 1)]
)
def test_sheets_that_hold_rows_are_counted(path, second, sheets):
    workbook(path, Adults=TABLE, Children=second)
    assert read(path)[0].facts["sheets_with_rows"] == sheets


def test_a_date_is_the_same_day_in_a_workbook_that_counts_from_1904(path):
    book = xlsxwriter.Workbook(str(path), {"date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ROWS[0])
    sheet.write_datetime(1, 2, datetime.fromisoformat("1980-05-06"), book.add_format({"num_format": "dd/mm/yyyy"}))
    book.close()
    source, _ = open_source(path, LABELS["gp_ld_register"])
    assert list(source.records())[1][2] == "1980-05-06"


def test_a_workbook_with_title_rows_dates_and_several_sheets(path):
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Notes").write_row(0, 0, ["About this file"])
    sheet = book.add_worksheet("Register")
    sheet.merge_range(0, 0, 0, 5, "LD register")
    sheet.write_row(2, 0, HEADER)
    sheet.write_row(3, 0, ROWS[0])
    sheet.write_number(3, 0, float(ROWS[0][0]))
    sheet.write_datetime(3, 2, datetime.fromisoformat("1980-05-06"), book.add_format({"num_format": "dd/mm/yyyy"}))
    sheet.write_row(5, 0, ROWS[1])
    book.close()
    reading, found = read(path)
    assert found == [(4, False, ROWS[0][0], "Y90001"), (6, False, ROWS[1][0], "Y90001")]
    assert reading.layout_rows == 3
    source, _ = open_source(path, LABELS["gp_ld_register"])
    assert list(source.records())[3][2] == "1980-05-06"


MOMENTS = [datetime.fromisoformat("2025-01-02"), datetime.fromisoformat("2025-01-02T09:30:00")]


def test_workbook_cells_as_text():
    cells = ["a", None, True, 3.0, 3.5, 7, *MOMENTS, date(2025, 1, 2)]
    texts = ["a", "", "TRUE", "3", "3.5", "7", "2025-01-02", "2025-01-02 09:30:00", "2025-01-02"]
    assert [cell_text(cell) for cell in cells] == texts


def test_a_cell_no_partner_sends_makes_the_file_unreadable(path, monkeypatch):
    path.write_bytes(csv_bytes([HEADER, gp_row(1, Ethnicity="x" * 500)]))
    source, _ = open_source(path, LABELS["gp_ld_register"])
    previous = csv.field_size_limit(100)
    try:
        with pytest.raises(Unreadable):
            list(source.records())
    finally:
        csv.field_size_limit(previous)


CELL = st.text(alphabet='ab ,;"\n\r', max_size=4)


@hypothesis_settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(CELL, min_size=0, max_size=18), max_size=12))
def test_every_record_python_s_csv_sees_is_accounted_for(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("messy") / "gp.csv"
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    records = list(csv.reader(io.StringIO(text.getvalue(), newline="")))[1:]
    reading, found = read(path)
    blank = [number for number, cells in enumerate(records, start=2) if not any(cell.strip() for cell in cells)]
    data = [number for number in range(2, len(records) + 2) if number not in blank]
    assert [row for row, *_ in found] == data
    assert reading.layout_rows == len(blank)
    width = len(HEADER)
    fits = {
        number: len(cells) == width or (len(cells) > width and not any(cell.strip() for cell in cells[width:]))
        for number, cells in enumerate(records, start=2)
    }
    assert [not bad for _, bad, *_ in found] == [fits[number] for number in data]
