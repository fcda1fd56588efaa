"""Which submission is in force for a feed, partner and period, and when that changed.

The order of submissions is the partner's version number, then the time of delivery, then the path: a file that
arrives late but is older than the one in force is accepted and replaced at the same moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, or_, select, update

from lda.ledger.records import FileRecord, Submission
from lda.ledger.tables import file, submission

Key = tuple[str, str, date]


@dataclass(frozen=True)
class Candidate:
    """A file just accepted, with the rows it brings."""

    file: FileRecord
    rows_accepted: int


@dataclass
class Outcome:
    """Files in force from now on, and files that are not any more with what replaced them."""

    in_force: list[str] = field(default_factory=list)
    superseded: dict[str, str] = field(default_factory=dict)


class SubmissionBook:
    """Questions about submissions of one ledger."""

    engine: Engine

    def in_force(self, as_of: datetime, period_end: date | None = None) -> list[Submission]:
        """Submissions that stood at ``as_of`` for periods up to ``period_end``, by feed, period, partner and file."""
        query = (
            select(*_columns())
            .where(
                submission.c.accepted_at <= as_of,
                or_(submission.c.superseded_at.is_(None), submission.c.superseded_at > as_of),
            )
            .order_by(*(submission.c[name] for name in ("feed", "period_end", "partner_code", "file_id")))
        )
        if period_end is not None:
            query = query.where(submission.c.period_end <= period_end)
        with self.engine.connect() as connection:
            return [Submission(**row) for row in connection.execute(query).mappings()]

    def submissions(self, file_id: str) -> list[Submission]:
        """Every submission a file ever made, oldest first."""
        query = select(*_columns()).where(submission.c.file_id == file_id).order_by(submission.c.submission_id)
        with self.engine.connect() as connection:
            return [Submission(**row) for row in connection.execute(query).mappings()]

    def changed_since(self, feed: str, at: datetime | None) -> bool:
        """True when a submission of a feed began or ended at a moment or later; at any time without a moment."""
        query = select(submission.c.submission_id).where(submission.c.feed == feed).limit(1)
        if at is not None:
            query = query.where(or_(submission.c.accepted_at >= at, submission.c.superseded_at >= at))
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None


def _columns() -> list[Any]:
    return [submission.c[item.name] for item in fields(Submission)]


def settle(connection: Connection, candidates: Sequence[Candidate], at: datetime) -> Outcome:
    """Enter accepted files as submissions and end those they replace, within the caller's transaction."""
    outcome = Outcome()
    by_key: dict[Key, list[Candidate]] = defaultdict(list)
    for item in candidates:
        by_key[_key(item.file)].append(item)
    standing = _standing(connection, by_key)
    entries: list[dict[str, Any]] = []
    ended: list[tuple[int, str]] = []
    for key, arrivals in by_key.items():
        current = standing.get(key)
        records = [item.file for item in arrivals] + ([current[1]] if current else [])
        winner = max(records, key=_order).file_id
        for item in arrivals:
            entries.append(_entry(item, at, None if item.file.file_id == winner else winner))
            if item.file.file_id != winner:
                outcome.superseded[item.file.file_id] = winner
        # The file that stood ends when another wins, or when the same file was judged again.
        if current and any(winner == item.file.file_id for item in arrivals):
            ended.append((current[0], winner))
            if current[1].file_id != winner:
                outcome.superseded[current[1].file_id] = winner
        outcome.in_force.extend(item.file.file_id for item in arrivals if item.file.file_id == winner)
    for submission_id, winner in ended:
        gone = {"superseded_at": at, "superseded_by": winner}
        connection.execute(update(submission).where(submission.c.submission_id == submission_id).values(**gone))
    if entries:
        connection.execute(insert(submission), entries)
    return outcome


def withdraw(connection: Connection, file_ids: Sequence[str], at: datetime) -> None:
    """End the submissions in force of files that were judged again and do not pass any more."""
    for file_id in file_ids:
        standing = (submission.c.file_id == file_id) & submission.c.superseded_at.is_(None)
        connection.execute(update(submission).where(standing).values(superseded_at=at, superseded_by=file_id))


def _key(record: FileRecord) -> Key:
    if record.feed is None or record.partner_code is None or record.period_end is None:
        raise ValueError(f"An accepted file must have a feed, partner and period: {record.landing_path}")
    return record.feed, record.partner_code, record.period_end


def _order(record: FileRecord) -> tuple[int, datetime, str]:
    return record.version or 1, record.delivered_at, record.landing_path


def _standing(connection: Connection, keys: dict[Key, list[Candidate]]) -> dict[Key, tuple[int, FileRecord]]:
    """The submission in force now for each key, as (submission id, file)."""
    feeds = sorted({key[0] for key in keys})
    ends = sorted({key[2] for key in keys})
    query = (
        select(submission.c.submission_id, *(file.c[item.name] for item in fields(FileRecord)))
        .join(file, file.c.file_id == submission.c.file_id)
        .where(submission.c.superseded_at.is_(None), submission.c.feed.in_(feeds), submission.c.period_end.in_(ends))
    )
    found: dict[Key, tuple[int, FileRecord]] = {}
    for row in connection.execute(query).mappings():
        values = dict(row)
        number = int(values.pop("submission_id"))
        record = FileRecord(**values)
        if _key(record) in keys:
            found[_key(record)] = (number, record)
    return found


def _entry(item: Candidate, at: datetime, superseded_by: str | None) -> dict[str, Any]:
    record = item.file
    return {
        "file_id": record.file_id,
        "feed": record.feed,
        "partner_code": record.partner_code,
        "system_code": record.system_code,
        "period_start": record.period_start,
        "period_end": record.period_end,
        "accepted_at": at,
        "superseded_at": at if superseded_by else None,
        "superseded_by": superseded_by,
        "lake_path": record.lake_path,
        "rows_accepted": item.rows_accepted,
    }
