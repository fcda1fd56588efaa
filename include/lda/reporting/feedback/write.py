"""Write feedback: to each partner's outbox in the vault, and a redacted summary for the team.

A submission with something to put right gets a page and a workbook of its own. One without gets its line on its
partner's page, which says all there is to say: three thousand sound GP files are three thousand lines, not workbooks.
When a partner's feed is met for the first time, its backlog gets documents for its latest periods only; ``everything``
makes the others.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from filelock import FileLock

from lda.contracts import Expected, FeedContract, Systems, load_contracts, load_file_rules, load_systems, next_expected
from lda.intake.reference import Reference
from lda.ledger import Ledger, ToldFile, utc_now
from lda.reporting.feedback.findings import (
    PartnerFeedback,
    SubmissionFeedback,
    sender,
    submission,
    words_of,
)
from lda.reporting.feedback.pages import ROWS_ON_PAGE, partner_page, submission_page
from lda.reporting.feedback.rows import FailedRow, failed_rows, warned_rows
from lda.reporting.feedback.team import team_files
from lda.reporting.feedback.workbook import write_workbook
from lda.settings import Settings
from lda.vault import private_folder, whole_file

log = logging.getLogger(__name__)
TEAM_FILE = 0o644
PARTNER_PAGE = "index.html"


@dataclass
class FeedbackReport:
    """What was written: partners' pages, submissions with documents, files told of; and where."""

    partners: int = 0
    documents: int = 0
    files: int = 0
    outbox: str = ""
    summary: str = ""
    written: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON; paths only, nothing of any row."""
        return asdict(self)


def write_feedback(
    settings: Settings,
    partners: Collection[str] | None = None,
    feed: str | None = None,
    *,
    again: bool = False,
    everything: bool = False,
    by_hand: bool = False,
) -> FeedbackReport:
    """Tell partners of files judged since they were last told. Safe to repeat: nothing new, nothing written.

    :param partners: only these senders' outboxes. The team's summary is always of everyone.
    :param feed: only submissions of this feed get documents.
    :param again: make the documents of files already told of once more.
    :param everything: documents for the whole backlog too.
    :param by_hand: a person asked for it: the audit trail notes who, where documents that name people were made.
    """
    report = FeedbackReport(outbox=str(settings.outbox), summary=str(settings.feedback))
    ledger = Ledger(settings.ledger_address)
    with FileLock(private_folder(settings.home / ".locks") / "feedback.lock", timeout=settings.lock_timeout_seconds):
        try:
            ledger.create()
            if again or everything or ledger.notices.anything_to_tell():
                _tell(settings, ledger, report, partners, feed, again=again or everything, everything=everything)
            if by_hand and report.documents:
                words = f"{report.documents} submissions of {report.partners} partners"
                ledger.note("made_identifiable_list", "feedback", words)
        finally:
            ledger.close()
    return report


def _tell(
    settings: Settings,
    ledger: Ledger,
    report: FeedbackReport,
    partners: Collection[str] | None,
    feed: str | None,
    *,
    again: bool,
    everything: bool,
) -> None:
    contracts, systems = load_contracts(settings), load_systems(settings)
    told = ledger.notices.judged_files()
    wanted = [
        one
        for one in told
        if (again or one.is_news)
        and (partners is None or sender(one) in partners)
        and (feed is None or one.file.feed == feed)
    ]
    everyone = _partners(settings, systems, contracts, told, ledger)
    news = {one.file.file_id for one in wanted}
    # Of what ended for its age no document is made, and those that a legal hold keeps stay as they are.
    ended = {one.file.file_id for one in told if one.file.is_past_retention}
    may = (news & _documents(told, settings, everything)) - ended
    due = {one.file_id for partner in everyone for one in _submissions(partner) if one.file_id in may and one.findings}
    # Documents may be gone because their own time was over.
    there = {one.file.file_id for one in told if one.has_documents and _page_of(settings, one).exists()}
    has_documents = due | (there & ended) | (there - news)
    touched = {sender(one) for one in wanted}
    for partner in everyone:
        if partner.code in touched:
            _write_partner(settings, contracts, partner, due, has_documents, report)
    _remove(settings, [one for one in wanted if one.has_documents and one.file.file_id not in due | ended])
    settings.feedback.mkdir(parents=True, exist_ok=True)
    for name, text in team_files(everyone).items():
        _write(settings.feedback / name, text, TEAM_FILE)
    ledger.notices.record_feedback(wanted, has_documents, utc_now())
    report.partners, report.documents, report.files = len(touched), len(due), len(wanted)


def _partners(
    settings: Settings,
    systems: Systems,
    contracts: dict[str, FeedContract],
    told: Sequence[ToldFile],
    ledger: Ledger,
) -> list[PartnerFeedback]:
    """Every sender with its submissions by feed, newest period first, by code."""
    failed = ledger.notices.failed_rules([one.file.file_id for one in told])
    rules = load_file_rules(settings)
    codes = Reference(settings).codes
    words = {feed: words_of(contracts.get(feed), rules, codes) for feed in {one.file.feed or "" for one in told}}
    names = {partner.code: partner.name for system in systems for partner in system.partners}
    by_sender: dict[str, dict[str, list[SubmissionFeedback]]] = defaultdict(lambda: defaultdict(list))
    for one in told:
        feed = one.file.feed or ""
        title = contracts[feed].name if feed in contracts else feed or "Not recognised"
        by_sender[sender(one)][feed].append(submission(one, failed[one.file.file_id], title, words[feed]))
    return [
        PartnerFeedback(
            code,
            names.get(code, code),
            {feed: _newest(some) for feed, some in sorted(by_sender[code].items())},
            _next_due(systems, contracts, code, by_sender[code]),
        )
        for code in sorted(by_sender)
    ]


def _next_due(
    systems: Systems,
    contracts: dict[str, FeedContract],
    code: str,
    feeds: Mapping[str, Sequence[SubmissionFeedback]],
) -> dict[str, Expected]:
    """By feed, what a sender owes after the latest period it has sent."""
    found: dict[str, Expected] = {}
    for feed, some in feeds.items():
        sent = [one.told.file.period_end for one in some if one.told.file.period_end is not None]
        contract = contracts.get(feed)
        for system in systems if contract and sent else ():
            for one in system.senders(contract) if contract else ():
                if one.code == code and contract is not None:
                    coming = next_expected(contract, system, one, max(sent))
                    found |= {feed: coming} if coming else {}
    return found


def _newest(submissions: list[SubmissionFeedback]) -> list[SubmissionFeedback]:
    return sorted(submissions, key=lambda one: (one.period, one.told.file.delivered_at, one.name), reverse=True)


def _submissions(partner: PartnerFeedback) -> Iterable[SubmissionFeedback]:
    return (one for some in partner.feeds.values() for one in some)


def _documents(told: Sequence[ToldFile], settings: Settings, everything: bool) -> set[str]:
    """Files that may get documents: all of a sender's feed that was met before, the latest periods of a new one's."""
    by_feed: dict[tuple[str, str], list[ToldFile]] = defaultdict(list)
    for one in told:
        if one.file.feed:
            by_feed[sender(one), one.file.feed].append(one)
    found: set[str] = set()
    for some in by_feed.values():
        first_time = all(one.told_event is None for one in some)
        latest = sorted({str(one.file.period_end) for one in some}, reverse=True)[: settings.feedback_backlog_periods]
        found |= {
            one.file.file_id
            for one in some
            if everything or not first_time or str(one.file.period_end) in latest or one.has_documents
        }
    return found


def _write_partner(
    settings: Settings,
    contracts: dict[str, FeedContract],
    partner: PartnerFeedback,
    due: set[str],
    has_documents: set[str],
    report: FeedbackReport,
) -> None:
    folder = outbox_of(settings, partner.code)
    for one in _submissions(partner):
        if one.file_id in due:
            report.written += _write_submission(settings, contracts, partner, one, folder, has_documents)
    page = folder / PARTNER_PAGE
    private_folder(folder)
    _write(page, partner_page(partner, has_documents))
    report.written.append(str(page))


def outbox_of(settings: Settings, partner: str) -> Path:
    """A partner's folder of the outbox.

    :raises ValueError: for a code that is not the name of one folder.
    """
    if not partner or partner in {".", ".."} or "/" in partner or "\\" in partner:
        raise ValueError("A partner code that is not the name of a folder has no outbox.")
    return settings.outbox / partner


def _write_submission(
    settings: Settings,
    contracts: dict[str, FeedContract],
    partner: PartnerFeedback,
    one: SubmissionFeedback,
    folder: Path,
    has_documents: set[str],
) -> list[str]:
    feed = one.told.file.feed or ""
    contract = contracts.get(feed)

    def rows() -> Iterator[FailedRow]:
        return failed_rows(settings, contract, one.file_id) if contract else iter(())

    with_warning = warned_rows(settings, contract, one.file_id) if contract and one.warnings else iter(())
    warned = list(islice(with_warning, settings.feedback_rows + 1))
    workbook, page = folder / f"{one.stem}.xlsx", folder / f"{one.stem}.html"
    private_folder(workbook.parent)
    with whole_file(workbook) as temporary:
        write_workbook(temporary, one, partner.name, rows(), warned, partner.trend(feed), settings.feedback_rows)
    _write(page, submission_page(one, partner, list(islice(rows(), ROWS_ON_PAGE + 1)), warned, has_documents))
    return [str(workbook), str(page)]


def _write(path: Path, text: str, mode: int | None = None) -> None:
    with whole_file(path, *([] if mode is None else [mode])) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def _page_of(settings: Settings, one: ToldFile) -> Path:
    """Where the page on one submission is; its workbook is beside it."""
    return outbox_of(settings, sender(one)) / f"{submission(one, (), '', {}).stem}.html"


def _remove(settings: Settings, gone: Iterable[ToldFile]) -> None:
    """Remove documents of files that no longer have anything to put right: judged again after a rule was mended."""
    for one in gone:
        page = _page_of(settings, one)
        for path in (page, page.with_suffix(".xlsx")):
            path.unlink(missing_ok=True)


def withdraw_documents(settings: Settings, ledger: Ledger, file_ids: Collection[str]) -> None:
    """Remove the documents of some files, because rows of them were erased; the next feedback writes them anew."""
    told = [one for one in ledger.notices.judged_files() if one.file.file_id in file_ids]
    _remove(settings, told)
    ledger.notices.forget_feedback([one.file.file_id for one in told])
