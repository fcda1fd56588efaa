"""Erase one person's data: lake, vault, archive, landing, feedback, lists for direct care. docs/keeping.md says why so.

First the person is entered in the list that intake keeps to, then a plan is written, then it is carried out. Every step
can be repeated, so an erasure that was stopped is finished by the next one or by housekeeping.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from lda.contracts import FeedContract, load_contracts
from lda.intake.rows import quoted
from lda.keeping.backup import standing_still
from lda.keeping.erasing import Plan, Progress, make_plan, pending_folder
from lda.keeping.held import identifier_files, keep_rows
from lda.keeping.redaction import Needles
from lda.keeping.subject import ErasureError, find_subject, valid_nhs_number
from lda.landing import archive_path, is_as_taken_in
from lda.landing.archive import READ_ONLY
from lda.ledger import ERASURE, Ledger, Sighting, held_by, utc_now
from lda.reporting.feedback import withdraw_documents
from lda.settings import Settings
from lda.vault import add_to_erased, check_access, check_key, quarantine_path, token
from lda.vault.erased import record_erased_rows

EVENT = "Rows were erased by decision; see the audit trail. The account is without them."


@dataclass
class ErasureReport:
    """What was (or would be) erased, in numbers: it names nobody.

    ``not_searchable`` are archived files that cannot be searched; ``publications`` still hold the person's rows under a
    token in their restricted mart.
    """

    applied: bool
    files: int = 0
    feeds: list[str] = field(default_factory=list)
    rows: int = 0
    archived_files: int = 0
    not_searchable: list[str] = field(default_factory=list)
    publications: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def erase(
    settings: Settings,
    number: str,
    reason: str,
    *,
    feed: str | None = None,
    partner: str | None = None,
    apply: bool = False,
    progress: Progress = None,
) -> ErasureReport:
    """Erase a person's data, or (without ``apply``) say what would be.

    :param number: the NHS number or, with ``feed`` and ``partner``, that sender's own number of the person.
    :param reason: who decided it and why, for the audit trail; never a person's data.
    :raises ErasureError: for a number that is none or is not known, or a reason that is missing or holds the number.
    """
    if not reason.strip():
        raise ErasureError("Say who decided the erasure and why, like: --reason 'Caldicott Guardian, case 12'.")
    if number.strip() and number.strip() in reason:
        raise ErasureError("The reason goes to the audit trail and must not name the person.")
    if (feed is None) != (partner is None):
        raise ErasureError("A sender's own number needs both --feed and --partner.")
    nhs_number = valid_nhs_number(number) if feed is None else None
    local = (feed, partner, number) if feed is not None and partner is not None else None
    check_access(settings)
    with standing_still(settings) as ledger:
        check_key(settings, ledger)
        contracts = load_contracts(settings)
        finish_pending(settings, ledger, contracts)
        subject = find_subject(settings, ledger, contracts, nhs_number, local)
        plan = make_plan(settings, ledger, contracts, subject, reason.strip(), progress)
        report = _report(settings, ledger, plan, apply=apply)
        if not apply:
            shutil.rmtree(pending_folder(settings))
            return report
        _check_holds(settings, ledger, plan)
        add_to_erased(settings, plan.messages)
        plan.save(pending_folder(settings))
        _carry_out(settings, ledger, contracts, plan)
    return report


def finish_pending(settings: Settings, ledger: Ledger, contracts: Mapping[str, FeedContract]) -> bool:
    """Finish an erasure that was stopped; False when there is none. Call it while no run can write."""
    plan = Plan.load(pending_folder(settings))
    if plan is not None:
        _carry_out(settings, ledger, contracts, plan)
    return plan is not None


def _check_holds(settings: Settings, ledger: Ledger, plan: Plan) -> None:
    """Stop when a file that has the person's rows, or whose archived bytes would be rewritten, is on legal hold."""
    holds = ledger.holds()
    for record in ledger.files():
        touched = record.file_id in plan.files or record.archived_as in plan.archived
        held = touched and held_by(
            holds,
            feed=record.feed,
            partner_code=record.partner_code,
            period_end=record.period_end,
            file_id=record.file_id,
        )
        if held:
            shutil.rmtree(pending_folder(settings))
            raise ErasureError(
                f"A file with the person's rows is on legal hold {held.hold_id} ({held.words}), which wins, so nothing "
                f"was erased. Whoever answers for the hold lifts it with: lda hold --lift {held.hold_id}"
            )


def _report(settings: Settings, ledger: Ledger, plan: Plan, *, apply: bool) -> ErasureReport:
    feeds = {record.feed or "not recognised" for one in plan.files if (record := ledger.file(one))}
    rows = sum(map(len, plan.rows.values()))
    tokens = [token(settings.token_key, message) for message in plan.messages]
    held = _publications_with(settings, tokens)
    return ErasureReport(
        apply, len(plan.files), sorted(feeds), rows, len(plan.archived), sorted(plan.not_searchable), held
    )


