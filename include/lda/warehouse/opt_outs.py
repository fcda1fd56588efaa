"""Opt-outs: people who said that their data may not be used beyond their own care leave the candidate as it is loaded.

Everything downstream (models, measures, publications) reads the candidate, so none can forget an opt-out. The lake
and the vault keep the rows, which direct care may use. Source: NHS England, national data opt-out operational policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from lda.contracts import FeedContract, Systems, TableSpec, add_periods
from lda.ledger.records import Submission

LISTED = "opted_out"
# The partner of every submission loaded.
SENDER = "sender"


@dataclass(frozen=True)
class Removal:
    """Rows of one table that left the candidate, and how many people they name (0 for a table that names none)."""

    feed: str
    table_name: str
    people_removed: int
    rows_removed: int

    def as_row(self) -> dict[str, object]:
        """The row of ``ledger.opt_out_removal``."""
        return dict(vars(self))


@dataclass(frozen=True)
class OptOuts:
    """What applying the lists did: people on the lists, people of them who were in the data, and rows by table."""

    people_listed: int = 0
    people_removed: int = 0
    removals: tuple[Removal, ...] = ()

    def as_rows(self) -> dict[str, list[dict[str, object]]]:
        """Rows of the ledger tables ``opt_out`` and ``opt_out_removal``."""
        totals: dict[str, object] = {
            "people_listed": self.people_listed,
            "people_removed": self.people_removed,
            "rows_removed": sum(removal.rows_removed for removal in self.removals),
        }
        return {"opt_out": [totals], "opt_out_removal": [removal.as_row() for removal in self.removals]}


def apply_opt_outs(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, FeedContract],
    inputs: Iterable[Submission] = (),
    *,
    for_care: bool = False,
) -> OptOuts:
    """Remove from schema ``lake`` every row about a person on an opt-out list, and the lists themselves.

    A person is known by the token of the NHS number, the only thing a list holds. A row that came without one is about
    a listed person when another row of the feed and partner, in any of ``inputs``, has the same number of the partner's
    own beside the listed NHS number; a record of somebody whose NHS number the partner never sent cannot be matched, as
    national policy allows. In a submission of several tables, rows that belong to a removed row (by the contract's
    foreign keys) go with it. ``for_care`` removes the lists only.
    """
    lists = [table.name for contract in contracts.values() if contract.role == "opt_outs" for table in contract.tables]
    tokens = " UNION ".join(f'SELECT person_token FROM lake."{name}"' for name in lists)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {LISTED} AS " + (tokens or "SELECT NULL::VARCHAR AS person_token WHERE false")
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE person_removed (person_token VARCHAR)")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {SENDER} (file_id VARCHAR, partner_code VARCHAR)")
    senders = {one.file_id: one.partner_code for one in inputs}
    connection.execute(f"INSERT INTO {SENDER} SELECT unnest($1), unnest($2)", [[*senders], [*senders.values()]])
    removals = (
        []
        if for_care
        else [
            removal
            for contract in contracts.values()
            if contract.role == "figures"
            for table in contract.tables
            if (removal := _remove(connection, contract, table)).rows_removed
        ]
    )
    listed, removed = (
        _count(connection, query)
        for query in (f"FROM {LISTED}", "FROM (SELECT DISTINCT person_token FROM person_removed)")
    )
    for name in lists:
        connection.execute(f'DROP TABLE lake."{name}"')
    return OptOuts(listed, removed, tuple(removals))


def _remove(connection: duckdb.DuckDBPyConnection, contract: FeedContract, table: TableSpec) -> Removal:
    """Take the rows of a table that must go; they are kept aside for the tables below it."""
    conditions = [f"person_token IN (FROM {LISTED})"] if table.person_key else []
    conditions += _under_own_number(connection, table)
    conditions += _orphaned(contract, table)
    gone = f"removed_{contract.feed}_{table.name}"
    where = " OR ".join(conditions) or "false"
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{gone}" AS FROM lake."{table.name}" AS own WHERE {where}')
    rows, people = _count(connection, f'FROM "{gone}"'), 0
    if rows:
        key = "_file_id, _row_number"
        connection.execute(f'DELETE FROM lake."{table.name}" WHERE ({key}) IN (SELECT ({key}) FROM "{gone}")')
    if rows and table.person_key:
        # Whoever is here under the partner's own number is here under the NHS number too.
        named = f'SELECT DISTINCT person_token FROM "{gone}" WHERE person_token IN (FROM {LISTED})'
        people = _count(connection, f"FROM ({named})")
        connection.execute(f"INSERT INTO person_removed {named}")
    return Removal(contract.feed, table.name, people, rows)


def _under_own_number(connection: duckdb.DuckDBPyConnection, table: TableSpec) -> list[str]:
    """The condition that is true for rows without an NHS number about a listed person whose number of the partner's own
    another row tells; none where the partner has no number of its own or nobody listed is in the table."""
    key = table.person_key
    if key is None or not key.local:
        return []
    names = [f'"{table.column(name).lake_columns()[0][0]}"' for name in key.local if name != "_partner_code"]
    known = f'"own_number_{table.feed}_{table.name}"'
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {known} AS SELECT DISTINCT partner_code, {', '.join(names)} "
        f'FROM lake."{table.name}" LEFT JOIN {SENDER} ON file_id = _file_id WHERE person_token IN (FROM {LISTED})'
    )
    if not _count(connection, f"FROM {known}"):
        return []
    same = " AND ".join(f"known.{name} = own.{name}" for name in names)
    return [
        f"(own.person_token_source = 'local_id' AND EXISTS (FROM {known} AS known, {SENDER} "
        f"WHERE {SENDER}.file_id = own._file_id AND known.partner_code = {SENDER}.partner_code AND {same}))"
    ]


def _orphaned(contract: FeedContract, table: TableSpec) -> list[str]:
    """Conditions that are true for rows whose parent row has been removed."""
    conditions = []
    for column in table.columns:
        if column.parent is None:
            continue
        parent = next(one for one in contract.tables if one.name == column.parent.table)
        ours, theirs = column.lake_columns(), parent.column(column.parent.column).lake_columns()
        gone = f"removed_{contract.feed}_{parent.name}"
        conditions.append(
            f'EXISTS (FROM "{gone}" AS above WHERE above._file_id = own._file_id '
            f'AND above."{theirs[0][0]}" = own."{ours[0][0]}")'
        )
    return conditions


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    row = connection.execute(f"SELECT count(*) {source}").fetchone()
    return int(row[0]) if row else 0


def opt_out_lists(
    contracts: Mapping[str, FeedContract], systems: Systems, inputs: Iterable[Submission], periods: Mapping[str, date]
) -> list[dict[str, object]]:
    """Every partner that owes a system an opt-out list, the period of its list in force, and whether it stands.

    A list stands for its system's reporting month when it is no older than the contract lets a submission be. One row
    each, as ``ledger.opt_out_list`` holds them.
    """
    last = {(one.feed, one.partner_code): one.period_end for one in inputs}
    rows: list[dict[str, object]] = []
    for contract in contracts.values():
        if contract.role != "opt_outs":
            continue
        for partner in systems.senders(contract):
            period_end = periods[partner.system_code]
            oldest = add_periods(period_end, contract.period_rule, -contract.stale_after_periods)
            if partner.is_valid_on(period_end):
                period = last.get((contract.feed, partner.code))
                stands = period is not None and period >= oldest
                known = {"feed": contract.feed, "partner_code": partner.code}
                rows.append({**known, "last_period": period, "stands": stands})
    return rows
