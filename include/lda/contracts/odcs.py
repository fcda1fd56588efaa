"""Reads one Open Data Contract Standard file into a ``FeedContract`` and lists what is wrong with it.

The standard's own model is permissive (it ignores unknown keys below the top), so each place is checked here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import get_args

from open_data_contract_standard.model import (
    OpenDataContractStandard,
    SchemaObject,
    Team,
)
from pydantic import BaseModel, ValidationError

from lda.contracts.faults import Faults, choice, custom_values, number, unique
from lda.contracts.header import normalise
from lda.contracts.model import (
    RULE_CONTEXT,
    ColumnSpec,
    ContractError,
    FeedContract,
    PartnerType,
    PeopleLost,
    PeriodRule,
    PersonKey,
    Problem,
    Role,
    TableSpec,
)
from lda.contracts.odcs_columns import NAME, read_columns
from lda.contracts.odcs_rules import read_rules
from lda.contracts.rules import implicit_rules
from lda.contracts.yamlfile import parse_yaml, read_text
from lda.settings import LEAST_MONTHS_KEPT

_CONTRACT_PROPERTIES = {
    "rulePrefix",
    "partnerType",
    "periodRule",
    "filePatterns",
    "maxQuarantineShare",
    "peopleLost",
    "staleAfterPeriods",
    "personKey",
    "role",
    "headerless",
}
_OPTIONAL = {"peopleLost", "personKey", "role", "headerless"}
_TABLE_PROPERTIES = {"rulePrefix", "members", "personKey", "optional"}

# Contracts kept in memory: several times those of a project with their earlier versions.
KEPT = 128


def read_contract(path: Path) -> tuple[FeedContract | None, list[Problem]]:
    """The contract in a file and its problems; the contract is None when there are any."""
    try:
        contract, problems = _read(path.name, read_text(path))
    except ContractError as error:
        return None, error.problems
    return contract, list(problems)


@lru_cache(maxsize=KEPT)
def _read(name: str, content: str) -> tuple[FeedContract | None, list[Problem]]:
    """What a file of this name and content says. One command asks for the contracts many times, and reading them takes
    a tenth of a second; a contract cannot be changed, and a file that changed is another content."""
    faults = Faults(name)
    raw = parse_yaml(name, content)
    for key in ("version", "apiVersion"):
        faults.require(isinstance(raw.get(key), str), key, "a quoted string", raw.get(key))
    _unknown_keys(raw, OpenDataContractStandard, "", faults)
    try:
        document = OpenDataContractStandard.model_validate(raw)
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            faults.add(".".join(str(part) for part in item["loc"]), "what the standard allows", item["msg"])
        return None, faults.problems
    contract = _build(document, faults, hashlib.sha256(content.encode()).hexdigest())
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


def _build(document: OpenDataContractStandard, faults: Faults, fingerprint: str) -> FeedContract | None:
    faults.require(bool(document.id and NAME.fullmatch(document.id)), "id", "a snake_case feed name", document.id)
    custom = custom_values(document.customProperties, _CONTRACT_PROPERTIES, "contract", faults)
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
        **_patience(document, faults),
        stale_after_periods=number(custom["staleAfterPeriods"], (0, 24), "staleAfterPeriods", faults, int),
        max_quarantine_share=number(custom["maxQuarantineShare"], (0, 1), "maxQuarantineShare", faults, float),
        people_lost=_people_lost(custom.get("peopleLost"), tables, faults),
        rule_prefix=prefix,
        file_patterns=_patterns(custom["filePatterns"], faults),
        tables=tables,
        role=choice(custom.get("role", "figures"), Role, "role", faults),
        fingerprint=fingerprint,
        earlier=(),
        retention_months=_retention(document, faults),
    )


def _people_lost(value: object, tables: tuple[TableSpec, ...], faults: Faults) -> PeopleLost | None:
    """How many people a list may lose; only a feed with one table that names people can be compared."""
    if value is None:
        return None
    right = isinstance(value, dict) and set(value) == {"share", "people"}
    if not faults.require(right, "peopleLost", "share and people", value) or not isinstance(value, dict):
        return None
    alone = len(tables) == 1 and tables[0].person_key is not None
    faults.require(alone, "peopleLost", "a feed with one table and a personKey", len(tables))
    return PeopleLost(
        share=number(value["share"], (0, 1), "peopleLost.share", faults, float),
        people=number(value["people"], (0, 1000), "peopleLost.people", faults, int),
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
        custom = custom_values(item.customProperties, _TABLE_PROPERTIES, name, faults)
        own = str(custom.get("rulePrefix", prefix))
        faults.require(bool(re.fullmatch(r"[A-Z][A-Z0-9]*", own)), f"{name}.rulePrefix", "capital letters, digits", own)
        faults.require(own.startswith(prefix), f"{name}.rulePrefix", f"a prefix that starts with {prefix}", own)
        faults.require(bool(NAME.fullmatch(name)), f"schema.{name}", "a snake_case table name", name)
        columns = read_columns(item, faults)
        _parents(name, columns, tables, faults)
        tables.append(
            TableSpec(
                feed=feed,
                name=name,
                rule_prefix=own,
                columns=columns,
                rules=(*implicit_rules(own, columns), *read_rules(item, own, faults)),
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


def _sla(
    document: OpenDataContractStandard,
    name: str,
    unit: str,
    faults: Faults,
    between: tuple[float, float] = (0, 1000),
) -> int:
    found = [item for item in document.slaProperties or [] if item.property == name]
    place = f"slaProperties.{name}"
    if not faults.require(len(found) == 1, place, "exactly one entry", len(found)):
        return 0
    faults.require(found[0].unit == unit, place, f"the unit {unit}", found[0].unit)
    return int(number(found[0].value, between, place, faults, int))


def _patience(document: OpenDataContractStandard, faults: Faults) -> dict[str, int]:
    """The days of grace and the days to escalation, where the contract states them."""
    stated = {item.property for item in document.slaProperties or []}
    names = {"grace_days": "grace", "escalation_days": "escalation"}
    found = {key: _sla(document, name, "d", faults) for key, name in names.items() if name in stated}
    longest = found.get("grace_days", 0)
    if "escalation_days" in found:
        days, wanted = found["escalation_days"], f"no fewer days than those of grace, {longest}"
        faults.require(days >= longest, "slaProperties.escalation", wanted, days)
    return found


def _retention(document: OpenDataContractStandard, faults: Faults) -> int | None:
    """The months that rows stay after their period ended, where the contract states them."""
    if not any(item.property == "retention" for item in document.slaProperties or []):
        return None
    return _sla(document, "retention", "m", faults, (LEAST_MONTHS_KEPT, 1200))


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
