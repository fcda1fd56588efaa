"""The two roles that read the Postgres mart: ``lda_analyst`` (mart and published) and ``lda_public`` (published only).

Both may read and nothing else. They cannot log in: a database administrator makes people's and tools' own logins
members of one of them (``GRANT lda_public TO superset``), so that no password is shared.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from lda.serving.errors import ServingError

ANALYST, PUBLIC = "lda_analyst", "lda_public"
READERS: Mapping[str, tuple[str, ...]] = {"mart": (ANALYST,), "published": (ANALYST, PUBLIC)}
POWERS = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls")


def ensure_roles(connection: psycopg.Connection) -> None:
    """Create the roles that are missing, and refuse to serve to one that may do more than read.

    :raises ServingError: when a role cannot be created or has powers of an administrator.
    """
    powers = " OR ".join(POWERS)
    for role in (ANALYST, PUBLIC):
        found = connection.execute(f"SELECT {powers} FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        if found is None:
            _create(connection, role)
        elif found[0]:
            raise ServingError(
                f"Role {role} has powers of an administrator ({', '.join(POWERS)}); expected a role that only reads. "
                f"Take them away with ALTER ROLE {role}, then run: lda serve"
            )


def _create(connection: psycopg.Connection, role: str) -> None:
    try:
        with connection.transaction():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServingError(
            f"Role {role} does not exist and the user of LDA_PUBLISH_DSN may not create it. Have an administrator run: "
            f"CREATE ROLE {role} NOLOGIN; then run: lda serve"
        ) from error


def grant_readers(connection: psycopg.Connection, schema: str, kind: str) -> None:
    """Let the readers of a kind of schema (``mart`` or ``published``) read one schema, and nobody else."""
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM PUBLIC").format(name))
    readers = sql.SQL(", ").join(sql.Identifier(role) for role in READERS[kind])
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(name, readers))
    connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(name, readers))


def check_readers(connection: psycopg.Connection, schema: str, kind: str) -> None:
    """Ask the database itself who can read a schema, through whatever membership, before anybody sees it.

    :raises ServingError: when a role can read what it should not, or cannot read what it should.
    """
    for role in (ANALYST, PUBLIC):
        row = connection.execute("SELECT has_schema_privilege(%s, %s, 'USAGE')", [role, schema]).fetchone()
        expected = role in READERS[kind]
        if row != (expected,):
            may = "may not" if expected else "may"
            raise ServingError(
                f"Role {role} {may} use schema {kind}; expected the opposite. Nothing was switched. Look for "
                f"roles that {role} is a member of, and take away its membership; then run: lda serve"
            )
