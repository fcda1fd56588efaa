"""The Great Expectations suite of a feed's batches, made from the contract and the file rules.

A batch is a table with one row per file: facts about the file and, per rule, how many of its rows failed. Nothing in
it is a person's data. The suites are checked in under expectations/intake so that a reader can see what is judged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lda.contracts import FeedContract, FileRule, load_batch_rules, load_contracts, load_file_rules
from lda.settings import Settings


def suite_of(
    contract: FeedContract, file_rules: tuple[FileRule, ...], batch_rules: tuple[FileRule, ...]
) -> dict[str, Any]:
    """The suite as plain data: name, and expectations with type, arguments, severity and rule in ``meta``."""
    held_to = [rule for rule in file_rules if rule.limits(contract) != (None, None)]
    expectations = [_file_expectation(rule, contract) for rule in held_to]
    expectations += [
        _between(
            f"failures_{rule.code}",
            (None, 0),
            "critical" if rule.scope == "file" else "warning",
            {"rule": rule.code, "scope": rule.scope, "message": rule.message},
        )
        for rule in contract.rules
    ]
    expectations.append(
        {
            "type": "expect_column_pair_values_to_be_equal",
            "kwargs": {"column_A": "received", "column_B": "accounted_for"},
            "severity": "critical",
            "meta": {
                "rule": "BATCH-ACCOUNT",
                "scope": "batch",
                "message": "Every row is accepted, quarantined or repeated.",
            },
        }
    )
    for rule in batch_rules:
        meta = {"rule": rule.code, "scope": "batch", "message": rule.message}
        mean = "expect_column_mean_to_be_between"
        expectations.append(_between(rule.fact, rule.limits(contract), "warning", meta, mean))
    return {"name": f"intake_{contract.feed}", "expectations": expectations}


def _file_expectation(rule: FileRule, contract: FeedContract) -> dict[str, Any]:
    meta = {"rule": rule.code, "scope": "file", "message": rule.message}
    return _between(rule.fact, rule.limits(contract), "critical", meta)


def _between(
    column: str,
    limits: tuple[float | None, float | None],
    severity: str,
    meta: dict[str, str],
    kind: str = "expect_column_values_to_be_between",
) -> dict[str, Any]:
    bounds = {key: value for key, value in zip(("min_value", "max_value"), limits, strict=True) if value is not None}
    return {
        "type": kind,
        "kwargs": {"column": column, **bounds},
        "severity": severity,
        "meta": meta,
    }


def suite_path(settings: Settings, feed: str) -> Path:
    """Where a feed's suite is checked in."""
    return settings.expectations_dir / "intake" / f"{feed}.json"


def suite_text(suite: dict[str, Any]) -> str:
    """The suite as it is checked in."""
    return json.dumps(suite, indent=2) + "\n"


def write_suites(settings: Settings) -> list[Path]:
    """Write every feed's suite from the contracts; returns the files whose text changed."""
    rules, batch_rules = load_file_rules(settings), load_batch_rules(settings)
    changed = []
    for feed, contract in load_contracts(settings).items():
        path = suite_path(settings, feed)
        text = suite_text(suite_of(contract, rules, batch_rules))
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
