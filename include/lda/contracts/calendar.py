"""The calendar of what partners owe: what is expected when, and how it stands on a day.

A submission is *expected* until it is due, then in *grace*, then *late*, then *escalated*; the days are those of its
feed's contract. This is the one definition for the status board, alerts, feedback, coverage and the refresh. Nothing
here asks what day it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Literal

from lda.contracts.model import FeedContract
from lda.contracts.periods import MONTHS_IN, add_periods, due_date, period_ends, period_of
from lda.contracts.system_model import Expected, Partner, SystemConfig
from lda.settings import Settings

Standing = Literal["received", "came_late", "expected", "grace", "late", "escalated", "paused"]
RECEIVED: Standing = "received"
CAME_LATE: Standing = "came_late"
EXPECTED: Standing = "expected"
GRACE: Standing = "grace"
LATE: Standing = "late"
ESCALATED: Standing = "escalated"
PAUSED: Standing = "paused"
STANDING_WORDS: dict[Standing, str] = {
    RECEIVED: "received in time",
    CAME_LATE: "came late",
    EXPECTED: "not due yet",
    GRACE: "due, within the days of grace",
    LATE: "late",
    ESCALATED: "late and escalated",
    PAUSED: "paused by agreement",
}


def standing(wanted: Expected, delivered: date | None, on: date) -> Standing:
    """How a submission stands at the end of a day; ``delivered`` is the day it came, None when it has not by then."""
    if delivered is not None:
        return CAME_LATE if delivered > wanted.grace_until else RECEIVED
    if wanted.paused:
        return PAUSED
    if wanted.escalated_from is not None and on >= wanted.escalated_from:
        return ESCALATED
    if on > wanted.grace_until:
        return LATE
    return GRACE if on > wanted.due_date else EXPECTED


def expected_submissions(
    settings: Settings,
    contracts: Mapping[str, FeedContract] | Iterable[FeedContract],
    systems: SystemConfig | Iterable[SystemConfig],
    first_period: date,
    last_period: date,
    *,
    with_paused: bool = False,
) -> list[Expected]:
    """Every submission due for periods from the one holding ``first_period`` to the last over by ``last_period``.

    One per feed of a system, partner of the feed's type open at the period's end, and period. Ordered by feed,
    period and partner. A paused partner owes nothing; ``with_paused`` lists what it would owe, marked with the reason.
    ``settings`` is not read; it keeps the signature ready for calendars kept elsewhere.
    """
    del settings
    feeds = contracts.values() if isinstance(contracts, Mapping) else contracts
    every = [systems] if isinstance(systems, SystemConfig) else list(systems)
    owed: list[Expected] = []
    for contract in sorted(feeds, key=lambda item: item.feed):
        senders = [(one, system.paused) for system in every for one in system.senders(contract)]
        step = _step(contract)
        for index, end in enumerate(period_ends(first_period, last_period, contract.period_rule)):
            if index % step:
                continue
            for sender, pauses in sorted(senders, key=lambda item: item[0].code):
                pause = next((one for one in pauses if one.covers(contract.feed, sender.code, sender.type, end)), None)
                if sender.is_valid_on(end) and (with_paused or pause is None):
                    owed.append(expected(contract, sender, end, pause.reason if pause else ""))
    return owed


def expected(contract: FeedContract, sender: Partner, period_end: date, paused: str = "") -> Expected:
    """What one partner owes of a feed for one period, with its dates."""
    due = due_date(period_end, contract.latency_days)
    escalation = contract.escalation_days
    return Expected(
        feed=contract.feed,
        partner_code=sender.code,
        system_code=sender.system_code,
        period_start=period_of(period_end, contract.period_rule)[0],
        period_end=period_end,
        due_date=due,
        grace_until=due + timedelta(days=contract.grace_days),
        escalated_from=None if escalation is None else due + timedelta(days=escalation + 1),
        paused=paused,
    )


def next_expected(
    contract: FeedContract, system: SystemConfig, sender: Partner, last_period: date, limit: int = 24
) -> Expected | None:
    """The submission that a partner owes after the period ``last_period``: the answer to "when is my next file due?".

    Periods for which the partner is paused are passed over. None when it owes nothing within ``limit`` submissions, or
    is closed by then.
    """
    end = last_period
    for _ in range(limit):
        end = add_periods(end, contract.period_rule, _step(contract))
        if not sender.is_valid_on(end):
            return None
        if not any(one.covers(contract.feed, sender.code, sender.type, end) for one in system.paused):
            return expected(contract, sender, end)
    return None


def fallen_due(contract: FeedContract, last_period: date, on: date) -> list[date]:
    """Ends of the periods that a feed owes after ``last_period`` and that have fallen due by a day, oldest first."""
    found = []
    end = add_periods(last_period, contract.period_rule, _step(contract))
    while due_date(end, contract.latency_days) < on:
        found.append(end)
        end = add_periods(end, contract.period_rule, _step(contract))
    return found


def _step(contract: FeedContract) -> int:
    """Periods from one submission to the next."""
    return max(1, contract.cadence_months // MONTHS_IN[contract.period_rule])
