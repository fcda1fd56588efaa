"""Judge one frame with Great Expectations and put each verdict in plain words."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from lda.gates.report import GateOutcome
from lda.gates.suites import Suite

if TYPE_CHECKING:
    import pandas as pd


@cache
def frames_to_judge() -> Any:
    """Great Expectations' way in for frames: it lives in memory, reports to nobody and draws no progress bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("gates").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def judge_frame(suite: Suite, frame: pd.DataFrame) -> list[GateOutcome]:
    """Hold a frame to a suite.

    :param frame: one row per thing judged, with the suite's index columns naming it.
    :returns: one outcome per expectation that passed; one per failing row of one that did not.
    """
    batch = frames_to_judge().get_batch({"dataframe": frame})
    from great_expectations import ExpectationSuite

    wanted: dict[str, Any] = {
        "result_format": "COMPLETE",
        "partial_unexpected_count": 0,
        "return_unexpected_index_query": False,
    }
    if suite.index:
        wanted["unexpected_index_column_names"] = list(suite.index)
    expectations = ExpectationSuite(name=suite.name, expectations=list(suite.expectations))
    result = batch.validate(expectations, result_format=wanted)
    outcomes: list[GateOutcome] = []
    for verdict in result.results:
        outcomes += _outcomes(suite, verdict)
    return outcomes


def _outcomes(suite: Suite, verdict: Any) -> list[GateOutcome]:
    meta = verdict.expectation_config.meta
    described = {
        "suite": suite.name,
        "code": meta["code"],
        "acceptable": bool(meta.get("acceptable", False)),
    }
    if verdict.success:
        return [GateOutcome(scope=meta["scope"], success=True, detail="Passed.", **described)]
    if _raised(verdict.exception_info or {}):
        why = f"{meta['message']} This could not be judged: the frame {suite.frame} lacks what the suite asks of it."
        return [GateOutcome(scope="system", success=False, detail=why, **described)]
    column = verdict.expectation_config.kwargs.get("column")
    rows = verdict.result.get("unexpected_index_list") or [{}]
    if not suite.index:
        rows = [{column: value} for value in verdict.result.get("unexpected_list") or [None]]
    return [_failure(suite, meta, described, column, row) for row in _distinct(suite, rows)]


def _distinct(suite: Suite, rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One row for each thing that failed: many values of one column are one failure when values are not told."""
    if not suite.hide_observed:
        return rows
    return list({tuple(row.get(name) for name in suite.index): row for row in rows}.values())


def _failure(
    suite: Suite, meta: Mapping[str, Any], described: Mapping[str, Any], column: str | None, row: Mapping[str, Any]
) -> GateOutcome:
    subject = ".".join(str(row[name]) for name in suite.index if name in row)
    observed = None if suite.hide_observed else _number(row.get(column)) if column else None
    found = "" if observed is None else f" Found {observed:g}."
    return GateOutcome(
        scope=meta["scope"],
        success=False,
        detail=f"{meta['message']}{found}" + (f" Where: {subject}." if subject else ""),
        subject=subject,
        measure_id=str(row["measure_id"]) if "measure_id" in row else None,
        system_code=str(row["system_code"]) if "system_code" in row else None,
        feed=str(row["feed"]) if "feed" in row else None,
        observed=observed,
        **described,
    )


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _raised(information: Mapping[str, Any]) -> bool:
    if "raised_exception" in information:
        return bool(information["raised_exception"])
    return any(part.get("raised_exception") for part in information.values() if isinstance(part, Mapping))
