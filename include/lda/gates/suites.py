"""The publication suites: what is expected of a candidate, as data in ``expectations/publication``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCOPES = ("system", "measure", "warn")


class SuiteError(Exception):
    """A suite file cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Suite:
    """One suite: the frame it judges, the columns that name a row of it, and Great Expectations configurations.

    ``hide_observed``: values of the frame are never repeated in a result, because they may be a person's.
    """

    name: str
    frame: str
    index: tuple[str, ...]
    parameters: dict[str, Any]
    hide_observed: bool
    expectations: tuple[dict[str, Any], ...]


def load_suites(folder: Path) -> list[Suite]:
    """Every suite of a folder, in name order.

    :raises SuiteError: when a file is not a suite, or an expectation lacks a code, a scope or a message.
    """
    suites = [_read(path) for path in sorted(folder.glob("*.json"))]
    if not suites:
        raise SuiteError(f"No publication suite in {folder}: nothing would be judged, so nothing can be published.")
    return suites


def _read(path: Path) -> Suite:
    try:
        data = json.loads(path.read_text())
        meta = data["meta"]
        suite = Suite(
            name=data["name"],
            frame=meta["frame"],
            index=tuple(meta["index"]),
            parameters=meta.get("parameters", {}),
            hide_observed=meta.get("hide_observed", False),
            expectations=tuple(data["expectations"]),
        )
    except (ValueError, KeyError) as error:
        raise SuiteError(
            f"{path} is not a suite: {error!r} (expected name, meta.frame, meta.index, expectations)"
        ) from error
    for expectation in suite.expectations:
        described = expectation.get("meta", {})
        if described.get("scope") == "measure" and not {"measure_id", "system_code"} <= set(suite.index):
            raise SuiteError(f"{path}: what withholds needs measure_id and system_code in meta.index, to say of whom.")
        if not (described.get("code") and described.get("message")) or described.get("scope") not in SCOPES:
            raise SuiteError(
                f"{path}: {expectation.get('type')} needs in its meta a code, a message and a scope out of {SCOPES}."
            )
    return suite
