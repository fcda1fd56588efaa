"""The status board: who has sent what, who is late, what was rejected and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

from lda.contracts import (
    Expected,
    FeedContract,
    Standing,
    Systems,
    day_of,
    expected_submissions,
    fallen_due,
    load_contracts,
    load_systems,
    next_expected,
    standing,
)
from lda.contracts.calendar import CAME_LATE, ESCALATED, EXPECTED, GRACE, LATE, PAUSED
from lda.landing import unfinished
from lda.ledger import Ledger
from lda.ledger.publications import utc_now
from lda.ledger.records import FileRecord, Submission, SubmissionKey
from lda.reporting.files import reasons
from lda.settings import Settings
from lda.warehouse import periods_sent

RECEIVED, STALE, MISSING = "received", "stale", "missing"
# Ways to stand in which a partner is to be asked for its submission.
CHASED = (LATE, ESCALATED)


@dataclass(frozen=True)
class PartnerState:
    """One partner and feed: its last period in force, how that stands, and of the ``periods`` that are due those never
    received, those that came late and those whose submission is not in the publication in force.

    ``chase`` is how its oldest submission that is owed stands (empty when none is), ``paused`` why it owes nothing
    now, and ``next_due`` the day and ``next_period`` the period of what it is expected to send next.
    """

    feed: str
    partner_code: str
    partner_name: str
    state: str
    last_period: str | None
    periods: list[str] = field(default_factory=list)
    missing_periods: list[str] = field(default_factory=list)
    late_periods: list[str] = field(default_factory=list)
    paused_periods: list[str] = field(default_factory=list)
    unpublished_periods: list[str] = field(default_factory=list)
    chase: Standing | Literal[""] = ""
    paused: str = ""
    next_period: str | None = None
    next_due: str | None = None


@dataclass(frozen=True)
class FeedState:
    """One feed: the latest period anyone has sent, how many partners have, and what has been due since."""

    feed: str
    name: str
    last_period: str | None
    expected: int
    received: int
    stale: int
    missing: int
    rejected: int
    note: str = ""


@dataclass(frozen=True)
class Rejection:
    """A rejected file that nothing later has replaced, and why. A rejected correction leaves what it was to correct
    in force, and is one of them."""

    file_id: str
    feed: str | None
    partner_code: str | None
    period_end: str | None
    landing_path: str
    reasons: list[str]


@dataclass(frozen=True)
class Board:
    """The whole board as of a moment."""

    as_of: str
    system_code: str
    publication_id: str | None
    feeds: list[FeedState]
    partners: list[PartnerState]
    rejections: list[Rejection]
    unrecognised: list[str]
    unfinished: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The board for JSON."""
        return asdict(self)


def status_board(settings: Settings, as_of: datetime | None = None, publication_id: str | None = None) -> Board:
    """The board as of a moment, by default now.

    A feed's submissions are expected from its first period received to the latest period of which anyone has sent any
    feed with figures: a feed whose only sender stopped is late while the others go on, and a system between two months,
    or a sample that ended long ago, is not all red. What has fallen due since a feed last came is one line.
    """
    moment = as_of or utc_now()
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        standing = [one for one in ledger.in_force(moment) if one.system_code in settings.systems]
        files = ledger.files()
        rejections = _rejections(ledger, standing, files)
        published = _published(ledger, settings, publication_id)
    finally:
        ledger.close()
    contracts, systems = load_contracts(settings), load_systems(settings)
    delivered = {record.file_id: day_of(record.delivered_at) for record in files}
    latest = max(periods_sent(contracts, standing, day_of(moment)), default=date.min)
    feeds, partners = [], []
    for feed in systems.feeds:
        sent = [one for one in standing if one.feed == feed]
        owed = _owed(settings, systems, contracts[feed], sent, latest, day_of(moment))
        states = [_partner(systems, contracts[feed], sent, wanted, delivered, day_of(moment)) for wanted in owed]
        states = [replace(one, unpublished_periods=_unpublished(one, sent, published(feed))) for one in states]
        partners += states
        rejected = sum(one.feed == feed for one in rejections)
        feeds.append(_feed(contracts[feed], sent, states, rejected, moment))
    unrecognised = [record.landing_path for record in files if record.status == "unrecognised"]
    return Board(
        moment.isoformat(),
        settings.system_label,
        publication_id,
        feeds,
        partners,
        rejections,
        unrecognised,
        unfinished(settings.landing),
    )


def _owed(
    settings: Settings, systems: Systems, contract: FeedContract, sent: list[Submission], latest: date, today: date
) -> list[list[Expected]]:
    """What is due by today from each partner, oldest first: from the first period anyone sent of the feed to the last,
    and what has fallen due of it since, up to the latest period anyone sent of any feed with figures (``latest``).
    Nothing of a feed that has never come."""
    if not sent:
        return []
    first, last = min(one.period_end for one in sent), max(one.period_end for one in sent)
    since = [(end, end) for end in fallen_due(contract, last, today) if end <= latest]
    by_partner: dict[str, list[Expected]] = defaultdict(list)
    for start, end in [(first, last), *since]:
        for wanted in expected_submissions(settings, [contract], systems, start, end, with_paused=True):
            if wanted.due_date <= today:
                by_partner[wanted.partner_code].append(wanted)
    return list(by_partner.values())


