"""How the ledger's tables came to be what they are: one step a version, each brought forward by Alembic."""
