"""Build a candidate: everything a publication is made of, in a database beside the published one."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from lda.contracts import Expected, expected_submissions, load_contracts, load_systems
from lda.disclosure import Protection, protect, write_mask
from lda.ledger import Ledger
from lda.ledger.publications import AWAITING_APPROVAL, RUNNING
from lda.ledger.records import Submission
from lda.settings import PRIVATE_FILE, Settings
from lda.stops import disk_is_full
from lda.vault import private_folder
from lda.warehouse.candidate import CATALOGUE, PROOFS, Candidate, CandidateError, candidate_path
from lda.warehouse.inputs import (
    code_version,
    file_accounts,
    in_force,
    inputs_hash,
    rules_fingerprint,
)
from lda.warehouse.ledger_rows import (
    expected_rows,
    feed_rows,
    feed_table_rows,
    partner_rows,
    submission_rows,
    system_rows,
)
from lda.warehouse.load import load_lake, load_ledger
from lda.warehouse.opt_outs import apply_opt_outs, opt_out_lists
from lda.warehouse.transform import TransformResult, transform

# The model by which figures become what readers see, and everything made of it.
PUBLISHED_LAYER = "int_measure_disclosed+"
# Lists that serve a person's own care are built apart, by lda.direct_care.
DIRECT_CARE = "tag:direct_care"


def new_publication_id(period_end: date, as_of: datetime, hashed: str) -> str:
    """The name of a publication: its month, the moment it is as of, and the start of its inputs' hash."""
    return f"{period_end:%Y-%m}_{as_of:%Y%m%dT%H%M%S}_{hashed[:6]}"


def build_candidate(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    periods: Mapping[str, date],
    as_of: datetime,
    previous: Sequence[Path] = (),
) -> Candidate:
    """Build the candidate of a run, with dbt's models in it, and its description. Safe to repeat.

    dbt makes the exact figures; what must be hidden to protect small ones is found in them; dbt makes the published
    figures. ``periods`` is the reporting month of each system (``latest_periods``, or one that was asked for, the same
    for all); the candidate is of the latest of them. ``previous`` are databases of earlier publications, which readers
    have too.

    Candidates of earlier runs are removed, but for that of a run whose steps go on.

    :raises CandidateError: when nothing is in force or the lake lacks an accepted submission.
    :raises TransformError: when a model or data test fails.
    """
    started = time.monotonic()
    period_end = max(periods.values())
    inputs = in_force(settings, ledger, as_of, periods)
    if not any(one.period_end <= periods[one.system_code] for one in inputs):
        raise CandidateError(f"No submission up to {period_end} is in force as of {as_of}. See: lda files")
    private_folder(settings.warehouse)
    remove_candidates(settings, still_needed(ledger, run_id))
    rules = rules_fingerprint(settings)
    hashed = inputs_hash(inputs, periods, rules)
    run = _run_row(settings, run_id, new_publication_id(period_end, as_of, hashed), period_end, as_of)
    rows = ledger_rows(settings, ledger, inputs, periods, as_of) | {"run": [run]}
    path = candidate_path(settings, run_id)
    published, seconds, dbt_seconds = _make_database(settings, path, inputs, rows, previous, started)
    candidate = Candidate(
        **run,
        path=path,
        periods=dict(periods),
        system_code=settings.system_label,
        inputs_hash=hashed,
        inputs=tuple(inputs),
        descriptions=published.descriptions,
        structure=published.structure,
        seconds=seconds,
        dbt_seconds=dbt_seconds,
        rules=rules,
        paused=paused_partners(settings, inputs, periods),
        approval=any(system.publication.approval for system in load_systems(settings)),
    )
    candidate.save()
    return candidate


def _run_row(settings: Settings, run_id: str, publication_id: str, period_end: date, as_of: datetime) -> dict[str, Any]:
    """The row of table ``run``: which run makes which publication, of what month and moment, with what code."""
    return {
        "run_id": run_id,
        "publication_id": publication_id,
        "period_end": period_end,
        "as_of": as_of,
        "code_version": code_version(settings),
    }


def _make_database(
    settings: Settings,
    path: Path,
    inputs: list[Submission],
    rows: dict[str, list[dict[str, Any]]],
    previous: Sequence[Path],
    started: float,
) -> tuple[TransformResult, dict[str, float], dict[str, float]]:
    """Make a run's database, which is at its path only when it is whole. While it is being built its file has a name
    that does not change from run to run, so that dbt need not read its project again.

    :param started: when the run's build began, as ``time.monotonic`` counts.
    :return: the outcome of the published layer, seconds by step, and seconds of every dbt node by name.
    """
    building = settings.warehouse / f"{CATALOGUE}.duckdb"
    with _making_room(building):
        load_sources(settings, building, inputs, rows)
        seconds = {"load": round(time.monotonic() - started, 2)}
        published, dbt_seconds = _model(settings, building, previous, rows["run"][0]["run_id"], seconds)
    building.chmod(PRIVATE_FILE)
    building.replace(path)
    return published, seconds, dbt_seconds


