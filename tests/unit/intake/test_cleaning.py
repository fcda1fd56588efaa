"""Every way a value may be written is read, and nothing else is."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lda.contracts import ColumnSpec
from lda.intake.cleaning import cleaned, date_value, integer_value, number_value, trimmed

CONNECTION = duckdb.connect()
CALM = hypothesis_settings(deadline=None, max_examples=25)
DAYS = st.dates(date(1800, 1, 1), date(2199, 12, 31))
STYLES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%b-%Y", "%Y%m%d", "%Y-%m-%d 00:00", "%d/%m/%Y 00:00:00", "%Y-%m-%dT00:00:00")


def values(sql: str, texts: list[str | None], column: str = "t", value: str = "NULL") -> list:
    """What an expression over a column gives for each text, in order; it may use the column's ``value`` too."""
    CONNECTION.execute(f'CREATE OR REPLACE TABLE given (place INTEGER, "{column}" VARCHAR)')
    CONNECTION.executemany("INSERT INTO given VALUES (?, ?)", list(enumerate(texts)))
    own = f', {value} AS "{column.removeprefix("t_")}"' if column.startswith("t_") else ""
    query = f"SELECT {sql} FROM (SELECT *{own} FROM given) ORDER BY place"
    return [found for (found,) in CONNECTION.execute(query).fetchall()]


@CALM
@given(st.lists(DAYS, min_size=1, max_size=20))
def test_a_date_in_every_style_comes_back_as_itself(days):
    for style in STYLES:
        assert values(date_value("t"), [day.strftime(style) for day in days]) == days, style


@CALM
@given(st.integers(10000, 73050))
def test_excel_serials_count_days_from_the_end_of_1899(serial):
    expected = date(1899, 12, 30) + timedelta(days=serial)
    assert values(date_value("t"), [str(serial), f"{serial}.0"]) == [expected, expected]


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-30", "2025-13-01", "31/02/2025", "2025-2-3", "2025/02/03", "03-02-2025", "epoch", "today", "infinity",
        "2025-02-03 25:00", "-025-02-03", "0025-02-03", "02/03/25", "9999", "99999", "2025-02-03x", "1.5", "20251301",
        "12-Mai-2025", "nan", "45,000",
    ],
)  # fmt: skip
def test_what_is_no_date_is_not_read_as_one(text):
    assert values(date_value("t"), [text]) == [None]


def test_numbers_are_read_as_partners_write_them_and_no_more():
    assert values(integer_value("t"), ["12", "-3", "12.0", "1,234", "0"]) == [12, -3, 12, 1234, 0]
    assert values(integer_value("t"), ["1.2e9", " 12", "1_2", "+12", "12.5", "12a", "1,23", "1e3", "."]) == [None] * 9
    assert values(number_value("t"), ["12.50", "£1,234.5", "-3", "0.1", ".5"]) == [12.5, 1234.5, -3.0, 0.1, 0.5]
    assert values(number_value("t"), ["1e5", "nan", "inf", "12.", "1,2", "--1", "£", "1_0"]) == [None] * 8


def nhs(texts: list[str]) -> list[tuple]:
    spec = cleaned(ColumnSpec("n", "string", kind="nhs_number"))
    return list(
        zip(*(values(sql, texts, "t_n", spec.value) for sql in (spec.value, spec.absent, spec.malformed)), strict=True)
    )


def is_valid(number: str) -> bool:
    """The modulus 11 check as the NHS Data Dictionary describes it, written apart from the SQL."""
    remainder = 0
    for position in range(9):
        remainder += int(number[position]) * (10 - position)
    check = 11 - remainder % 11
    if check == 11:
        check = 0
    return check != 10 and check == int(number[9])


@CALM
@given(st.lists(st.from_regex(r"[0-9]{10}", fullmatch=True), min_size=1, max_size=40))
def test_the_nhs_number_check_agrees_with_an_independent_one(numbers):
    for number, (value, absent, malformed) in zip(numbers, nhs(numbers), strict=True):
        unknown = number in {"0000000000", "9999999999"}
        assert absent == unknown
        assert value == (number if is_valid(number) and not unknown else None)
        assert malformed == (not unknown and not is_valid(number))


def test_nhs_numbers_as_partners_write_them():
    for text in ("943 476 5919", "943-476-5919", "9434765919.0", "943 476 5919.0", "9434765919"):
        assert nhs([text]) == [("9434765919", False, False)], text
    for text in ("9434765918", "943476591", "94347659190", "9.43E+09", "ABCDEFGHIJ", "943476591٩"):
        assert nhs([text]) == [(None, False, True)], text
    for text in ("0000000000", "9999999999", "000 000 0000"):
        assert nhs([text]) == [(None, True, False)], text


def test_postcodes_are_compared_without_space_or_case():
    spec = cleaned(ColumnSpec("p", "string", kind="postcode"))
    assert values(spec.value, ["le81 1aa", "SW1A1AA", "M1 1AE", "GIR 0AA"], "t_p") == [
        "LE811AA", "SW1A1AA", "M11AE", "GIR0AA",
    ]  # fmt: skip
    assert values(spec.value, ["LE8", "not known", "12345", "LE81 1AAA"], "t_p") == [None] * 4


SPACES = " \t\r\n\u00a0"


@CALM
@given(st.text(alphabet=SPACES, max_size=3), st.text(max_size=8), st.text(alphabet=SPACES, max_size=3))
def test_trimming_leaves_the_text_and_blanks_become_null(before, middle, after):
    middle = middle.strip(SPACES).replace("\0", "")
    expected = None if middle.lower() in {"", "null", "n/a", "tba", "#n/a"} else middle
    assert values(trimmed("t"), [before + middle + after]) == [expected]


def test_blank_markers_in_any_case():
    texts = ["NULL", "Null", " n/a", "N/A ", "TBA", "#N/A", "", "   ", None]
    assert values(trimmed("t"), texts) == [None] * len(texts)
    assert values(trimmed("t"), ["nullify", "tbad", "na", "-"]) == ["nullify", "tbad", "na", "-"]


def test_limits_and_patterns():
    score = cleaned(ColumnSpec("s", "integer", minimum=1, maximum=6))
    assert values(score.value, ["1", "6", "0", "7"], "t_s") == [1, 6, None, None]
    code = cleaned(ColumnSpec("c", "string", pattern="^[A-Z][0-9]{5}$"))
    assert values(code.value, ["Y90001", "y90001", "Y900011"], "t_c") == ["Y90001", None, None]
