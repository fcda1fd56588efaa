"""The right answers about inpatients, worked out from the stays themselves.

The rules are those of the measure catalogue, worked out again in plain Python: nothing here reads a census.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from lda.synthetic.calendar import NO_DAY, add_months, first_of_month, month_index
from lda.synthetic.codes import ALL, ETHNIC_GROUP, LEGAL_STATUS_GROUPS, QUINTILE_LABELS, SEX_WORDS
from lda.synthetic.hospital import (
    CETR_MONTHS,
    CETR_MONTHS_CHILD,
    VISIT_DAYS_ADULT,
    VISIT_DAYS_CHILD,
    Stay,
)
from lda.synthetic.truth import Truth, age_band

STAY_BANDS = (3, 7, 14, 28, 91, 182, 365, 730, 1826, 3652)
DISTANCE_BANDS = (10, 20, 50, 100)
FIRST_CETR_DAYS_CHILD, FIRST_CETR_DAYS = 14, 28
READMISSION_DAYS = 30
ROLLING_MONTHS = 12
FAR_AWAY_KM = 50
PLAN_ITEMS = 12


def band(number: float, last_of_each: Sequence[int], unit: str) -> str:
    """Name of the band that holds a number, given the last whole number of each band but the open one."""
    whole = int(number + 0.5)
    first = 0
    for last in last_of_each:
        if whole <= last:
            return f"{first}-{last} {unit}"
        first = last + 1
    return f"Over {last_of_each[-1]} {unit}"


def age_at(stay: Stay, day: int) -> int:
    """Completed years at a day, counted from the month of birth."""
    born = first_of_month(stay.birth)
    return (month_index(day) - month_index(born)) // 12


def traits_of(stay: Stay, day: int) -> dict[str, str]:
    """What a person is counted by at a day."""
    return {
        "sex": SEX_WORDS[stay.sex],
        "age_band": age_band(age_at(stay, day)),
        "ethnicity_group": ETHNIC_GROUP[stay.ethnicity],
        "deprivation_quintile": QUINTILE_LABELS[stay.quintile],
    }


def add_inpatient_measures(
    truth: Truth, stays: Sequence[Stay], end: date, first_day: int, baseline: Mapping[str, int]
) -> None:
    """Every measure of the census at one month end. ``first_day`` is the first day of the first census's month;
    ``baseline`` the inpatients of March 2019 by place code."""
    geography = truth.geography
    for code, count in baseline.items():
        for where in (("place", code), ("system", geography.system_area)):
            truth.add("inpatients_change_since_march_2019", end, where, ALL, 0, count)
    whole = ("system", geography.system_area)
    truth.add("long_stays_change_since_march_2019", end, whole, ALL, 0, geography.long_stay_baseline)
    cut = end.toordinal()
    for stay in stays:
        if any(start <= cut and (stop == NO_DAY or stop > cut) for start, stop, _ in stay.spells):
            _add_inpatient(truth, stay, end)
    _add_month(truth, stays, end)
    _add_year(truth, stays, end, first_day)


def _add_inpatient(truth: Truth, stay: Stay, end: date) -> None:
    """Somebody in hospital at the month end."""
    cut = end.toordinal()
    admitted = max(start for start, stop, _ in stay.spells if start <= cut and (stop == NO_DAY or stop > cut))
    age = age_at(stay, cut)
    traits = traits_of(stay, cut)
    rate = "inpatients_under18_per_million" if age < 18 else "inpatients_adult_per_million"
    truth.add_person(rate, end, stay, traits, 1, 0)
    truth.add_person("inpatients_change_since_march_2019", end, stay, {}, 1, 0)
    without_age = {name: value for name, value in traits.items() if name != "age_band"}
    if age < 18 and stay.eating_disorder:
        truth.add_person("cyp_eating_disorder", end, stay, without_age, 1)
    two_years_ago = add_months(cut, -24)
    truth.add_person("inpatients_over_two_years", end, stay, traits, stay.start < two_years_ago)
    whole = ("system", truth.geography.system_area)
    truth.add("long_stays_change_since_march_2019", end, whole, ALL, stay.start < two_years_ago, 0)
    traits["commissioner_type"] = stay.commissioner
    for measure, counted in (
        ("inpatients_over_five_years", stay.start < add_months(cut, -60)),
        ("out_of_area", stay.distance > FAR_AWAY_KM),
        ("discharge_plan_complete", stay.plan_items == PLAN_ITEMS),
    ):
        truth.add_person(measure, end, stay, traits, counted)
    if stay.ready and stay.ready <= cut:
        truth.add_person("clinically_ready", end, stay, traits, 1)
    for measure in ("mean_length_of_stay", "median_length_of_stay"):
        truth.add_value(measure, end, stay, traits, cut - stay.start)
    _add_reviews(truth, stay, end, traits, admitted)
    own = {
        "length_of_stay_band": band(cut - stay.start, STAY_BANDS, "days"),
        "ward_security": truth.geography.wards[stay.ward][1],
        "legal_status_group": LEGAL_STATUS_GROUPS[stay.legal_status],
        "distance_band": band(stay.distance, DISTANCE_BANDS, "km"),
    }
    truth.add_person("inpatients_total", end, stay, traits | own, 1)


def _add_reviews(truth: Truth, stay: Stay, end: date, traits: dict[str, str], admitted: int) -> None:
    """Repeat C(E)TRs and oversight visits of somebody in hospital."""
    cut = end.toordinal()
    child = age_at(stay, cut) < 18
    months = CETR_MONTHS_CHILD if child else CETR_MONTHS[stay.commissioner]
    days = VISIT_DAYS_CHILD if child else VISIT_DAYS_ADULT
    for measure, since, seen in (
        ("cetr_in_date", add_months(cut, -months), stay.cetrs),
        ("oversight_visit_in_date", cut - days, stay.visits),
    ):
        if admitted <= since:
            truth.add_person(measure, end, stay, traits, stay.latest(seen, cut) >= since)


def left_on(stay: Stay, cut: int) -> int:
    """Day the whole stay ended if that was by ``cut``; else 0."""
    last = stay.spells[-1][1]
    return last if last and last <= cut else NO_DAY


def _add_month(truth: Truth, stays: Sequence[Stay], end: date) -> None:
    """What happened in the month: admissions, discharges, days of delay."""
    cut, first = end.toordinal(), end.replace(day=1).toordinal()
    for stay in stays:
        spells = stay.spells_in_census(end)
        if not spells:
            continue
        traits = traits_of(stay, cut) | {"commissioner_type": stay.commissioner}
        came, left = first <= stay.start, first <= left_on(stay, cut)
        for measure, happened in (
            ("admissions", came and not left),
            ("admissions_same_month_discharge", came and left),
            ("discharges", left),
        ):
            if happened:
                truth.add_person(measure, end, stay, traits, 1)
        delayed = sum(
            max(0, (stop - 1 if stop else cut) - max(first, start, stay.ready) + 1)
            for start, stop, _ in spells
            if stay.ready and stay.ready <= cut
        )
        if delayed:
            truth.add_value("delayed_days", end, stay, traits, delayed)
            truth.add_value("delay_cost", end, stay, traits, delayed * stay.cost)


def _add_year(truth: Truth, stays: Sequence[Stay], end: date, first_day: int) -> None:
    """Looking back over a year: readmissions, and first reviews of those admitted."""
    cut = end.toordinal()
    year_ago = add_months(cut, -ROLLING_MONTHS)
    starts: defaultdict[str, list[int]] = defaultdict(list)
    for stay in stays:
        starts[stay.known_as].append(stay.start)
    for stay in stays:
        if stay.start > cut:
            continue
        traits = traits_of(stay, cut) | {"commissioner_type": stay.commissioner}
        left = left_on(stay, cut)
        if left >= first_day and year_ago < left <= cut - READMISSION_DAYS:
            back = any(
                stay.start < other and left <= other <= left + READMISSION_DAYS for other in starts[stay.known_as]
            )
            truth.add_person("readmissions_30_days", end, stay, traits, back)
        days = FIRST_CETR_DAYS_CHILD if age_at(stay, stay.start) < 18 else FIRST_CETR_DAYS
        deadline = stay.start + days
        if stay.start >= first_day and stay.start > year_ago and deadline <= cut and not NO_DAY < left < deadline:
            seen = bool(stay.cetrs) and stay.cetrs[0] <= deadline
            truth.add_person("post_admission_cetr", end, stay, traits, seen)
