"""What the ledger knows of its keeping: the key in force, what became of archived bytes, and holds on removal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, delete, func, insert, literal, select, text, update

from lda.ledger.records import ACCEPTED, SUPERSEDED, RowAccount, Submission
from lda.ledger.submissions import CHUNK
from lda.ledger.tables import (
    archive_change,
    feedback,
    file,
    file_event,
    hold,
    judgement,
    pseudonym_key,
    row_account,
    submission,
)

ERASURE, RETENTION = "erasure", "retention"
# How the audit trail begins to say that rows a publication was made of are gone for good.
CANNOT_BE_MADE_AGAIN = "cannot be made again"
# What the history of a file says when it ends for its age alone.
PAST_RETENTION = "Its rows are past their feed's retention; nothing counts in its place."


@dataclass(frozen=True)
class Hold:
    """A legal hold: what it names is not removed while it stands. Parts that are None hold whatever they may be."""

    hold_id: int
    reason: str
    placed_by: str
    placed_at: datetime
    feed: str | None = None
    partner_code: str | None = None
    period_end: date | None = None
    file_id: str | None = None
    publication_id: str | None = None
    lifted_by: str | None = None
    lifted_at: datetime | None = None

    @property
    def words(self) -> str:
        """What it holds, for people."""
        names = ("feed", "partner_code", "period_end", "file_id", "publication_id")
        return ", ".join(f"{name} {getattr(self, name)}" for name in names if getattr(self, name) is not None)


@dataclass(frozen=True)
class ArchiveChange:
    """Archived bytes that are not those of their name any more: rewritten (``sha256``) or removed (None)."""

    content_hash: str
    sha256: str | None
    reason: str
    at: datetime


class KeepingBook:
    """Keys, changes of the archive and legal holds of one ledger."""

    engine: Engine

    def key_in_force(self) -> tuple[str, datetime] | None:
        """Fingerprint of the key that the tokens of the lake are made with, and since when; None before the first."""
        query = select(pseudonym_key.c.fingerprint, pseudonym_key.c.since).order_by(pseudonym_key.c.key_id.desc())
        with self.engine.connect() as connection:
            found = connection.execute(query.limit(1)).first()
        return (str(found.fingerprint), found.since) if found else None

    def record_key(self, fingerprint: str, at: datetime) -> None:
        """Record which key is in force from now on; the one in force already stays as it is."""
        known = self.key_in_force()
        if known is None or known[0] != fingerprint:
            with self.engine.begin() as connection:
                connection.execute(insert(pseudonym_key).values(fingerprint=fingerprint, since=at))

    def archive_changes(self) -> dict[str, ArchiveChange]:
        """What became of archived bytes that are not as they came, by the hash they came with."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(archive_change)).mappings()
            return {str(row["content_hash"]): ArchiveChange(**row) for row in rows}

    def record_archive_change(self, content_hash: str, sha256: str | None, reason: str, at: datetime) -> None:
        """Record that archived bytes are to be those of ``sha256`` from now on, or (None) no more."""
        values = {"content_hash": content_hash, "sha256": sha256, "reason": reason, "at": at}
        with self.engine.begin() as connection:
            connection.execute(delete(archive_change).where(archive_change.c.content_hash == content_hash))
            connection.execute(insert(archive_change).values(**values))

    def superseded(self) -> list[Submission]:
        """Every submission that was replaced, oldest first."""
        names = [item.name for item in fields(Submission)]
        query = select(*(submission.c[name] for name in names)).where(submission.c.superseded_at.is_not(None))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(submission.c.submission_id)).mappings()
            return [Submission(**row) for row in rows]

    def end_files(self, file_ids: Iterable[str], at: datetime) -> None:
        """End files for their age: what stands of them, with nothing in its place, and what had been replaced or
        rejected before. Safe to repeat: a file ends once.

        Those that were accepted are superseded from then on, and the history of each says why. No partner is told: it
        is no news of theirs.
        """
        wanted = sorted(file_ids)
        with self.engine.begin() as connection:
            for start in range(0, len(wanted), CHUNK):
                part = file.c.file_id.in_(wanted[start : start + CHUNK]) & file.c.past_retention_at.is_(None)
                ended: list[str] = sorted(connection.scalars(select(file.c.file_id).where(part)))
                if not ended:
                    continue
                own, these = submission.c.file_id.in_(ended), file.c.file_id.in_(ended)
                standing = own & submission.c.superseded_at.is_(None)
                connection.execute(update(submission).where(standing).values(superseded_at=at))
                connection.execute(update(file).where(these).values(past_retention_at=at))
                accepted = these & (file.c.status == ACCEPTED)
                connection.execute(update(file).where(accepted).values(status=SUPERSEDED))
                last = select(func.max(file_event.c.event_id)).where(file_event.c.file_id == feedback.c.file_id)
                told = feedback.c.file_id.in_(ended) & (feedback.c.event_id == last.scalar_subquery())
                up_to_date: list[str] = list(connection.scalars(select(feedback.c.file_id).where(told)))
                event = (literal(at), file.c.status, literal(PAST_RETENTION))
                events = select(file.c.file_id, *event).where(these).order_by(file.c.file_id)
                connection.execute(insert(file_event).from_select(["file_id", "at", "status", "detail"], events))
                connection.execute(
                    update(feedback).where(feedback.c.file_id.in_(up_to_date)).values(event_id=last.scalar_subquery())
                )

    def tidy(self) -> None:
        """Give back the room of what was removed, and renew what the database knows of its tables."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if self.engine.dialect.name == "sqlite":
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                connection.execute(text("VACUUM"))
                connection.execute(text("PRAGMA optimize"))
            else:
                connection.execute(text("VACUUM (ANALYZE)"))

    def lake_paths(self, file_ids: Iterable[str]) -> dict[str, list[str]]:
        """Every lake path that a file's rows were ever written to, by file: one for each judgement."""
        found: dict[str, list[str]] = {file_id: [] for file_id in file_ids}
        query = select(submission.c.file_id, submission.c.lake_path).order_by(submission.c.submission_id)
        with self.engine.connect() as connection:
            for key, value in connection.execute(query):
                file_id, path = str(key), str(value)
                if file_id in found and path not in found[file_id]:
                    found[file_id].append(path)
        return found

    def record_fewer_rows(
        self, accounts: Mapping[str, RowAccount], lake_rows: Mapping[str, int], detail: str, at: datetime
    ) -> None:
        """Record that rows of files were erased: their accounts and their submissions' rows as they are from now on.

        ``lake_rows`` are rows by lake path. Safe to repeat: accounts that are so already get no second event.
        """
        with self.engine.begin() as connection:
            for path, rows in lake_rows.items():
                connection.execute(update(submission).where(submission.c.lake_path == path).values(rows_accepted=rows))
            for file_id, account in accounts.items():
                own = row_account.c.file_id == file_id
                before = connection.execute(select(row_account).where(own)).mappings().first()
                if before is None or all(before[name] == value for name, value in vars(account).items()):
                    continue
                connection.execute(update(row_account).where(own).values(**vars(account)))
                latest = select(func.max(judgement.c.judgement_id)).where(judgement.c.file_id == file_id)
                counts = {name: value for name, value in vars(account).items() if name in judgement.c}
                connection.execute(
                    update(judgement).where(judgement.c.judgement_id == latest.scalar_subquery()).values(**counts)
                )
                status = connection.scalar(select(file.c.status).where(file.c.file_id == file_id))
                event = {"file_id": file_id, "at": at, "status": status, "detail": detail}
                connection.execute(insert(file_event).values(**event))

    def place_hold(self, reason: str, by: str, at: datetime, **what: Any) -> int:
        """Hold what ``what`` names (feed, partner_code, period_end, file_id, publication_id). Returns its number."""
        with self.engine.begin() as connection:
            made = connection.execute(insert(hold).values(reason=reason, placed_by=by, placed_at=at, **what))
            return int((made.inserted_primary_key or (0,))[0])

    def lift_hold(self, hold_id: int, by: str, at: datetime) -> bool:
        """End a hold; False when there is none of this number that stands."""
        standing = (hold.c.hold_id == hold_id) & hold.c.lifted_at.is_(None)
        with self.engine.begin() as connection:
            return connection.execute(update(hold).where(standing).values(lifted_by=by, lifted_at=at)).rowcount == 1

    def holds(self, *, standing: bool = True) -> list[Hold]:
        """Holds in the order they were placed: those that stand, or all."""
        query = select(hold).order_by(hold.c.hold_id)
        if standing:
            query = query.where(hold.c.lifted_at.is_(None))
        with self.engine.connect() as connection:
            return [Hold(**row) for row in connection.execute(query).mappings()]


def held_by(holds: Iterable[Hold], **facts: Any) -> Hold | None:
    """The first hold that no known fact of a thing contradicts: what is not known of the thing does not free it.

    ``facts`` are the thing's feed, partner_code, period_end, file_id or publication_id; those left out or None are not
    known. Only publication_id is always known: what has none is not a publication, and no hold on one is meant for it.
    """
    names = ("feed", "partner_code", "period_end", "file_id", "publication_id")
    for one in holds:
        wanted = {name: getattr(one, name) for name in names if getattr(one, name) is not None}
        if wanted and all(_matches(name, facts.get(name), value) for name, value in wanted.items()):
            return one
    return None


def _matches(name: str, found: Any, wanted: Any) -> bool:
    if found is None:
        return name != "publication_id"
    return str(found).startswith(wanted) if name == "file_id" else bool(found == wanted)
