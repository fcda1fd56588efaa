"""What is to be erased of one person, worked out before anything is changed, so that work that stops can be finished.

The plan is in the vault until the work is done: ``vault/erased/pending``. It is identifiable.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb

from lda.contracts import FeedContract, load_systems
from lda.intake.rows import quoted
from lda.keeping.held import lake_files, source
from lda.keeping.redaction import Needles, NotSearchable, redact
from lda.keeping.subject import Subject
from lda.landing import archive_path
from lda.ledger import FileRecord, Ledger, RowAccount
from lda.settings import PRIVATE_FILE, Settings
from lda.vault import erased_rows, private_folder, quarantine_path, token, whole_file
from lda.vault.erased import erased_folder

Progress = Any
# Rows to erase: by feed and table, pairs of file id and row number.
Rows = dict[str, set[tuple[str, int]]]


@dataclass
class Plan:
    """What is to be erased. ``archived`` maps hashes of archived bytes to that of the bytes which take their place,
    ``erased`` to how many of their rows will have been erased by then."""

    messages: list[str]
    nhs_number: str | None
    reason: str
    rows: Rows = field(default_factory=lambda: defaultdict(set))
    archived: dict[str, str] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, RowAccount] = field(default_factory=dict)
    not_searchable: list[str] = field(default_factory=list)

    @property
    def files(self) -> set[str]:
        """Ids of the files in which the person was found."""
        return {file_id for rows in self.rows.values() for file_id, _ in rows} | set(self.accounts)

    def save(self, folder: Path) -> None:
        """Write the plan, in one step."""
        told = {
            **vars(self),
            "rows": {place: sorted(rows) for place, rows in self.rows.items()},
            "accounts": {file_id: vars(account) for file_id, account in self.accounts.items()},
        }
        with whole_file(folder / "plan.json") as temporary:
            temporary.write_text(json.dumps(told), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """The plan of work that was stopped, or None."""
        path = folder / "plan.json"
        if not path.exists():
            return None
        told = json.loads(path.read_text(encoding="utf-8"))
        told["rows"] = {place: {(file_id, row) for file_id, row in rows} for place, rows in told["rows"].items()}
        told["accounts"] = {file_id: RowAccount(**account) for file_id, account in told["accounts"].items()}
        return cls(**told)


def pending_folder(settings: Settings) -> Path:
    """Where the plan and the new bytes of archived files wait."""
    return erased_folder(settings) / "pending"


def make_plan(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    subject: Subject,
    reason: str,
    progress: Progress = None,
) -> Plan:
    """Find every row about the person in the lake and the archive, and write the bytes that will take their place."""
    folder = pending_folder(settings)
    shutil.rmtree(folder, ignore_errors=True)
    private_folder(folder)
    plan = Plan(subject.messages, subject.nhs_number, reason)
    _in_lake(settings, contracts, subject, plan)
    totals = _in_archive(settings, ledger, contracts, subject, plan, folder, progress)
    _accounts(settings, ledger, contracts, plan, totals)
    return plan


def _in_lake(settings: Settings, contracts: Mapping[str, FeedContract], subject: Subject, plan: Plan) -> None:
    """Rows with one of the person's tokens, and the rows that belong to those within their submission."""
    tokens = [token(settings.token_key, message) for message in subject.messages]
    for contract in contracts.values():
        if contract.role == "opt_outs":
            continue
        with duckdb.connect() as connection:
            for table in contract.tables:
                paths = lake_files(settings, contract, table)
                conditions = ["person_token IN (SELECT unnest($1))"] if table.person_key else []
                for column in table.columns:
                    if column.parent and _exists(connection, f"gone_{column.parent.table}"):
                        parent = next(one for one in contract.tables if one.name == column.parent.table)
                        theirs = quoted(parent.column(column.parent.column).lake_columns()[0][0])
                        ours = quoted(column.lake_columns()[0][0])
                        conditions.append(
                            f"EXISTS (FROM {quoted(f'gone_{parent.name}')} AS above "
                            f"WHERE above._file_id = own._file_id AND above.{theirs} = own.{ours})"
                        )
                if not paths or not conditions:
                    continue
                query = f"SELECT * FROM {source(paths)} AS own WHERE {' OR '.join(conditions)}"
                values = [tokens] if table.person_key else []
                connection.execute(f"CREATE TEMP TABLE {quoted(f'gone_{table.name}')} AS {query}", values)
                found = connection.execute(
                    f"SELECT _file_id, _row_number FROM {quoted(f'gone_{table.name}')}"
                ).fetchall()
                if found:
                    plan.rows[table.place] |= {(str(file_id), int(row)) for file_id, row in found}


