"""keys in force, changes of the archive, legal holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring the ledger forward."""
    op.create_table(
        "pseudonym_key",
        sa.Column("key_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False, comment="token of a fixed text under the key"),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_table(
        "archive_change",
        sa.Column(
            "content_hash",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the bytes as they came: their name",
        ),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=True,
            comment="SHA-256 of the bytes that are there now; NULL when they were removed",
        ),
        sa.Column("reason", sa.String(length=20), nullable=False, comment="erasure or retention"),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash"),
    )
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("feed", sa.String(length=60), nullable=True),
        sa.Column("partner_code", sa.String(length=20), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("file_id", sa.String(length=64), nullable=True, comment="or how it begins"),
        sa.Column("publication_id", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False, comment="never a person's data"),
        sa.Column("placed_by", sa.String(length=200), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("lifted_by", sa.String(length=200), nullable=True),
        sa.Column("lifted_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("hold_id"),
    )
