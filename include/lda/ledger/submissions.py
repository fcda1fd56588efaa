"""Which submission is in force for a feed, partner and period, and when that changed.

The order of submissions is the partner's version number, then the time of delivery, then the order in which they were
entered in the ledger: a file that arrives late but is older than the one in force is accepted and replaced at the same
moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from lda.ledger.records import REJECTED, SUPERSEDED, FileRecord, Submission
from lda.ledger.tables import file, file_event, submission

Key = tuple[str, str, date]
# SQLite allows 32,766 parameters in one statement, Postgres 65,535; lists are cut well below.
CHUNK = 5_000


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

    def submission_counts(self, file_ids: Sequence[str]) -> dict[str, int]:
        """How many submissions files ever made; those that made none are left out."""
        counts: dict[str, int] = {}
        with self.engine.connect() as connection:
            for start in range(0, len(file_ids), CHUNK):
                some = submission.c.file_id.in_(file_ids[start : start + CHUNK])
                query = select(submission.c.file_id, func.count()).where(some).group_by(submission.c.file_id)
                counts.update({str(row[0]): int(row[1]) for row in connection.execute(query)})
        return counts

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
    there = [record.file_id for _, record in standing.values()]
    registered = _registered(connection, [*(item.file.file_id for item in candidates), *there])
    entries: list[dict[str, Any]] = []
    ended: list[tuple[int, str]] = []
    for key, arrivals in by_key.items():
        current = standing.get(key)
        records = [item.file for item in arrivals] + ([current[1]] if current else [])
        winner = max(records, key=lambda one: (*one.order, registered.get(one.file_id, 0))).file_id
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


def withdraw(connection: Connection, judged: Sequence[FileRecord], at: datetime) -> list[Key]:
    """End what files stood for before they were judged again: all of it when they do not pass any more, and what is
    of another feed, partner or period than they are now read to be of. Returns where nothing stands any more.
    """
    freed: list[Key] = []
    now = {one.file_id: one for one in judged}
    for number, key, file_id in _standing_of(connection, list(now)):
        if now[file_id].status == REJECTED or key != now[file_id].submission_key:
            gone = {"superseded_at": at, "superseded_by": file_id}
            connection.execute(update(submission).where(submission.c.submission_id == number).values(**gone))
            freed.append(key)
    return freed


def _standing_of(connection: Connection, file_ids: Sequence[str]) -> list[tuple[int, Key, str]]:
    found: list[tuple[int, Key, str]] = []
    names = ("submission_id", "feed", "partner_code", "period_end", "file_id")
    for start in range(0, len(file_ids), CHUNK):
        query = select(*(submission.c[name] for name in names)).where(
            submission.c.superseded_at.is_(None), submission.c.file_id.in_(file_ids[start : start + CHUNK])
        )
        rows = connection.execute(query).mappings()
        found += [
            (row["submission_id"], (row["feed"], row["partner_code"], row["period_end"]), row["file_id"])
            for row in rows
        ]
    return found


def reinstate(connection: Connection, keys: Sequence[Key], at: datetime, is_there: Callable[[str], bool]) -> list[str]:
    """Bring back, where nothing stands any more, the latest of the files that had been replaced and whose rows are
    kept still (``is_there`` of a lake path): retention may have removed them. What the retention of its feed ended
    stays ended, also where a legal hold keeps its rows. Returns their ids."""
    back: list[str] = []
    for feed, partner_code, period_end in keys:
        own = (file.c.feed == feed) & (file.c.partner_code == partner_code) & (file.c.period_end == period_end)
        place = (
            (submission.c.feed == feed)
            & (submission.c.partner_code == partner_code)
            & (submission.c.period_end == period_end)
        )
        standing = select(submission.c.submission_id).where(place, submission.c.superseded_at.is_(None))
        if connection.execute(standing).first() is not None:
            continue
        names = [item.name for item in fields(FileRecord)]
        replaced = own & (file.c.status == SUPERSEDED) & file.c.past_retention_at.is_(None)
        query = select(*(file.c[name] for name in names)).where(replaced)
        files = [FileRecord(**row) for row in connection.execute(query).mappings()]
        registered = _registered(connection, [one.file_id for one in files])
        for record in sorted(files, key=lambda one: (*one.order, registered.get(one.file_id, 0)), reverse=True):
            last = select(submission).where(place, submission.c.file_id == record.file_id)
            row = connection.execute(last.order_by(submission.c.submission_id.desc())).mappings().first()
            if row is not None and (not row["rows_accepted"] or is_there(row["lake_path"])):
                values = dict(row) | {"accepted_at": at, "superseded_at": None, "superseded_by": None}
                values.pop("submission_id")
                connection.execute(insert(submission).values(**values))
                back.append(record.file_id)
                break
    return back


def _key(record: FileRecord) -> Key:
    if record.feed is None or record.partner_code is None or record.period_end is None:
        raise ValueError(f"An accepted file must have a feed, partner and period: {record.landing_path}")
    return record.feed, record.partner_code, record.period_end


def _registered(connection: Connection, file_ids: Sequence[str]) -> dict[str, int]:
    """When files were entered in the ledger, as numbers that rise, by id."""
    numbers: dict[str, int] = {}
    for start in range(0, len(file_ids), CHUNK):
        some = file_event.c.file_id.in_(file_ids[start : start + CHUNK])
        query = select(file_event.c.file_id, func.min(file_event.c.event_id)).where(some).group_by(file_event.c.file_id)
        numbers.update({str(row[0]): int(row[1]) for row in connection.execute(query)})
    return numbers


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
