"""Loads the contracts of all feeds, and the rules every feed's files are held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lda.contracts.model import ContractError, FeedContract, FileRule, Problem
from lda.contracts.odcs import read_contract
from lda.contracts.yamlfile import read_yaml
from lda.settings import Settings

CONTRACT_SUFFIX = ".odcs.yaml"
# Folder of versions that some partners still send.
EARLIER = "earlier"
FILE_RULES = "file_rules.yaml"
# Settings of contracts that may be the maximum of a file rule.
FILE_SETTINGS = ("maxQuarantineShare", "peopleLost")


def contract_files(settings: Settings) -> list[Path]:
    """Contract files in order of name."""
    return sorted(settings.contracts_dir.glob(f"*{CONTRACT_SUFFIX}"))


def load_contracts(settings: Settings) -> dict[str, FeedContract]:
    """Every feed's contract by feed. Raises ContractError naming every problem when one cannot be used."""
    contracts: dict[str, FeedContract] = {}
    problems: list[Problem] = []
    for path in contract_files(settings):
        contract, found = read_contract(path)
        problems.extend(found)
        if contract:
            contracts[contract.feed] = contract
    if problems:
        raise ContractError(problems)
    if not contracts:
        raise ContractError([Problem(settings.contracts_dir.name, "the folder", "at least one contract", "none")])
    return _with_earlier(settings, contracts)


def earlier_files(settings: Settings) -> list[Path]:
    """Contract files of earlier versions, in order of name."""
    return sorted((settings.contracts_dir / EARLIER).glob(f"*{CONTRACT_SUFFIX}"))


def _with_earlier(settings: Settings, contracts: dict[str, FeedContract]) -> dict[str, FeedContract]:
    """The contracts with the earlier versions that stand beside them."""
    problems: list[Problem] = []
    for path in earlier_files(settings):
        contract, found = read_contract(path)
        problems.extend(found or version_problems(path.name, contract, contracts))
        if contract and contract.feed in contracts:
            today = contracts[contract.feed]
            contracts[contract.feed] = replace(today, earlier=(*today.earlier, contract))
    if problems:
        raise ContractError(problems)
    return contracts


def version_problems(file: str, contract: FeedContract | None, contracts: Mapping[str, FeedContract]) -> list[Problem]:
    """Why an earlier version cannot stand beside today's: its rows must fit the same tables of the lake.

    Columns that today's version has besides are empty in its rows. A column that was renamed keeps today's name, with
    the label of that time as a synonym.
    """
    if contract is None:
        return []
    today = contracts.get(contract.feed)
    if today is None:
        return [Problem(file, "id", "a feed with a contract of today", contract.feed)]
    problems: list[Problem] = []
    if today.of_version(contract.version):
        problems.append(Problem(file, "version", "another version than those beside it", contract.version))
    known = {table.name: dict(table.lake_columns()) for table in today.tables}
    for table in contract.tables:
        if table.name not in known:
            problems.append(Problem(file, table.name, "a table of today's version", "none of this name"))
            continue
        for name, kind in table.lake_columns():
            if known[table.name].get(name) != kind:
                found = known[table.name].get(name, "no such column")
                problems.append(
                    Problem(file, f"{table.name}.{name}", f"a column of type {kind} in today's version", found)
                )
    for name in ("partner_type", "period_rule", "role"):
        if getattr(contract, name) != getattr(today, name):
            problems.append(Problem(file, name, getattr(today, name), getattr(contract, name)))
    return problems


def load_file_rules(settings: Settings) -> tuple[FileRule, ...]:
    """Rules on whole files, the same for every feed. Raises ContractError when the list is wrong."""
    return _rules_of(settings, "rules")


def load_batch_rules(settings: Settings) -> tuple[FileRule, ...]:
    """Rules on the files that are judged together, the same for every feed. Raises ContractError likewise."""
    return _rules_of(settings, "batch_rules")


def _rules_of(settings: Settings, name: str) -> tuple[FileRule, ...]:
    path = settings.contracts_dir / FILE_RULES
    document = read_yaml(path)
    problems: list[Problem] = []
    rules: list[FileRule] = []
    for index, item in enumerate(document.get(name) or []):
        place = f"{name}[{index}]"
        fault = _file_rule_fault(item, [rule.code for rule in rules])
        if fault:
            problems.append(Problem(path.name, place, *fault))
        else:
            rules.append(FileRule(**item))
    if problems:
        raise ContractError(problems)
    return tuple(rules)


def _file_rule_fault(item: object, codes: list[str]) -> tuple[str, str] | None:
    """What was expected of a file rule and what was found, or None when it is right."""
    needed, limits = {"code", "message", "remedy", "fact"}, {"minimum", "maximum"}
    if (
        not isinstance(item, dict)
        or not needed <= set(item)
        or not set(item) - needed - {"may_be_true"} <= limits
        or not limits & set(item)
        or not isinstance(item.get("may_be_true", False), bool)
    ):
        return "code, message, remedy, fact, and minimum or maximum (may_be_true: true or false)", str(item)
    if item["code"] in codes:
        return "a code used once", f"{item['code']} twice"
    if not isinstance(item.get("minimum", 0), int | float):
        return "a number as minimum", str(item["minimum"])
    greatest = item.get("maximum", 0)
    if greatest not in FILE_SETTINGS and not isinstance(greatest, int | float):
        return f"a number or {' or '.join(FILE_SETTINGS)} as maximum", str(greatest)
    return None
