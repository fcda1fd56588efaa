"""What the ledger takes in and gives out about files: plain frozen records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Status = Literal["received", "unrecognised", "rejected", "accepted", "superseded"]
RECEIVED: Status = "received"
UNRECOGNISED: Status = "unrecognised"
REJECTED: Status = "rejected"
ACCEPTED: Status = "accepted"
SUPERSEDED: Status = "superseded"


# Feed, partner code and end of the period; parts a file's name does not state are None.
SubmissionKey = tuple[str | None, str | None, date | None]


@dataclass(frozen=True)
class FileRecord:
    """One file ever received, as the ledger's table ``file`` has it.

    A file is its bytes and what its name says of feed, partner and period. ``file_id`` is the SHA-256 of the bytes,
    which also names them in the archive. Bytes that come again under another feed, partner or period, or to replace
    what replaced them, are a file of their own, with an id worked out by ``another_id``; ``content_hash`` is then the
    SHA-256 of the bytes.
    """

    file_id: str
    status: str
    landing_path: str
    size_bytes: int
    delivered_at: datetime
    received_at: datetime
    feed: str | None = None
    contract_version: str | None = None
    partner_code: str | None = None
    system_code: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    version: int | None = None
    lake_path: str | None = None
    content_hash: str | None = None
    past_retention_at: datetime | None = None

    @property
    def is_past_retention(self) -> bool:
        """True when the retention of its feed ended it, whatever had become of it: nothing of it is to be put right,
        judged or counted any more."""
        return self.past_retention_at is not None

    @property
    def archived_as(self) -> str:
        """SHA-256 of the bytes: their name in the archive."""
        return self.content_hash or self.file_id

    @property
    def submission_key(self) -> SubmissionKey:
        """What the name says the file is a submission of: feed, partner and end of the period."""
        return self.feed, self.partner_code, self.period_end

    @property
    def order(self) -> tuple[int, datetime, datetime]:
        """Which of two submissions of the same is the later: the partner's version number, then time of delivery.

        Nothing is delivered after it was received: a sender's clock that is ahead must not outrank what comes later.
        """
        return self.version or 1, min(self.delivered_at, self.received_at), self.delivered_at


def another_id(content_hash: str, key: SubmissionKey, before: int = 0) -> str:
    """Id of a file whose bytes were received before, ``before`` times as the same submission. The same for ever."""
    parts = [content_hash, *(str(part) for part in key), *([str(before)] if before else [])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Sighting:
    """A path in landing and the bytes last seen there."""

    landing_path: str
    size_bytes: int
    modified_ns: int
    file_id: str


@dataclass(frozen=True)
class RowAccount:
    """What became of a file's data rows; ``layout`` rows (titles, repeated headers, totals, blanks) are not data."""

    received: int = 0
    accepted: int = 0
    quarantined: int = 0
    repeated: int = 0
    layout: int = 0


@dataclass(frozen=True)
class RuleResult:
    """How often one rule failed in one file, and where first (the partner's own row number)."""

    rule_code: str
    severity: str
    scope: str
    failures: int
    column_name: str | None = None
    first_row: int | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What was decided about one file; ``file`` carries the new status, contract version and lake path."""

    file: FileRecord
    account: RowAccount
    rule_results: tuple[RuleResult, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """One accepted file as it counts, from ``accepted_at`` until ``superseded_at``."""

    file_id: str
    feed: str
    partner_code: str
    system_code: str
    period_start: date
    period_end: date
    accepted_at: datetime
    lake_path: str
    rows_accepted: int
    superseded_at: datetime | None = None
    superseded_by: str | None = None
