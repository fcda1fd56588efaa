"""Ingest: take in what has landed and judge what has not been judged."""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date

from filelock import FileLock, Timeout
from sqlalchemy.exc import InterfaceError, OperationalError

from lda.contracts import load_batch_rules, load_contracts, load_file_rules, load_systems
from lda.intake.batch import BatchOutcome, Intake, judge_batch, refuse
from lda.intake.database import FileFault, IntakeError
from lda.intake.outputs import RowsLost
from lda.intake.records import is_large
from lda.intake.reference import Reference
from lda.intake.report import IngestReport
from lda.intake.telling import tell_batch
from lda.landing import discover
from lda.ledger import FileRecord, Ledger, utc_now
from lda.settings import Settings
from lda.stops import DiskFull, disk_is_full
from lda.telemetry import step
from lda.vault import check_access, check_key, clear_scratch, private_folder

log = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]


def ingest(settings: Settings, feeds: Sequence[str] | None = None, progress: Progress | None = None) -> IngestReport:
    """Take in every new file of all feeds, or of some, and judge it. Safe to run again and again.

    ``progress`` is called with a step, how much of it is done, and how much there is. Raises SettingsError before any
    file is read when the token key is missing in production, ContractError when a contract cannot be used, and
    IntakeError when another run holds the lock for too long.
    """
    settings.token_key  # noqa: B018 (raises before any file is read)
    with run_of(settings, "ingest", feeds) as (intake, report):
        started = time.monotonic()
        found = discover(settings, intake.ledger, intake.contracts, intake.systems, progress)
        report.time("landing", time.monotonic() - started)
        report.seen_again = len(found.seen_again)
        report.add_unrecognised(found.unrecognised)
        report.problems += [
            f"{path} could not be taken in ({reason}) and will be tried again."
            for path, reason in found.unreadable.items()
        ]
        waiting = intake.ledger.waiting(feeds)
        judge_all(intake, waiting, report, progress)
    return report


def judge_all(intake: Intake, records: Sequence[FileRecord], report: IngestReport, progress: Progress | None) -> None:
    """Judge files batch by batch and count what comes of them. A batch that cannot be judged does not stop others.

    Raises RowsLost, when all is judged, if what was written of a file did not add up: that is no fault of the file.
    Raises DiskFull at once: no file could be judged any more, and those that were not stay as they are.
    """
    done = 0
    gates: list[dict[str, object]] = []
    lost: list[RowsLost] = []
    for feed, batch in batches(intake, records):
        if progress:
            progress(f"judging {feed}", done, len(records))
        started = time.monotonic()
        for outcome in _outcomes(intake, feed, batch, report, lost):
            report.add(feed, outcome.verdicts, outcome.in_force)
            gates += _gate_rows(feed, outcome)
        report.time(feed, time.monotonic() - started)
        done += len(batch)
        if progress:
            progress(f"judging {feed}", done, len(records))
    intake.ledger.book.record_gates(report.run_id, gates)
    if lost:
        raise lost[0]


def _outcomes(
    intake: Intake, feed: str, batch: Sequence[FileRecord], report: IngestReport, lost: list[RowsLost]
) -> Iterator[BatchOutcome]:
    """Judge a batch; where it fails, its halves, down to the file that is at fault, so that the others go on."""
    try:
        with step(intake.settings, report.run_id, "ingest", feed, f"{batch[0].file_id}+{len(batch)}") as watched:
            outcome = judge_batch(intake, feed, batch)
            tell_batch(watched, intake.contracts[feed], outcome.verdicts)
    except Exception as error:  # whatever a file holds that nobody thought of
        if disk_is_full(error):
            raise DiskFull(f"judge {len(batch)} files of {feed}") from None
        if _is_of_all(error):
            _leave(report, feed, batch, error)
        elif len(batch) > 1:
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                yield from _outcomes(intake, feed, half, report, lost)
        elif isinstance(error, RowsLost):
            lost.append(error)
            _leave(report, feed, batch, error)
        elif isinstance(error, OSError) or intake.again:
            _leave(report, feed, batch, error)
        else:
            yield _refuse(intake, feed, batch[0], error, report)
        return
    yield outcome


def _is_of_all(error: Exception) -> bool:
    """True for what no single file is to blame for: the contract's SQL, the machine, a ledger out of reach."""
    if isinstance(error, IntakeError):
        return not isinstance(error, FileFault)
    return isinstance(error, MemoryError | OperationalError | InterfaceError)


def _leave(report: IngestReport, feed: str, batch: Sequence[FileRecord], error: Exception) -> None:
    """Tell of files that stay as they are. Only errors of the program's own have words that are fit to be told."""
    own = isinstance(error, IntakeError | RowsLost)
    words = str(error) if own else f"The files could not be judged ({type(error).__name__})."
    log.error("%s Its %d files stay as they are; those received will be judged by the next run.", words, len(batch))
    report.problems.append(f"{feed}: {words}")


