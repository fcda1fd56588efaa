"""What a publication is made from: the submissions in force, the rules and reference data, and the code.

Two refreshes with equal inputs would publish the same figures, so the second is not made.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select

from lda.contracts import Partner, load_contracts, load_systems
from lda.ledger import Ledger
from lda.ledger.records import Submission
from lda.ledger.tables import file, file_event, judgement
from lda.settings import Settings

FIGURES = "figures"
# The code that a publication's figures, words and what is hidden of them depend on, below ``include/lda``.
ROOMS = ("contracts", "disclosure", "gates", "publishing", "reporting/report", "warehouse")


def in_force(
    settings: Settings, ledger: Ledger, as_of: datetime, periods: Mapping[str, date] | None = None
) -> list[Submission]:
    """The submissions of the systems served that count as of a moment, up to each system's reporting month
    (``periods``), in a stable order.

    What is known by the moment of opt-outs and reference data counts whatever period is reported: an opt-out holds
    for every later use, and a corrected population year corrects earlier months too. Of opt-outs only the latest list
    of each partner counts, because each is complete; that of a partner which has closed counts until all who owe lists
    after it have sent one.
    """
    contracts = load_contracts(settings)
    roles = feed_roles(settings)
    found = [one for one in ledger.in_force(as_of) if one.system_code in settings.systems]
    lists: dict[tuple[str, str], date] = {}
    for one in found:
        if roles.get(one.feed) == "opt_outs":
            lists[one.feed, one.partner_code] = max(one.period_end, lists.get((one.feed, one.partner_code), date.min))
    for feed in {feed for feed, _ in lists}:
        sent = {partner: period for (name, partner), period in lists.items() if name == feed}
        for system in load_systems(settings):
            lists |= dict.fromkeys(
                ((feed, code) for code in handed_on(system.senders(contracts[feed]), sent)), date.max
            )
    return [
        one
        for one in found
        if one.period_end == lists.get((one.feed, one.partner_code), one.period_end)
        and (periods is None or one.period_end <= periods[one.system_code] or roles.get(one.feed, FIGURES) != FIGURES)
    ]


def handed_on(senders: Iterable[Partner], lists: Mapping[str, date]) -> set[str]:
    """Codes of closed senders whose last list no longer counts: every sender that owes one since has sent its own.

    ``lists`` holds the period of each sender's last list. Until then the old list stands, so that no opt-out is lost
    between two partners.
    """
    known = list(senders)
    newest = max((lists[one.code] for one in known if one.code in lists), default=date.min)
    owing = [one for one in known if one.is_valid_on(newest)]
    return {
        one.code
        for one in known
        if one.code in lists
        and one.valid_to is not None
        and one.valid_to <= newest
        and all(lists.get(other.code, date.min) >= one.valid_to for other in owing)
    }


def feed_roles(settings: Settings) -> dict[str, str]:
    """What each feed is for, by feed (see ``FeedContract.role``)."""
    return {feed: contract.role for feed, contract in load_contracts(settings).items()}


def file_accounts(ledger: Ledger, systems: Collection[str], as_of: datetime) -> list[dict[str, Any]]:
    """Every file seen by a moment with its status and row account at that moment (zeros before it was judged)."""
    last_event = (
        select(file_event.c.file_id, func.max(file_event.c.event_id).label("event_id"))
        .where(file_event.c.at <= as_of)
        .group_by(file_event.c.file_id)
        .subquery()
    )
    last_judged = (
        select(judgement.c.file_id, func.max(judgement.c.judgement_id).label("judgement_id"))
        .where(judgement.c.at <= as_of)
        .group_by(judgement.c.file_id)
        .subquery()
    )
    names = ("received", "accepted", "quarantined", "repeated")
    counts = [func.coalesce(judgement.c[name], 0).label(name) for name in names]
    query = (
        select(file.c.file_id, file.c.feed, func.coalesce(file_event.c.status, file.c.status).label("status"), *counts)
        .outerjoin(last_event, last_event.c.file_id == file.c.file_id)
        .outerjoin(file_event, file_event.c.event_id == last_event.c.event_id)
        .outerjoin(last_judged, last_judged.c.file_id == file.c.file_id)
        .outerjoin(judgement, judgement.c.judgement_id == last_judged.c.judgement_id)
        .where(file.c.received_at <= as_of, or_(file.c.system_code.in_(systems), file.c.system_code.is_(None)))
        .order_by(file.c.file_id)
    )
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def known_periods(known: Mapping[str, Any]) -> dict[str, date]:
    """The reporting month of each system, of what a manifest, a plan or a candidate's description says.

    One made before systems had months of their own has one for all: ``period_end``.
    """
    told = known.get("periods") or dict.fromkeys(known["system_code"].split(","), known["period_end"])
    return {system: date.fromisoformat(period) for system, period in told.items()}


def most_received_period(
    inputs: Iterable[Submission], expected: Iterable[tuple[str, str, date]], least_share: float
) -> date | None:
    """The latest period for which at least a share of the expected submissions is in force.

    ``expected`` holds (feed, partner_code, period_end). One partner ahead of the others does not move a whole system
    to a month that nobody else has sent. Without any such period it is the latest one received; None with no inputs.
    """
    received = {(source.feed, source.partner_code, source.period_end) for source in inputs}
    wanted = set(expected)
    due = Counter(period for _, _, period in wanted)
    come = Counter(period for _, _, period in wanted & received)
    full = [period for period, count in due.items() if come[period] >= least_share * count]
    return max(full, default=max((period for _, _, period in received), default=None))


def inputs_hash(inputs: Iterable[Submission], periods: Mapping[str, date], fingerprint: str) -> str:
    """A hash of everything a publication's figures depend on: what was accepted, each system's month, the rules and
    the code."""
    months = "\n".join(f"{system} {period}" for system, period in sorted(periods.items()))
    digest = hashlib.sha256(f"{fingerprint}\n{months}\n".encode())
    for source in inputs:
        parts = (source.feed, source.partner_code, source.period_end, source.file_id, source.lake_path)
        digest.update(f"{parts} {source.rows_accepted}\n".encode())
    return digest.hexdigest()


def rules_fingerprint(settings: Settings) -> str:
    """A hash of contracts, system files, reference data, SQL, publication suites and the code that publishes.

    It knows every file by its path within the source it is of, and not by where the checkout is.
    """
    package = Path(__file__).resolve().parents[1]
    sources = {f"lda/{room}": package / room for room in ROOMS}
    sources |= {
        "contracts": settings.contracts_dir,
        "systems": settings.systems_dir,
        "expectations/publication": settings.expectations_dir / "publication",
    }
    names = ("models", "macros", "seeds", "tests", "dbt_project.yml", "profiles.yml")
    sources |= {f"dbt_project/{name}": settings.dbt_dir / name for name in names}
    digest = hashlib.sha256()
    for source, root in sorted(sources.items()):
        for name, path in sorted((path.relative_to(root).as_posix(), path) for path in files_in(root)):
            digest.update(f"{source}/{name}\n{path.stat().st_size}\n".encode())
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
