"""SQL that turns a column's text into its value, for each type and kind of column a contract may have.

Written for speed on millions of rows: the common spelling is tried first and tested cheaply, and DuckDB's lenient
casts are only given text that a pattern or a length has already vouched for.
"""

from __future__ import annotations

from dataclasses import dataclass

from lda.contracts import ColumnSpec
from lda.intake.rows import SPACES, quoted
from lda.vault import literal

# What partners write where nothing is known. Compared in lower case after trimming.
BLANKS = ("", "null", "n/a", "tba", "#n/a")
# NHS numbers that pass the check but mean "not known" (no trace, several traces).
UNKNOWN_NHS_NUMBERS = ("0000000000", "9999999999")
# What the lake holds of a text that is not in its column's code list: it could be anything, a name or a number too. The
# text itself stays in the archive and, when its row goes there, in the quarantine.
UNLISTED = "Invalid and not mapped"
# Dates outside these years are taken for misreadings (a lost century, a serial number).
FIRST_DATE, LAST_DATE = "1800-01-01", "2199-12-31"
_TIME = r"[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$"
_POSTCODE = "([A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}|GIR0AA)"


@dataclass(frozen=True)
class Cleaned:
    """SQL of one column, over its trimmed text: the ``value``, and conditions true when the value is absent, cannot
    be read (``malformed``) or is not in the code list (``unlisted``)."""

    value: str
    absent: str
    malformed: str | None
    unlisted: str | None


def trimmed(column: str) -> str:
    """The text of a raw column without outer spaces; NULL when blank.

    Most cells need no trimming, so the first tests are the cheapest there are: a text that sorts before '!' begins
    with a space or control character (or is empty), one that sorts after '~' may begin with a no-break space, and few
    texts begin like a blank marker. ``list_contains``, because DuckDB turns an IN with a few constants into a join.
    """
    blanks = ", ".join(literal(text) for text in BLANKS)
    longest = max(len(text) for text in BLANKS)
    ends = " OR ".join(f"suffix({column}, {end})" for end in SPACES.split(" || "))
    initials = sorted({initial for text in BLANKS if text for initial in (text[0], text[0].upper())})
    like_blank = " OR ".join(f"prefix({column}, {literal(initial)})" for initial in initials)
    inner = f"trim({column}, {SPACES})"
    return (
        f"CASE WHEN {column} < '!' OR {column} > '~' OR {ends} "
        f"THEN CASE WHEN NOT list_contains([{blanks}], lower({inner})) THEN {inner} END "
        f"WHEN strlen({column}) <= {longest} AND ({like_blank}) AND list_contains([{blanks}], lower({column})) "
        f"THEN NULL ELSE {column} END"
    )


def nhs_digits(text: str) -> str:
    """SQL for an NHS number without spaces, dashes or a float's tail."""
    plain = f"replace(replace({text}, ' ', ''), '-', '')"
    return (
        f"CASE WHEN strlen({text}) = 10 THEN {text} WHEN suffix({plain}, '.0') THEN left({plain}, -2) ELSE {plain} END"
    )


def nhs_is_valid(digits: str) -> str:
    """SQL that is true for ten digits whose last is the modulus 11 check digit (NHS Data Dictionary)."""
    number = f"try_cast({digits} AS BIGINT)"
    weights = ((1, 0), (3, 1), (5, 2), (7, 3), (9, 4), (2, 6), (4, 7), (6, 8), (8, 9))
    total = " + ".join(f"{weight} * ({number} // {10**power})" for weight, power in weights)
    return f"(regexp_full_match({digits}, '[0-9]{{10}}') AND ({total}) % 11 = 0)"


