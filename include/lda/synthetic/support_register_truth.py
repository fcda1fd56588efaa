"""The right answers about the Dynamic Support Register, worked out from its entries and the stays themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from lda.synthetic.calendar import NO_DAY, add_months, financial_year_start, first_of_month, month_index
from lda.synthetic.codes import ETHNIC_GROUP, QUINTILE_LABELS, SEX_WORDS
from lda.synthetic.hospital import Stay
from lda.synthetic.hospital_truth import ROLLING_MONTHS, traits_of
from lda.synthetic.support_register import AMBER, BLUE, GREEN, RED, SELF_REFERRAL, Entry
from lda.synthetic.truth import Truth, age_band

# How many days may pass between reviews of a rating, as the warehouse's seed has it.
REVIEW_WITHIN = {RED: 7, AMBER: 28, GREEN: 91, BLUE: 28}


def _age(entry: Entry, day: int) -> int:
    return (month_index(day) - month_index(first_of_month(entry.birth))) // 12


def _traits(entry: Entry, day: int) -> dict[str, str]:
    return {
        "sex": SEX_WORDS[entry.sex],
        "age_band": age_band(_age(entry, day)),
        "ethnicity_group": ETHNIC_GROUP[entry.ethnicity],
        "deprivation_quintile": QUINTILE_LABELS[entry.quintile],
    }


def add_register_answers(truth: Truth, entries: Sequence[Entry], end: date, first_day: int) -> None:
    """Who is on the register at a month end, and who came on to it since 1 April.

    ``first_day`` is the first day of the first extract's month: who had come off the register by then was never told.
    """
    cut, year = end.toordinal(), financial_year_start(end).toordinal()
    for entry in entries:
        if NO_DAY < entry.removed < first_day:
            continue
        traits = _traits(entry, cut)
        if year <= entry.added <= cut:
            truth.add_person("dsr_self_referrals", end, entry, traits, entry.route == SELF_REFERRAL)
        if not entry.is_on(cut):
            continue
        rating = entry.rating(cut)
        truth.add_person("dsr_people", end, entry, traits | {"dsr_rating": rating}, 1)
        since = cut - REVIEW_WITHIN[rating]
        if entry.added <= since:
            reviewed = entry.last_review(cut) >= since
            truth.add_person("dsr_reviewed_in_time", end, entry, traits | {"dsr_rating": rating}, reviewed)
        if _age(entry, cut) < 18 and rating in {RED, AMBER}:
            allocated = NO_DAY < entry.keyworker_from <= cut
            truth.add_person("dsr_keyworker_allocated", end, entry, traits, allocated)


def add_admission_answers(
    truth: Truth, entries: Sequence[Entry], stays: Sequence[Stay], end: date, first_day: int
) -> None:
    """Admissions of the last year that censuses tell of, of people with an NHS number: who was not on the register."""
    cut = end.toordinal()
    year_ago = add_months(cut, -ROLLING_MONTHS)
    known: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        known[entry.nhs].append(entry)
    for stay in stays:
        if not stay.nhs or not max(first_day, year_ago + 1) <= stay.start <= cut:
            continue
        on = any(
            entry.added < stay.start and (entry.removed == NO_DAY or entry.removed >= stay.start)
            for entry in known[stay.nhs]
        )
        traits = traits_of(stay, cut) | {"commissioner_type": stay.commissioner}
        truth.add_person("admitted_without_dsr", end, stay, traits, not on)
