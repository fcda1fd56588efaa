"""The fast way for large files gives exactly what the careful way gives, or steps aside."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lda.contracts import load_contracts
from lda.intake import records
from lda.intake.database import LISTS_AS_JOINS, without_optimizers
from lda.intake.header import HeaderMatch, Labels
from lda.intake.judgement import create_batch_file
from lda.intake.judging import RowRules, judged_sql
from lda.intake.plain import judge_plain, keeps_order, lines_of
from lda.intake.reading import Reading, open_file, read_rows
from lda.intake.reference import Reference
from lda.intake.rows import LayoutRows, RowCollector, create_raw, layout_sql
from lda.ledger import FileRecord
from lda.settings import Settings
from lda.vault import install_key

from .conftest import HEADER, csv_bytes, gp_row

SETTINGS = Settings()
FEED = load_contracts(SETTINGS)["gp_ld_register"]
CONTRACT = FEED.table
LABELS = Labels(CONTRACT)
REQUIRED = CONTRACT.required_columns
RULES = RowRules.of(CONTRACT)
REFERENCE = Reference(SETTINGS)
COLUMNS = "_row, _failed0, _raw, _key, nhs_number, local_patient_id, birth_date, ahc_date, practice_code"


def reading_of(path) -> Reading:
    now = datetime.fromisoformat("2026-04-01")
    month = {"period_start": date(2026, 2, 1), "period_end": date(2026, 2, 28), "partner_code": "Y90001"}
    record = FileRecord("f" * 64, "received", path.name, path.stat().st_size, now, now, "gp_ld_register", **month)
    reading = Reading(0, record, path)
    open_file(reading, LABELS, {})
    return reading


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    install_key(connection, b"k" * 32)
    REFERENCE.install(connection, FEED)
    return connection


def fast(path, scratch) -> tuple[list[tuple], int] | None:
    reading = reading_of(path)
    with connect() as connection:
        if not judge_plain(connection, CONTRACT, RULES, reading, scratch):
            return None
        return connection.execute(f"SELECT {COLUMNS} FROM judged ORDER BY _row").fetchall(), reading.layout_rows


def careful(path) -> tuple[list[tuple], int]:
    reading = reading_of(path)
    with connect() as connection:
        create_raw(connection, CONTRACT)
        rows = RowCollector(connection, CONTRACT)
        read_rows(reading, rows, REQUIRED)
        rows.flush()
        create_batch_file(connection, [reading])
        source = (
            "(SELECT r.*, f._file_id, f._partner_code, f._period_start, f._period_end "
            "FROM raw AS r JOIN batch_file AS f ON f._file = r._file)"
        )
        found = connection.execute(f"SELECT {COLUMNS} FROM ({judged_sql(CONTRACT, RULES, source)}) ORDER BY _row")
        return blank_as_null(found.fetchall()), reading.layout_rows


def blank_as_null(rows: list[tuple]) -> list[tuple]:
    """DuckDB's reader gives NULL for an empty cell where Python's gives an empty text."""
    return [
        tuple([cell or None for cell in value] if isinstance(value, list) else value for value in row) for row in rows
    ]


def test_both_ways_agree_on_a_file_with_errors_and_layout_rows(tmp_path):
    path = tmp_path / "gp.csv"
    rows = [gp_row(seed) for seed in range(500)]
    rows[10] = gp_row(10, DOB="1980-13-01")
    rows[20] = ["Total", *[""] * 15]
    rows[30] = HEADER
    rows[40] = [""] * 16
    rows[50] = gp_row(50, **{"Practice Code": "Y99999"})
    path.write_bytes(csv_bytes([["Register", *[""] * 15], HEADER, *rows]))
    found = fast(path, tmp_path)
    assert found == careful(path)
    assert len(found[0]) == 497
    assert found[1] == 4


@pytest.mark.parametrize(
    "spoil",
    {
        "ragged": lambda data: data + b"one,two\n",
        "line break in a cell": lambda data: data + csv_bytes([gp_row(1, Ethnicity="a\nb")]),
        "blank line inside": lambda data: data + b"\n" + csv_bytes([gp_row(9)]),
        "windows-1252": lambda data: data + csv_bytes([gp_row(1, Ethnicity="Siân")], encoding="cp1252"),
        "stray quotation mark": lambda data: data + csv_bytes([gp_row(1)]).replace(b",A,", b',"A"x,'),
        "cut short": lambda data: data[:-60],
    }.items(),
    ids=lambda item: item[0].replace(" ", "_"),
)
def test_the_fast_way_steps_aside(tmp_path, spoil):
    path = tmp_path / "gp.csv"
    path.write_bytes(spoil[1](csv_bytes([HEADER, *(gp_row(seed) for seed in range(50))])))
    assert fast(path, tmp_path) is None


CELL = st.text(alphabet='ab1 ,"/-', max_size=3)


@pytest.mark.slow
@hypothesis_settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(CELL, min_size=16, max_size=16), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_both_ways_agree_on_whatever_the_fast_way_accepts(tmp_path_factory, rows, end):
    folder = tmp_path_factory.mktemp("plain")
    path = folder / "gp.csv"
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows([HEADER, *rows, gp_row(1)])
    path.write_bytes(text.getvalue().encode())
    found = fast(path, folder)
    assert found is not None
    assert found == careful(path)


WORDS = (
    "Total",
    "totals",
    "GRAND TOTAL",
    "Total:",
    "Totally plc",
    "total for May",
    "total\xa0",
    "\tTotal",
    "\x0bTotal",
)
NEAR = st.one_of(
    st.sampled_from(("", " ", "\xa0", "x", "NHS Number", *WORDS)), st.text(alphabet="Total :\t", max_size=7)
)


@pytest.mark.slow
@hypothesis_settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(NEAR, min_size=4, max_size=4), min_size=1, max_size=30),
    st.sets(st.sampled_from(["dob", "lsoa_code", "practice_code"])),
)
def test_both_ways_agree_on_what_is_a_row_of_totals(rows, required):
    header = HeaderMatch(
        1, ("NHS Number", "DOB", "LSOA", "Practice Code"), {"dob": 1, "lsoa_code": 2, "practice_code": 3}
    )
    own = ["c0", "c1", "c2", "c3"]
    values = ", ".join("(" + ", ".join("?" for _ in row) + ")" for row in rows)
    query = f"SELECT {layout_sql(own, header, sorted(required))} FROM (VALUES {values}) AS t({', '.join(own)})"
    with duckdb.connect() as connection:
        found = [row[0] for row in connection.execute(query, [cell or None for row in rows for cell in row]).fetchall()]
    layout = LayoutRows(header, sorted(required))
    assert found == [layout.holds(row) for row in rows]


def test_lines_are_counted_without_blank_ones_at_the_end(tmp_path):
    path = tmp_path / "x"
    for content, count in ((b"a\nb\n", 2), (b"a\nb", 2), (b"a\nb\n\n\r\n", 2), (b"a\n\nb\n", 3), (b"a", 1)):
        path.write_bytes(content)
        assert lines_of(path) == count


@pytest.mark.parametrize(
    ("predicate", "ordered"),
    [
        ("t IN ('a', 'b')", True),
        ("t IN ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l')", True),
        ("t IN (SELECT _postcode FROM small_area)", False),
    ],
)
def test_a_plan_that_may_reorder_rows_is_told_apart(tmp_path, predicate, ordered):
    path = tmp_path / "rows.csv"
    path.write_text("t\na\n")
    with connect() as connection:
        source = f"read_csv('{path}', columns = {{'t': 'VARCHAR'}}, auto_detect = false, skip = 1)"
        with without_optimizers(connection, LISTS_AS_JOINS):
            assert keeps_order(connection, f"SELECT {predicate} AS found FROM {source}") is ordered


def test_a_rule_with_a_long_list_takes_the_fast_way(tmp_path):
    codes = ", ".join(f"'C{number}'" for number in range(40))
    rule = replace(
        next(rule for rule in CONTRACT.rules if rule.kind == "sql" and rule.scope == "row"),
        predicate=f"local_patient_id IN ({codes})",
    )
    table = replace(CONTRACT, rules=(rule,))
    path = tmp_path / "gp.csv"
    path.write_bytes(csv_bytes([HEADER, *([*gp_row(1)[:1], f"C{number}", *gp_row(1)[2:]] for number in range(35, 45))]))
    with connect() as connection:
        assert judge_plain(connection, table, RowRules.of(table), reading_of(path), tmp_path)
        assert connection.execute("SELECT _row FROM judged WHERE _failed0 = 1 ORDER BY _row").fetchall() == [
            (row,) for row in range(2, 7)
        ]


@pytest.mark.slow
def test_every_row_of_a_file_of_many_pieces_has_its_own_number(tmp_path):
    """Rows are read by several threads and written in several groups; each local number says where its row stood."""
    count = 150_000
    path = tmp_path / "gp.csv"
    rows = ([*gp_row(1)[:1], f"LOCAL{number}", *gp_row(1)[2:]] for number in range(2, count + 2))
    path.write_bytes(csv_bytes([HEADER, *rows]))
    reading = reading_of(path)
    with connect() as connection:
        connection.execute("SET threads = 4")
        assert judge_plain(connection, CONTRACT, RULES, reading, tmp_path)
        wrong = "SELECT count(*), count(*) FILTER (local_patient_id <> 'LOCAL' || _row) FROM judged"
        assert connection.execute(wrong).fetchone() == (count, 0)


def test_large_is_a_matter_of_size(monkeypatch):
    monkeypatch.setattr(records, "WHOLE_BYTES", 10)
    assert records.is_large(11) and not records.is_large(10)
