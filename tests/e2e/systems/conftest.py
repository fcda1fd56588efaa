"""All four systems in one warehouse, and one of them alone: built once."""

from __future__ import annotations

import shutil

import pytest
from four_systems import ALONE, LAST, LATE, SYSTEMS, World

from lda.gates import judge_candidate
from lda.intake import ingest
from lda.ledger import Ledger, utc_now
from lda.settings import Settings
from lda.synthetic import synthesise
from lda.warehouse import Candidate, build_candidate, latest_periods


def build(settings: Settings, run_id: str) -> Candidate:
    """A candidate with its exact and its published figures."""
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        moment = utc_now()
        return build_candidate(settings, ledger, run_id, latest_periods(settings, ledger, moment), moment)
    finally:
        ledger.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("systems")
    settings = Settings(home=folder / "home", system="all")
    assert settings.systems == SYSTEMS
    others = ",".join(code for code in SYSTEMS if code != ALONE)
    synthesise(settings, system=others, months=3, end=LAST, scale=0.04, seed=5)
    apart = Settings(home=folder / "apart", system=ALONE)
    synthesise(apart, system=ALONE, months=3, end=LATE, scale=0.04, seed=5)
    shutil.copytree(apart.landing, settings.landing, dirs_exist_ok=True)
    ingest(settings)
    candidate = build(settings, "together")
    verdict = judge_candidate(settings, candidate)
    # The candidate of a run is removed by the next.
    together = candidate.path.rename(folder / "together.duckdb")
    alone = build(settings.model_copy(update={"system": ALONE}), "alone")
    periods = {system: f"{end:%Y-%m}" for system, end in candidate.periods.items()}
    return World(settings.home, together, alone.path, verdict, periods)
