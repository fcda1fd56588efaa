"""What a contract must say so that people stay apart and unnamed: checked with every contract.

The number a partner gives a person is its own: another partner may give the same one to somebody else. And a text that
nothing limits can hold anybody's name, so none goes on to the lake.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from lda.contracts.model import ColumnSpec, FeedContract, Problem, TableSpec

PARTNER = "_partner_code"


def people_problems(file: str, contract: FeedContract) -> list[Problem]:
    """Person keys that are not a partner's own, and free texts that would reach the lake.

    Published reference data names organisations, not people, and may hold any text.
    """
    problems = []
    for table in contract.tables:
        problems += _person_key(file, table)
        if contract.role != "reference":
            problems += [
                Problem(
                    file,
                    f"{table.name}.{column.name}",
                    "a codeList or a pattern, or pseudonymise: what is free to hold a name stays out of the lake",
                    "free text",
                )
                for column in table.columns
                if is_free_text(column)
            ]
    return problems


def is_free_text(column: ColumnSpec) -> bool:
    """True for a text that may be anything and would stand in the lake as it came."""
    limited = column.code_list or column.pattern or column.kind or column.is_identifier
    return column.logical_type == "string" and not limited


def _person_key(file: str, table: TableSpec) -> list[Problem]:
    key = table.person_key
    if key is None or not key.local or set(key.local) & {PARTNER, *same_as_partner(table)}:
        return []
    expected = f"{PARTNER} among local, or a column that a row rule holds equal to it"
    return [Problem(file, f"{table.name}.personKey", expected, ", ".join(key.local))]


def same_as_partner(table: TableSpec) -> set[str]:
    """Columns that, in every row that goes to the lake, are the partner's code: a row rule drops any other."""
    found: set[str] = set()
    for rule in table.rules:
        if rule.kind != "sql" or rule.scope != "row":
            continue
        condition = sqlglot.parse_one(str(rule.predicate), dialect="duckdb")
        if isinstance(condition, exp.NEQ):
            sides = {side.name for side in (condition.left, condition.right) if isinstance(side, exp.Column)}
            found |= sides - {PARTNER} if PARTNER in sides else set()
    return found & {column.name for column in table.columns if column.required}
