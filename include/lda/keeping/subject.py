"""Whose data it is: the NHS number, and every number of senders' own that the same person is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from lda.contracts import RULE_CONTEXT, FeedContract, TableSpec
from lda.intake.rows import quoted
from lda.keeping.held import create_held, create_partner_of
from lda.ledger import FileRecord, Ledger
from lda.settings import Settings

# Weights of the check digit: NHS Data Dictionary, NHS NUMBER.
_WEIGHTS = range(10, 1, -1)


class ErasureError(Exception):
    """A person's data cannot be erased as asked; the message says why and names nobody."""


@dataclass(frozen=True)
class LocalNumber:
    """A sender's own number of a person: feed, partner, table, and the values of the table's person key in order."""

    feed: str
    partner_code: str
    table: str
    values: tuple[str, ...]

    @property
    def message(self) -> str:
        """What the token of a row known by it alone is made of (see ``person_message_sql``)."""
        return f"local:{self.feed}:{'|'.join(self.values)}"


@dataclass(frozen=True)
class Subject:
    """One person, as the files name them. Identifiable: it must not leave the vault."""

    nhs_number: str | None
    local: tuple[LocalNumber, ...]

    @property
    def messages(self) -> list[str]:
        """What the person's tokens are made of."""
        own = [f"nhs:{self.nhs_number}"] if self.nhs_number else []
        return own + sorted({one.message for one in self.local})

    def local_in(self, record: FileRecord, contract: FeedContract) -> dict[str, frozenset[tuple[str, ...]]]:
        """The person's own numbers in a file, by table, without what the file's name says already."""
        found: dict[str, frozenset[tuple[str, ...]]] = {}
        for table in contract.tables:
            if table.person_key is None:
                continue
            in_cells = [name not in RULE_CONTEXT for name in table.person_key.local]
            found[table.name] = frozenset(
                tuple(value for value, is_cell in zip(one.values, in_cells, strict=True) if is_cell)
                for one in self.local
                if (one.feed, one.partner_code, one.table) == (contract.feed, record.partner_code, table.name)
            )
        return found


def valid_nhs_number(text: str) -> str:
    """The ten digits of an NHS number. Raises ErasureError when it is none; the message does not repeat it."""
    digits = "".join(letter for letter in text if not letter.isspace() and letter != "-")
    if len(digits) == 10 and digits.isascii() and digits.isdigit():
        check = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11
        if check % 11 == int(digits[9]) and check != 10:
            return digits
    raise ErasureError("What was given is no NHS number: expected ten digits of which the last checks the others.")


def find_subject(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    nhs_number: str | None,
    local: tuple[str, str, str] | None = None,
) -> Subject:
    """Everything a person is known by, from the vault: by NHS number, or by (feed, partner, number of its own).

    A number of a sender's own leads to the NHS number that came with it, and that to every other number.

    :raises ErasureError: when a sender's own number came with several NHS numbers, or never came.
    """
    with duckdb.connect() as connection:
        create_partner_of(connection, ledger)
        found: list[LocalNumber] = []
        if local is not None:
            nhs_number, found = _by_local(connection, settings, contracts, *local)
        if nhs_number is not None:
            for contract in contracts.values():
                for table in contract.tables:
                    if table.person_key and create_held(connection, settings, contract, table):
                        found += _numbers(connection, table, f"{quoted(table.person_key.nhs_number)} = ?", [nhs_number])
    return Subject(nhs_number, tuple(dict.fromkeys(found)))


def _by_local(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    contracts: Mapping[str, FeedContract],
    feed: str,
    partner: str,
    number: str,
) -> tuple[str | None, list[LocalNumber]]:
    if feed not in contracts:
        raise ErasureError(f"There is no feed {feed}. Feeds: {', '.join(sorted(contracts))}.")
    found: list[LocalNumber] = []
    nhs: set[str] = set()
    for table in contracts[feed].tables:
        if not (table.person_key and table.person_key.local):
            continue
        if not create_held(connection, settings, contracts[feed], table):
            continue
        where, values = f"{quoted(table.person_key.local[-1])} = ? AND _partner_code = ?", [number.strip(), partner]
        found += _numbers(connection, table, where, values)
        column = quoted(table.person_key.nhs_number)
        query = f"SELECT DISTINCT {column} FROM held WHERE {where} AND {column} IS NOT NULL"
        nhs |= {str(row[0]) for row in connection.execute(query, values).fetchall()}
    if len(nhs) > 1:
        raise ErasureError(
            f"{partner} sent {len(nhs)} different NHS numbers with this number of its own: name one of them."
        )
    if not found:
        raise ErasureError(f"Nothing is held of {partner} in {feed} under this number of its own.")
    return next(iter(nhs), None), found


def _numbers(
    connection: duckdb.DuckDBPyConnection, table: TableSpec, where: str, values: list[str]
) -> list[LocalNumber]:
    """Complete person keys of the held rows for which ``where`` is true."""
    key = table.person_key
    if key is None or not key.local:
        return []
    names = ", ".join(quoted(name) for name in key.local)
    complete = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key.local)
    query = f"SELECT DISTINCT _partner_code, {names} FROM held WHERE ({where}) AND {complete} ORDER BY ALL"
    return [
        LocalNumber(table.feed, str(partner), table.name, tuple(map(str, own)))
        for partner, *own in connection.execute(query, values).fetchall()
    ]
