"""an ingest of some feeds says which, so that one feed's success is not another's recovery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring the ledger forward; runs before are taken as of every feed, as they were told of until now."""
    column = sa.Column(
        "feeds",
        sa.String(length=400),
        nullable=True,
        comment="the feeds an ingest or redrive was of, joined by commas; blank for every feed, and for other kinds",
    )
    with op.batch_alter_table("run") as table:
        table.add_column(column)
