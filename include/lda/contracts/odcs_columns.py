"""Reads the columns of a table of an Open Data Contract Standard file, each place checked."""

from __future__ import annotations

import re
from typing import Any, get_args

from open_data_contract_standard.model import SchemaObject, SchemaProperty

from lda.contracts.faults import Faults, custom_values, unique
from lda.contracts.header import normalise
from lda.contracts.model import LAKE_TYPES, ColumnSpec, Kind, Parent, Pseudonym

NAME = re.compile(r"[a-z][a-z0-9_]*")
_COLUMN_PROPERTIES = {"synonyms", "kind", "pseudonymise", "codeList", "onInvalid", "valueWords"}
_OPTIONS = {"string": {"pattern"}, "integer": {"minimum", "maximum"}, "number": {"minimum", "maximum"}, "date": set()}


def read_columns(table: SchemaObject, faults: Faults) -> tuple[ColumnSpec, ...]:
    """The columns of a table, with what is wrong with them in ``faults``."""
    columns = tuple(_column(item, faults) for item in table.properties or [])
    faults.require(bool(columns), "schema.properties", "at least one column", None)
    unique((column.name for column in columns), "schema.properties", "a column name used once", faults)
    claimed: dict[str, str] = {}
    for column in columns:
        for label in {normalise(text) for text in (column.name, *column.synonyms)}:
            other = claimed.setdefault(label, column.name)
            expected = "a header label claimed by one column"
            faults.require(other == column.name, f"{column.name}.synonyms", expected, f"{label} also on {other}")
    lake = [name for column in columns for name, _ in column.lake_columns()]
    unique(lake, "schema.properties", "one lake column from each column", faults)
    return columns


def _column(item: SchemaProperty, faults: Faults) -> ColumnSpec:
    name = item.name or ""
    faults.require(bool(NAME.fullmatch(name)), f"properties.{name}", "a snake_case name", name)
    custom = custom_values(item.customProperties, _COLUMN_PROPERTIES, name, faults)
    faults.one_of(item.logicalType, LAKE_TYPES, f"{name}.logicalType")
    faults.require(bool(item.description), f"{name}.description", "a description", item.description)
    choices = {"kind": get_args(Kind), "pseudonymise": get_args(Pseudonym), "onInvalid": ("row", "warn")}
    for key, allowed in choices.items():
        if key in custom:
            faults.one_of(custom[key], allowed, f"{name}.{key}")
    synonyms = custom.get("synonyms", [])
    if not faults.require(isinstance(synonyms, list), f"{name}.synonyms", "a list", synonyms):
        synonyms = []
    if custom.get("kind"):
        faults.require(item.logicalType == "string", f"{name}.logicalType", "string for a kind", item.logicalType)
    if custom.get("pseudonymise") == "birth_date":
        faults.require(item.logicalType == "date", f"{name}.logicalType", "date for a birth date", item.logicalType)
    options = _options(item, faults)
    parent = _parent(item, faults)
    return ColumnSpec(
        name=name,
        logical_type=item.logicalType if item.logicalType in LAKE_TYPES else "string",
        description=item.description or "",
        required=bool(item.required),
        primary_key=bool(item.primaryKey),
        synonyms=tuple(str(synonym) for synonym in synonyms),
        kind=custom.get("kind"),
        pseudonymise=custom.get("pseudonymise"),
        code_list=custom.get("codeList"),
        on_invalid=custom.get("onInvalid", "row"),
        pattern=options.get("pattern"),
        value_words=_value_words(name, custom.get("valueWords"), options, faults),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        parent=parent,
    )


def _value_words(name: str, words: object, options: dict[str, Any], faults: Faults) -> str:
    """Plain words for the column's pattern: partners are told these, because few read regular expressions."""
    place = f"{name}.valueWords"
    if "pattern" not in options:
        faults.require(words is None, place, "none without a pattern", words)
        return ""
    told = isinstance(words, str) and bool(words.strip())
    faults.require(told, place, "plain words for the pattern, such as three digits, like 508", words)
    return str(words) if told else ""


def _parent(item: SchemaProperty, faults: Faults) -> Parent | None:
    """The column of another table that a foreign key names as ``table.column``."""
    keys = item.relationships or []
    place = f"{item.name}.relationships"
    if not keys or not faults.require(len(keys) == 1, place, "one relationship", len(keys)):
        return None
    key = keys[0]
    target = key.to if isinstance(key.to, str) else ""
    faults.require(key.type == "foreignKey", place, "type foreignKey", key.type)
    if not faults.require(target.count(".") == 1, place, "to: table.column", key.to):
        return None
    table, column = target.split(".")
    return Parent(table, column)


def _options(item: SchemaProperty, faults: Faults) -> dict[str, Any]:
    """Options of the logical type; each is checked, because one that is ignored is a rule nobody runs."""
    allowed = _OPTIONS.get(item.logicalType or "", set())
    options: dict[str, Any] = {}
    for key, value in (item.logicalTypeOptions or {}).items():
        place = f"{item.name}.logicalTypeOptions.{key}"
        if not faults.require(key in allowed, place, "one of " + (", ".join(sorted(allowed)) or "none"), key):
            continue
        if key == "pattern":
            try:
                re.compile(str(value))
            except re.error as error:
                faults.add(place, "a regular expression", error)
                continue
        elif not faults.require(type(value) in {int, float}, place, "a number", value):
            continue
        options[key] = value
    low, high = options.get("minimum"), options.get("maximum")
    if low is not None and high is not None:
        place = f"{item.name}.logicalTypeOptions"
        faults.require(low <= high, place, "minimum no greater than maximum", f"{low}, {high}")
    return options
