"""Redrive: judge again what was rejected or quarantined, after a contract or reference data was put right."""

from __future__ import annotations

from dataclasses import replace

from lda.intake.batch import TAKEN_AS_SENT, Intake
from lda.intake.database import IntakeError
from lda.intake.report import IngestReport
from lda.intake.run import Progress, judge_all, run_of
from lda.intake.tidying import drop_superseded_identifiers
from lda.landing import claims_of, removed_bytes
from lda.ledger import FileRecord
from lda.ledger.records import REJECTED
from lda.settings import Settings


def redrive(
    settings: Settings,
    feed: str | None = None,
    file_id: str | None = None,
    progress: Progress | None = None,
    as_sent: str | None = None,
) -> IngestReport:
    """Judge rejected and unrecognised files, and files with rows in quarantine, by today's rules and reference data.

    The bytes come from the archive; files whose bytes retention has removed stay as they are until the bytes come
    again, and those past their feed's retention for good. Files whose verdict is what it was stay untouched; the report
    counts the others. An accepted file that changes begins a new submission with a new file in the lake, so that a past
    moment still reads the old one. The vault keeps the identifiers of the latest judgement alone. ``file_id`` may be
    the first characters of an id. ``as_sent`` is why a file is taken as it was sent although it has no row, or a list
    although many people of the list before are not on it; it goes into the audit trail and holds for that file.

    :raises IntakeError: when no file's id begins so, or anything but one such file is to be taken as it was sent.
    """
    settings.token_key  # noqa: B018 (raises before any file is read)
    with run_of(settings, "redrive", [feed] if feed else None, again=True) as (intake, report):
        if file_id is not None and not intake.ledger.has_file(file_id):
            raise IntakeError(f"No file's id begins with {file_id!r}. List files with: lda files")
        gone = removed_bytes(settings, intake.ledger)
        judged = (
            record
            for record in intake.ledger.judged(feed, file_id)
            if record.archived_as not in gone and not record.is_past_retention
        )
        records = [_claimed_again(intake, record) for record in judged]
        records = [record for record in records if record.feed and (feed is None or record.feed == feed)]
        if as_sent is not None:
            _take_as_sent(intake, records if file_id else [], as_sent)
        judge_all(intake, records, report, progress)
        for name in [feed] if feed else sorted(intake.contracts):
            rejected = {record.file_id for record in intake.ledger.files(feed=name, status=REJECTED)}
            drop_superseded_identifiers(settings, intake.contracts[name], rejected)
        what = file_id or feed or "every feed"
        intake.ledger.note("redrove", what, f"{len(records)} files judged again, {report.files} changed")
    return report


def _take_as_sent(intake: Intake, records: list[FileRecord], reason: str) -> None:
    """Note that what looks wrong with a file is true."""
    codes = [rule.code for rule in intake.file_rules if rule.may_be_true]
    rejected = [
        one for one in records if any(result.rule_code in codes for result in intake.ledger.rule_results(one.file_id))
    ]
    if not reason.strip():
        raise IntakeError("Say why the file is taken as it was sent, like: --as-sent 'letter of the ICB, 3 March'.")
    if len(records) != 1 or not rejected:
        raise IntakeError(
            f"Name with --file the one file that was rejected for {' or '.join(codes)}: {len(records)} files are named "
            f"so, {len(rejected)} of them rejected for it. List files with: lda files --status rejected"
        )
    intake.ledger.note(TAKEN_AS_SENT, rejected[0].file_id, reason.strip())


def _claimed_again(intake: Intake, record: FileRecord) -> FileRecord:
    """The file as today's file patterns and period rules read its name."""
    found = claims_of(record.landing_path, intake.contracts)
    own = [claim for claim in found if record.feed is None or claim.feed == record.feed]
    if not own:
        return record
    start, end = own[0].period or (None, None)
    return replace(
        record,
        feed=own[0].feed,
        partner_code=own[0].partner_code,
        period_start=start,
        period_end=end,
        version=own[0].version,
        system_code=intake.systems.system_of(own[0].partner_code, intake.contracts[own[0].feed].partner_type),
    )
