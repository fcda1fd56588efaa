"""what every judgement of a file found of its rows, so that the past keeps its accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the ledger forward; of files judged before, the latest account is known, as of its verdict."""
    op.create_table(
        "judgement",
        sa.Column("judgement_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.file_id"]),
        sa.PrimaryKeyConstraint("judgement_id"),
        sa.CheckConstraint("received = accepted + quarantined + repeated", name="every_row_judged"),
    )
    op.create_index("ix_judgement_file_id", "judgement", ["file_id"])
    op.execute(
        """
        INSERT INTO judgement (file_id, at, received, accepted, quarantined, repeated)
        SELECT a.file_id, coalesce(max(e.at), max(f.received_at)), a.received, a.accepted, a.quarantined, a.repeated
        FROM row_account AS a
        INNER JOIN file AS f ON f.file_id = a.file_id
        LEFT JOIN file_event AS e ON e.file_id = a.file_id AND e.status IN ('accepted', 'rejected')
        GROUP BY a.file_id, a.received, a.accepted, a.quarantined, a.repeated
        """
    )
