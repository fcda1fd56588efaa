"""the label of several systems has room in alert_state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the ledger forward."""
    with op.batch_alter_table("alert_state") as table:
        table.alter_column(
            "system_code",
            existing_type=sa.String(length=40),
            type_=sa.String(length=400),
            existing_nullable=False,
            comment="several are joined by commas",
        )
