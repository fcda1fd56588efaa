"""Build a candidate: everything a publication is made of, in a database beside the published one."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from lda.contracts import expected_submissions, load_contracts, load_system, load_systems
from lda.disclosure import Protection, protect, write_mask
from lda.ledger import Ledger
from lda.ledger.publications import AWAITING_APPROVAL, RUNNING
from lda.ledger.records import Submission
from lda.settings import PRIVATE_FILE, Settings
from lda.vault import private_folder
from lda.warehouse.candidate import CATALOGUE, PROOFS, Candidate, CandidateError, candidate_path
from lda.warehouse.inputs import (
    FIGURES,
    code_version,
    feed_roles,
    file_accounts,
    in_force,
    inputs_hash,
    most_received_period,
    rules_fingerprint,
)
from lda.warehouse.load import expected_rows, load_lake, load_ledger
from lda.warehouse.opt_outs import apply_opt_outs, opt_out_lists
from lda.warehouse.transform import transform

# The model by which figures become what readers see, and everything made of it.
PUBLISHED_LAYER = "int_measure_disclosed+"
# Lists that serve a person's own care are built apart, by lda.direct_care.
DIRECT_CARE = "tag:direct_care"


def latest_period(settings: Settings, ledger: Ledger, as_of: datetime) -> date:
    """The reporting period by default: the latest for which most expected submissions of a system are in force.

    With several systems it is that of the one that is furthest on: a system that is late keeps no other waiting, and
    its own figures say what is missing.

    :raises CandidateError: when nothing has been accepted yet.
    """
    roles = feed_roles(settings)
    inputs = [one for one in in_force(settings, ledger, as_of) if roles.get(one.feed, FIGURES) == FIGURES]
    periods = []
    for code in settings.systems:
        own = [source for source in inputs if source.system_code == code]
        period = most_received_period(own, _expected(settings, code, own)) if own else None
        periods += [period] if period else []
    if periods:
        return max(periods)
    raise CandidateError(
        f"No submission has been accepted yet. Put partners' files in {settings.landing} (or make samples with: "
        "lda synthesise), then run: lda ingest, and lda files to see what became of them."
    )


def _expected(settings: Settings, system: str, inputs: list[Submission]) -> list[tuple[str, str, date]]:
    first, last = (pick(source.period_end for source in inputs) for pick in (min, max))
    figures = {feed: contract for feed, contract in load_contracts(settings).items() if contract.role == FIGURES}
    wanted = expected_submissions(settings, figures, load_system(settings, system), first, last)
    return [(one.feed, one.partner_code, one.period_end) for one in wanted]


def new_publication_id(period_end: date, as_of: datetime, hashed: str) -> str:
    """The name of a publication: its month, the moment it is as of, and the start of its inputs' hash."""
    return f"{period_end:%Y-%m}_{as_of:%Y%m%dT%H%M%S}_{hashed[:6]}"


