"""Judges one batch of a feed's files as a set, writes what comes of it, and records the verdicts."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from lda.contracts import FeedContract, FileRule, Systems
from lda.intake.archive import join_parts, open_parts
from lda.intake.comparing import find_people_lost
from lda.intake.database import JOIN_ORDER, connect, without_optimizers, without_values
from lda.intake.header import Labels
from lda.intake.outputs import (
    RowsLost,
    copy_lake_file,
    create_accepted_file,
    lake_path,
    rows_in,
    write_identifiers,
    write_lake_files,
    write_quarantine,
    write_warned,
)
from lda.intake.reading import Reading, check_name
from lda.intake.records import is_large
from lda.intake.reference import Reference
from lda.intake.standins import create_tokens
from lda.intake.suites import suite_of
from lda.intake.tables import JudgedTable, finish, judge_table, keep_keys, set_aside, take_up
from lda.intake.verdicts import BATCH, ExpectationResult, validate
from lda.landing import archive_path
from lda.ledger import FileRecord, Ledger, RowAccount, RuleResult, Verdict, utc_now
from lda.settings import Settings
from lda.vault import erased_rows, scratch_folder

log = logging.getLogger(__name__)

# Lines of the audit trail: a person said that what looks wrong with a file is true of it.
TAKEN_AS_SENT: Final = "accepted_list"


@dataclass(frozen=True)
class Intake:
    """What every batch of a run needs."""

    settings: Settings
    ledger: Ledger
    contracts: Mapping[str, FeedContract]
    systems: Systems
    file_rules: tuple[FileRule, ...]
    batch_rules: tuple[FileRule, ...]
    reference: Reference
    again: bool = False

    def contract_of(self, record: FileRecord) -> FeedContract:
        """The contract a file is held to, in the version its partner sends for its period."""
        contract = self.contracts[record.feed or ""]
        return self.systems.version_for(contract, record.partner_code, record.period_end)

    def in_lake(self, lake_path: str) -> bool:
        """Whether a submission's rows are kept still."""
        return (self.settings.lake / lake_path).exists()

    def labels(self, contract: FeedContract) -> dict[str, Labels]:
        """Header labels of every table that a file of the feed could be, rightly or wrongly."""
        others = [] if contract.is_archive else [one for one in self.contracts.values() if not one.is_archive]
        tables = [*contract.tables, *(one.table for one in others if one.feed != contract.feed)]
        return {table.name: Labels(table) for table in tables}


@dataclass
class BatchOutcome:
    """Verdicts recorded, ids of files in force because of them, and what the batch as a whole was found to be."""

    verdicts: list[Verdict] = field(default_factory=list)
    in_force: list[str] = field(default_factory=list)
    batch_results: list[ExpectationResult] = field(default_factory=list)


def judge_batch(intake: Intake, feed: str, records: Sequence[FileRecord]) -> BatchOutcome:
    """Judge files of one feed, write the lake and the vault, then record everything in one ledger transaction.

    The files are all held to one version of the contract. Raises IntakeError when the set cannot be judged at all and
    RowsLost when what was written does not add up; the ledger then knows nothing of the batch and the next run judges
    it again.
    """
    contract = intake.contract_of(records[0])
    erased = erased_rows(intake.settings)
    as_sent = {line["subject"] for line in intake.ledger.trail(TAKEN_AS_SENT)}
    readings = [
        Reading(
            number,
            record,
            archive_path(intake.settings, record.archived_as),
            erased=erased.get(record.archived_as, 0),
            as_sent=record.file_id in as_sent,
        )
        for number, record in enumerate(records)
    ]
    with scratch_folder(intake.settings) as scratch, connect(intake.settings, scratch) as connection:
        with without_values(f"judge the files of {feed}"):
            judged = _judge_tables(intake, contract, connection, readings, scratch)
        batch_results = _reach_verdicts(intake, contract, readings)
        if intake.again:
            readings = [item for item in readings if _changes_verdict(intake.ledger, item)]
        with without_values(f"write the rows of {feed}"):
            accepted = _write(intake, contract, connection, readings, judged)
    verdicts = [_verdict(contract, item, accepted.get(item.number)) for item in readings]
    at = utc_now()
    in_force = intake.ledger.record(verdicts, at, intake.in_lake) if verdicts else []
    return BatchOutcome(verdicts, in_force, batch_results)


