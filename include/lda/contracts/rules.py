"""Rules every contract has without writing them: required, readable, in the list, right shape, one row per key."""

from __future__ import annotations

from lda.contracts.model import ColumnSpec, RuleSpec, Scope, Severity

_TYPE_WORDS = {
    "date": "a date (as 2025-03-31, 31/03/2025, 31-Mar-2025 or 20250331)",
    "integer": "a whole number",
    "number": "a number",
}
_KIND_WORDS = {"nhs_number": "a valid NHS number (ten digits that pass the check)", "postcode": "a UK postcode"}


def implicit_rules(prefix: str, columns: tuple[ColumnSpec, ...]) -> list[RuleSpec]:
    """Rules that follow from the columns alone, with stable codes such as ``GP-BIRTH_DATE-REQUIRED``."""
    rules = [
        RuleSpec(
            code=f"{prefix}-SHAPE",
            message="The row has more or fewer cells than the header.",
            remedy="Look for a missing or stray separator or quotation mark in the row.",
            severity="error",
            scope="row",
            kind="shape",
            dimension="conformity",
        )
    ]
    for column in columns:
        rules.extend(_column_rules(prefix, column))
    if any(column.primary_key for column in columns):
        keys = ", ".join(column.name for column in columns if column.primary_key)
        rules.append(
            RuleSpec(
                code=f"{prefix}-KEY",
                message=f"An earlier row has the same {keys} but different content; the first row was kept.",
                remedy="Send one row for each.",
                severity="error",
                scope="row",
                kind="key",
                dimension="uniqueness",
            )
        )
    return rules


def _column_rules(prefix: str, column: ColumnSpec) -> list[RuleSpec]:
    scope: Scope = "row" if column.on_invalid == "row" else "warn"
    severity: Severity = "error" if scope == "row" else "warning"
    code = f"{prefix}-{column.name.upper()}"
    rules = []
    if column.required:
        rules.append(
            RuleSpec(
                code=f"{code}-REQUIRED",
                message=f"{column.name} is blank.",
                remedy=f"Send {column.name} in every row.",
                severity="error",
                scope="row",
                kind="required",
                column=column.name,
                dimension="completeness",
            )
        )
    if column.can_be_malformed:
        rules.append(
            RuleSpec(
                code=f"{code}-FORMAT",
                message=f"{column.name} is not {format_words(column)}.",
                remedy=f"Correct {column.name}, or leave it blank if it is not known.",
                severity=severity,
                scope=scope,
                kind="format",
                column=column.name,
                dimension="conformity",
            )
        )
    if column.code_list:
        rules.append(
            RuleSpec(
                code=f"{code}-VALUES",
                message=f"{column.name} is not a code of the list {column.code_list}.",
                remedy="Use a code of the list, or tell us about the new code so that it can be added.",
                severity=severity,
                scope=scope,
                kind="values",
                column=column.name,
                dimension="conformity",
            )
        )
    if column.parent:
        rules.append(
            RuleSpec(
                code=f"{code}-PARENT",
                message=f"{column.name} is not a {column.parent.column} of table {column.parent.table}.",
                remedy=f"Send the row of {column.parent.table} that this one belongs to, or correct {column.name}.",
                severity=severity,
                scope=scope,
                kind="parent",
                column=column.name,
                dimension="consistency",
            )
        )
    return rules


def format_words(column: ColumnSpec) -> str:
    """What a readable value of the column is, in plain English."""
    words = _KIND_WORDS.get(column.kind or "") or _TYPE_WORDS.get(column.logical_type) or "in the agreed format"
    limits = []
    if column.pattern:
        limits.append(f"matching {column.pattern}")
    if column.minimum is not None:
        limits.append(f"{column.minimum:g} or more")
    if column.maximum is not None:
        limits.append(f"{column.maximum:g} or less")
    return ", ".join([words, *limits])
