"""gates judge a measure of a system: whose figure failed is kept beside the measure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the ledger forward; of what was judged before, the system is not known."""
    column = sa.Column(
        "system_code",
        sa.String(length=40),
        nullable=True,
        comment="of the measure; blank where the whole publication was judged",
    )
    with op.batch_alter_table("gate_result") as table:
        table.add_column(column)