def _model(
    settings: Settings, building: Path, previous: Sequence[Path], run_id: str, seconds: dict[str, float]
) -> tuple[TransformResult, dict[str, float]]:
    """Make the exact figures, what must be hidden of them, and the published figures.

    :param seconds: is told how long dbt and disclosure control took.
    :return: the outcome of the published layer, and seconds of every node of both layers by name.
    """
    started = time.monotonic()
    exact = transform(settings, building, "--exclude", PUBLISHED_LAYER, DIRECT_CARE, run_id=run_id)
    modelled = time.monotonic()
    hide_what_tells(building, previous, settings.warehouse / PROOFS, settings.duckdb_threads)
    hidden = time.monotonic()
    published = transform(settings, building, "--select", PUBLISHED_LAYER, run_id=run_id)
    seconds["disclosure"] = round(hidden - modelled, 2)
    seconds["dbt"] = round(modelled - started + time.monotonic() - hidden, 2)
    return published, exact.seconds | published.seconds


@contextmanager
def _making_room(building: Path) -> Iterator[None]:
    """Remove a half-built candidate when the disk is full, so that the ledger has room to say so."""
    try:
        yield
    except Exception as error:
        if disk_is_full(error):
            building.unlink(missing_ok=True)
            building.with_name(f"{building.name}.wal").unlink(missing_ok=True)
        raise


def hide_what_tells(database: Path, previous: Sequence[Path], proofs: Path, threads: int = 1) -> Protection:
    """Find what must be hidden besides small figures so that none can be worked out; dbt reads it from the ledger.

    :param proofs: file of what was proved in earlier runs.
    :param threads: groups of connected figures that are attacked at a time.
    """
    with duckdb.connect(str(database)) as connection:
        protection = protect(connection, previous, reference=connection, proofs=proofs, threads=threads)
        write_mask(connection, protection)
    return protection


def load_sources(
    settings: Settings,
    database: Path,
    inputs: list[Submission],
    rows: dict[str, list[dict[str, Any]]],
    *,
    for_care: bool = False,
) -> None:
    """Make the database with the schemas dbt reads: ``lake`` without anybody who opted out, and ``ledger``.

    :param for_care: keep those who opted out too. For lists that serve a person's own care and for nothing else.
    """
    contracts = load_contracts(settings)
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.duckdb_memory_limit,
        "threads": settings.duckdb_threads,
    }
    connection = duckdb.connect(str(database), config=limits)
    try:
        load_lake(connection, settings.lake, {feed: one.lake_tables() for feed, one in contracts.items()}, inputs)
        opt_outs = apply_opt_outs(connection, contracts, inputs, for_care=for_care)
        load_ledger(connection, rows | opt_outs.as_rows())
    finally:
        connection.close()


def ledger_rows(
    settings: Settings, ledger: Ledger, inputs: list[Submission], periods: Mapping[str, date], as_of: datetime
) -> dict[str, list[dict[str, Any]]]:
    """The rows of schema ``ledger`` by table, but for ``run``."""
    contracts, systems = load_contracts(settings), load_systems(settings)
    return {
        "system": system_rows(systems, periods),
        "partner": partner_rows(systems),
        "feed_table": feed_table_rows(contracts),
        "feed": feed_rows(contracts),
        "submission": submission_rows(inputs),
        "expected_submission": expected_rows(_wanted(settings, inputs, periods)),
        "opt_out_list": opt_out_lists(contracts, systems, inputs, periods),
        "file_account": file_accounts(ledger, settings.systems, as_of),
    }


def _wanted(settings: Settings, inputs: list[Submission], periods: Mapping[str, date]) -> list[Expected]:
    """What each system is expected to have sent up to its reporting month, of each feed from its first submission on.

    What a paused partner would have sent is listed and marked: it is absent all the same.
    What comes once a quarter or a year keeps the months it came in.
    """
    contracts = load_contracts(settings)
    first: dict[tuple[str, str], date] = {}
    for source in inputs:
        key = (source.system_code, source.feed)
        first[key] = min(source.period_end, first.get(key, source.period_end))
    return [
        one
        for system in load_systems(settings)
        for feed, contract in contracts.items()
        if (system.system_code, feed) in first
        for one in expected_submissions(
            settings,
            [contract],
            system,
            first[system.system_code, feed],
            periods[system.system_code],
            with_paused=True,
        )
    ]


def paused_partners(
    settings: Settings, inputs: list[Submission], periods: Mapping[str, date]
) -> dict[str, list[dict[str, str]]]:
    """By feed, the partners paused for the latest period that their system expects by its reporting month, and why."""
    contracts = load_contracts(settings)
    first = min(source.period_end for source in inputs)
    found: dict[str, list[dict[str, str]]] = {}
    for system in load_systems(settings):
        end = periods[system.system_code]
        listed = expected_submissions(settings, contracts, system, first, end, with_paused=True)
        latest = {one.feed: one.period_end for one in listed}
        for one in listed:
            if one.paused and one.period_end == latest[one.feed]:
                found.setdefault(one.feed, []).append({"partner_code": one.partner_code, "reason": one.paused})
    return found


def still_needed(ledger: Ledger, run_id: str) -> list[str]:
    """The runs besides this one whose steps go on: a scheduled one at most, and the last that waits for a person's
    approval. Others that never ended were killed."""
    found = [ledger.book.in_state("refresh", state) for state in (RUNNING, AWAITING_APPROVAL)]
    return [one for runs in found for one in [run for run in runs if run != run_id][:1]]


def remove_candidates(settings: Settings, keep: Collection[str] = ()) -> None:
    """Remove the databases and descriptions of earlier runs, finished or not, but for the runs in ``keep``."""
    for pattern in ("*.duckdb", "*.duckdb.wal", "*.json", "*.json.part"):
        for path in settings.warehouse.glob(pattern):
            if path.name.split(".")[0] not in keep:
                path.unlink()