def refuse(intake: Intake, record: FileRecord, fault: BaseException) -> BatchOutcome:
    """Reject a file that cannot be judged at all, by the kind of its fault and no more: its words may hold a cell."""
    contract = intake.contract_of(record)
    reading = Reading(0, record, archive_path(intake.settings, record.archived_as))
    reading.find("judged", 0, f"It ended with {type(fault).__name__}.")
    _reach_verdicts(intake, contract, [reading])
    verdict = _verdict(contract, reading, None)
    intake.ledger.record([verdict], utc_now(), intake.in_lake)
    return BatchOutcome([verdict])


def _judge_tables(
    intake: Intake,
    contract: FeedContract,
    connection: duckdb.DuckDBPyConnection,
    readings: list[Reading],
    scratch: Path,
) -> list[JudgedTable]:
    """Judge the rows of every table of every file that can be used."""
    intake.reference.install(connection, contract)
    labels = intake.labels(contract)
    for reading in readings:
        check_name(reading, contract, intake.systems)
        if not reading.failed(intake.file_rules, contract):
            open_parts(reading, contract, intake.settings, scratch)
    usable = [item for item in readings if not item.failed(intake.file_rules, contract)]
    judged = []
    for table in contract.tables:
        parts = [item.parts[table.name] for item in usable if table.name in item.parts]
        work = judge_table(connection, contract, table, parts, labels, intake.file_rules, scratch)
        keep_keys(connection, contract, table)
        for item in parts if contract.people_lost else ():
            if not item.failed(intake.file_rules, contract):
                find_people_lost(connection, intake.settings, intake.ledger, contract, item)
        set_aside(connection, work)
        judged.append(work)
    for reading in usable:
        join_parts(reading)
    return judged


def _reach_verdicts(intake: Intake, contract: FeedContract, readings: Sequence[Reading]) -> list[ExpectationResult]:
    """Let Great Expectations judge the files by their facts; returns what it found of the batch as a whole."""
    frame = _facts(intake, contract, readings)
    found = validate(suite_of(contract, intake.file_rules, intake.batch_rules), frame)
    by_id = {item.record.file_id: item for item in readings}
    for result in found:
        if result.scope == "file":
            for file_id in result.failing_files:
                by_id[file_id].rejected_for.append(result.rule)
    for reading in readings:
        _explain(intake, contract, reading)
    return [result for result in found if result.scope == BATCH]


def _facts(intake: Intake, contract: FeedContract, readings: Sequence[Reading]) -> pd.DataFrame:
    """One row per file: facts, failures by rule and the row account. No person's data."""
    rows = []
    for reading in readings:
        account = reading.account
        row: dict[str, object] = {rule.fact: reading.judged_fact(rule) for rule in intake.file_rules}
        row |= {f"failures_{rule.code}": 0 for rule in contract.rules}
        row |= {f"failures_{item.rule_code}": item.failures for item in reading.rule_results}
        row["file_id"] = reading.record.file_id
        row["received"] = account.received
        row["accounted_for"] = account.accepted + account.quarantined + account.repeated
        row["passes_file_rules"] = int(not reading.failed(intake.file_rules, contract))
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.astype({rule.fact: "float64" for rule in intake.file_rules})


def _explain(intake: Intake, contract: FeedContract, reading: Reading) -> None:
    """Put file rules into the file's results, with what was found; a rejected file brings no row to the lake."""
    for rule in intake.file_rules:
        if reading.is_taken(rule) and rule.fails(reading.facts.get(rule.fact), contract):
            reading.notes.append(f"{reading.details.get(rule.fact, rule.message)} A person took it as it was sent.")
        if rule.code in reading.rejected_for:
            detail = f"{rule.message} {reading.details.get(rule.fact, '')}".strip()
            reading.rule_results.append(RuleResult(rule.code, "error", "file", 1, detail=detail))
    if reading.rejected_for:
        account = reading.account
        held = account.received - account.repeated
        reading.account = RowAccount(account.received, 0, held, account.repeated, account.layout)


