"""Alembic's entry: it works on the connection it is given, and knows the tables the code expects."""

from __future__ import annotations

from alembic import context

from lda.ledger.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
