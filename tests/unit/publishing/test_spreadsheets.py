"""What a spreadsheet makes of ``measures.csv``: text stays text, whatever it begins with; open files stay as opened."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lda.publishing.tables import _harmless, count_file

FORMULA = tuple("=+-@＝＋－＠")
BLANKS = " \t\n\r\f"


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE given (name VARCHAR, amount DOUBLE, day DATE)")
        yield connection


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
@example(
    texts=["=1+1", " =1+1", "\t@SUM(A1)", "-2+3", "+44", "＝1", "'=1", "", "\r\n=cmd|' /C calc'!A0", 'a"b,c', "plain"]
)
def test_no_text_is_run_and_every_text_can_be_had_back(database, tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "texts.csv"
    database.execute("DELETE FROM given")
    database.executemany("INSERT INTO given VALUES (?, 1, NULL)", [[text] for text in texts])
    database.execute(f"COPY (SELECT {_harmless('name', 'VARCHAR')} FROM given ORDER BY rowid) TO '{path}' (FORMAT csv)")
    with path.open(encoding="utf-8", newline="") as file:
        written = [row["name"] for row in csv.DictReader(file)] if texts != [""] else [""]
    # A line that holds one empty cell and nothing else is no row to a CSV reader.
    kept = [text for text in texts if text] if len(written) < len(texts) else texts
    for text, cell in zip(kept, written, strict=True):
        assert not cell.lstrip(BLANKS).startswith(FORMULA)
        assert not cell.startswith(("\t", "\r"))
        assert cell in (text, f"'{text}")
        risky = text.lstrip(BLANKS).startswith(FORMULA) or text.startswith(("\t", "\r"))
        assert (cell != text) == risky, "what is harmless is left as it is"


def test_numbers_and_dates_are_not_text(database, tmp_path):
    database.execute("DELETE FROM given")
    database.execute("INSERT INTO given VALUES ('a', -0.5, DATE '2026-03-31')")
    picked = ", ".join(_harmless(name, kind) for name, kind in (("amount", "DOUBLE"), ("day", "DATE")))
    database.execute(f"COPY (SELECT {picked} FROM given) TO '{tmp_path / 'typed.csv'}' (FORMAT csv)")
    assert (tmp_path / "typed.csv").read_text().splitlines() == ["amount,day", "-0.5,2026-03-31"]


def test_a_reader_keeps_the_publication_it_opened_and_the_next_one_sees_the_new(tmp_path: Path):
    from lda.publishing.switch import switch_to
    from lda.settings import Settings

    home = Settings(home=tmp_path)
    for name in ("one", "two"):
        (home.published / name).mkdir(parents=True)
        with duckdb.connect(str(home.published / name / "lda_mart.duckdb")) as written:
            written.execute(f"CREATE TABLE figures AS SELECT '{name}' AS publication_id FROM range(1000)")
    switch_to(home, "one")
    path = str(home.published / "current" / "lda_mart.duckdb")
    with duckdb.connect(path, read_only=True) as early:
        switch_to(home, "two")
        assert early.execute("SELECT DISTINCT publication_id FROM figures").fetchall() == [("one",)]
        opened = str((home.published / "current").resolve() / "lda_mart.duckdb")
        with duckdb.connect(opened, read_only=True) as late:
            assert late.execute("SELECT DISTINCT publication_id FROM figures").fetchall() == [("two",)]
        assert early.execute("SELECT count(*) FROM figures").fetchone() == (1000,)
    with duckdb.connect(path, read_only=True) as after:
        assert after.execute("SELECT DISTINCT publication_id FROM figures").fetchall() == [("two",)]


def test_a_written_file_is_read_as_it_was_written_wherever_its_first_quoted_cell_stands(database, tmp_path):
    path = tmp_path / "measures.csv"
    rows = "SELECT CASE WHEN i < 30000 THEN 'count' ELSE 'per 1,000 people' END AS unit, i FROM range(30010) AS t (i)"
    database.execute(f"COPY ({rows}) TO '{path}' (FORMAT csv)")
    assert count_file(path) == 30010