def date_value(text: str) -> str:
    """SQL for a DATE from any accepted style; NULL when it is none of them or there is no such day."""
    plain = f"(CASE WHEN strlen({text}) >= 13 THEN regexp_replace({text}, {literal(_TIME)}, '') ELSE {text} END)"
    styles = (
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", f"try_cast({plain} AS DATE)"),
        (r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", f"try_strptime({plain}, '%d/%m/%Y')::DATE"),
        (r"[0-9]{1,2}-[A-Za-z]{3}-[0-9]{4}", f"try_strptime({plain}, '%d-%b-%Y')::DATE"),
        (r"[0-9]{8}", f"try_strptime({plain}, '%Y%m%d')::DATE"),
    )
    # The style of most files, tested without a regular expression: 2025-03-31.
    iso = f"WHEN strlen({text}) = 10 AND {text} LIKE '____-__-__' AND {text} >= '1' THEN try_cast({text} AS DATE) "
    rest = " ".join(f"WHEN regexp_full_match({plain}, {literal(pattern)}) THEN {sql}" for pattern, sql in styles[1:])
    timed = f"WHEN regexp_full_match({plain}, {literal(styles[0][0])}) THEN {styles[0][1]} "
    # Excel counts days from 30 December 1899; 10000 to 73050 is 1927 to 2099.
    serial = (
        rf"WHEN regexp_full_match({plain}, '[0-9]{{5}}(\.0+)?') "
        f"AND try_cast({plain} AS DOUBLE) BETWEEN 10000 AND 73050 "
        f"THEN DATE '1899-12-30' + try_cast({plain} AS DOUBLE)::INTEGER "
    )
    value = f"(CASE {iso}{timed}{rest} {serial}END)"
    return f"(CASE WHEN {value} BETWEEN DATE '{FIRST_DATE}' AND DATE '{LAST_DATE}' THEN {value} END)"


def integer_value(text: str) -> str:
    """SQL for a BIGINT of nine digits at most, so that no NHS number passes for a count.

    A spreadsheet's trailing '.0' and thousands commas are let through.
    """
    plain = f"replace({text}, ',', '')"
    return (
        rf"(CASE WHEN regexp_full_match({text}, '-?[0-9]{{1,9}}(\.0+)?|-?[0-9]{{1,3}}(,[0-9]{{3}}){{1,2}}(\.0+)?') "
        f"THEN try_cast(split_part({plain}, '.', 1) AS BIGINT) END)"
    )


def number_value(text: str) -> str:
    """SQL for a DOUBLE of nine digits at most before the point; pounds signs and thousands commas are let through."""
    plain = f"replace(replace({text}, ',', ''), '£', '')"
    return (
        rf"(CASE WHEN regexp_full_match({text}, '-?£?([0-9]{{1,9}}|[0-9]{{1,3}}(,[0-9]{{3}}){{1,2}})?(\.[0-9]+)?') "
        f"THEN try_cast({plain} AS DOUBLE) END)"
    )


def cleaned(column: ColumnSpec) -> Cleaned:
    """SQL of a column whose trimmed text (or NULL) is in ``t_<name>``."""
    text = quoted(f"t_{column.name}")
    unlisted = f"{quoted(column.name)} = {literal(UNLISTED)}" if column.code_list else None
    if column.kind == "nhs_number":
        return _nhs_number(quoted(column.name), text, unlisted)
    value = _value(column, text)
    malformed = f"({text} IS NOT NULL AND {quoted(column.name)} IS NULL)" if column.can_be_malformed else None
    return Cleaned(value, f"{text} IS NULL", malformed, unlisted)


def _nhs_number(own: str, text: str, unlisted: str | None) -> Cleaned:
    digits = f"({nhs_digits(text)})"
    unknown = f"{digits} IN ({', '.join(literal(number) for number in UNKNOWN_NHS_NUMBERS)})"
    value = f"(CASE WHEN NOT {unknown} AND {nhs_is_valid(digits)} THEN {digits} END)"
    malformed = f"CASE WHEN {own} IS NULL AND {text} IS NOT NULL THEN NOT {unknown} ELSE FALSE END"
    return Cleaned(value, f"({text} IS NULL OR {unknown})", malformed, unlisted)


def _value(column: ColumnSpec, text: str) -> str:
    if column.kind == "postcode":
        compact = f"upper(replace({text}, ' ', ''))"
        return f"(CASE WHEN regexp_full_match({compact}, '{_POSTCODE}') THEN {compact} END)"
    match column.logical_type:
        case "date":
            return date_value(text)
        case "integer":
            return _within(column, integer_value(text))
        case "number":
            return _within(column, number_value(text))
        case _:
            return _text(column, text)


def _text(column: ColumnSpec, text: str) -> str:
    if column.code_list:
        listed = code_type(column)
        # Only texts that are not in the list as they stand are tried again in upper case.
        return (
            f"(CASE WHEN {text} IS NULL OR try_cast({text} AS {listed}) IS NOT NULL "
            f"OR try_cast(upper({text}) AS {listed}) IS NOT NULL THEN {text} ELSE {literal(UNLISTED)} END)"
        )
    if column.pattern:
        return f"(CASE WHEN regexp_full_match({text}, {literal(column.pattern)}) THEN {text} END)"
    return text


def _within(column: ColumnSpec, value: str) -> str:
    limits = [
        f"{value} {sign} {limit!r}"
        for sign, limit in ((">=", column.minimum), ("<=", column.maximum))
        if limit is not None
    ]
    return f"(CASE WHEN {' AND '.join(limits)} THEN {value} END)" if limits else value


def code_type(column: ColumnSpec) -> str:
    """Name of the DuckDB enumeration that holds the codes a column may have."""
    return quoted(f"codes_{column.name}_{column.code_list}")
