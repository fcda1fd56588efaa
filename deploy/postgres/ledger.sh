#!/bin/sh
# Run once, when the database server is first started: a database of its own for the ledger, and a role for it alone.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set password="$LEDGER_PASSWORD" <<'SQL'
CREATE ROLE lda_ledger LOGIN PASSWORD :'password';
CREATE DATABASE ledger OWNER lda_ledger;
REVOKE ALL ON DATABASE ledger FROM PUBLIC;
SQL
