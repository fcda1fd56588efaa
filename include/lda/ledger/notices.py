"""The ledger's record of who has been told what: partners of their files, the team of what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update

from lda.ledger.records import RECEIVED, FileRecord, RowAccount, RuleResult
from lda.ledger.tables import alert_state, feedback, file, file_event, row_account, rule_result

CHUNK = 5_000


@dataclass(frozen=True)
class ToldFile:
    """A judged file with its row account, its last event, and what its partner was last told of it.

    ``told_event`` is None when nothing was said yet.
    """

    file: FileRecord
    account: RowAccount | None
    last_event: int
    told_event: int | None
    has_documents: bool

    @property
    def is_news(self) -> bool:
        """True when something happened to the file since its partner was last told."""
        return self.told_event is None or self.told_event < self.last_event


class NoticeBook:
    """Feedback given and alerts sent. Every write is safe to repeat."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # Feedback

    def anything_to_tell(self) -> bool:
        """True when some file was judged since its partner was last told of it."""
        last = _last_events()
        query = (
            select(last.c.file_id)
            .join(file, file.c.file_id == last.c.file_id)
            .outerjoin(feedback, feedback.c.file_id == last.c.file_id)
            .where(file.c.status != RECEIVED)
            .where(feedback.c.event_id.is_(None) | (feedback.c.event_id < last.c.last_event))
        )
        with self.engine.connect() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def judged_files(self) -> list[ToldFile]:
        """Every file that was judged, in order of delivery, with what was said of it so far."""
        last = _last_events()
        names, parts = [one.name for one in fields(FileRecord)], [one.name for one in fields(RowAccount)]
        query = (
            select(
                *(file.c[name] for name in names),
                *(row_account.c[name].label(f"account_{name}") for name in parts),
                last.c.last_event,
                feedback.c.event_id.label("told_event"),
                feedback.c.has_documents,
            )
            .join(last, last.c.file_id == file.c.file_id)
            .outerjoin(row_account, row_account.c.file_id == file.c.file_id)
            .outerjoin(feedback, feedback.c.file_id == file.c.file_id)
            .where(file.c.status != RECEIVED)
            .order_by(file.c.delivered_at, file.c.landing_path)
        )
        with self.engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [_told_file(row, names, parts) for row in rows]

    def failed_rules(self, file_ids: Sequence[str]) -> dict[str, list[RuleResult]]:
        """The rules that failed in some files, by file: errors first, most frequent first."""
        names = [one.name for one in fields(RuleResult)]
        order = (rule_result.c.severity, rule_result.c.failures.desc(), rule_result.c.rule_code)
        found: dict[str, list[RuleResult]] = {file_id: [] for file_id in file_ids}
        with self.engine.connect() as connection:
            for start in range(0, len(file_ids), CHUNK):
                some = rule_result.c.file_id.in_(file_ids[start : start + CHUNK])
                query = select(rule_result.c.file_id, *(rule_result.c[name] for name in names)).where(some)
                for row in connection.execute(query.order_by(*order)).mappings():
                    found[row["file_id"]].append(RuleResult(**{name: row[name] for name in names}))
        return found

    def record_feedback(self, told: Iterable[ToldFile], with_documents: set[str], at: datetime) -> None:
        """Record that partners know of these files up to their last events; ``with_documents`` are file ids."""
        rows = [
            {
                "file_id": one.file.file_id,
                "event_id": one.last_event,
                "has_documents": one.file.file_id in with_documents,
                "made_at": at,
            }
            for one in told
        ]
        with self.engine.begin() as connection:
            for start in range(0, len(rows), CHUNK):
                part = rows[start : start + CHUNK]
                connection.execute(delete(feedback).where(feedback.c.file_id.in_([row["file_id"] for row in part])))
                connection.execute(insert(feedback), part)

    def forget_feedback(self, file_ids: Sequence[str]) -> None:
        """Have partners told of these files as if they had not been told yet."""
        with self.engine.begin() as connection:
            for start in range(0, len(file_ids), CHUNK):
                connection.execute(delete(feedback).where(feedback.c.file_id.in_(file_ids[start : start + CHUNK])))

    # Alerts

    def rename_channel(self, old: str, new: str) -> None:
        """Go on with what a channel was told under a new hash of its address."""
        with self.engine.begin() as connection:
            connection.execute(update(alert_state).where(alert_state.c.channel == old).values(channel=new))

    def told_state(self, channel: str, system_code: str) -> dict[tuple[str, str], str]:
        """(topic, subject) → state, as the last digest that went out by a channel left it."""
        query = select(alert_state).where(alert_state.c.channel == channel, alert_state.c.system_code == system_code)
        with self.engine.connect() as connection:
            return {(row.topic, row.subject): row.state for row in connection.execute(query)}

    def record_told(self, channel: str, system_code: str, now: Mapping[tuple[str, str], str], at: datetime) -> None:
        """Record the state that a digest told of, in place of what the one before it told."""
        own = (alert_state.c.channel == channel) & (alert_state.c.system_code == system_code)
        values = [
            {
                "channel": channel,
                "system_code": system_code,
                "topic": topic,
                "subject": subject,
                "state": state,
                "told_at": at,
            }
            for (topic, subject), state in now.items()
        ]
        with self.engine.begin() as connection:
            connection.execute(delete(alert_state).where(own))
            if values:
                connection.execute(insert(alert_state), values)


def _last_events() -> Any:
    """The last event of every file."""
    query = select(file_event.c.file_id, func.max(file_event.c.event_id).label("last_event"))
    return query.group_by(file_event.c.file_id).subquery()


def _told_file(row: dict[str, Any], names: list[str], parts: list[str]) -> ToldFile:
    account = {name: row[f"account_{name}"] for name in parts}
    return ToldFile(
        file=FileRecord(**{name: row[name] for name in names}),
        account=None if account["received"] is None else RowAccount(**account),
        last_event=row["last_event"],
        told_event=row["told_event"],
        has_documents=bool(row["has_documents"]),
    )
