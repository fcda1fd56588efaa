"""Reads the rules a contract writes out itself: SQL that counts the rows (or groups) that fail."""

from __future__ import annotations

import re
from typing import get_args

from open_data_contract_standard.model import DataQuality, SchemaObject

from lda.contracts.faults import Faults, custom_values
from lda.contracts.model import RuleSpec, Scope

_RULE_PROPERTIES = {"scope", "remedy"}
_OPERATORS = [name for name in DataQuality.model_fields if name.startswith("must")]
_ROW_RULE = re.compile(r"^\s*select\s+count\(\*\)\s+from\s+\$\{table\}\s+where\s+(?P<predicate>.+)$", re.I | re.S)


def read_rules(table: SchemaObject, prefix: str, faults: Faults) -> list[RuleSpec]:
    """The rules of a table, with what is wrong with them in ``faults``."""
    for column in table.properties or []:
        faults.require(not column.quality, f"{column.name}.quality", "rules at the level of the table", "a rule here")
    return [rule for item in table.quality or [] if (rule := _rule(item, prefix, faults))]


def _rule(item: DataQuality, prefix: str, faults: Faults) -> RuleSpec | None:
    place = f"quality.{item.id}"
    before = len(faults.problems)
    code_ok = bool(item.id) and str(item.id).startswith(f"{prefix}-")
    faults.require(code_ok, place, f"an id that starts with {prefix}-", item.id)
    faults.require(item.type == "sql", place, "type sql", item.type)
    faults.require(bool(item.query) and "${table}" in str(item.query), place, "a query on ${table}", item.query)
    faults.require(bool(item.description), place, "a description (the message)", item.description)
    faults.one_of(item.severity, ("error", "warning"), f"{place}.severity")
    operators = [name for name in _OPERATORS if getattr(item, name) is not None]
    faults.require(operators == ["mustBe"] and item.mustBe == 0, place, "the one operator mustBe: 0", operators)
    custom = custom_values(item.customProperties, _RULE_PROPERTIES, place, faults)
    faults.one_of(custom.get("scope"), get_args(Scope), f"{place}.scope")
    faults.require(bool(custom.get("remedy")), f"{place}.remedy", "what the partner should do", custom.get("remedy"))
    row_rule = _ROW_RULE.match(item.query or "")
    if not row_rule:
        faults.require(custom.get("scope") != "row", f"{place}.scope", "warn or file for a query over rows", "row")
    if len(faults.problems) > before:
        return None
    return RuleSpec(
        code=str(item.id),
        message=str(item.description),
        remedy=str(custom["remedy"]),
        severity="error" if item.severity == "error" else "warning",
        scope=custom["scope"],
        kind="sql" if row_rule else "aggregate",
        predicate=row_rule["predicate"].strip() if row_rule else None,
        query=None if row_rule else str(item.query),
        dimension=item.dimension,
    )
