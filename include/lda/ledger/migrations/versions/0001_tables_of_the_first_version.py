"""tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring the ledger forward."""
    op.create_table(
        "alert_state",
        sa.Column(
            "channel",
            sa.String(length=32),
            nullable=False,
            comment="keyed hash of the channel's address, which is a secret",
        ),
        sa.Column("system_code", sa.String(length=40), nullable=False),
        sa.Column(
            "topic", sa.String(length=40), nullable=False, comment="failure, rejected, late, withheld or special_cause"
        ),
        sa.Column(
            "subject",
            sa.String(length=200),
            nullable=False,
            comment="feed and partner, step, or measure; never a person",
        ),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "system_code", "topic", "subject"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("entry_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False, comment="the account, or whom the service acted for"),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column(
            "subject", sa.String(length=200), nullable=False, comment="what it was done to; never a person's data"
        ),
        sa.Column("detail", sa.String(length=2000), nullable=True),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_table(
        "collection",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column(
            "item_key",
            sa.String(length=500),
            nullable=False,
            comment="the file's path or the message's id at the other end",
        ),
        sa.Column(
            "state",
            sa.String(length=100),
            nullable=False,
            comment="changes when its content does: size and time of change",
        ),
        sa.Column("landing_paths", sa.JSON(), nullable=False, comment="where its bytes were put, relative to landing"),
        sa.Column(
            "collected_at", sa.DateTime(), nullable=False, comment="when the bytes were archived and in the ledger"
        ),
        sa.Column(
            "done_at",
            sa.DateTime(),
            nullable=True,
            comment="when the other end was told: acknowledged, moved or deleted",
        ),
        sa.PrimaryKeyConstraint("channel", "item_key", "state"),
    )
    op.create_table(
        "file",
        sa.Column("file_id", sa.String(length=64), nullable=False, comment="SHA-256 of the bytes, or see content_hash"),
        sa.Column(
            "status",
            sa.String(length=20),
            nullable=False,
            comment="received, unrecognised, rejected, accepted or superseded",
        ),
        sa.Column("feed", sa.String(length=60), nullable=True, comment="the contract that claimed the file"),
        sa.Column("contract_version", sa.String(length=20), nullable=True),
        sa.Column("partner_code", sa.String(length=20), nullable=True),
        sa.Column("system_code", sa.String(length=40), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=True,
            comment="the partner's own version number in the file name; 1 if none",
        ),
        sa.Column(
            "landing_path",
            sa.String(length=1000),
            nullable=False,
            comment="where it was first seen, relative to landing",
        ),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(), nullable=False, comment="modification time of the landed file"),
        sa.Column("received_at", sa.DateTime(), nullable=False, comment="when the warehouse first saw it"),
        sa.Column(
            "lake_path", sa.String(length=1000), nullable=True, comment="Parquet file in the lake, relative to lake"
        ),
        sa.Column(
            "content_hash",
            sa.String(length=64),
            nullable=True,
            comment="SHA-256 of bytes that came before under another feed, partner or period; NULL when file_id is it",
        ),
        sa.PrimaryKeyConstraint("file_id"),
    )
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_content_hash"), ["content_hash"], unique=False)

    op.create_table(
        "gate_result",
        sa.Column("gate_result_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("suite", sa.String(length=80), nullable=False),
        sa.Column("expectation", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False, comment="system, measure or warn"),
        sa.Column("measure_id", sa.String(length=80), nullable=True),
        sa.Column("feed", sa.String(length=60), nullable=True),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("observed", sa.Float(), nullable=True),
        sa.Column("detail", sa.String(length=2000), nullable=True),
        sa.PrimaryKeyConstraint("gate_result_id"),
    )
    with op.batch_alter_table("gate_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gate_result_run_id"), ["run_id"], unique=False)

    op.create_table(
        "publication",
        sa.Column("publication_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("system_code", sa.String(length=400), nullable=False, comment="several are joined by commas"),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=False),
        sa.Column(
            "inputs_hash",
            sa.String(length=64),
            nullable=False,
            comment="hash of the file ids, code version and reference data",
        ),
        sa.Column("manifest", sa.JSON(), nullable=False, comment="publication.json"),
        sa.PrimaryKeyConstraint("publication_id"),
    )
    op.create_table(
        "publication_event",
        sa.Column("event_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("publication_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False, comment="published or rolled_back_to"),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="ingest, refresh, redrive or rollback"),
        sa.Column("system_code", sa.String(length=400), nullable=False, comment="several are joined by commas"),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False, comment="running, succeeded, nothing_new or failed"),
        sa.Column("summary", sa.JSON(), nullable=True, comment="counts and seconds by step"),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "sighting",
        sa.Column("landing_path", sa.String(length=1000), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("landing_path"),
    )
    op.create_table(
        "feedback",
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column(
            "event_id", sa.BigInteger(), nullable=False, comment="the file's last event that the feedback knows of"
        ),
        sa.Column(
            "has_documents", sa.Boolean(), nullable=False, comment="whether a page and workbook of its own were written"
        ),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["file.file_id"],
        ),
        sa.PrimaryKeyConstraint("file_id"),
    )
    op.create_table(
        "file_event",
        sa.Column("event_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=2000), nullable=True, comment="plain English; never a person's data"),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["file.file_id"],
        ),
        sa.PrimaryKeyConstraint("event_id"),
    )
    with op.batch_alter_table("file_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_event_file_id"), ["file_id"], unique=False)

    op.create_table(
        "row_account",
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False, comment="data rows in the file"),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False, comment="exact repeats of an earlier row of the file"),
        sa.Column(
            "layout", sa.BigInteger(), nullable=False, comment="title, repeated header, totals and blank rows: not data"
        ),
        sa.CheckConstraint("received = accepted + quarantined + repeated", name="every_row_accounted_for"),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["file.file_id"],
        ),
        sa.PrimaryKeyConstraint("file_id"),
    )
    op.create_table(
        "rule_result",
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("rule_code", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False, comment="error or warning"),
        sa.Column("scope", sa.String(length=10), nullable=False, comment="file, row or warn"),
        sa.Column("column_name", sa.String(length=80), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False, comment="rows (or groups) that failed"),
        sa.Column(
            "first_row", sa.BigInteger(), nullable=True, comment="row number in the partner's file of the first failure"
        ),
        sa.Column(
            "detail", sa.String(length=2000), nullable=True, comment="expected and found, without a person's data"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["file.file_id"],
        ),
        sa.PrimaryKeyConstraint("file_id", "rule_code"),
    )
    op.create_table(
        "submission",
        sa.Column("submission_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("feed", sa.String(length=60), nullable=False),
        sa.Column("partner_code", sa.String(length=20), nullable=False),
        sa.Column("system_code", sa.String(length=40), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(), nullable=True),
        sa.Column(
            "superseded_by",
            sa.String(length=64),
            nullable=True,
            comment="the file that replaced it; the same file when it was judged again",
        ),
        sa.Column(
            "lake_path", sa.String(length=1000), nullable=False, comment="Parquet file in the lake, relative to lake"
        ),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["file.file_id"],
        ),
        sa.PrimaryKeyConstraint("submission_id"),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_file_id"), ["file_id"], unique=False)

    _make_the_trail_append_only()


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_file_id"))

    op.drop_table("submission")
    op.drop_table("rule_result")
    op.drop_table("row_account")
    with op.batch_alter_table("file_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_file_event_file_id"))

    op.drop_table("file_event")
    op.drop_table("feedback")
    op.drop_table("sighting")
    op.drop_table("run")
    op.drop_table("publication_event")
    op.drop_table("publication")
    with op.batch_alter_table("gate_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gate_result_run_id"))

    op.drop_table("gate_result")
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_file_content_hash"))

    op.drop_table("file")
    op.drop_table("collection")
    op.drop_table("audit_entry")
    op.drop_table("alert_state")


def _make_the_trail_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
                "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$; "
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()"
    )
