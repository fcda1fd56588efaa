"""Files in the ledger: registered once, judged, and answerable for ever after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, or_, select, update

from lda.ledger.records import (
    ACCEPTED,
    RECEIVED,
    REJECTED,
    SUPERSEDED,
    UNRECOGNISED,
    FileRecord,
    RowAccount,
    RuleResult,
    Sighting,
    SubmissionKey,
    Verdict,
)
from lda.ledger.submissions import CHUNK, Candidate, reinstate, settle, withdraw
from lda.ledger.tables import file, file_event, judgement, row_account, rule_result, sighting


class FileBook:
    """Files, their sightings, history, row accounts and rule results of one ledger."""

    engine: Engine

    def sightings(self) -> dict[str, Sighting]:
        """What was last seen at every landed path."""
        with self.engine.connect() as connection:
            return {row["landing_path"]: Sighting(**row) for row in connection.execute(select(sighting)).mappings()}

    def sighting(self, landing_path: str) -> Sighting | None:
        """What was last seen at a landed path."""
        found = self._rows(select(sighting).where(sighting.c.landing_path == landing_path))
        return Sighting(**found[0]) if found else None

    def files_of_bytes(self, content_hashes: Iterable[str]) -> dict[str, list[FileRecord]]:
        """Files whose bytes have these SHA-256, by hash; the first received of each comes first."""
        found: dict[str, list[FileRecord]] = defaultdict(list)
        for part in _chunks(list(content_hashes)):
            same = or_(file.c.file_id.in_(part), file.c.content_hash.in_(part))
            for record in self._files(select(file).where(same).order_by(file.c.content_hash.is_not(None))):
                found[record.archived_as].append(record)
        return found

    def files_for(self, keys: Sequence[SubmissionKey]) -> list[FileRecord]:
        """Files received for any of these feeds, partners and periods."""
        wanted = set(keys)
        feeds = sorted({str(feed) for feed, _, _ in wanted})
        ends = sorted({end for _, _, end in wanted if end})
        found = self._files(select(file).where(file.c.feed.in_(feeds), file.c.period_end.in_(ends)))
        return [record for record in found if record.submission_key in wanted]

    def register(
        self, new: Sequence[FileRecord], seen: Sequence[Sighting], again: Sequence[tuple[str, str]], at: datetime
    ) -> None:
        """Record new files, what stands at each landed path, and known bytes seen again, in one transaction.

        ``again`` holds (file id, landing path) of bytes that had been received before under another path.
        """
        with self.engine.begin() as connection:
            if new:
                connection.execute(insert(file), [dict(vars(record)) for record in new])
            events = [_event(record.file_id, at, RECEIVED, _received(record)) for record in new]
            events += [
                _event(record.file_id, at, UNRECOGNISED, _unclaimed(record))
                for record in new
                if record.status == UNRECOGNISED
            ]
            statuses = _statuses(connection, [file_id for file_id, _ in again])
            events += [
                _event(file_id, at, statuses[file_id], f"The same bytes were seen again as {path}; nothing was loaded.")
                for file_id, path in again
            ]
            _add_events(connection, events)
            for part in _chunks([item.landing_path for item in seen]):
                connection.execute(delete(sighting).where(sighting.c.landing_path.in_(part)))
            if seen:
                connection.execute(insert(sighting), [dict(vars(item)) for item in seen])

    def waiting(self, feeds: Sequence[str] | None = None) -> list[FileRecord]:
        """Files received but not judged yet, in order of delivery, of all feeds or of some."""
        query = select(file).where(file.c.status == RECEIVED)
        if feeds is not None:
            query = query.where(file.c.feed.in_(list(feeds)))
        return self._files(query.order_by(file.c.delivered_at, file.c.landing_path))

    def judged(self, feed: str | None = None, file_id: str | None = None) -> list[FileRecord]:
        """Files that may be judged again: unrecognised, rejected, or accepted once with rows in quarantine or a rule
        that failed, because what a rule finds depends on reference data: a code that is listed later, for one."""
        query = (
            select(file)
            .outerjoin(row_account, row_account.c.file_id == file.c.file_id)
            .where(
                or_(
                    file.c.status.in_([UNRECOGNISED, REJECTED]),
                    file.c.status.in_([ACCEPTED, SUPERSEDED])
                    & ((row_account.c.quarantined > 0) | file.c.file_id.in_(select(rule_result.c.file_id))),
                )
            )
        )
        if feed is not None:
            query = query.where(or_(file.c.feed == feed, file.c.feed.is_(None)))
        if file_id is not None:
            query = query.where(_has_id(file_id))
        return self._files(query.order_by(file.c.delivered_at, file.c.landing_path))

    def files(
        self,
        feed: str | None = None,
        partner_code: str | None = None,
        status: str | None = None,
        text: str | None = None,
    ) -> list[FileRecord]:
        """Files by feed, partner, status, or text in the landed path or at the start of their id or bytes' hash."""
        query = select(file)
        for column, value in ((file.c.feed, feed), (file.c.partner_code, partner_code), (file.c.status, status)):
            if value is not None:
                query = query.where(column == value)
        if text is not None:
            query = query.where(or_(file.c.landing_path.contains(text, autoescape=True), _has_id(text)))
        return self._files(query.order_by(file.c.delivered_at, file.c.landing_path))

    def file(self, file_id: str) -> FileRecord | None:
        """The file of this id, or None."""
        found = self._files(select(file).where(file.c.file_id == file_id))
        return found[0] if found else None

    def has_file(self, start: str) -> bool:
        """True when the id, or the hash of the bytes, of some file begins so."""
        return bool(self._rows(select(file.c.file_id).where(_has_id(start)).limit(1)))

    def history(self, file_id: str) -> list[dict[str, Any]]:
        """What happened to a file, oldest first: at, status, detail."""
        query = select(file_event.c.at, file_event.c.status, file_event.c.detail)
        return self._rows(query.where(file_event.c.file_id == file_id).order_by(file_event.c.event_id))

    def account(self, file_id: str) -> RowAccount | None:
        """The row account of a file; None before it is judged."""
        columns = [row_account.c[item.name] for item in fields(RowAccount)]
        found = self._rows(select(*columns).where(row_account.c.file_id == file_id))
        return RowAccount(**found[0]) if found else None

    def rule_results(self, file_id: str) -> list[RuleResult]:
        """The rules that failed in a file, errors first, most frequent first."""
        columns = [rule_result.c[item.name] for item in fields(RuleResult)]
        order = (rule_result.c.severity, rule_result.c.failures.desc(), rule_result.c.rule_code)
        found = self._rows(select(*columns).where(rule_result.c.file_id == file_id).order_by(*order))
        return [RuleResult(**row) for row in found]

    def record(
        self, verdicts: Sequence[Verdict], at: datetime, is_there: Callable[[str], bool] = lambda _: True
    ) -> list[str]:
        """Record what was decided about files, in one transaction, and settle which submissions are in force.

        ``is_there`` says of a lake path whether its rows are kept still: only then can a file come back that had been
        replaced by one that counts no more.

        Returns the ids of the files in force from now on. A file judged before keeps its history; its account and
        rule results are replaced. Raises IntegrityError, changing nothing, when an account does not add up.
        """
        with self.engine.begin() as connection:
            ids = [verdict.file.file_id for verdict in verdicts]
            for part in _chunks(ids):
                connection.execute(delete(row_account).where(row_account.c.file_id.in_(part)))
                connection.execute(delete(rule_result).where(rule_result.c.file_id.in_(part)))
            for verdict in verdicts:
                values = dict(vars(verdict.file))
                key = values.pop("file_id")
                connection.execute(update(file).where(file.c.file_id == key).values(**values))
            accounts = [{"file_id": item.file.file_id, **vars(item.account)} for item in verdicts]
            if accounts:
                connection.execute(insert(row_account), accounts)
                connection.execute(insert(judgement), [_judged(item, at) for item in verdicts])
            results = [{"file_id": v.file.file_id, **vars(item)} for v in verdicts for item in v.rule_results]
            if results:
                connection.execute(insert(rule_result), results)
            events = [_event(v.file.file_id, at, v.file.status, text) for v in verdicts for text in v.details]
            _add_events(connection, events)
            freed = withdraw(connection, [item.file for item in verdicts], at)
            candidates = [_candidate(item) for item in verdicts if item.file.status == ACCEPTED]
            outcome = settle(connection, candidates, at)
            for loser, winner in outcome.superseded.items():
                self._set_status(connection, [loser], SUPERSEDED, f"Replaced by {winner}.", at)
            back = reinstate(connection, freed, at, is_there)
            self._set_status(connection, back, ACCEPTED, "In force again: what had replaced it counts no more.", at)
            return outcome.in_force + back

    def mark_opened(self, file_id: str, detail: str, at: datetime) -> None:
        """Record that what was wrapped in a file has been taken out of it: those files stand for it."""
        with self.engine.begin() as connection:
            self._set_status(connection, [file_id], SUPERSEDED, detail, at)

    def _set_status(
        self, connection: Connection, file_ids: Sequence[str], status: str, detail: str, at: datetime
    ) -> None:
        for part in _chunks(file_ids):
            connection.execute(update(file).where(file.c.file_id.in_(part)).values(status=status))
        _add_events(connection, [_event(file_id, at, status, detail) for file_id in file_ids])

    def _files(self, query: Any) -> list[FileRecord]:
        return [FileRecord(**row) for row in self._rows(query)]

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _judged(verdict: Verdict, at: datetime) -> dict[str, Any]:
    account = verdict.account
    counts = {name: getattr(account, name) for name in ("received", "accepted", "quarantined", "repeated")}
    return {"file_id": verdict.file.file_id, "at": at, **counts}