def build_candidate(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    period_end: date,
    as_of: datetime,
    previous: Sequence[Path] = (),
) -> Candidate:
    """Build the candidate of a run, with dbt's models in it, and its description. Safe to repeat.

    dbt makes the exact figures; what must be hidden to protect small ones is found in them; dbt makes the published
    figures. ``previous`` are databases of earlier publications, which readers have too.

    Candidates of earlier runs are removed, but for that of a run whose steps go on. While one is being built its file
    has a name that does not change from run to run, so that dbt need not read its project again.

    :raises CandidateError: when nothing is in force or the lake lacks an accepted submission.
    :raises TransformError: when a model or data test fails.
    """
    started = time.monotonic()
    inputs = in_force(settings, ledger, as_of, period_end)
    if not any(one.period_end <= period_end for one in inputs):
        raise CandidateError(f"No submission up to {period_end} is in force as of {as_of}. See: lda files")
    private_folder(settings.warehouse)
    remove_candidates(settings, still_needed(ledger, run_id))
    rules = rules_fingerprint(settings)
    hashed = inputs_hash(inputs, period_end, rules)
    publication_id = new_publication_id(period_end, as_of, hashed)
    version = code_version(settings)
    rows = ledger_rows(settings, ledger, inputs, period_end, as_of)
    rows["run"] = [
        {
            "run_id": run_id,
            "publication_id": publication_id,
            "period_end": period_end,
            "as_of": as_of,
            "code_version": version,
        }
    ]
    building = settings.warehouse / f"{CATALOGUE}.duckdb"
    load_sources(settings, building, inputs, rows)
    loaded = time.monotonic()
    exact = transform(settings, building, "--exclude", PUBLISHED_LAYER, DIRECT_CARE, run_id=run_id)
    modelled = time.monotonic()
    hide_what_tells(building, previous, settings.warehouse / PROOFS, settings.duckdb_threads)
    hidden = time.monotonic()
    published = transform(settings, building, "--select", PUBLISHED_LAYER, run_id=run_id)
    path = candidate_path(settings, run_id)
    building.chmod(PRIVATE_FILE)
    building.replace(path)
    candidate = Candidate(
        run_id=run_id,
        publication_id=publication_id,
        path=path,
        system_code=settings.system_label,
        period_end=period_end,
        as_of=as_of,
        code_version=version,
        inputs_hash=hashed,
        inputs=tuple(inputs),
        descriptions=published.descriptions,
        structure=published.structure,
        seconds={
            "load": round(loaded - started, 2),
            "disclosure": round(hidden - modelled, 2),
            "dbt": round(modelled - loaded + time.monotonic() - hidden, 2),
        },
        dbt_seconds=exact.seconds | published.seconds,
        rules=rules,
        paused=paused_partners(settings, inputs, period_end),
        approval=any(system.publication.approval for system in load_systems(settings)),
    )
    candidate.save()
    return candidate


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
        opt_outs = apply_opt_outs(connection, contracts, for_care=for_care)
        load_ledger(connection, rows | opt_outs.as_rows())
    finally:
        connection.close()


def ledger_rows(
    settings: Settings, ledger: Ledger, inputs: list[Submission], period_end: date, as_of: datetime
) -> dict[str, list[dict[str, Any]]]:
    """The rows of schema ``ledger`` by table, but for ``run``."""
    contracts, systems = load_contracts(settings), load_systems(settings)
    first: dict[tuple[str, str], date] = {}
    for source in inputs:
        key = (source.system_code, source.feed)
        first[key] = min(source.period_end, first.get(key, source.period_end))
    # From each feed's own first submission on: what comes once a quarter or a year keeps the months it came in.
    wanted = [
        one
        for system in systems
        for feed, contract in contracts.items()
        if (system.system_code, feed) in first
        for one in expected_submissions(settings, [contract], system, first[system.system_code, feed], period_end)
    ]
    return {
        "system": [
            {
                "system_code": system.system_code,
                "system_name": system.name,
                "icb_code": system.icb_code,
                "area_code": system.area_code,
            }
            for system in systems
        ],
        "partner": [
            {
                "partner_code": partner.code,
                "partner_name": partner.name,
                "partner_type": partner.type,
                "system_code": partner.system_code,
                "valid_to": partner.valid_to,
            }
            for system in systems
            for partner in {partner.code: partner for partner in system.partners}.values()
        ],
        "feed_table": [
            {"feed": feed, "table_name": table.name}
            for feed, contract in contracts.items()
            for table in contract.tables
            if contract.role != "opt_outs"
        ],
        "feed": [
            {
                "feed": feed,
                "feed_name": contract.name,
                "cadence_months": contract.cadence_months,
                "stale_after_periods": contract.stale_after_periods,
                "partner_type": contract.partner_type,
                "role": contract.role,
            }
            for feed, contract in contracts.items()
        ],
        "submission": [
            {
                "file_id": source.file_id,
                "feed": source.feed,
                "partner_code": source.partner_code,
                "system_code": source.system_code,
                "period_start": source.period_start,
                "period_end": source.period_end,
                "accepted_at": source.accepted_at,
                "rows_accepted": source.rows_accepted,
            }
            for source in inputs
        ],
        "expected_submission": expected_rows(wanted),
        "opt_out_list": opt_out_lists(contracts, systems, inputs, period_end),
        "file_account": file_accounts(ledger, settings.systems, as_of),
    }


def paused_partners(settings: Settings, inputs: list[Submission], period_end: date) -> dict[str, list[dict[str, str]]]:
    """By feed, the partners paused for the latest period expected up to ``period_end``, each with the reason."""
    contracts, systems = load_contracts(settings), load_systems(settings)
    first = min(source.period_end for source in inputs)
    listed = expected_submissions(settings, contracts, systems, first, period_end, with_paused=True)
    latest = {one.feed: one.period_end for one in listed}
    found: dict[str, list[dict[str, str]]] = {}
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
