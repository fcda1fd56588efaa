"""Loads the contracts of all feeds, and the rules every feed's files are held to."""

from __future__ import annotations

from pathlib import Path

from lda.contracts.model import ContractError, FeedContract, Problem, RuleSpec
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


def load_file_rules(settings: Settings) -> tuple[RuleSpec, ...]:
    """Rules on whole files, the same for every feed. Raises ContractError when the list is wrong."""
    path = settings.contracts_dir / FILE_RULES
    document = read_yaml(path)
    problems = []
    rules: list[RuleSpec] = []
    for index, item in enumerate(document.get("rules") or []):
        if not isinstance(item, dict) or set(item) != {"code", "message", "remedy"}:
            problems.append(Problem(path.name, f"rules[{index}]", "code, message and remedy", str(item)))
            continue
        if any(rule.code == item["code"] for rule in rules):
            problems.append(Problem(path.name, f"rules[{index}]", "a code used once", f"{item['code']} twice"))
        rules.append(RuleSpec(item["code"], item["message"], item["remedy"], "error", "file", "file"))
    if problems:
        raise ContractError(problems)
    return tuple(rules)
