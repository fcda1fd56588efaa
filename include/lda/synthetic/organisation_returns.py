"""Returns whose rows are organisations, teams or things: training, keyworker caseloads, programme, housing.

Each kind of row knows what a file of a month holds of it and, in plain Python, what it adds to the right answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lda.synthetic.calendar import NO_DAY, financial_year_start
from lda.synthetic.codes import ALL
from lda.synthetic.population import Plan, Random
from lda.synthetic.recipes import RawRow
from lda.synthetic.truth import Truth

TRAINING_STREAM, KEYWORKER_STREAM, PROGRAMME_STREAM, HOUSING_STREAM = 31, 32, 33, 34
RATINGS = ("Red", "Amber", "Green", "Blue")
OTHER_EMPLOYERS = (("Primary care", 3, 350, 1200), ("Social care provider", 8, 30, 400), ("Voluntary sector", 4, 8, 70))
MILESTONE, INITIATIVE = "Milestone", "Quality improvement initiative"
WORKSTREAMS = ("Health checks", "Inpatients", "Autism", "LeDeR", "Housing", "Workforce", "Children and young people")
OWNERS = ("ICB", "NHS trust", "Council", "Voluntary sector")
MILESTONES, INITIATIVES = 48, 31
HOUSING_TYPES = ("Supported living", "Extra care housing", "Shared Lives", "Supported lodgings")


def add_system(truth: Truth, measure: str, end: date, kind: tuple[str, str], count: int, of: int = 1) -> None:
    """Add to the system's total and to one breakdown of it."""
    where = ("system", truth.geography.system_area)
    for what in (ALL, kind):
        truth.add(measure, end, where, what, count, of)


@dataclass(frozen=True)
class Employer:
    """One employer: how many staff need each tier, and the share trained at the start and gained each month."""

    code: str
    kind: str
    in_scope: tuple[int, int]
    start: tuple[float, float]
    monthly: tuple[float, float]

    def trained(self, tier: int, month: int) -> int:
        """Staff in scope of a tier (0 or 1) who have completed it by the end of a month."""
        return int(self.in_scope[tier] * min(0.97, self.start[tier] + self.monthly[tier] * month))


def make_employers(plan: Plan) -> list[Employer]:
    """Trusts, the ICB, councils and other employers of the system."""
    random, geography = plan.random(0, TRAINING_STREAM), plan.geography
    staff = [(code, "NHS trust", int(random.integers(4500, 16000))) for code in geography.trusts]
    staff.append((geography.lead_icb(plan.ends[-1]), "ICB", int(random.integers(300, 600))))
    staff += [(code, "Council", int(random.integers(500, 2500))) for code in geography.councils]
    for kind, count, least, most in OTHER_EMPLOYERS:
        letters = "".join(word[0] for word in kind.split()).upper()
        staff += [(f"{letters}{number + 1:03d}", kind, int(random.integers(least, most))) for number in range(count)]
    return [
        Employer(
            code,
            kind,
            (people, int(people * random.uniform(0.25, 0.5))),
            (float(random.uniform(0.25, 0.6)), float(random.uniform(0.02, 0.2))),
            (float(random.uniform(0.005, 0.03)), float(random.uniform(0.002, 0.02))),
        )
        for code, kind, people in staff
    ]


def training_rows(plan: Plan, employers: Sequence[Employer], end: date) -> list[RawRow]:
    """The return of a month, in the contract's column order."""
    month, day = plan.ends.index(end), end.toordinal()
    return [
        (one.code, one.kind, day, one.in_scope[0], one.trained(0, month), one.in_scope[1], one.trained(1, month))
        for one in employers
    ]


def add_training_answers(truth: Truth, plan: Plan, employers: Sequence[Employer], end: date) -> None:
    """Staff in scope of each tier who have completed it."""
    month = plan.ends.index(end)
    for one in employers:
        for tier in (0, 1):
            measure = f"mandatory_training_tier_{tier + 1}"
            add_system(truth, measure, end, ("employer_type", one.kind), one.trained(tier, month), one.in_scope[tier])


@dataclass(frozen=True)
class Team:
    """One keyworker team in one council: keyworkers, and for each month the caseload by rating and its movements."""

    code: str
    place: int
    keyworkers: float
    caseload: tuple[tuple[int, ...], ...]
    started: tuple[int, ...]
    waiting: tuple[int, ...]