def _candidate(verdict: Verdict) -> Candidate:
    return Candidate(verdict.file, verdict.account.accepted)


def _has_id(start: str) -> Any:
    return or_(
        file.c.file_id.startswith(start, autoescape=True), file.c.content_hash.startswith(start, autoescape=True)
    )


def _received(record: FileRecord) -> str:
    words = f"Received as {record.landing_path}."
    if record.content_hash is None:
        return words
    return f"{words} Its bytes came before; this is a submission of its own."


def _unclaimed(record: FileRecord) -> str:
    if "/" not in record.landing_path:
        return "It lies in no partner's folder. Move it into landing/<partner code>/."
    return "No contract's file pattern matches the name of the file."


def _event(file_id: str, at: datetime, status: str, detail: str) -> dict[str, Any]:
    return {"file_id": file_id, "at": at, "status": status, "detail": detail[:2000]}


def _add_events(connection: Connection, events: list[dict[str, Any]]) -> None:
    if events:
        connection.execute(insert(file_event), events)


def _statuses(connection: Connection, file_ids: Sequence[str]) -> dict[str, str]:
    statuses: dict[str, str] = {}
    for part in _chunks(file_ids):
        rows = connection.execute(select(file.c.file_id, file.c.status).where(file.c.file_id.in_(part)))
        statuses.update({row.file_id: row.status for row in rows})
    return statuses


def _chunks(values: Sequence[str]) -> Iterable[list[str]]:
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])