def _refuse(intake: Intake, feed: str, record: FileRecord, error: Exception, report: IngestReport) -> BatchOutcome:
    words = str(error) if isinstance(error, IntakeError) else f"It ended with {type(error).__name__}."
    log.error("File %s could not be judged and is rejected. %s", record.file_id[:12], words)
    report.problems.append(
        f"{feed}: {record.landing_path} could not be judged and is rejected; the other files went on. {words} "
        f"After a fix: lda redrive --file {record.file_id[:12]}"
    )
    with step(intake.settings, report.run_id, "refuse", feed, record.file_id) as watched:
        outcome = refuse(intake, record, error)
        tell_batch(watched, intake.contracts[feed], outcome.verdicts)
    return outcome


def batches(intake: Intake, records: Sequence[FileRecord]) -> Iterator[tuple[str, list[FileRecord]]]:
    """Files of one feed and version of its contract to judge as a set: large files alone, others up to the settings'
    number and bytes. Lists that are compared with the one before are judged one by one, oldest first."""
    settings = intake.settings
    groups: dict[tuple[str, str], list[FileRecord]] = defaultdict(list)
    for record in records:
        if record.feed:
            groups[record.feed, intake.contract_of(record).version].append(record)
    for (feed, _), own in sorted(groups.items()):
        if intake.contracts[feed].people_lost:
            yield from ((feed, [record]) for record in sorted(own, key=_age))
            continue
        batch: list[FileRecord] = []
        size = 0
        for record in own:
            if is_large(record.size_bytes):
                yield feed, [record]
                continue
            if batch and (len(batch) >= settings.batch_files or size + record.size_bytes > settings.batch_bytes):
                yield feed, batch
                batch, size = [], 0
            batch.append(record)
            size += record.size_bytes
        if batch:
            yield feed, batch


def _age(record: FileRecord) -> tuple[object, ...]:
    return record.period_end or date.max, *record.order


def _gate_rows(feed: str, outcome: BatchOutcome) -> list[dict[str, object]]:
    return [
        {
            "suite": f"intake/{feed}",
            "expectation": result.rule,
            "scope": "warn",
            "measure_id": None,
            "feed": feed,
            "success": result.success,
            "observed": result.observed,
            "detail": result.message,
        }
        for result in outcome.batch_results
    ]


@contextmanager
def run_of(
    settings: Settings, kind: str, feeds: Sequence[str] | None = None, *, again: bool = False
) -> Iterator[tuple[Intake, IngestReport]]:
    """One run at a time per home, with its record in the ledger.

    :raises IntakeError: when one of ``feeds`` has no contract, or another run holds the lock for too long.
    """
    settings.make_folders()
    check_access(settings)
    started = time.monotonic()
    report = IngestReport(run_id=f"{kind}-{utc_now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}")
    with one_ingest(settings):
        clear_scratch(settings)
        contracts, systems = load_contracts(settings), load_systems(settings)
        if unknown := sorted(set(feeds or ()) - contracts.keys()):
            raise IntakeError(f"There is no feed {', '.join(unknown)}. Feeds: {', '.join(sorted(contracts))}.")
        ledger = Ledger(settings.ledger_address)
        try:
            ledger.create()
            check_key(settings, ledger)
            rules = load_file_rules(settings), load_batch_rules(settings)
            intake = Intake(settings, ledger, contracts, systems, *rules, Reference(settings), again)
            ledger.book.start_run(report.run_id, kind, systems.label, utc_now(), feeds)
            try:
                yield intake, report
            except BaseException as error:
                with suppress(OperationalError):  # a full disk takes the ledger too; what is told is the first error
                    ledger.book.end_run(report.run_id, "failed", {"error": type(error).__name__}, utc_now())
                raise
            report.seconds = round(time.monotonic() - started, 3)
            status = "succeeded" if report.files else "nothing_new"
            ledger.book.end_run(report.run_id, status, _summary(report), utc_now())
        finally:
            ledger.close()


def _summary(report: IngestReport) -> dict[str, object]:
    """The report without the lists of ids, which the ledger has elsewhere."""
    return {key: value for key, value in report.as_dict().items() if key not in {"new_submissions", "unrecognised"}}


@contextmanager
def one_ingest(settings: Settings) -> Iterator[None]:
    """Hold the lock of everything that writes the lake and the vault.

    :raises IntakeError: when another run holds it for longer than the settings allow.
    """
    folder = private_folder(settings.home / ".locks")
    lock = FileLock(folder / "ingest.lock", timeout=settings.lock_timeout_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise IntakeError(
            f"Another ingest has been running for {settings.lock_timeout_seconds} seconds. Wait for it, or look for it "
            "with: lda status"
        ) from None
    try:
        yield
    finally:
        lock.release()
