"""The right answers of the GP registers and the health check scheme, and of the population they are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from lda.synthetic.calendar import NO_DAY, financial_year_start, last_day, month_index
from lda.synthetic.codes import ALL, ETHNIC_GROUP, NOT_STATED, QUINTILE_LABELS, SEX_WORDS
from lda.synthetic.health_checks import LDHC_FIELDS, RegisterView
from lda.synthetic.population import Days, Flags, People, Plan
from lda.synthetic.practices import REGISTER, UNLISTED, Word
from lda.synthetic.profiles import AGE_BANDS
from lda.synthetic.truth import BAND_FROM, Truth

POPULATION_YEAR = "2017"
STALE_AFTER_MONTHS = 3
# Measures of the registers that are not given for the smallest areas.
NOT_IN = {
    "practice": {"ahc_rolling_12_months_ethnicity", "ld_prevalence"},
    "pcn": {"ld_prevalence"},
    "neighbourhood": {"ld_prevalence"},
}
# Measures of the registers that count what happened since 1 April.
SINCE_APRIL = frozenset({"ahc_uptake_register", "ahc_and_hap", "ahc_declined"})
# Areas that have figures of a measure because others have.
FOLLOWS = {"sub_icb": "practice", "icb": "practice", "icb_current": "practice", "pcn_current": "pcn"}
SCHEME_REGISTER_AREAS = ("pcn", "place", "system")


def register_in_force(plan: Plan, views: Sequence[RegisterView], missing: Mapping[int, set[int]]) -> list[RegisterView]:
    """For each month the rows that count: each practice's last delivered view, if it is not too old.

    ``missing`` says which practices (by index) sent nothing in which month.
    """
    latest = np.full(len(plan.geography.practices), -1 - STALE_AFTER_MONTHS)
    joined = []
    for month in range(len(views)):
        delivered = np.ones(len(latest), dtype=bool)
        delivered[sorted(missing.get(month, set()))] = False
        latest[delivered] = month
        used = sorted({int(seen) for seen in latest if seen >= max(0, month - STALE_AFTER_MONTHS)})
        parts = [views[seen].only(latest[views[seen].practice] == seen) for seen in used]
        columns = {name: np.concatenate([vars(part)[name] for part in parts]) for name in parts[0].columns()}
        joined.append(RegisterView(month=month, **columns))
    return joined


def add_listings(
    truth: Truth, plan: Plan, people: People, views: Sequence[RegisterView], missing: Mapping[int, set[int]]
) -> None:
    """Note which practices' registers name each person, month by month: with a number, in an extract that arrived."""
    if not truth.geography.has_neighbourhoods:
        return
    months = range(len(plan.ends))
    sent = [[month for month in months if practice not in missing.get(month, set())]
            for practice in range(len(plan.geography.practices))]  # fmt: skip
    for month, view in enumerate(views):
        # An extract stands until the practice's next, if it is not too old before.
        stands_to = [
            plan.ends[min([other - 1 for other in arrived if other > month] + [month + STALE_AFTER_MONTHS, months[-1]])]
            for arrived in sent
        ]
        listed = _present(view, plan.ends[month].toordinal())
        for row in np.flatnonzero(people.number_known[view.person] == 0):
            practice = int(view.practice[row])
            if month in sent[practice]:
                code, since = plan.geography.practices[practice], int(view.register_day[row])
                word = Word(code, since, stands_to=stands_to[practice])
                speaker = REGISTER if listed[row] else UNLISTED
                truth.practices.name(people.nhs[view.person[row]], speaker, plan.ends[month], word)


def members(view: RegisterView, end: int) -> Flags:
    """Which rows of a view are the one row of a person on the register at ``end``.

    On the register: registered, not removed, not dead. Among a person's rows the later submission wins, then the
    later register date, then the lower practice code.
    """
    rows = np.flatnonzero(_present(view, end))
    keys = (view.practice[rows], -view.register_day[rows], -view.submitted[rows], view.person[rows])
    ordered = rows[np.lexsort(keys)]
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = view.person[ordered][1:] != view.person[ordered][:-1]
    chosen = np.zeros(len(view.person), dtype=bool)
    chosen[ordered[first]] = True
    return chosen


def _present(view: RegisterView, end: int) -> Flags:
    """Rows of people on the register at ``end``."""
    present: Flags = (view.register_day <= end) & _after(view.removal_day, end) & _after(view.death_day, end)
    return present


def _after(day: Days, end: int) -> Flags:
    after: Flags = (day == NO_DAY) | (day > end)
    return after


def not_heard_since_april(plan: Plan, month: int, missing: Mapping[int, set[int]]) -> frozenset[tuple[str, str]]:
    """Areas of which no practice has sent a register of the month's financial year: nothing counted from 1 April is
    known of them. Where some practice has, the others count with what they last sent."""
    start = financial_year_start(plan.ends[month])
    months = [sent for sent in range(max(0, month - STALE_AFTER_MONTHS), month + 1) if plan.ends[sent] >= start]
    silent = set.intersection(*(missing.get(sent, set()) for sent in months))
    areas = plan.geography.practice_areas(plan.ends[month])
    heard = {where for practice, its in enumerate(areas) if practice not in silent for where in its}
    return frozenset(where for practice in silent for where in areas[practice]) - heard