def _partner(
    systems: Systems,
    contract: FeedContract,
    sent: list[Submission],
    owed: list[Expected],
    delivered: Mapping[str, date],
    today: date,
) -> PartnerState:
    """How one partner stands in one feed."""
    code = owed[0].partner_code
    got = {one.period_end: one for one in sent if one.partner_code == code}
    stands = {
        one.period_end: standing(one, delivered[got[one.period_end].file_id] if one.period_end in got else None, today)
        for one in owed
    }
    latest = max(got, default=None)
    wanted = max((end for end, how in stands.items() if how != PAUSED), default=None)
    state = RECEIVED
    if wanted is None or (owed[-1].paused and stands[owed[-1].period_end] == PAUSED):
        state = PAUSED
    elif latest is None or _months(latest, wanted) > contract.stale_after_periods * contract.cadence_months:
        state = MISSING
    elif latest < wanted:
        state = STALE
    partner = systems.partner(code, contract.partner_type)
    home = next(one for one in systems if one.system_code == owed[0].system_code)
    coming = next_expected(contract, home, partner, owed[-1].period_end) if partner else None
    return PartnerState(
        feed=contract.feed,
        partner_code=code,
        partner_name=partner.name if partner else code,
        state=state,
        last_period=latest.isoformat() if latest else None,
        periods=_named(stands, set(stands.values())),
        missing_periods=_named(stands, {EXPECTED, GRACE, LATE, ESCALATED}),
        late_periods=_named(stands, {CAME_LATE}),
        paused_periods=_named(stands, {PAUSED}),
        chase=next((how for how in stands.values() if how in CHASED), ""),
        paused=owed[-1].paused if state == PAUSED else "",
        next_period=coming.period_end.isoformat() if coming else None,
        next_due=coming.due_date.isoformat() if coming else None,
    )


def _published(
    ledger: Ledger, settings: Settings, publication_id: str | None
) -> Callable[[str], Collection[str] | None]:
    """For a feed the files of it that a publication is made of; None where there is no publication to ask, and for
    lists of people who opted out, whose files it does not name."""
    made = {row["publication_id"]: row["manifest"] for row in ledger.book.publications(settings.system_label)}
    feeds = made[publication_id]["files_in"] if publication_id in made else None
    return lambda feed: None if feeds is None else feeds.get(feed, {"file_ids": []}).get("file_ids")


def _unpublished(partner: PartnerState, sent: Iterable[Submission], published: Collection[str] | None) -> list[str]:
    """Periods of a partner whose submission in force is not in the publication; none when that cannot be told."""
    if published is None:
        return []
    own = {one.period_end.isoformat() for one in sent
           if one.partner_code == partner.partner_code and one.file_id not in published}  # fmt: skip
    return [period for period in partner.periods if period in own]


def _named(stands: Mapping[date, Standing], how: set[Standing]) -> list[str]:
    """The periods that stand in one of some ways, oldest first."""
    return [end.isoformat() for end, one in stands.items() if one in how]


def _feed(
    contract: FeedContract, sent: list[Submission], states: list[PartnerState], rejected: int, moment: datetime
) -> FeedState:
    last = max((one.period_end for one in sent), default=None)
    return FeedState(
        feed=contract.feed,
        name=contract.name,
        last_period=last.isoformat() if last else None,
        expected=sum(state.state != PAUSED for state in states),
        received=sum(state.state == RECEIVED for state in states),
        stale=sum(state.state == STALE for state in states),
        missing=sum(state.state == MISSING for state in states),
        rejected=rejected,
        note=_since(contract, last, moment) if last else "Nothing received yet.",
    )


def _since(contract: FeedContract, last: date, moment: datetime) -> str:
    """What has fallen due since the latest period anyone sent, in one line; empty when nothing has."""
    due = fallen_due(contract, last, day_of(moment))
    if not due:
        return ""
    rule = contract.period_rule
    words = f"1 {rule} has fallen due," if len(due) == 1 else f"{len(due)} {rule}s have fallen due, the first"
    return f"Nothing received since {last:%B %Y}; {words} ending {due[0]}."


def _rejections(ledger: Ledger, standing: Iterable[Submission], files: Iterable[FileRecord]) -> list[Rejection]:
    orders = {record.file_id: record.order for record in files}
    replaced: dict[SubmissionKey, tuple[int, datetime, datetime]] = {
        (one.feed, one.partner_code, one.period_end): orders[one.file_id] for one in standing
    }
    return [
        Rejection(
            file_id=record.file_id,
            feed=record.feed,
            partner_code=record.partner_code,
            period_end=record.period_end.isoformat() if record.period_end else None,
            landing_path=record.landing_path,
            reasons=reasons(ledger, record),
        )
        for record in ledger.files(status="rejected")
        if not record.is_past_retention
        and ((key := record.submission_key) not in replaced or replaced[key] < record.order)
    ]


def _months(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month
