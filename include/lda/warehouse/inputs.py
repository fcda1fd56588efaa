"""What a publication is made from: the submissions in force, the rules and reference data, and the code.

Two refreshes with equal inputs would publish the same figures, so the second is not made.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, and_, func, or_, select

from lda.ledger.tables import file, file_event, row_account, submission
from lda.settings import Settings

# A month is reported by default once this share of what is expected for it has been accepted.
MOST = 0.5


@dataclass(frozen=True)
class Input:
    """One submission in force: the partner file it came from, its Parquet file in the lake and its row account."""

    file_id: str
    feed: str
    partner_code: str
    system_code: str
    period_start: date
    period_end: date
    accepted_at: datetime
    lake_path: str
    received: int
    accepted: int
    quarantined: int
    repeated: int

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The input as JSON gives it back."""
        values = dict(data)
        for name in ("period_start", "period_end"):
            values[name] = date.fromisoformat(str(values[name]))
        values["accepted_at"] = datetime.fromisoformat(str(values["accepted_at"]))
        return cls(**values)


def in_force(engine: Engine, system_code: str, as_of: datetime, period_end: date | None = None) -> list[Input]:
    """The submissions of a system that count as of a moment, up to a period, in a stable order.

    A submission counts from the moment it was accepted until the moment another one replaced it.
    """
    columns = [submission.c[name] for name in ("file_id", "feed", "partner_code", "system_code")]
    columns += [submission.c[name] for name in ("period_start", "period_end", "accepted_at")]
    accounts = [row_account.c[name] for name in ("received", "accepted", "quarantined", "repeated")]
    query = (
        select(*columns, file.c.lake_path, *accounts)
        .join(file, file.c.file_id == submission.c.file_id)
        .join(row_account, row_account.c.file_id == submission.c.file_id)
        .where(
            submission.c.system_code == system_code,
            submission.c.accepted_at <= as_of,
            or_(submission.c.superseded_at.is_(None), submission.c.superseded_at > as_of),
        )
        .order_by(submission.c.feed, submission.c.period_end, submission.c.partner_code, submission.c.file_id)
    )
    if period_end is not None:
        query = query.where(submission.c.period_end <= period_end)
    with engine.connect() as connection:
        return [Input(**row) for row in connection.execute(query).mappings()]


def file_accounts(engine: Engine, system_code: str, as_of: datetime) -> list[dict[str, Any]]:
    """Every file seen by a moment with its status at that moment and its row account (zeros before it was judged)."""
    last_event = (
        select(file_event.c.file_id, func.max(file_event.c.event_id).label("event_id"))
        .where(file_event.c.at <= as_of)
        .group_by(file_event.c.file_id)
        .subquery()
    )
    counts = [
        func.coalesce(row_account.c[name], 0).label(name)
        for name in ("received", "accepted", "quarantined", "repeated")
    ]
    query = (
        select(file.c.file_id, file.c.feed, func.coalesce(file_event.c.status, file.c.status).label("status"), *counts)
        .outerjoin(last_event, last_event.c.file_id == file.c.file_id)
        .outerjoin(file_event, and_(file_event.c.event_id == last_event.c.event_id))
        .outerjoin(row_account, row_account.c.file_id == file.c.file_id)
        .where(file.c.received_at <= as_of, or_(file.c.system_code == system_code, file.c.system_code.is_(None)))
        .order_by(file.c.file_id)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def most_received_period(inputs: Iterable[Input], expected: Iterable[tuple[str, str, date]]) -> date | None:
    """The latest period for which most of the expected submissions are in force.

    ``expected`` holds (feed, partner_code, period_end). One partner ahead of the others does not move a whole system
    to a month that nobody else has sent. Without any such period it is the latest one received; None with no inputs.
    """
    received = {(source.feed, source.partner_code, source.period_end) for source in inputs}
    wanted = set(expected)
    due = Counter(period for _, _, period in wanted)
    come = Counter(period for _, _, period in wanted & received)
    full = [period for period, count in due.items() if come[period] >= MOST * count]
    return max(full, default=max((period for _, _, period in received), default=None))


def inputs_hash(inputs: Iterable[Input], period_end: date, fingerprint: str) -> str:
    """A hash of everything a publication's figures depend on: what was accepted, the period, the rules and the code."""
    digest = hashlib.sha256(f"{fingerprint}\n{period_end}\n".encode())
    for source in inputs:
        account = asdict(source)
        digest.update("|".join(f"{name}={account[name]}" for name in sorted(account)).encode() + b"\n")
    return digest.hexdigest()


def rules_fingerprint(settings: Settings) -> str:
    """A hash of contracts, system files, reference data, SQL, publication suites and the code that publishes."""
    rooms = [Path(__file__).resolve().parents[1] / room for room in ("warehouse", "gates", "publishing")]
    sources = [settings.contracts_dir, settings.systems_dir, settings.expectations_dir / "publication"]
    names = ("models", "macros", "seeds", "tests", "dbt_project.yml", "profiles.yml")
    sources += [settings.dbt_dir / name for name in names]
    digest = hashlib.sha256()
    for path in sorted(path for source in [*sources, *rooms] for path in files_in(source)):
        digest.update(f"{path.name}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files_in(source: Path) -> list[Path]:
    """The files of a folder, or the file itself; compiled and hidden files are left out."""
    if source.is_file():
        return [source]
    found = (path for path in source.rglob("*") if path.is_file())
    return [path for path in found if "__pycache__" not in path.parts and not path.name.startswith(".")]


def code_version(settings: Settings) -> str:
    """The Git commit with ``-dirty`` when files differ from it, or the package's version outside a checkout."""
    if (settings.project_dir / ".git").exists():
        commit = _git(settings.project_dir, "rev-parse", "--short=12", "HEAD")
        if commit:
            return commit + ("-dirty" if _git(settings.project_dir, "status", "--porcelain") else "")
    try:
        return version("lda-warehouse")
    except PackageNotFoundError:
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