def make_teams(plan: Plan) -> list[Team]:
    """One or two teams in each place."""
    random = plan.random(0, KEYWORKER_STREAM)
    teams = []
    for place in range(len(plan.geography.places)):
        for number in range(1 + place % 2):
            ratings, started, waiting = [], [], []
            counts = random.poisson((5, 14, 18, 2))
            for _ in plan.ends:
                counts = (counts + random.integers(-2, 3, 4)).clip(0)
                ratings.append(tuple(int(count) for count in counts))
                started.append(int(random.integers(0, max(1, int(counts.sum()) // 6 + 1))))
                waiting.append(int(random.integers(0, 12)))
            keyworkers = round(float(random.uniform(2, 9)), 1)
            teams.append(
                Team(f"KT{place + 1}{number + 1}", place, keyworkers, tuple(ratings), tuple(started), tuple(waiting))
            )
    return teams


def team_rows(plan: Plan, teams: Sequence[Team], end: date) -> list[RawRow]:
    """The return of a month, in the contract's column order."""
    month = plan.ends.index(end)
    rows: list[RawRow] = []
    for team in teams:
        now = team.caseload[month]
        before = sum(team.caseload[month - 1]) if month else sum(now)
        ended = max(0, before + team.started[month] - sum(now))
        rows.append((
            team.code, plan.geography.council_areas[team.place], team.keyworkers, sum(now), *now, team.started[month],
            ended, team.waiting[month],
        ))  # fmt: skip
    return rows


def add_keyworker_answers(truth: Truth, plan: Plan, teams: Sequence[Team], end: date) -> None:
    """Children and young people on a keyworker's caseload, by rating."""
    for team in teams:
        for rating, count in zip(RATINGS, team.caseload[plan.ends.index(end)], strict=True):
            if count:
                truth.add_group("keyworker_caseload", end, team.place, {"dsr_rating": rating}, count)


@dataclass(frozen=True)
class Item:
    """One milestone or initiative; ``completed`` 0 means not within the sample."""

    reference: str
    kind: str
    workstream: str
    owner: str
    start: int
    due: int
    completed: int

    def rating(self, day: int) -> str:
        """How the lead rates it on a day."""
        if NO_DAY < self.completed <= day:
            return "Complete"
        if day < self.start:
            return "Not started"
        return "Red" if self.due + 30 < day else "Amber" if self.due < day + 30 else "Green"


def make_items(plan: Plan) -> list[Item]:
    """A delivery plan that runs from before the sample to beyond its end."""
    random = plan.random(0, PROGRAMME_STREAM)
    items = [_item(random, plan, MILESTONE, number) for number in range(MILESTONES)]
    return items + [_item(random, plan, INITIATIVE, number) for number in range(INITIATIVES)]


def _item(random: Random, plan: Plan, kind: str, number: int) -> Item:
    start = int(random.integers(plan.opening, plan.last - 20))
    due = start + int(random.integers(60, 400))
    late = int(random.normal(-4, 25)) if random.random() < 0.85 else 700
    completed = max(start + 1, due + late)
    if kind == INITIATIVE and number < INITIATIVES * 0.8:
        # Most of the work on quality goes on.
        completed = plan.last + 1
    prefix = "MS" if kind == MILESTONE else "QI"
    return Item(
        f"{prefix}-{number + 1:03d}",
        kind,
        WORKSTREAMS[number % len(WORKSTREAMS)],
        str(random.choice(OWNERS, p=(0.4, 0.3, 0.2, 0.1))),
        start,
        due,
        completed if completed <= plan.last else NO_DAY,
    )


def item_rows(items: Sequence[Item], end: date) -> list[RawRow]:
    """The plan as it stands at a month end, in the contract's column order."""
    cut = end.toordinal()
    rows: list[RawRow] = []
    for item in items:
        done = item.completed if item.completed <= cut else NO_DAY
        forecast = NO_DAY if done else max(item.due, cut + 20)
        rows.append((
            item.reference, item.kind, item.workstream, f"{item.kind} {item.reference}", "Programme lead", item.owner,
            item.start, item.due, forecast, done, item.rating(cut),
        ))  # fmt: skip
    return rows


def add_programme_answers(truth: Truth, items: Sequence[Item], end: date) -> None:
    """Milestones that fell due since 1 April and were completed in time; initiatives under way."""
    cut, year = end.toordinal(), financial_year_start(end).toordinal()
    for item in items:
        workstream = ("programme_workstream", item.workstream)
        if item.kind == MILESTONE and year <= item.due <= cut:
            add_system(truth, "milestones_on_time", end, workstream, NO_DAY < item.completed <= item.due)
        if item.kind == INITIATIVE and item.start <= cut and not NO_DAY < item.completed <= cut:
            add_system(truth, "qi_initiatives", end, workstream, 1)


@dataclass(frozen=True)
class Scheme:
    """One supported accommodation scheme of a council."""

    reference: str
    place: int
    kind: str
    units: int
    vacant: int
    opened: int
    closed: int


def make_schemes(plan: Plan) -> list[Scheme]:
    """Schemes of every council: old ones, new ones, and some that close."""
    random = plan.random(0, HOUSING_STREAM)
    schemes = []
    for place in range(len(plan.geography.places)):
        for number in range(int(random.integers(9, 30))):
            new = random.random() < 0.2
            opened = (
                int(random.integers(plan.opening, plan.last)) if new else plan.opening - int(random.integers(200, 9000))
            )
            closed = opened + int(random.integers(300, 900)) if random.random() < 0.1 else NO_DAY
            units = int(random.integers(2, 25))
            kind = str(random.choice(HOUSING_TYPES, p=(0.6, 0.2, 0.12, 0.08)))
            vacant = int(random.integers(0, units // 3 + 1))
            schemes.append(Scheme(f"SCH{place + 1}{number + 1:03d}", place, kind, units, vacant, opened, closed))
    return [one for one in schemes if not NO_DAY < one.closed < plan.ends[0].toordinal() - 200]


def scheme_rows(schemes: Sequence[Scheme], place: int, start: date, end: date) -> list[RawRow]:
    """A council's file of a quarter: schemes open at its end or closed in it, in the contract's column order."""
    cut = end.toordinal()
    return [
        (one.reference, one.kind, one.units, one.vacant, one.opened, one.closed if one.closed <= cut else NO_DAY)
        for one in schemes
        if one.place == place and one.opened <= cut and (one.closed == NO_DAY or one.closed >= start.toordinal())
    ]


def add_housing_answers(truth: Truth, schemes: Sequence[Scheme], end: date) -> None:
    """Homes of schemes that are open at the quarter end."""
    cut = end.toordinal()
    for one in schemes:
        if one.opened <= cut and (one.closed == NO_DAY or one.closed > cut):
            kind = {"supported_accommodation_type": one.kind}
            truth.add_group("supported_accommodation_units", end, one.place, kind, one.units)
