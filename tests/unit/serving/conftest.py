"""A real PostgreSQL in a folder of its own, and an owner that is no administrator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from fake_superset import FakeSuperset
from psycopg.conninfo import make_conninfo
from small_publication import write_publication

from own_postgres import own_postgres

OWNER = "lda_owner"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The administrator's connection string of a server that is removed at the end."""
    with own_postgres() as running:
        with psycopg.connect(running.uri, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
        yield running.uri


@pytest.fixture
def dsn(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of its own, as its owner sees it."""
    name = "db_" + "".join(letter if letter.isalnum() else "_" for letter in request.node.name)[:40].lower()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    yield make_conninfo(server, dbname=name, user=OWNER)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def as_role(dsn: str, server: str) -> Callable[[str], psycopg.Connection]:
    """Connects to the test's database as somebody who is a member of one role and nothing else."""
    opened = []

    def connect(role: str) -> psycopg.Connection:
        login = f"{role}_login"
        with psycopg.connect(server, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login]).fetchone():
                connection.execute(f"CREATE ROLE {login} LOGIN")
            connection.execute(f"GRANT {role} TO {login}")
        opened.append(psycopg.connect(make_conninfo(dsn, user=login), autocommit=True))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


@pytest.fixture
def publication(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a small publication and gives its folder."""
    return lambda publication_id: write_publication(tmp_path / "published", publication_id)


@pytest.fixture
def superset() -> Iterator[FakeSuperset]:
    server = FakeSuperset()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
