"""every file says whether the retention of its feed ended it, so that nobody is asked to mend it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# As the history of a file said it when this step was made; the step stays as it is when the words change.
WORDS = "Its rows are past their feed's retention; nothing counts in its place."


def upgrade() -> None:
    """Bring the ledger forward: what retention ended until now had nothing in its place (``superseded_by``), and with
    it ended what had come by then for the same feed, partner and period. Files that stayed accepted are superseded."""
    column = sa.Column(
        "past_retention_at",
        sa.DateTime(),
        nullable=True,
        comment="when retention ended it: it is not judged, and does not count, again",
    )
    with op.batch_alter_table("file") as table:
        table.add_column(column)
    op.execute(
        """
        UPDATE file
        SET past_retention_at = (
            SELECT max(s.superseded_at) FROM submission AS s
            WHERE s.feed = file.feed AND s.partner_code = file.partner_code AND s.period_end = file.period_end
            AND s.superseded_at IS NOT NULL AND s.superseded_by IS NULL AND file.received_at <= s.superseded_at
        )
        WHERE status <> 'received'
        AND NOT EXISTS (SELECT 1 FROM submission AS s WHERE s.file_id = file.file_id AND s.superseded_at IS NULL)
        """
    )
    _say_so_of_those_accepted()


def _say_so_of_those_accepted() -> None:
    """Their status and history; partners who knew of all that had happened to a file know of this too."""
    connection = op.get_bind()
    stayed = "SELECT f.file_id FROM file AS f WHERE f.status = 'accepted' AND f.past_retention_at IS NOT NULL"
    told = sa.text(
        f"""
        SELECT t.file_id FROM feedback AS t
        WHERE t.file_id IN ({stayed})
        AND t.event_id = (SELECT max(e.event_id) FROM file_event AS e WHERE e.file_id = t.file_id)
        """
    )
    up_to_date = list(connection.scalars(told))
    connection.execute(
        sa.text(
            f"""
            INSERT INTO file_event (file_id, at, status, detail)
            SELECT f.file_id, f.past_retention_at, 'superseded', :words FROM file AS f WHERE f.file_id IN ({stayed})
            """
        ),
        {"words": WORDS},
    )
    for file_id in up_to_date:
        last = "SELECT max(e.event_id) FROM file_event AS e WHERE e.file_id = :file_id"
        update = sa.text(f"UPDATE feedback SET event_id = ({last}) WHERE file_id = :file_id")
        connection.execute(update, {"file_id": file_id})
    op.execute("UPDATE file SET status = 'superseded' WHERE status = 'accepted' AND past_retention_at IS NOT NULL")