def add_register_measures(
    truth: Truth, plan: Plan, people: People, views: Sequence[RegisterView], missing: Mapping[int, set[int]]
) -> None:
    """Register size, checks, checks with plans and declines, from views already joined by ``register_in_force``."""
    for joined in views:
        end = plan.ends[joined.month]
        view = joined.only(members(joined, end.toordinal()))
        start = financial_year_start(end).toordinal()
        age = (month_index(end.toordinal()) - people.birth_month[view.person]) // 12
        fourteen = age >= 14
        checked = view.check >= start
        # A year to a month end begins the day after the same month's end a year before.
        year_before = last_day(f"{end.year - 1}-{end.month:02d}").toordinal()
        rolling = (view.check > year_before) & (view.plan >= view.check)
        stated = np.array([group != NOT_STATED for group in ETHNIC_GROUP])[people.ethnicity[view.person]]
        everyone = np.ones(len(age), dtype=bool)
        cases: dict[str, tuple[Flags, Flags]] = {
            "ld_register_size": (everyone, everyone),
            "ahc_uptake_register": (checked, fourteen),
            "ahc_and_hap": (checked & (view.plan >= start), fourteen),
            "ahc_declined": ((view.decline >= start) & ~checked, fourteen),
            "ahc_rolling_12_months": (rolling, fourteen),
            "ahc_rolling_12_months_ethnicity": (rolling & stated, fourteen),
        }
        traits = _traits(plan, people, view, age)
        not_heard = not_heard_since_april(plan, joined.month, missing)
        for measure, (counted, among) in cases.items():
            with truth.leaving_out(not_heard if measure in SINCE_APRIL else ()):
                _add_rows(truth, measure, end, view.practice, traits, counted & among, among)
        _add_rows(truth, "ld_prevalence", end, view.practice, traits, everyone, ~everyone)


def _traits(plan: Plan, people: People, view: RegisterView, age: Days) -> dict[str, tuple[Days, list[str]]]:
    """Breakdown type to each row's index and the names the indexes stand for."""
    groups = sorted(set(ETHNIC_GROUP))
    group_of = np.array([groups.index(name) for name in ETHNIC_GROUP])
    quintile = np.array([area.quintile for area in plan.geography.areas])[view.area]
    return {
        "sex": (people.sex[view.person], list(SEX_WORDS)),
        "age_band": (np.searchsorted(BAND_FROM, age, side="right") - 1, list(AGE_BANDS)),
        "ethnicity_group": (group_of[people.ethnicity[view.person]], groups),
        "deprivation_quintile": (
            np.where(people.address_known[view.person], quintile, 0),
            [QUINTILE_LABELS[number] for number in range(6)],
        ),
    }


def _add_rows(
    truth: Truth,
    measure: str,
    end: date,
    practice: Days,
    traits: dict[str, tuple[Days, list[str]]],
    counted: Flags,
    among: Flags,
) -> None:
    geography = truth.geography
    places, areas = geography.practice_places(end), geography.practice_areas(end)
    count = np.bincount(practice[counted], minlength=len(areas))
    of = np.bincount(practice[among], minlength=len(areas))
    for index in np.flatnonzero(count + of):
        for where in areas[index]:
            if measure not in NOT_IN.get(FOLLOWS.get(where[0], where[0]), ()):
                truth.add(measure, end, where, ALL, count[index], of[index])
    for kind, (values, names) in traits.items():
        key = places[practice] * len(names) + values
        count = np.bincount(key[counted], minlength=len(names) * len(geography.places))
        of = np.bincount(key[among], minlength=len(names) * len(geography.places))
        for index in np.flatnonzero(count + of):
            place, value = divmod(int(index), len(names))
            for where in (("place", geography.places[place]), ("system", geography.system_area)):
                truth.add(measure, end, where, (kind, names[value]), count[index], of[index])


def add_scheme_measure(truth: Truth, end: date, counts: np.ndarray[Any, Any]) -> None:
    """Uptake over the scheme's denominator, without and with those who declined, from ``scheme_return``'s counts."""
    geography = truth.geography
    columns = {
        name: [LDHC_FIELDS.index((indicator, name)) for indicator in ("LDHCMI034", "LDHCMI035")]
        for name in ("Numerator", "Denominator", "HLTHCHKDEC")
    }
    count, of, declined = (counts[:, places_of].sum(axis=1) for places_of in columns.values())
    for index, areas in enumerate(geography.practice_areas(end)):
        for where in areas:
            truth.add("ahc_uptake_ldhc", end, where, ALL, count[index], of[index])
            if FOLLOWS.get(where[0], where[0]) in SCHEME_REGISTER_AREAS:
                truth.add("ahc_uptake_ldhc_register", end, where, ALL, count[index], of[index] + declined[index])


def add_population(truth: Truth, end: date) -> None:
    """Denominators of the inpatient rates: residents of 2017, adults and children apart."""
    rates = ("inpatients_adult_per_million", "inpatients_under18_per_million")
    _add_residents(truth, end, POPULATION_YEAR, lambda row: rates[row["age_band"] == AGE_BANDS[0]])


def add_residents_of_registers(truth: Truth, end: date) -> None:
    """Denominator of prevalence: residents of the latest estimate of the year of ``end`` or before."""
    year = max(row["year"] for row in truth.geography.population if int(row["year"]) <= end.year)
    _add_residents(truth, end, year, lambda _: "ld_prevalence")


def _add_residents(truth: Truth, end: date, year: str, measure_of: Callable[[dict[str, str]], str]) -> None:
    for row in truth.geography.population:
        if row["year"] != year:
            continue
        traits = {name: row[name] for name in ("sex", "age_band", "ethnicity_group")}
        traits["deprivation_quintile"] = QUINTILE_LABELS[int(row["deprivation_quintile"])]
        place = truth.geography.places.index(row["place_code"])
        truth.add_group(measure_of(row), end, place, traits, 0, int(row["population"]))
