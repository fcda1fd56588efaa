"""Rules every contract has without writing them: required, readable, in the list, right shape, one row per key."""

from __future__ import annotations

from lda.contracts.model import ColumnSpec, RuleKind, RuleSpec, Scope

_TYPE_WORDS = {
    "date": "a date (as 2025-03-31, 31/03/2025, 31-Mar-2025 or 20250331)",
    "integer": "a whole number",
    "number": "a number",
}
# The dimension of data quality that a kind of rule is about.
_DIMENSIONS: dict[RuleKind, str] = {
    "required": "completeness",
    "format": "conformity",
    "values": "conformity",
    "parent": "consistency",
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
    """The rules that one column brings, in the order required, readable, listed, found in its parent table."""
    name, parent = column.name, column.parent
    rules = []
    if column.required:
        rules.append(_rule(prefix, column, "required", f"{name} is blank.", f"Send {name} in every row.", "row"))
    if column.can_be_malformed:
        remedy = f"Correct {name}, or leave it blank if it is not known."
        rules.append(_rule(prefix, column, "format", f"{name} is not {format_words(column)}.", remedy))
    if column.code_list:
        remedy = "Use a code of the list, or tell us about the new code so that it can be added."
        rules.append(_rule(prefix, column, "values", f"{name} is not a code of the list {column.code_list}.", remedy))
    if parent:
        remedy = f"Send the row of {parent.table} that this one belongs to, or correct {name}."
        rules.append(
            _rule(prefix, column, "parent", f"{name} is not a {parent.column} of table {parent.table}.", remedy)
        )
    return rules


def _rule(
    prefix: str, column: ColumnSpec, kind: RuleKind, message: str, remedy: str, scope: Scope | None = None
) -> RuleSpec:
    """A rule of a column; without a scope what the contract says of the column's bad values decides."""
    scope = scope or ("row" if column.on_invalid == "row" else "warn")
    return RuleSpec(
        code=f"{prefix}-{column.name.upper()}-{kind.upper()}",
        message=message,
        remedy=remedy,
        severity="error" if scope == "row" else "warning",
        scope=scope,
        kind=kind,
        column=column.name,
        dimension=_DIMENSIONS[kind],
    )


def format_words(column: ColumnSpec) -> str:
    """What a readable value of the column is, in plain English."""
    words = _KIND_WORDS.get(column.kind or "") or _TYPE_WORDS.get(column.logical_type)
    limits = [words] if words else []
    if column.value_words:
        limits.append(column.value_words)
    if column.minimum is not None:
        limits.append(f"{column.minimum:g} or more")
    if column.maximum is not None:
        limits.append(f"{column.maximum:g} or less")
    return ", ".join(limits) or "in the agreed format"
