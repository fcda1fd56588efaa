"""Great Expectations' verdict on a batch: which files fail which rule, and whether the batch as a whole looks right.

The library takes about ten seconds to import, so it is imported when the first batch is judged and one context
serves the whole process.
"""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

# Rules over a batch rather than a file have this scope in a suite.
BATCH = "batch"
_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["file_id"],
    "include_unexpected_rows": False,
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
}


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation's verdict: the rule it stands for and the files that fail it (none for batch rules)."""

    rule: str
    scope: str
    success: bool
    message: str
    failing_files: tuple[str, ...]
    observed: float | None = None


def validate(suite: dict[str, Any], files: pd.DataFrame) -> list[ExpectationResult]:
    """Judge a table with one row per file (with its ``file_id``) by a suite; unknown facts are missing values.

    Raises RuntimeError, naming the rule but no value, when an expectation could not be worked out.
    """
    gx, batch_definition = _context()
    batch = batch_definition.get_batch(batch_parameters={"dataframe": files})
    known = [item for item in suite["expectations"] if not _without_facts(item, files)]
    result = batch.validate(_suite(gx, suite["name"], known), result_format=_RESULT_FORMAT)
    return [_outcome(item) for item in result.results]


def _without_facts(expectation: dict[str, Any], files: pd.DataFrame) -> bool:
    """True when a rule's fact is known of no file, or no row fails it: there is nothing to judge."""
    column = expectation["kwargs"].get("column")
    if column is None:
        return False
    values = files[column]
    return bool(values.isna().all() or (expectation["meta"]["scope"] in {"row", "warn"} and not values.any()))


def _suite(gx: Any, name: str, expectations: list[dict[str, Any]]) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl

    built = []
    for item in expectations:
        kind = get_expectation_impl(item["type"])
        built.append(kind(**item["kwargs"], meta=item["meta"], severity=item["severity"]))
    return gx.ExpectationSuite(name=name, expectations=built)


@cache
def _context() -> tuple[Any, Any]:
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("intake")
    asset = source.add_dataframe_asset("files")
    return gx, asset.add_batch_definition_whole_dataframe("batch")


def _outcome(item: Any) -> ExpectationResult:
    meta = item.expectation_config.meta
    if item.exception_info and any(
        isinstance(info, dict) and info.get("raised_exception") for info in _exceptions(item.exception_info)
    ):
        raise RuntimeError(f"Great Expectations could not work out {meta['rule']}.")
    result = item.result or {}
    indexes = result.get("unexpected_index_list") or []
    observed = result.get("observed_value")
    return ExpectationResult(
        rule=meta["rule"],
        scope=meta["scope"],
        success=bool(item.success),
        message=meta["message"],
        failing_files=tuple(index["file_id"] for index in indexes),
        observed=float(observed) if isinstance(observed, int | float) else None,
    )


def _exceptions(info: dict[str, Any]) -> list[Any]:
    return [info] if "raised_exception" in info else list(info.values())
