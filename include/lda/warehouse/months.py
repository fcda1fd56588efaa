"""The reporting month of each system, the last that its figures are of: it goes by its own submissions alone."""

from __future__ import annotations

from datetime import date, datetime

from lda.contracts import expected_submissions, load_contracts, load_system
from lda.ledger import Ledger
from lda.ledger.records import Submission
from lda.settings import Settings
from lda.warehouse.candidate import CandidateError
from lda.warehouse.inputs import FIGURES, feed_roles, in_force, most_received_period


def latest_periods(settings: Settings, ledger: Ledger, as_of: datetime) -> dict[str, date]:
    """Each system's reporting month by default: the latest for which most of its expected submissions are in force.

    A system that is late keeps no other waiting, and none that is further on moves it: its figures end where they would
    if it were served alone. One of which nothing has come has no figures; it is listed with the latest of the others.
    The reporting month of the whole is the latest of all.

    :raises CandidateError: when nothing has been accepted yet.
    """
    roles = feed_roles(settings)
    inputs = [one for one in in_force(settings, ledger, as_of) if roles.get(one.feed, FIGURES) == FIGURES]
    found: dict[str, date] = {}
    for code in settings.systems:
        own = [source for source in inputs if source.system_code == code]
        period = most_received_period(own, _expected(settings, code, own), settings.least_share_due) if own else None
        if period:
            found[code] = period
    if found:
        return dict.fromkeys(settings.systems, max(found.values())) | found
    raise CandidateError(
        f"No submission has been accepted yet. Put partners' files in {settings.landing} (or make samples with: "
        "lda synthesise), then run: lda ingest, and lda files to see what became of them."
    )


def _expected(settings: Settings, system: str, inputs: list[Submission]) -> list[tuple[str, str, date]]:
    first, last = (pick(source.period_end for source in inputs) for pick in (min, max))
    figures = {feed: contract for feed, contract in load_contracts(settings).items() if contract.role == FIGURES}
    wanted = expected_submissions(settings, figures, load_system(settings, system), first, last)
    return [(one.feed, one.partner_code, one.period_end) for one in wanted]
