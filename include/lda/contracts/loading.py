"""Loads the contracts of all feeds, and the rules every feed's files are held to."""

from __future__ import annotations

from pathlib import Path

from lda.contracts.model import ContractError, FeedContract, FileRule, Problem
from lda.contracts.odcs import read_contract
from lda.contracts.yamlfile import read_yaml
from lda.settings import Settings

CONTRACT_SUFFIX = ".odcs.yaml"
FILE_RULES = "file_rules.yaml"


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
    return contracts


def load_file_rules(settings: Settings) -> tuple[FileRule, ...]:
    """Rules on whole files, the same for every feed. Raises ContractError when the list is wrong."""
    path = settings.contracts_dir / FILE_RULES
    document = read_yaml(path)
    problems: list[Problem] = []
    rules: list[FileRule] = []
    for index, item in enumerate(document.get("rules") or []):
        place = f"rules[{index}]"
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
        or not set(item) - needed <= limits
        or item.keys() == needed
    ):
        return "code, message, remedy, fact, and minimum or maximum", str(item)
    if item["code"] in codes:
        return "a code used once", f"{item['code']} twice"
    if not isinstance(item.get("minimum", 0), int | float):
        return "a number as minimum", str(item["minimum"])
    greatest = item.get("maximum", 0)
    if greatest != "maxQuarantineShare" and not isinstance(greatest, int | float):
        return "a number or maxQuarantineShare as maximum", str(greatest)
    return None
