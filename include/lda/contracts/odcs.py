"""Reads one Open Data Contract Standard file into a ``FeedContract`` and lists what is wrong with it.

The standard's own model is permissive (it ignores unknown keys below the top), so each place is checked here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    Team,
)
from pydantic import BaseModel, ValidationError

from lda.contracts.faults import Faults, choice, number, unique
from lda.contracts.header import normalise
from lda.contracts.model import (
    LAKE_TYPES,
    RULE_CONTEXT,
    ColumnSpec,
    ContractError,
    FeedContract,
    Kind,
    Parent,
    PartnerType,
    PeriodRule,
    PersonKey,
    Problem,
    Pseudonym,
    Role,
    RuleSpec,
    Scope,
    TableSpec,
)
from lda.contracts.rules import implicit_rules
from lda.contracts.yamlfile import read_yaml

_CONTRACT_PROPERTIES = {
    "rulePrefix",
    "partnerType",
    "periodRule",
    "filePatterns",
    "maxQuarantineShare",
    "staleAfterPeriods",
    "personKey",
    "role",
    "headerless",
}
_OPTIONAL = {"personKey", "role", "headerless"}
_TABLE_PROPERTIES = {"rulePrefix", "members", "personKey", "optional"}
_COLUMN_PROPERTIES = {"synonyms", "kind", "pseudonymise", "codeList", "onInvalid"}
_RULE_PROPERTIES = {"scope", "remedy"}
_OPTIONS = {"string": {"pattern"}, "integer": {"minimum", "maximum"}, "number": {"minimum", "maximum"}, "date": set()}
_OPERATORS = [name for name in DataQuality.model_fields if name.startswith("must")]
_ROW_RULE = re.compile(r"^\s*select\s+count\(\*\)\s+from\s+\$\{table\}\s+where\s+(?P<predicate>.+)$", re.I | re.S)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_contract(path: Path) -> tuple[FeedContract | None, list[Problem]]:
    """The contract in a file and its problems; the contract is None when there are any."""
    faults = Faults(path.name)
    try:
        raw = read_yaml(path)
    except ContractError as error:
        return None, error.problems
    for key in ("version", "apiVersion"):
        faults.require(isinstance(raw.get(key), str), key, "a quoted string", raw.get(key))
    _unknown_keys(raw, OpenDataContractStandard, "", faults)
    try:
        document = OpenDataContractStandard.model_validate(raw)
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            faults.add(".".join(str(part) for part in item["loc"]), "what the standard allows", item["msg"])
        return None, faults.problems
    contract = _build(document, faults, hashlib.sha256(path.read_bytes()).hexdigest())
    return (None if faults.problems else contract), faults.problems


def _unknown_keys(raw: object, model: type[BaseModel], place: str, faults: Faults) -> None:
    """Keys the standard does not know, at any depth: most often a spelling mistake."""
    if not isinstance(raw, dict):
        return
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for key, value in raw.items():
        here = f"{place}.{key}" if place else str(key)
        if key not in fields:
            faults.add(here, "a key of the Open Data Contract Standard", key)
            continue
        inner = _model_of(fields[key].annotation)
        if inner is None:
            continue
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            name = item.get("name") or item.get("id") if isinstance(item, dict) else None
            _unknown_keys(item, inner, f"{here}[{name or index}]" if isinstance(value, list) else here, faults)


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_of(argument)
        if found:
            return found
    return None


def _customs(items: list[CustomProperty] | None, allowed: set[str], place: str, faults: Faults) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in items or []:
        here = f"{place}.customProperties.{item.property}"
        if not faults.require(item.property in allowed, here, "one of " + ", ".join(sorted(allowed)), item.property):
            continue
        faults.require(item.property not in values, here, "one value", "two")
        values[str(item.property)] = item.value
    return values


def _build(document: OpenDataContractStandard, faults: Faults, fingerprint: str) -> FeedContract | None:
    faults.require(bool(document.id and _NAME.fullmatch(document.id)), "id", "a snake_case feed name", document.id)
    custom = _customs(document.customProperties, _CONTRACT_PROPERTIES, "contract", faults)
    for key in sorted(_CONTRACT_PROPERTIES - _OPTIONAL - set(custom)):
        faults.add(f"customProperties.{key}", "a value", "nothing")
    objects = document.schema_ or []
    if not faults.require(bool(objects), "schema", "at least one table", len(objects)) or faults.problems:
        return None
    prefix = str(custom["rulePrefix"])
    tables = _tables(objects, str(document.id), prefix, custom.get("personKey"), faults)
    if custom.get("headerless"):
        faults.require(len(tables) == 1, "headerless", "a feed with one table", len(tables))
        tables = tuple(replace(table, headerless=True) for table in tables)
    return FeedContract(
        feed=str(document.id),
        name=document.name or str(document.id),
        version=str(document.version),
        description=(document.description.purpose if document.description else None) or "",
        owner=_owner(document, faults),
        partner_type=choice(custom["partnerType"], PartnerType, "partnerType", faults),
        period_rule=choice(custom["periodRule"], PeriodRule, "periodRule", faults),
        cadence_months=_sla(document, "frequency", "m", faults),
        latency_days=_sla(document, "latency", "d", faults),
        stale_after_periods=number(custom["staleAfterPeriods"], (0, 24), "staleAfterPeriods", faults, int),
        max_quarantine_share=number(custom["maxQuarantineShare"], (0, 1), "maxQuarantineShare", faults, float),
        rule_prefix=prefix,
        file_patterns=_patterns(custom["filePatterns"], faults),
        tables=tables,
        role=choice(custom.get("role", "figures"), Role, "role", faults),
        fingerprint=fingerprint,
    )


def _tables(
    objects: list[SchemaObject], feed: str, prefix: str, person_key: object, faults: Faults
) -> tuple[TableSpec, ...]:
    """The tables of a submission. With several, each has a rule prefix of its own, which begins with the feed's."""
    several = len(objects) > 1
    faults.require(
        not (several and person_key), "customProperties.personKey", "a person key at the table it is of", person_key
    )
    tables: list[TableSpec] = []
    for item in objects:
        name = str(item.name) if several else feed
        custom = _customs(item.customProperties, _TABLE_PROPERTIES, name, faults)
        own = str(custom.get("rulePrefix", prefix))
        faults.require(bool(re.fullmatch(r"[A-Z][A-Z0-9]*", own)), f"{name}.rulePrefix", "capital letters, digits", own)
        faults.require(own.startswith(prefix), f"{name}.rulePrefix", f"a prefix that starts with {prefix}", own)
        faults.require(bool(_NAME.fullmatch(name)), f"schema.{name}", "a snake_case table name", name)
        columns = _columns(item, faults)
        _parents(name, columns, tables, faults)
        tables.append(
            TableSpec(
                feed=feed,
                name=name,
                rule_prefix=own,
                columns=columns,
                rules=(*implicit_rules(own, columns), *_rules(item, own, faults)),
                person_key=_person_key(custom.get("personKey", person_key), columns, faults),
                members=tuple(str(member) for member in custom.get("members", [name])),
                required=not custom.get("optional", False),
            )
        )
    unique((table.name for table in tables), "schema", "a table name used once", faults)
    unique((normalise(one) for table in tables for one in table.members), "members", "a file name used once", faults)
    unique((rule.code for table in tables for rule in table.rules), "quality", "a rule code used once", faults)
    return tuple(tables)


