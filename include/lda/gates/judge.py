"""Hold a candidate to every publication suite."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lda.disclosure import DisclosureError
from lda.gates.frames import FRAMES, FrameContext, Previous
from lda.gates.report import GateOutcome, GateReport, Unit
from lda.gates.runner import judge_frame
from lda.gates.suites import Suite, SuiteError, load_suites
from lda.settings import Settings
from lda.warehouse.candidate import Candidate, open_candidate
from lda.warehouse.transform import without_values

if TYPE_CHECKING:
    import pandas as pd


def suites_dir(settings: Settings) -> Path:
    """Where the publication suites are."""
    return settings.expectations_dir / "publication"


def judge_candidate(
    settings: Settings, candidate: Candidate, previous: Sequence[Previous] = (), accepted: Collection[str] = ()
) -> GateReport:
    """Judge a candidate.

    :param previous: earlier publications, each with the units whose last published figures it holds.
    :param accepted: measures, or units in words, that a person has decided to publish although they moved far or few
        partners are in them.
    :raises SuiteError: when a suite names a frame that does not exist or is not a suite.
    """
    started = time.monotonic()
    suites = load_suites(suites_dir(settings))
    for suite in suites:
        if suite.frame not in FRAMES:
            raise SuiteError(f"Suite {suite.name} names the frame {suite.frame}; there are: {', '.join(FRAMES)}.")
    outcomes: list[GateOutcome] = []
    with open_candidate(candidate.path) as connection:
        for suite in suites:
            context = FrameContext(connection, candidate, previous, suite.parameters)
            try:
                frame = FRAMES[suite.frame](context)
            except (duckdb.Error, DisclosureError) as error:
                outcomes.append(_unjudged(suite, error))
                continue
            outcomes += judge_frame(suite, frame)
        units = _units(connection)
    return GateReport(tuple(outcomes), tuple(units), tuple(sorted(accepted)), round(time.monotonic() - started, 2))


def judge_text(settings: Settings, frame: pd.DataFrame) -> list[GateOutcome]:
    """Hold text gathered from files to the suites of frame ``published_text``: nothing in it may identify a person."""
    suites = [suite for suite in load_suites(suites_dir(settings)) if suite.frame == "published_text"]
    return [outcome for suite in suites for outcome in judge_frame(suite, frame)]


def _unjudged(suite: Suite, error: duckdb.Error | DisclosureError) -> GateOutcome:
    """A suite whose frame cannot be made has not passed: the candidate lacks a table or column it needs."""
    why = f"The suite {suite.name} could not be judged, so nothing is published: {without_values(str(error))}"
    return GateOutcome(suite=suite.name, code=f"{suite.name.upper()}-FRAME", scope="system", success=False, detail=why)


def _units(connection: duckdb.DuckDBPyConnection) -> list[Unit]:
    query = "SELECT DISTINCT measure_id, system_code FROM published.measure_value ORDER BY ALL"
    try:
        rows = connection.execute(query).fetchall()
    except duckdb.CatalogException:
        return []
    return [Unit(*row) for row in rows if None not in row]
