"""What the lake and the vault hold of rows about people: where their files are, and what says who each row is about."""

from __future__ import annotations

from pathlib import Path

import duckdb

from lda.contracts import FeedContract, TableSpec
from lda.intake.rows import quoted
from lda.ledger import Ledger
from lda.settings import Settings
from lda.vault import identifiers_path, literal, whole_file


def lake_files(settings: Settings, contract: FeedContract, table: TableSpec) -> list[Path]:
    """Every lake file of a table, of submissions in force or not."""
    name = f"{table.name}.parquet" if contract.is_archive else "*.parquet"
    return sorted(path for path in (settings.lake / contract.feed).rglob(name) if not path.name.startswith("."))


def identifier_files(settings: Settings, table: TableSpec) -> list[Path]:
    """Every file of a table's identifiers in the vault."""
    folder = identifiers_path(settings, table.place, "any").parent
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


def source(paths: list[Path]) -> str:
    """SQL that reads files as one table."""
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], union_by_name = true)"


def create_partner_of(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Make ``partner_of``: the partner (``_partner_code``) of every file that has one."""
    connection.execute("CREATE TEMP TABLE partner_of (_file_id VARCHAR, _partner_code VARCHAR)")
    rows = [[record.file_id, record.partner_code] for record in ledger.files() if record.partner_code]
    if rows:
        connection.execute(
            "INSERT INTO partner_of SELECT unnest($1), unnest($2)", [[a for a, _ in rows], [b for _, b in rows]]
        )


def create_held(
    connection: duckdb.DuckDBPyConnection, settings: Settings, contract: FeedContract, table: TableSpec
) -> bool:
    """Make ``held``: one row per row of the vault's identifiers with what says who it is about; False when none.

    Columns: the table's identifiers, the other columns of its person key, ``person_token``, ``_file_id`` and
    ``_row_number``. Columns of the person key that are no identifiers come from the lake. Needs ``partner_of``.
    """
    connection.execute("DROP TABLE IF EXISTS held")
    identifiers, lake = identifier_files(settings, table), lake_files(settings, contract, table)
    if not identifiers:
        return False
    own = set(table.identifier_columns)
    local = table.person_key.local if table.person_key else ()
    from_lake = [name for name in local if name not in own and name != "_partner_code"]
    picked = "".join(f", l.{quoted(name)}" for name in from_lake)
    join = ""
    if from_lake and lake:
        names = ", ".join(quoted(name) for name in from_lake)
        join = (
            f"LEFT JOIN (SELECT DISTINCT ON (_file_id, _row_number) _file_id, _row_number, {names} "
            f"FROM {source(lake)}) AS l USING (_file_id, _row_number)"
        )
    elif from_lake:
        picked = "".join(f", NULL::VARCHAR AS {quoted(name)}" for name in from_lake)
    connection.execute(
        f"CREATE TEMP TABLE held AS SELECT i.*, p._partner_code{picked} FROM {source(identifiers)} AS i "
        f"LEFT JOIN partner_of AS p USING (_file_id) {join}"
    )
    return True


def keep_rows(path: Path, where: str, connection: duckdb.DuckDBPyConnection) -> int:
    """Write a Parquet file anew with the rows for which ``where`` is true; returns how many went.

    A file that would not change is left alone, so its time of change says when it did.
    """
    table = f"read_parquet({literal(str(path))})"
    gone = int(
        connection.execute(f"SELECT count(*) FROM {table} AS t WHERE NOT coalesce({where}, false)").fetchall()[0][0]
    )
    if gone:
        with whole_file(path, path.stat().st_mode & 0o777) as temporary:
            kept = f"SELECT * FROM {table} AS t WHERE {where}"
            connection.execute(f"COPY ({kept}) TO {literal(str(temporary))} (FORMAT parquet)")
    return gone