def _parents(name: str, columns: tuple[ColumnSpec, ...], earlier: list[TableSpec], faults: Faults) -> None:
    """A column's values can only be looked for in a table that stands above its own."""
    known = {f"{table.name}.{column.name}" for table in earlier for column in table.columns}
    for column in columns:
        if column.parent:
            target = f"{column.parent.table}.{column.parent.column}"
            place = f"{name}.{column.name}.relationships"
            faults.require(target in known, place, "a column of a table above this one", target)


def _sla(document: OpenDataContractStandard, name: str, unit: str, faults: Faults) -> int:
    found = [item for item in document.slaProperties or [] if item.property == name]
    place = f"slaProperties.{name}"
    if not faults.require(len(found) == 1, place, "exactly one entry", len(found)):
        return 0
    faults.require(found[0].unit == unit, place, f"the unit {unit}", found[0].unit)
    return int(number(found[0].value, (0, 1000), place, faults, int))


def _owner(document: OpenDataContractStandard, faults: Faults) -> str:
    team = document.team
    name = team.name if isinstance(team, Team) else None
    faults.require(bool(name), "team.name", "the name of the owning team", name)
    return name or ""


def _patterns(value: object, faults: Faults) -> tuple[str, ...]:
    patterns = value if isinstance(value, list) else []
    faults.require(bool(patterns), "filePatterns", "a list of patterns", value)
    for index, pattern in enumerate(patterns):
        place = f"filePatterns[{index}]"
        try:
            groups = re.compile(str(pattern)).groupindex
        except re.error as error:
            faults.add(place, "a regular expression", error)
            continue
        for group in ("partner", "period"):
            faults.require(group in groups, place, f"a group named {group}", ", ".join(groups) or "no named group")
    return tuple(str(pattern) for pattern in patterns)


def _person_key(value: object, columns: tuple[ColumnSpec, ...], faults: Faults) -> PersonKey | None:
    if value is None:
        return None
    place = "customProperties.personKey"
    if not isinstance(value, dict) or set(value) != {"nhsNumber", "local"} or not isinstance(value["local"], list):
        faults.add(place, "a mapping of nhsNumber (a column) and local (a list of columns)", value)
        return None
    names = {column.name for column in columns} | set(RULE_CONTEXT)
    for name in [value["nhsNumber"], *value["local"]]:
        faults.require(name in names, place, "a column of the table", name)
    kinds = {column.name: column.kind for column in columns}
    faults.require(
        kinds.get(value["nhsNumber"]) == "nhs_number", place, "a column of kind nhs_number", value["nhsNumber"]
    )
    return PersonKey(value["nhsNumber"], tuple(value["local"]))


def _columns(table: SchemaObject, faults: Faults) -> tuple[ColumnSpec, ...]:
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
    faults.require(bool(_NAME.fullmatch(name)), f"properties.{name}", "a snake_case name", name)
    custom = _customs(item.customProperties, _COLUMN_PROPERTIES, name, faults)
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
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        parent=parent,
    )


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


def _rules(table: SchemaObject, prefix: str, faults: Faults) -> list[RuleSpec]:
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
    custom = _customs(item.customProperties, _RULE_PROPERTIES, place, faults)
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
