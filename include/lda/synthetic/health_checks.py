"""Annual health checks, plans and declines, and what each practice's register shows at a month end.

Checks gather towards 31 March and are fewer among people in deprived areas and some ethnic groups, so that the sample
has an inequality to find. A few are coded weeks after they happen and so are missing from the first month's extract.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np

from lda.synthetic.calendar import NO_DAY, add_months, financial_year_start, month_index
from lda.synthetic.codes import ETHNIC_GROUP
from lda.synthetic.population import HEALTH_STREAM, Days, Flags, People, Plan, Random

MONTH_WEIGHTS = (3, 4, 5, 5, 4, 6, 8, 9, 8, 14, 17, 17)
LISTED_AFTER_LEAVING = 92
LDHC_FIELDS: tuple[tuple[str, str], ...] = (
    ("LDHC021", "Count"),
    *(
        (indicator, field)
        for indicator, excluded in (
            ("LDHCMI034", "P_AGE14_18"),
            ("LDHCMI035", "PAT_AGEU18"),
            ("LDHCMI036", "P_AGE14_18"),
            ("LDHCMI037", "PAT_AGEU18"),
        )
        for field in ("Denominator", "Numerator", "HLTHCHKDEC", excluded)
    ),
)


@dataclass(frozen=True)
class HealthEvents:
    """Events by financial year (rows) and registered person (columns); 0 where there was none.

    ``seen`` is the day a check was coded, from which extracts show it.
    """

    check: Days
    seen: Days
    plan: Days
    decline: Days

    def latest_check(self, cut: Days) -> Days:
        """Latest check of each person that is coded by that person's ``cut`` day."""
        return _latest(np.where(self.seen <= cut, self.check, NO_DAY), cut)

    def latest_plan(self, cut: Days) -> Days:
        """Latest health action plan by ``cut``."""
        return _latest(self.plan, cut)

    def latest_decline(self, cut: Days) -> Days:
        """Latest day by ``cut`` on which the person chose not to have the check."""
        return _latest(self.decline, cut)


def _latest(days: Days, cut: Days) -> Days:
    latest: Days = np.where(days <= cut, days, NO_DAY).max(axis=0)
    return latest


def make_health_events(plan: Plan, block: int, people: People) -> HealthEvents:
    """Checks, plans and declines of the block's registered people, year by year."""
    random = plan.random(block, HEALTH_STREAM)
    first = date.fromordinal(plan.opening)
    years = range(first.year, financial_year_start(plan.ends[-1]).year + 1)
    by_year = [_one_year(random, plan, people, date(year, 4, 1)) for year in years]
    return HealthEvents(*(np.stack([year[index] for year in by_year]) for index in range(4)))


def _one_year(random: Random, plan: Plan, people: People, start: date) -> tuple[Days, Days, Days, Days]:
    count = people.registered
    first = start.toordinal()
    check = _check_days(random, count, first)
    happens = random.random(count) < _chance(plan, people, first)
    happens &= _eligible(people, check)
    check = np.where(happens, check, NO_DAY)
    late = np.where(random.random(count) < 0.1, random.integers(1, 26, count), 0)
    gap = np.where(random.random(count) < 0.6, 0, random.integers(0, 31, count))
    gap = np.where(random.random(count) < 0.02, -random.integers(1, 20, count), gap)
    plan_day = np.where(happens & (random.random(count) < 0.87), check + gap, NO_DAY)
    plan_day[(people.death_day[:count] != NO_DAY) & (plan_day >= people.death_day[:count])] = NO_DAY
    decline = first + random.integers(0, 365, count)
    declines = _eligible(people, decline) & (random.random(count) < np.where(happens, 0.03, 0.22))
    declines &= ~happens | (decline < check)
    return check, np.where(happens, check + late, NO_DAY), plan_day, np.where(declines, decline, NO_DAY)


def _check_days(random: Random, count: int, first: int) -> Days:
    weights = np.array(MONTH_WEIGHTS, dtype=float)
    month = random.choice(12, count, p=weights / weights.sum())
    starts = np.array([add_months(first, offset) for offset in range(13)])
    length = starts[month + 1] - starts[month]
    days: Days = starts[month] + (random.random(count) * length).astype(np.int64)
    return days


