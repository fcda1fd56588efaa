"""The ledger's record of refresh runs, gate verdicts, publications and which of them was in force when.

Every time is UTC without an offset, as everywhere in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Insert, delete, func, insert, select, update

from lda.ledger.migrate import bring_up_to_date
from lda.ledger.tables import gate_result, publication, publication_event, run

# States of a run that has not come to its end.
RUNNING, AWAITING_APPROVAL = "running", "awaiting_approval"
FAILED = "failed"
PUBLISHED = "published"
ROLLED_BACK_TO = "rolled_back_to"
# Released for readers without being put in force: an earlier month, or one as it was known at an earlier moment.
RELEASED_BESIDE = "released_beside"


def utc_now() -> datetime:
    """This moment in UTC, to the second, without an offset: the ledger's notion of now."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


class PublicationBook:
    """Runs, gate results, publications and publication events of one ledger. Every write is safe to repeat."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def create(self) -> None:
        """Make the ledger's tables, or bring those of an earlier version forward."""
        bring_up_to_date(self.engine)

    # Runs

    def start_run(
        self, run_id: str, kind: str, system_code: str, at: datetime, feeds: Sequence[str] | None = None
    ) -> None:
        """Record that a run has begun; a run that is already there is set back to running. ``feeds``: those an ingest
        is of, None for every one."""
        with self.engine.begin() as connection:
            known = connection.execute(select(run.c.run_id).where(run.c.run_id == run_id)).first()
            if known:
                again = {"status": RUNNING, "ended_at": None}
                connection.execute(update(run).where(run.c.run_id == run_id).values(**again))
            else:
                values = {"kind": kind, "system_code": system_code, "started_at": at, "status": RUNNING}
                values["feeds"] = ",".join(sorted(feeds)) if feeds else None
                connection.execute(insert(run).values(run_id=run_id, **values))

    def end_run(self, run_id: str, status: str, summary: Mapping[str, Any], at: datetime) -> None:
        """Record how a run ended (succeeded, nothing_new, failed, refused), or that it awaits approval, with its
        summary (counts, seconds by step)."""
        with self.engine.begin() as connection:
            ended = {"status": status, "summary": dict(summary), "ended_at": at}
            connection.execute(update(run).where(run.c.run_id == run_id).values(**ended))

    def last_run(self, kind: str, system_code: str) -> dict[str, Any] | None:
        """The latest run of a kind for a system, as a dictionary of the table's columns, or None."""
        query = select(run).where(run.c.kind == kind, run.c.system_code == system_code)
        with self.engine.connect() as connection:
            row = connection.execute(query.order_by(run.c.started_at.desc(), run.c.run_id.desc())).mappings().first()
        return dict(row) if row else None

    def last_by_feeds(self, kind: str, system_code: str) -> list[dict[str, Any]]:
        """The latest ended run of a kind of each choice of feeds (and of every feed), newest first."""
        ended = (run.c.kind == kind, run.c.system_code == system_code, run.c.ended_at.is_not(None))
        latest = func.row_number().over(
            partition_by=run.c.feeds, order_by=(run.c.started_at.desc(), run.c.run_id.desc())
        )
        numbered = select(run, latest.label("place")).where(*ended).subquery()
        query = select(numbered).where(numbered.c.place == 1)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(numbered.c.started_at.desc(), numbered.c.run_id.desc()))
            return [{name: value for name, value in row.items() if name != "place"} for row in rows.mappings()]

    def runs(self, system_code: str) -> list[dict[str, Any]]:
        """Every run of a system, oldest first."""
        query = select(run).where(run.c.system_code == system_code).order_by(run.c.started_at, run.c.run_id)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def ended_runs(
        self, system_code: str, *, kind: str | None = None, status: str | None = None, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Runs of a system that ended, oldest first: of a kind, in a state, and at a moment or later, where given."""
        query = select(run).where(run.c.system_code == system_code, run.c.ended_at.is_not(None))
        if kind is not None:
            query = query.where(run.c.kind == kind)
        if status is not None:
            query = query.where(run.c.status == status)
        if since is not None:
            query = query.where(run.c.ended_at >= since)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query.order_by(run.c.ended_at, run.c.run_id)).mappings()]

    def in_state(self, kind: str, status: str) -> list[str]:
        """Runs of a kind in a state, the latest first. A run that was killed stays ``RUNNING`` for ever."""
        query = select(run.c.run_id).where(run.c.kind == kind, run.c.status == status)
        with self.engine.connect() as connection:
            return list(connection.scalars(query.order_by(run.c.started_at.desc(), run.c.run_id.desc())))

    def awaiting_approval(self, system_code: str) -> dict[str, Any] | None:
        """The last refresh that waits for a person's approval, unless one after it came to an end of another kind."""
        for one in reversed([one for one in self.runs(system_code) if one["kind"] == "refresh"]):
            if one["status"] == AWAITING_APPROVAL:
                return one
            if one["status"] not in {RUNNING, "nothing_new"}:
                return None
        return None

    def forget_runs(self, run_ids: Sequence[str]) -> None:
        """Remove runs and their gate results whose time is over."""
        with self.engine.begin() as connection:
            for run_id in run_ids:
                connection.execute(delete(gate_result).where(gate_result.c.run_id == run_id))
                connection.execute(delete(run).where(run.c.run_id == run_id))

    # Gates

    def record_gates(self, run_id: str, results: Sequence[Mapping[str, Any]]) -> None:
        """Replace the gate results of a run. Each has the columns of ``gate_result`` but its id and run."""
        with self.engine.begin() as connection:
            connection.execute(delete(gate_result).where(gate_result.c.run_id == run_id))
            if results:
                connection.execute(insert(gate_result), [{"run_id": run_id, **result} for result in results])

    def gates(self, run_id: str) -> list[dict[str, Any]]:
        """The gate results of a run, in the order they were judged."""
        query = select(gate_result).where(gate_result.c.run_id == run_id).order_by(gate_result.c.gate_result_id)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def last_gates(self, system_code: str) -> list[dict[str, Any]]:
        """The gate results of the latest refresh of a system that was judged."""
        judged = select(gate_result.c.run_id).distinct()
        refreshes = (run.c.kind == "refresh") & (run.c.system_code == system_code)
        query = select(run.c.run_id).where(refreshes, run.c.run_id.in_(judged))
        with self.engine.connect() as connection:
            latest = connection.scalar(query.order_by(run.c.started_at.desc(), run.c.run_id.desc()).limit(1))
        return self.gates(latest) if latest else []

    # Publications

    def record_release(self, manifest: Mapping[str, Any], event: str, at: datetime, audit: Insert) -> None:
        """Record, in one transaction, what readers were given: the publication by its ``publication.json`` (one already
        recorded stays as it is), the event and the line of the audit trail."""
        values = {
            "publication_id": manifest["publication_id"],
            "run_id": manifest["run_id"],
            "system_code": manifest["system_code"],
            "period_end": datetime.fromisoformat(manifest["period_end"]).date(),
            "as_of": datetime.fromisoformat(manifest["as_of"]),
            "published_at": datetime.fromisoformat(manifest["published_at"]),
            "inputs_hash": manifest["inputs_hash"],
            "manifest": dict(manifest),
        }
        with self.engine.begin() as connection:
            wanted = publication.c.publication_id == values["publication_id"]
            if connection.execute(select(publication.c.run_id).where(wanted)).first() is None:
                connection.execute(insert(publication).values(**values))
            happened = {"publication_id": values["publication_id"], "event": event, "at": at}
            connection.execute(insert(publication_event).values(**happened))
            connection.execute(audit)

    def publications(self, system_code: str | None = None) -> list[dict[str, Any]]:
        """Every publication with figures of a system, oldest first, as dictionaries of the table's columns.

        ``system_code`` may be several codes joined by commas; a publication of any of them is listed, whatever others
        it holds, because readers have it too. Without one it is every publication.
        """
        wanted = set(system_code.split(",")) if system_code is not None else None
        first = select(func.min(publication_event.c.event_id)).where(
            publication_event.c.publication_id == publication.c.publication_id
        )
        # Of two within one second, the one that was put in force first is the older.
        query = select(publication).order_by(publication.c.published_at, first.scalar_subquery())
        with self.engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [row for row in rows if wanted is None or wanted & set(row["system_code"].split(","))]

    def events(self) -> list[dict[str, Any]]:
        """Every publication event, oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(publication_event).order_by(publication_event.c.event_id))
            return [dict(row) for row in rows.mappings()]

    def standing(self) -> list[str]:
        """The publications that stood in force and were not rolled back over, oldest first.

        The last is the one in force and the one before it is where a roll back goes: after publishing A, B and C,
        rolling back to B and publishing D this is A, B, D, so that a roll back from D does not bring back C.
        """
        stack: list[str] = []
        for event in self.events():
            wanted = event["publication_id"]
            if event["event"] == RELEASED_BESIDE:
                continue
            if event["event"] == ROLLED_BACK_TO and wanted in stack:
                del stack[stack.index(wanted) + 1 :]
            elif not stack or stack[-1] != wanted:
                stack.append(wanted)
        return stack