def _changes_verdict(ledger: Ledger, reading: Reading) -> bool:
    """True when judging a file again comes to something else than before, or it is read to be of something else."""
    before = ledger.file(reading.record.file_id) or reading.record
    if before.submission_key != reading.record.submission_key or before.order != reading.record.order:
        return True
    was_accepted = before.status in {"accepted", "superseded"}
    if was_accepted == bool(reading.rejected_for):
        return True
    known = {(item.rule_code, item.failures) for item in ledger.rule_results(before.file_id)}
    now = {(item.rule_code, item.failures) for item in reading.rule_results}
    return ledger.account(before.file_id) != reading.account or known != now


def _write(
    intake: Intake,
    contract: FeedContract,
    connection: duckdb.DuckDBPyConnection,
    readings: Sequence[Reading],
    judged: Sequence[JudgedTable],
) -> dict[int, str]:
    """Write lake and vault table by table; returns the lake path of each accepted submission by number."""
    if not readings:
        return {}
    accepted = [item for item in readings if not item.rejected_for]
    earlier = intake.ledger.submission_counts([item.record.file_id for item in accepted])
    paths = {item.number: lake_path(contract, item, earlier.get(item.record.file_id, 0)) for item in accepted}
    for work in judged:
        take_up(connection, work)
        with without_optimizers(connection, JOIN_ORDER):
            _write_table(intake, contract, connection, readings, work, paths)
        finish(connection, work)
    return paths


def _write_table(
    intake: Intake,
    contract: FeedContract,
    connection: duckdb.DuckDBPyConnection,
    readings: Sequence[Reading],
    work: JudgedTable,
    paths: Mapping[int, str],
) -> None:
    """Write a table's rows and read back what was written."""
    settings, table = intake.settings, work.table
    parts = [item.parts[table.name] for item in readings if item.number in work.numbers]
    accepted = [item for item in parts if item.number in paths]
    full = {item.number: settings.lake / contract.lake_file(paths[item.number], table) for item in accepted}
    create_accepted_file(connection, accepted)
    if accepted:
        create_tokens(connection, table)
    if len(accepted) == 1 and is_large(accepted[0].path.stat().st_size):
        copy_lake_file(connection, table, full[accepted[0].number])
    elif accepted:
        write_lake_files(connection, table, full)
    for item in accepted:
        found = rows_in(full[item.number])
        if found != item.account.accepted:
            raise RowsLost(
                f"{full[item.number].relative_to(settings.lake)}: {item.account.accepted} rows were accepted and "
                f"{found} were written. Nothing of this batch was recorded; run it again and report it."
            )
    if accepted:
        name = hashlib.sha256("".join(sorted(item.record.file_id for item in accepted)).encode()).hexdigest()[:16]
        write_identifiers(connection, settings, table, name)
    by_number = {item.number: item for item in parts}
    write_quarantine(connection, settings, table, work.rules, by_number)
    write_warned(connection, settings, table, work.rules, by_number)


def _verdict(contract: FeedContract, reading: Reading, path: str | None) -> Verdict:
    """What the ledger is told about a file."""
    account = reading.account
    if reading.rejected_for:
        status, words = "rejected", [f"Rejected: {', '.join(reading.rejected_for)}."]
    else:
        status = "accepted"
        words = [
            f"Accepted {account.accepted:,} of {account.received:,} rows; "
            f"{account.quarantined:,} in quarantine, {account.repeated:,} repeated."
        ]
    record = replace(
        reading.record, status=status, feed=contract.feed, contract_version=contract.version, lake_path=path
    )
    return Verdict(record, account, tuple(reading.rule_results), (*words, *reading.notes))