def _chance(plan: Plan, people: People, day: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Chance of a check in the year: lower where deprivation is greater and for some ethnic groups."""
    count = people.registered
    quintile = np.array([area.quintile for area in plan.geography.areas])[people.areas_on(day)[:count]]
    group = np.array([{"White": 0.0, "Asian": -0.05, "Black": -0.09}.get(name, -0.06) for name in ETHNIC_GROUP])
    chance: np.ndarray[Any, np.dtype[np.float64]] = 0.755 + 0.025 * (quintile - 3) + group[people.ethnicity[:count]]
    return chance


def _eligible(people: People, day: Days) -> Flags:
    """Who is on the register, alive and aged 14 on their ``day``."""
    count = people.registered
    death, removal = people.death_day[:count], people.removal_day[:count]
    eligible: Flags = (people.register_day[:count] <= day) & (people.birth[:count] + 14 * 365.25 <= day)
    eligible &= ((death == NO_DAY) | (day < death)) & ((removal == NO_DAY) | (day < removal))
    return eligible


@dataclass(frozen=True)
class RegisterView:
    """What the practices' registers show at one month end; one entry for each row of their extracts.

    ``submitted`` is the index of the month whose extract holds the row; ``duplicate`` marks people whom the old
    practice still lists though another has them.
    """

    month: int
    submitted: Days
    person: Days
    practice: Days
    area: Days
    register_day: Days
    removal_day: Days
    death_day: Days
    check: Days
    decline: Days
    plan: Days
    autism_day: Days
    duplicate: Flags

    def only(self, rows: Flags | Days) -> RegisterView:
        """The view with only these rows, flagged or in this order."""
        return RegisterView(month=self.month, **{name: vars(self)[name][rows] for name in self.columns()})

    @staticmethod
    def columns() -> list[str]:
        """Names of the arrays."""
        return [column.name for column in fields(RegisterView) if column.name != "month"]


def register_views(plan: Plan, people: People, events: HealthEvents) -> list[RegisterView]:
    """The registers at every month end."""
    return [_view(plan, people, events, month) for month in range(len(plan.ends))]


def _view(plan: Plan, people: People, events: HealthEvents, month: int) -> RegisterView:
    count = people.registered
    end = plan.ends[month].toordinal()
    month_start = plan.ends[month].replace(day=1).toordinal()
    death, removal = _shown(people.death_day[:count], end), _shown(people.removal_day[:count], end)
    moves = people.move_day[:count]
    moved = (moves != NO_DAY) & (moves <= end)
    listed = people.register_day[:count] <= end
    for left in (death, removal):
        listed &= (left == NO_DAY) | (left + LISTED_AFTER_LEAVING > end)
    lingering = np.flatnonzero(listed & moved & (moves >= month_start) & people.lingers[:count])
    now = np.flatnonzero(listed)
    person = np.concatenate([now, lingering])
    old = np.concatenate([~moved[now], np.ones(len(lingering), dtype=bool)])
    cut = np.where(old & moved[person], moves[person], end)
    # A practice goes on listing somebody who left as it last knew them.
    full_cut_old = np.where(moved, moves, end)
    recoded = moved & people.recoded[:count]
    everyone = np.full(count, end)

    def as_listed(latest: Any) -> Days:
        mixed: Days = np.where(cut < end, latest(full_cut_old)[person], latest(everyone)[person])
        return mixed

    return RegisterView(
        month=month,
        submitted=np.full(len(person), month),
        person=person,
        practice=np.where(old, people.practice[person], people.new_practice[person]),
        area=np.where(old, people.area[person], people.new_area[person]),
        register_day=np.where(~old & recoded[person], moves[person], people.register_day[person]),
        removal_day=removal[person],
        death_day=death[person],
        check=as_listed(events.latest_check),
        decline=as_listed(events.latest_decline),
        plan=as_listed(events.latest_plan),
        autism_day=_shown(people.autism_day[person], end),
        duplicate=np.arange(len(person)) >= len(now),
    )


def _shown(days: Days, end: int) -> Days:
    shown: Days = np.where(days <= end, days, NO_DAY)
    return shown


def scheme_return(plan: Plan, people: People, view: RegisterView) -> Days:
    """The health check scheme's counts at a month end: one row for each practice, one column for each LDHC field.

    The denominators leave out people who declined and had no check; ages are exact, as the national system has them.
    """
    end = plan.ends[view.month]
    start, month_start = financial_year_start(end).toordinal(), end.replace(day=1).toordinal()
    here = ~view.duplicate & (view.removal_day == NO_DAY) & (view.death_day == NO_DAY)
    view = view.only(here)
    age = (month_index(end.toordinal()) - people.birth_month[view.person]) // 12
    checked = view.check >= start
    declined = (view.decline >= start) & ~checked
    planned = checked & (view.plan >= start)
    young, adult = (age >= 14) & (age < 18), age >= 18
    columns = [checked & (age >= 14) & (view.check >= month_start)]
    for done in (checked, planned):
        for group in (young, adult):
            columns += [group & ~declined, group & done, group & declined, ~group]
    practices = len(plan.geography.practices)
    return np.stack([np.bincount(view.practice[flags], minlength=practices) for flags in columns], axis=1)
