"""The audit trail: who released, rolled back, redrove, had an identifiable list made or took one.

Lines are only ever added.
The database itself refuses to change or remove a line, whoever asks.
"""

from __future__ import annotations

import getpass
import os
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import DDL, Engine, Insert, event, insert, select

from lda.ledger.publications import utc_now
from lda.ledger.tables import audit_entry

Action = Literal[
    "approved",
    "refused",
    "released",
    "released_beside",
    "rolled_back",
    "redrove",
    "made_identifiable_list",
    "took_identifiable_list",
    "pruned",
    "backed_up",
    "restored",
    "erased",
    "rotated_key",
    "held",
    "lifted_hold",
    "accepted_list",
]

_REFUSAL = "the audit trail is append-only"
for _verb in ("UPDATE", "DELETE"):
    event.listen(
        audit_entry,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_entry_no_{_verb.lower()} BEFORE {_verb} ON audit_entry "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        ).execute_if(dialect="sqlite"),
    )
event.listen(
    audit_entry,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$; "
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()"
    ).execute_if(dialect="postgresql"),
)


class TrailBook:
    """The audit trail of one ledger."""

    engine: Engine

    def note(
        self, action: Action, subject: str, detail: str = "", at: datetime | None = None, actor: str | None = None
    ) -> None:
        """Add a line: ``subject`` is what it was done to (a publication, a feed, a list), never a person's data.

        ``actor`` is who did it, where that is not whoever runs this process: a person signed on to Airflow's page.
        """
        with self.engine.begin() as connection:
            connection.execute(audit_line(action, subject, detail, at, actor))

    def trail(self, *actions: Action) -> list[dict[str, Any]]:
        """Every line, oldest first, of all actions or of those named, as dictionaries of the table's columns."""
        query = select(audit_entry).order_by(audit_entry.c.entry_id)
        if actions:
            query = query.where(audit_entry.c.action.in_(actions))
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def audit_line(
    action: Action, subject: str, detail: str = "", at: datetime | None = None, actor: str | None = None
) -> Insert:
    """The statement that adds a line, for a transaction that does more than that."""
    values = {"at": at or utc_now(), "actor": actor or acting_person(), "action": action, "subject": subject}
    return insert(audit_entry).values(**values, detail=detail or None)


def acting_person() -> str:
    """Who acts: ``LDA_ACTOR`` where a service acts for somebody, or the account that runs the process."""
    return os.environ.get("LDA_ACTOR") or getpass.getuser()