def _carry_out(settings: Settings, ledger: Ledger, contracts: Mapping[str, FeedContract], plan: Plan) -> None:
    at = utc_now()
    with duckdb.connect() as connection:
        lake_rows = _erase_rows(settings, ledger, contracts, plan, connection)
    ledger.record_fewer_rows(plan.accounts, lake_rows, EVENT, at)
    withdraw_documents(settings, ledger, plan.files)
    # Also under a legal hold: they are copies of rows, those on hold stay (or the erasure is refused), and no list may
    # go on naming the person until somebody makes it anew.
    lists = sum(path.is_file() for path in (settings.vault / "direct_care").rglob("*"))
    shutil.rmtree(settings.vault / "direct_care", ignore_errors=True)
    record_erased_rows(settings, plan.erased)
    left = _rewrite_archive(settings, ledger, plan)
    for path in settings.warehouse.glob("*.duckdb*"):
        path.unlink()
    feeds = {record.feed for one in plan.files if (record := ledger.file(one))}
    words = f"{plan.reason} ({sum(map(len, plan.rows.values()))} rows in {len(plan.files)} files of {len(feeds)} feeds)"
    words += f"; {lists} files of lists for direct care removed" if lists else ""
    words += f"; {left} landed files stay, which changed since they were taken in" if left else ""
    ledger.note("erased", "one person", words)
    shutil.rmtree(pending_folder(settings))


def _erase_rows(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    plan: Plan,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, int]:
    """Take the rows out of lake and vault; returns rows by lake path of the submissions that had any."""
    paths, lake_rows = ledger.lake_paths(plan.files), dict[str, int]()
    tokens = [token(settings.token_key, message) for message in plan.messages]
    connection.execute("CREATE TEMP TABLE gone (_file_id VARCHAR, _row_number BIGINT)")
    for contract in contracts.values():
        for table in contract.tables:
            rows = plan.rows.get(table.place, set())
            connection.execute("DELETE FROM gone")
            if rows:
                connection.execute(
                    "INSERT INTO gone SELECT unnest($1), unnest($2)",
                    [[one for one, _ in rows], [row for _, row in rows]],
                )
            where = "NOT EXISTS (FROM gone AS g WHERE g._file_id = t._file_id AND g._row_number = t._row_number)"
            for file_id in sorted({one for one, _ in rows}):
                for lake_path in paths.get(file_id, []):
                    path = settings.lake / contract.lake_file(lake_path, table)
                    if path.exists():
                        keep_rows(path, where, connection)
                        lake_rows.setdefault(lake_path, 0)
                path = quarantine_path(settings, table.place, file_id)
                if path.exists():
                    keep_rows(path, where, connection)
            listed = ", ".join(f"'{one}'" for one in tokens)
            also = f" AND (t.person_token IS NULL OR t.person_token NOT IN ({listed}))" if table.person_key else ""
            for path in identifier_files(settings, table) if contract.role != "opt_outs" else []:
                keep_rows(path, where + also, connection)
            if plan.nhs_number and contract.role != "opt_outs":
                _erase_from_quarantine(settings, table.place, plan.nhs_number, connection)
    by_path = {path: contracts[record.feed] for one in plan.files if (record := ledger.file(one)) and record.feed
               for path in paths.get(one, [])}  # fmt: skip
    for lake_path in lake_rows:
        files = {settings.lake / by_path[lake_path].lake_file(lake_path, one) for one in by_path[lake_path].tables}
        lake_rows[lake_path] = sum(_rows_of(connection, path) for path in files if path.exists())
    return lake_rows


def _rows_of(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    return int(connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()[0][0])


def _erase_from_quarantine(
    settings: Settings, place: str, nhs_number: str, connection: duckdb.DuckDBPyConnection
) -> None:
    """Rows in quarantine that hold the number anywhere, cells shifted or run together included."""
    pattern = Needles(nhs_number, {}).pattern
    if pattern is None:
        return
    # RE2 knows no look-around; a digit on either side makes another number.
    text = pattern.pattern.replace(r"(?<!\d)", r"(^|\D)").replace(r"(?!\d)", r"(\D|$)")
    for path in sorted(quarantine_path(settings, place, "any").parent.glob("*.parquet")):
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        cells = [quoted(name) for name, kind, *_ in described if kind == "VARCHAR" and name != "_file_id"]
        found = " OR ".join(f"regexp_matches(coalesce(t.{cell}, ''), '{text}')" for cell in cells)
        if found:
            keep_rows(path, f"NOT ({found})", connection)


def _rewrite_archive(settings: Settings, ledger: Ledger, plan: Plan) -> int:
    """Put the bytes without the person's rows in the place of those with them, and remove them where they were landed.

    Returns how many landed files stay because they are others now: an ingest takes those in, without the person.
    """
    landed: dict[str, list[Sighting]] = defaultdict(list)
    archived_as = {record.file_id: record.archived_as for record in ledger.files()}
    for seen in ledger.sightings().values():
        landed[archived_as.get(seen.file_id, "")].append(seen)
    left = 0
    for content_hash, sha256 in plan.archived.items():
        ledger.record_archive_change(content_hash, sha256, ERASURE, utc_now())
        replacement = pending_folder(settings) / content_hash
        if replacement.exists():
            replacement.chmod(READ_ONLY)
            os.replace(replacement, archive_path(settings, content_hash))  # noqa: PTH105 (the one atomic step)
        for seen in landed[content_hash]:
            whole = settings.landing / seen.landing_path
            if is_as_taken_in(settings.landing, seen):
                shutil.rmtree(whole) if whole.is_dir() else whole.unlink()
            else:
                left += whole.exists()
    return left


def _publications_with(settings: Settings, tokens: list[str]) -> list[str]:
    """Publications whose restricted mart holds the person under a token."""
    found = []
    for path in sorted(settings.published.glob("*/restricted/lda_mart.duckdb")):
        if path.parents[1].is_symlink():
            continue
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'dim_person'").fetchall()
            query = "SELECT 1 FROM mart.dim_person WHERE person_key IN (SELECT unnest(?)) LIMIT 1"
            if tables and connection.execute(query, [tokens]).fetchall():
                found.append(path.parents[1].name)
    return found
