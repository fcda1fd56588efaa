"""Make the lists: build the models in the vault, join them with identifiers, write a workbook for each holder."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lda.direct_care.lists import LISTS, CareRow, rows_of
from lda.direct_care.workbook import write_list
from lda.ledger import Ledger, utc_now
from lda.publishing import one_writer
from lda.settings import Settings
from lda.vault import check_access, private_folder, whole_file
from lda.warehouse import in_force, latest_periods
from lda.warehouse.build import DIRECT_CARE, ledger_rows, load_sources
from lda.warehouse.candidate import CATALOGUE
from lda.warehouse.transform import transform


class DirectCareError(Exception):
    """Lists for direct care may not or cannot be made; the message says why and what to do."""


@dataclass
class CareReport:
    """What was made, in counts: people by list, holders by list, rows without identifiers; and where."""

    period_end: str
    folder: str
    people: dict[str, int] = field(default_factory=dict)
    holders: dict[str, int] = field(default_factory=dict)
    without_identifiers: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON: it names nobody."""
        return asdict(self)


def make_lists(settings: Settings, reason: str, as_of: datetime | None = None) -> CareReport:
    """Make every list of each system's latest month, in place of those before, and note in the audit trail who did and
    why.

    :param reason: what the lists are for, in the words of whoever makes them; kept in the audit trail.
    :raises DirectCareError: when the switch is off or no reason is given.
    :raises CandidateError: when nothing has been accepted yet.
    """
    check_allowed(settings, reason)
    check_access(settings)
    moment = as_of or utc_now()
    root = private_folder(settings.vault / "direct_care")
    ledger = Ledger(settings.ledger_address)
    with one_writer(settings):
        try:
            ledger.create()
            periods = latest_periods(settings, ledger, moment)
            period = max(periods.values())
            with _models(settings, ledger, periods, moment, root) as database:
                found = {one.name: rows_of(settings, database, one) for one in LISTS}
            report = _write(root, period, found)
            counts = ", ".join(f"{name}: {count} people" for name, count in report.people.items())
            ledger.note("made_identifiable_list", "direct care", f"{reason.strip()} ({period}; {counts})")
        finally:
            ledger.close()
    return report


def check_allowed(settings: Settings, reason: str) -> None:
    """Refuse when the switch is off, or when nobody says what the lists are for.

    :raises DirectCareError: with what to do.
    """
    if not settings.direct_care:
        raise DirectCareError(
            "Lists for direct care are switched off. They name people: whoever answers for their use sets "
            "LDA_DIRECT_CARE=true, in an installation whose users may see them."
        )
    if not reason.strip():
        raise DirectCareError("Say what the lists are for, like: --reason 'April health check recall'.")


@contextmanager
def _models(
    settings: Settings, ledger: Ledger, periods: Mapping[str, date], moment: datetime, root: Path
) -> Iterator[Path]:
    """A database with the lists' models, built with nobody left out; removed when the block ends."""
    folder = root / ".building"
    shutil.rmtree(folder, ignore_errors=True)
    private_folder(folder)
    try:
        inputs = in_force(settings, ledger, moment, periods)
        rows = ledger_rows(settings, ledger, inputs, periods, moment)
        run = {"run_id": "direct_care", "publication_id": "", "period_end": max(periods.values()), "as_of": moment}
        rows["run"] = [{**run, "code_version": ""}]
        database = folder / f"{CATALOGUE}.duckdb"
        load_sources(settings, database, inputs, rows, for_care=True)
        selection = ("--select", f"+{DIRECT_CARE}", "--indirect-selection", "cautious")
        transform(settings, database, *selection, target=settings.warehouse / "dbt_target" / "direct_care")
        yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(root: Path, period: date, found: dict[str, list[CareRow]]) -> CareReport:
    """Write all lists beside the ones before and put them in their place, so that nobody finds half of them."""
    report = CareReport(period.isoformat(), str(root / "lists"))
    new, old = root / f".new-{secrets.token_hex(4)}", root / f".old-{secrets.token_hex(4)}"
    try:
        private_folder(new)
        for care_list in LISTS:
            rows = found[care_list.name]
            holders = sorted({row.holder for row in rows})
            for holder in holders:
                path = private_folder(new / care_list.name) / f"{holder}.xlsx"
                with whole_file(path) as temporary:
                    write_list(temporary, care_list, holder, [row for row in rows if row.holder == holder])
            report.people[care_list.name] = len({row.person_key for row in rows})
            report.holders[care_list.name] = len(holders)
            report.without_identifiers += sum(not any(row.identifiers.values()) for row in rows)
        if (root / "lists").exists():
            (root / "lists").rename(old)
        new.rename(root / "lists")
    finally:
        for folder in (new, old):
            shutil.rmtree(folder, ignore_errors=True)
    return report