def _exists(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall())


def _in_archive(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    subject: Subject,
    plan: Plan,
    folder: Path,
    progress: Progress,
) -> dict[str, int]:
    """Search every archived file; returns the rows found in each, by file id."""
    by_bytes: dict[str, list[FileRecord]] = defaultdict(list)
    for record in ledger.files():
        by_bytes[record.archived_as].append(record)
    totals: dict[str, int] = {}
    before, systems = erased_rows(settings), load_systems(settings)
    for number, (content_hash, records) in enumerate(sorted(by_bytes.items())):
        if progress and number % 20 == 0:
            progress("searching the archive", number, len(by_bytes))
        path = archive_path(settings, content_hash)
        contract = next(
            (
                systems.version_for(contracts[one.feed], one.partner_code, one.period_end)
                for one in records
                if one.feed and one.feed in contracts
            ),
            None,
        )
        if not path.exists() or (contract and contract.role != "figures"):
            continue
        local = subject.local_in(records[0], contract) if contract else {}
        if subject.nhs_number is None and not any(local.values()):
            continue
        target, scratch = folder / content_hash, private_folder(folder / "scratch")
        try:
            found = redact(settings, path, target, contract, Needles(subject.nhs_number, local), scratch)
        except NotSearchable:
            target.unlink(missing_ok=True)
            plan.not_searchable.append(content_hash)
            continue
        if not found.found:
            continue
        target.chmod(PRIVATE_FILE)
        with target.open("rb") as file:
            plan.archived[content_hash] = hashlib.file_digest(file, "sha256").hexdigest()
        plan.erased[content_hash] = before.get(content_hash, 0) + sum(map(len, found.rows.values()))
        for record in records:
            totals[record.file_id] = sum(map(len, found.rows.values()))
            for table in contract.tables if contract else ():
                plan.rows[table.place] |= {(record.file_id, row) for row in found.rows.get(table.name, ())}
    return totals


def _accounts(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    plan: Plan,
    totals: Mapping[str, int],
) -> None:
    """The row account each file will have: what is erased was never data of it."""
    by_file: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for place, rows in plan.rows.items():
        for file_id, row in rows:
            by_file[file_id][place].add(row)
    with duckdb.connect() as connection:
        for file_id in sorted(set(by_file) | set(totals)):
            record, account = ledger.file(file_id), ledger.account(file_id)
            if record is None or account is None or not record.feed or record.feed not in contracts:
                continue
            contract, accepted, held = contracts[record.feed], 0, 0
            for table in contract.tables:
                numbers = by_file[file_id][table.place]
                if record.lake_path:
                    path = settings.lake / contract.lake_file(record.lake_path, table)
                    accepted += _count(connection, path, file_id, numbers)
                held += _count(connection, quarantine_path(settings, table.place, file_id), file_id, numbers)
            total = max(totals.get(file_id, 0), accepted + held)
            plan.accounts[file_id] = _less(account, total, accepted, held)


def _less(account: RowAccount, total: int, accepted: int, held: int) -> RowAccount:
    """An account without ``total`` rows, of which so many were accepted and in quarantine; the rest were repeats.

    In a rejected file rows that were sound stand as quarantined without being in the vault.
    """
    repeated = min(account.repeated, max(0, total - accepted - held))
    quarantined = min(account.quarantined, total - accepted - repeated)
    left = (account.accepted - accepted, account.quarantined - quarantined, account.repeated - repeated)
    return RowAccount(sum(left), *left, account.layout + account.received - sum(left))


def _count(connection: duckdb.DuckDBPyConnection, path: Path, file_id: str, rows: set[int]) -> int:
    if not rows or not path.exists():
        return 0
    query = f"SELECT count(*) FROM {source([path])} WHERE _file_id = $1 AND _row_number IN (SELECT unnest($2))"
    return int(connection.execute(query, [file_id, sorted(rows)]).fetchall()[0][0])
