"""Whether the scheduled refresh should publish now, and which month: complete, or its deadline reached.

A refresh by hand asks nothing of this: it publishes what there is at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from lda.contracts import (
    Expected,
    FeedContract,
    SystemConfig,
    Systems,
    add_periods,
    day_of,
    expected_submissions,
    load_contracts,
    load_systems,
)
from lda.ledger import Ledger
from lda.ledger.records import Submission
from lda.settings import Settings
from lda.warehouse.inputs import FIGURES, in_force
from lda.warehouse.opt_outs import opt_out_lists

NAMED = 5


@dataclass(frozen=True)
class MonthState:
    """How far one month is: submissions due by its deadline, how many are in force, and whose are not."""

    period_end: date
    deadline: datetime
    due: int
    received: int
    waiting_for: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """True when everything due by the deadline is in force."""
        return 0 < self.due == self.received

    def is_ready(self, moment: datetime, least_share: float) -> bool:
        """True when the month may be published: complete, or a share of it there when its deadline is reached.

        Less is no month of the system: the month before stays in force, and the figures of a measure with too
        few partners would be withheld anyhow.
        """
        return self.is_complete or (moment >= self.deadline and self.received >= least_share * self.due)

    def words(self) -> str:
        """One sentence on what is awaited."""
        some = ", ".join(self.waiting_for[:NAMED])
        more = f" and {len(self.waiting_for) - NAMED} more" if len(self.waiting_for) > NAMED else ""
        return (
            f"{self.period_end:%B %Y}: {self.received} of the {self.due} submissions due by {self.deadline:%d %B %Y} "
            f"are in; not yet: {some}{more}."
        )


@dataclass(frozen=True)
class Readiness:
    """What the scheduled refresh does: publish the month ``period_end``, or wait when that is None; and why.

    ``periods`` is the month of each system, no later than that: one that would not publish it yet were it alone keeps
    its own.
    ``missed`` is the newest month whose deadline is over, when neither it nor a later one can be published.
    """

    period_end: date | None
    reason: str
    deadline: datetime | None = None
    missed: date | None = None
    periods: dict[str, date] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """True when nothing should be published now."""
        return self.period_end is None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"waits": self.waits}


def readiness(settings: Settings, ledger: Ledger, moment: datetime) -> Readiness:
    """Decide for a moment. Waits while a month is incomplete before its deadline, and without what no publication may
    lack: a submission of a feed with figures, and every opt-out list. Of several systems all are waited for until the
    deadline, and none after it: each then has the month that it would have alone.
    """
    contracts, systems = load_contracts(settings), load_systems(settings)
    inputs = in_force(settings, ledger, moment)
    figures = [contract for contract in contracts.values() if contract.role == FIGURES]
    sent = periods_sent(contracts, inputs, day_of(moment))
    if not sent:
        return Readiness(None, "No submission of any feed with figures has been accepted yet. See: lda files")
    wanted = expected_submissions(settings, figures, systems, min(sent), max(sent), with_paused=False)
    months = [month_state(systems, wanted, inputs, end) for end in reversed(sent)]
    share = settings.least_share_due
    alone = [_Alone(system, wanted, inputs) for system in systems]

    def is_ready(month: MonthState) -> bool:
        is_due = month.is_complete or moment >= month.deadline
        return is_due and any(one.is_ready(month.period_end, moment, share) for one in alone)

    ready = next(filter(is_ready, months), None)
    ahead = [month for month in months if ready is None or month.period_end > ready.period_end]
    awaited = " ".join(month.words() for month in reversed(ahead) if month.due)
    over = newest_over(systems, moment)
    missed = over if over >= min(sent) else None
    if over > max(sent):
        awaited = f"{awaited} Nothing of {over:%B %Y} has come.".strip()
    if ready is None:
        return Readiness(None, f"No month is ready to be published. {awaited}", months[0].deadline, missed)
    periods = {one.system.system_code: one.month(sent, ready.period_end, moment, share) for one in alone}
    missing = [
        f"{row['feed']} of {row['partner_code']}"
        for row in opt_out_lists(contracts, systems, inputs, periods)
        if not row["stands"]
    ]
    if missing:
        reason = (
            f"{ready.period_end:%B %Y} cannot be published without the list of people who opted out: "
            f"{', '.join(missing)} has not come or is too old. The refresh starts when it has (docs/opt-outs.md)."
        )
        return Readiness(None, reason, ready.deadline, missed)
    why = "complete" if ready.is_complete else f"its deadline is reached; {ready.words()}"
    reason = f"{ready.period_end:%B %Y} is published: {why} {awaited}".strip()
    return Readiness(ready.period_end, reason, ready.deadline, over if over > ready.period_end else None, periods)


def periods_sent(contracts: Mapping[str, FeedContract], inputs: Iterable[Submission], today: date) -> list[date]:
    """Ends of the periods that are over and of which anyone has sent any feed with figures, oldest first: how far the
    data goes. What falls due up to the last of them is awaited, of every feed and by the board as by the refresh.
    """
    figures = {feed for feed, contract in contracts.items() if contract.role == FIGURES}
    return sorted({one.period_end for one in inputs if one.feed in figures and one.period_end < today})


def publish_by(systems: Iterable[SystemConfig], period_end: date) -> datetime:
    """The deadline of a month, UTC without an offset: the earliest of the systems, which share one publication."""
    return min(system.publication.deadline(period_end) for system in systems)


def newest_over(systems: Iterable[SystemConfig], moment: datetime) -> date:
    """End of the newest month whose deadline is over at a moment."""
    terms = list(systems)
    end = add_periods(day_of(moment), "month", -1)
    return end if publish_by(terms, end) <= moment else add_periods(end, "month", -1)


def month_state(
    systems: Systems, wanted: Iterable[Expected], inputs: Iterable[Submission], period_end: date
) -> MonthState:
    """How far a month is. What falls due only after the deadline is not waited for: it restates the month later."""
    deadline = publish_by(systems, period_end)
    due = [one for one in wanted if one.period_end == period_end and one.due_date <= deadline.date()]
    come = {(one.feed, one.partner_code) for one in inputs if one.period_end == period_end}
    missing = Counter(one.feed for one in due if (one.feed, one.partner_code) not in come)
    names = {one.feed: one.partner_code for one in due if (one.feed, one.partner_code) not in come}
    waiting = [
        f"{feed} of {names[feed]}" if count == 1 else f"{feed} of {count} partners"
        for feed, count in sorted(missing.items())
    ]
    return MonthState(period_end, deadline, len(due), len(due) - missing.total(), tuple(waiting))


class _Alone:
    """One of several systems, as if it were served alone."""

    def __init__(self, system: SystemConfig, wanted: Iterable[Expected], inputs: Iterable[Submission]) -> None:
        self.system = system
        self._wanted = [one for one in wanted if one.system_code == system.system_code]
        self._inputs = [one for one in inputs if one.system_code == system.system_code]

    def is_ready(self, end: date, moment: datetime, least_share: float) -> bool:
        """Whether it would publish this month at a moment."""
        sent = any(one.period_end == end for one in self._inputs)
        return sent and month_state(Systems((self.system,)), self._wanted, self._inputs, end).is_ready(
            moment, least_share
        )

    def month(self, sent: Iterable[date], last: date, moment: datetime, least_share: float) -> date:
        """The newest month up to ``last`` that it would publish; without one, the last it has sent anything of, and
        without that ``last``: it has no figures then."""
        there = {one.period_end for one in self._inputs}
        months = [end for end in sorted(sent, reverse=True) if end <= last and end in there]
        ready = (end for end in months if self.is_ready(end, moment, least_share))
        return next(ready, months[0] if months else last)


def being_judged(settings: Settings, ledger: Ledger, moment: datetime) -> str:
    """Which files an ingest has still to judge, in words; empty when it is done with all that landed.

    A file that has been waiting for longer than an ingest may take is not waited for: its ingest has failed, and that
    must not hold up everybody else's figures.
    """
    oldest = moment - timedelta(hours=settings.ingest_hours)
    waiting = Counter(one.feed for one in ledger.waiting() if one.feed and one.received_at >= oldest)
    feeds = ", ".join(f"{count} {feed}" for feed, count in sorted(waiting.items(), key=str))
    return f"{waiting.total()} files have landed and are not judged yet: {feeds}." if waiting else ""
