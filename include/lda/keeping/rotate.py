"""Rotation of the pseudonym key: every token of the lake and the vault made again under a new key, then switched.

Tokens are made again from the identifiers in the vault. A token whose identifiers are not there any more (rows of an
earlier judgement, or after retention) is carried over as a token of the old token, so that it still means one person;
such a person is not linked with what comes later. The new lake and identifiers are written beside the old ones and
take their place by renaming; stopped anywhere, ``rotate_key`` run again goes on. Afterwards the old key is not needed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from lda.contracts import FeedContract, TableSpec, load_contracts
from lda.intake.outputs import rows_in, split_into_files
from lda.intake.rows import quoted
from lda.keeping.backup import Progress, standing_still
from lda.keeping.erase import finish_pending
from lda.keeping.held import create_held, create_partner_of, identifier_files, lake_files
from lda.ledger import Ledger, utc_now
from lda.settings import Settings, SettingsError, key_of_file
from lda.vault import (
    check_access,
    check_key,
    fingerprint,
    install_key,
    literal,
    local_message_sql,
    person_message_sql,
    private_folder,
    token,
    token_sql,
)
from lda.vault.keys import rotation_folder, switching

NEW = "lda_next"
FILES_AT_ONCE = 500
SYSTEM = ("_file_id", "_row_number", "_row_hash")


@dataclass
class RotationReport:
    """What was made again: files of lake and vault, and distinct tokens; ``carried`` had no identifiers any more."""

    files: int = 0
    tokens: int = 0
    carried: int = 0
    key_before: str = ""
    key_now: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def rotate_key(settings: Settings, reason: str, progress: Progress | None = None) -> RotationReport:
    """Change the key of the person tokens to ``next_pseudonym_key``; the demo makes itself a new one.

    :param reason: why, for the audit trail.
    :raises SettingsError: without a new key or a reason, or with a key that is not the one in force.
    """
    if not reason.strip():
        raise SettingsError("Say why the key is changed, like: --reason 'yearly rotation'.")
    check_access(settings)
    work = private_folder(rotation_folder(settings))
    done_but_for_tidying = switching(settings) and (work / "switching").read_text() == fingerprint(settings.token_key)
    new = settings.token_key if done_but_for_tidying else _new_key(settings)
    with standing_still(settings) as ledger:
        contracts = load_contracts(settings)
        known = ledger.key_in_force()
        report = RotationReport(key_before=known[0] if known else "", key_now=fingerprint(new))
        if not switching(settings):
            if report.key_before == report.key_now:
                raise SettingsError("The new key is the one in force already: nothing to change.")
            check_key(settings, ledger)
            finish_pending(settings, ledger, contracts)
            _build(settings, ledger, contracts, new, work, report, progress)
            (work / "switching").write_text(report.key_now)
        elif (work / "switching").read_text() != report.key_now:
            raise SettingsError("The rotation that was stopped was to another key: set LDA_NEXT_PSEUDONYM_KEY to that.")
        _switch(settings, ledger, new, work)
        if report.key_before != report.key_now:
            words = f"{reason.strip()} ({report.key_before[:8]} to {report.key_now[:8]})"
            ledger.note("rotated_key", "pseudonym key", words)
        shutil.rmtree(work)
    return report


def _new_key(settings: Settings) -> bytes:
    given = settings.next_token_key
    if given is not None:
        return given
    if settings.environment == "production" or settings.pseudonym_key is not None:
        raise SettingsError(
            "LDA_NEXT_PSEUDONYM_KEY is not set. Make a new key with: openssl rand -hex 32, and keep it in your secret "
            "store first."
        )
    remedy = "Put it back from a backup." if switching(settings) else "Remove the file and a new key is made."
    return key_of_file(_demo_next(settings), remedy)


def _demo_next(settings: Settings) -> Path:
    return settings.demo_key_path.with_suffix(".next")


def _build(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    new: bytes,
    work: Path,
    report: RotationReport,
    progress: Progress | None,
) -> None:
    """Write the lake and the identifiers under the new key beside those in force. Begun anew when it was stopped."""
    for path in work.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    lake, identifiers = work / "lake", private_folder(work / "identifiers")
    lake.mkdir(mode=settings.lake.stat().st_mode & 0o777)
    with duckdb.connect(str(work / "tokens.duckdb")) as connection:
        connection.execute("SET memory_limit = ?", [settings.duckdb_memory_limit])
        connection.execute("SET threads = ?", [settings.duckdb_threads])
        install_key(connection, settings.token_key)
        install_key(connection, new, NEW)
        create_partner_of(connection, ledger)
        _create_mapping(connection, settings, contracts)
        tables = [(contract, table) for contract in contracts.values() for table in contract.tables]
        for number, (contract, table) in enumerate(tables):
            if progress:
                progress(f"new tokens of {table.place}", number, len(tables))
            for base, target, paths in (
                (settings.lake, lake, lake_files(settings, contract, table)),
                (settings.vault / "identifiers", identifiers, identifier_files(settings, table)),
            ):
                _write(connection, table, paths, {path: target / path.relative_to(base) for path in paths})
                report.files += len(paths)
        _copy_rest(settings.lake, lake)
        _copy_rest(settings.vault / "identifiers", identifiers)
        report.tokens = _count(connection, "SELECT count(*) FROM mapping")
        report.carried = _count(connection, "SELECT count(*) FROM mapping WHERE carried")


def _create_mapping(
    connection: duckdb.DuckDBPyConnection, settings: Settings, contracts: Mapping[str, FeedContract]
) -> None:
    """Make ``mapping``: every token that identifiers of the vault account for, ``old`` and ``new``."""
    connection.execute("CREATE TABLE message (_message VARCHAR)")
    for contract in contracts.values():
        for table in contract.tables:
            if not create_held(connection, settings, contract, table):
                continue
            messages = [
                local_message_sql(table.feed, quoted(column.name))
                for column in table.columns
                if column.pseudonymise == "local_id"
            ]
            if table.person_key:
                own = [quoted(name) for name in table.person_key.local]
                messages.append(person_message_sql(table.feed, quoted(table.person_key.nhs_number), own))
            for message in messages:
                connection.execute(f"INSERT INTO message SELECT DISTINCT {message} FROM held")
    connection.execute(
        f"CREATE TABLE mapping AS SELECT {token_sql('_message')} AS old, {token_sql('_message', NEW)} AS new, "
        "false AS carried FROM (SELECT DISTINCT _message FROM message WHERE _message IS NOT NULL)"
    )
    connection.execute("DROP TABLE message")


def _token_columns(connection: duckdb.DuckDBPyConnection, table: TableSpec, read: str) -> tuple[list[str], list[str]]:
    """Columns of some files, and those of them that hold tokens."""
    names = [str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()]
    local = {f"{column.name}_token" for column in table.columns if column.pseudonymise == "local_id"}
    return names, [name for name in names if name == "person_token" or name in local]


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: TableSpec,
    paths: Sequence[Path],
    targets: Mapping[Path, Path],
) -> None:
    """Write files of one table anew, some hundred at a time, each in the order of its rows."""
    for start in range(0, len(paths), FILES_AT_ONCE):
        some = paths[start : start + FILES_AT_ONCE]
        listed = ", ".join(literal(str(path)) for path in some)
        read = f"read_parquet([{listed}], union_by_name = true, filename = '_path')"
        names, tokens = _token_columns(connection, table, read)
        if not tokens:
            continue
        if "_row_hash" in names:
            _carry(connection, read, tokens)
        numbers = dict(enumerate(some))
        connection.execute("CREATE OR REPLACE TEMP TABLE numbers (_path VARCHAR, _number INTEGER)")
        connection.executemany("INSERT INTO numbers VALUES (?, ?)", [[str(path), n] for n, path in numbers.items()])
        reader = connection.execute(_new_rows(read, names, tokens)).to_arrow_reader(200_000)
        written = split_into_files(reader, {number: targets[path] for number, path in numbers.items()})
        for number, path in numbers.items():
            target = targets[path]
            if number not in written:  # no rows
                private_folder(target.parent)
                shutil.copyfile(path, target)
            if rows_in(path) != rows_in(target):
                raise SettingsError(f"{path.name} has other rows under the new key. Nothing was switched; report it.")
            target.chmod(path.stat().st_mode & 0o777)
            os.utime(target, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def _row_message() -> str:
    return "'row:' || _file_id || ':' || _row_number"


def _carry(connection: duckdb.DuckDBPyConnection, read: str, tokens: Sequence[str]) -> None:
    """Give tokens of the lake that no identifier accounts for a new one of their own."""
    for name in tokens:
        known = f"{quoted(name)} IS NOT NULL"
        if name == "person_token":
            known += " AND person_token_source <> 'row'"
        carried = f"'carried:' || {quoted(name)}"
        connection.execute(
            f"INSERT INTO mapping SELECT {quoted(name)}, {token_sql(carried, NEW)}, true "
            f"FROM (SELECT DISTINCT {quoted(name)} FROM {read} WHERE {known}) AS t "
            f"ANTI JOIN mapping AS m ON m.old = t.{quoted(name)}"
        )


def _new_rows(read: str, names: Sequence[str], tokens: Sequence[str]) -> str:
    """SELECT of files' rows with new tokens and row hashes, file by file."""
    own = [name for name in names if name != "_path"]
    renewed = {name: f"of_{index}.new" for index, name in enumerate(tokens)}
    if "person_token_source" in names:
        renewed["person_token"] = (
            f"CASE WHEN t.person_token_source = 'row' THEN {token_sql(_row_message(), NEW)} "
            f"ELSE {renewed['person_token']} END"
        )
    elif "person_token" in renewed:
        # The vault does not say where a token came from: one that nothing accounts for is that of its row.
        renewed["person_token"] = f"coalesce({renewed['person_token']}, {token_sql(_row_message(), NEW)})"
    values = {name: renewed.get(name, f"t.{quoted(name)}") for name in own}
    if "_row_hash" in values:
        content = ", ".join(values[name] for name in own if name not in SYSTEM)
        values["_row_hash"] = f"printf('%016x', hash({content}))"
    picked = ", ".join(f"{values[name]} AS {quoted(name)}" for name in own)
    joins = " ".join(
        f"LEFT JOIN mapping AS of_{index} ON of_{index}.old = t.{quoted(name)}" for index, name in enumerate(tokens)
    )
    return (
        f"SELECT n._number, {picked} FROM {read} AS t JOIN numbers AS n USING (_path) {joins} ORDER BY 1, t._row_number"
    )


def _copy_rest(source: Path, target: Path) -> None:
    """Link what holds no tokens: files of feeds without people, or whose contract is gone."""
    for path in sorted(source.rglob("*")) if source.exists() else []:
        copy = target / path.relative_to(source)
        if path.is_file() and not path.name.startswith(".") and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.hardlink_to(path)


def _switch(settings: Settings, ledger: Ledger, new: bytes, work: Path) -> None:
    """Put the new lake and identifiers in the place of the old ones. Every step may be repeated."""
    for name, current in (("lake", settings.lake), ("identifiers", settings.vault / "identifiers")):
        if (work / name).exists():
            if current.exists():
                current.rename(work / f"{name}.old")
            (work / name).rename(current)
    if fingerprint(settings.token_key) != fingerprint(new):
        for url in (settings.alert_urls.get_secret_value() if settings.alert_urls else "").split():
            message = f"alert:{url}"
            ledger.notices.rename_channel(token(settings.token_key, message), token(new, message))
    ledger.record_key(fingerprint(new), utc_now())
    for path in settings.warehouse.glob("*.duckdb*"):
        path.unlink()
    if _demo_next(settings).exists():
        os.replace(_demo_next(settings), settings.demo_key_path)  # noqa: PTH105 (the one atomic step)
