"""Where is my file? What was wrong with it? What should be done?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select

from lda.contracts import load_contracts, load_file_rules
from lda.ledger import Ledger
from lda.ledger.records import FileRecord
from lda.ledger.tables import row_account
from lda.settings import Settings

NEXT = {
    "received": "It waits to be judged. Run: lda ingest",
    "unrecognised": (
        "No contract claims its name and header. Rename it as the contract says, or add the name to the contract's "
        "filePatterns (lda contracts check), then run: lda ingest"
    ),
    "rejected": (
        "Nothing of it was loaded. Put right what is listed and send it again. If the rule was wrong, mend it "
        "in the contract and run: lda redrive"
    ),
    "accepted": "It counts. Rows in quarantine are listed by rule; after a correction send the whole file again.",
    "superseded": "A later file for the same period counts instead. Nothing need be done.",
}
PAST = (
    "It is past its feed's retention and does not count any more (docs/keeping.md). Nothing need be done: "
    "publications made of it keep their figures."
)


@dataclass(frozen=True)
class FailedRule:
    """A rule that failed in a file: how often, the first row (as the partner sees it), what it means, what to do."""

    code: str
    scope: str
    column: str | None
    failures: int
    first_row: int | None
    message: str
    remedy: str
    detail: str | None


@dataclass(frozen=True)
class FileStory:
    """Everything the ledger knows about one file, the publications it is in (oldest first), and what to do next."""

    file_id: str
    landing_path: str
    status: str
    feed: str | None
    partner_code: str | None
    period_end: str | None
    delivered_at: str
    account: dict[str, int] | None
    rules: list[FailedRule] = field(default_factory=list)
    history: list[dict[str, str]] = field(default_factory=list)
    next_step: str = ""
    publications: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The story for JSON."""
        return asdict(self)


def list_files(
    settings: Settings, feed: str | None = None, partner: str | None = None, status: str | None = None
) -> list[dict[str, Any]]:
    """Files by feed, partner and status, in order of delivery.

    Keys: file_id, landing_path, status, feed, partner_code, period_end, delivered_at, and the row account.
    """
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        accounts = _accounts(ledger)
        found = ledger.files(feed=feed, partner_code=partner, status=status)
        return [_line(record, accounts.get(record.file_id, {})) for record in found]
    finally:
        ledger.close()


def find_files(settings: Settings, text: str) -> list[FileStory]:
    """The stories of files whose id begins with, or whose landed path contains, a text."""
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        return [_story(settings, ledger, record) for record in ledger.files(text=text)]
    finally:
        ledger.close()


def reasons(ledger: Ledger, record: FileRecord) -> list[str]:
    """Why a file was rejected, in the words of the rules that rejected it."""
    failed = [result for result in ledger.rule_results(record.file_id) if result.scope == "file"]
    return [f"{result.rule_code}: {result.detail or ''}".rstrip(": ") for result in failed]


def _accounts(ledger: Ledger) -> dict[str, dict[str, int]]:
    """Every row account by file, in one query."""
    with ledger.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(row_account)).mappings()]
    return {row.pop("file_id"): row for row in rows}


def _line(record: FileRecord, account: dict[str, int]) -> dict[str, Any]:
    return {
        "file_id": record.file_id,
        "landing_path": record.landing_path,
        "status": record.status,
        "feed": record.feed,
        "partner_code": record.partner_code,
        "period_end": record.period_end.isoformat() if record.period_end else None,
        "delivered_at": record.delivered_at.isoformat(timespec="seconds"),
        **account,
    }


def _story(settings: Settings, ledger: Ledger, record: FileRecord) -> FileStory:
    account = ledger.account(record.file_id)
    words = _rule_words(settings, record.feed)
    rules = [
        FailedRule(
            code=result.rule_code,
            scope=result.scope,
            column=result.column_name,
            failures=result.failures,
            first_row=result.first_row,
            message=words.get(result.rule_code, ("", ""))[0],
            remedy=words.get(result.rule_code, ("", ""))[1],
            detail=result.detail,
        )
        for result in ledger.rule_results(record.file_id)
    ]
    history = [
        {"at": event["at"].isoformat(), "status": event["status"], "detail": event["detail"] or ""}
        for event in ledger.history(record.file_id)
    ]
    return FileStory(
        file_id=record.file_id,
        landing_path=record.landing_path,
        status=record.status,
        feed=record.feed,
        partner_code=record.partner_code,
        period_end=record.period_end.isoformat() if record.period_end else None,
        delivered_at=record.delivered_at.isoformat(timespec="seconds"),
        account=asdict(account) if account else None,
        rules=rules,
        history=history,
        next_step=PAST if record.is_past_retention else NEXT.get(record.status, ""),
        publications=[
            row["publication_id"]
            for row in ledger.book.publications(settings.system_label)
            if record.file_id in row["manifest"].get("files_in", {}).get(record.feed, {}).get("file_ids", ())
        ],
    )


def _rule_words(settings: Settings, feed: str | None) -> dict[str, tuple[str, str]]:
    """Rule code → (message, remedy) of the rules every file is held to and of the feed's contract."""
    words = {rule.code: (rule.message, rule.remedy) for rule in load_file_rules(settings)}
    contract = load_contracts(settings).get(feed) if feed else None
    return words | {rule.code: (rule.message, rule.remedy) for rule in (contract.rules if contract else ())}
