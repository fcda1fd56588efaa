"""Referrals for an autism assessment to community services, mostly of children, and the right answers about them.

Some of the people wait at a mental health trust too: they are in both sources under the same NHS number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from lda.synthetic.calendar import NO_DAY, first_of_month, month_index
from lda.synthetic.codes import ETHNIC_CODES, ETHNIC_GROUP, QUINTILE_LABELS, SEX_CODES, SEX_WORDS
from lda.synthetic.population import SPARE_FROM, NumberSource, Plan, Random, ethnicity_in
from lda.synthetic.practices import COMMUNITY, Word
from lda.synthetic.recipes import RawRow
from lda.synthetic.registrations import as_recorded, registrations_for
from lda.synthetic.trust_history import AutismReferral, Patient
from lda.synthetic.truth import Truth, age_band

COMMUNITY_STREAM = 35
NUMBERS_FROM = SPARE_FROM * 3 + SPARE_FROM // 2
REFERRALS_A_MONTH = 55
ALSO_AT_TRUST = 0.1
CHILD_AGES = (1, 17)
WAIT_DAYS = 91
SOURCES = ("School or nursery", "GP", "Health visitor", "Parent or carer", "Social care", "Paediatrics")
SEEN_REASONS = ("Autism diagnosed", "Autism not diagnosed", "Referred on")
UNSEEN_REASONS = ("Rejected", "Did not attend", "Moved away")


@dataclass(frozen=True)
class CommunityReferral:
    """One referral: received, first seen and closed on these days; 0 is not yet."""

    number: str
    patient: Patient
    received: int
    source: str
    seen: int
    closed: int
    reason: str

    @property
    def nhs(self) -> str:
        """The NHS number the record is sent with."""
        return self.patient.nhs

    def practice_on(self, day: int) -> str:
        """The practice the service has the person at on a day; blank where it has none."""
        return next((one.practice for one in self.patient.registrations if one.holds(day)), "")

    def is_listed(self, end: date) -> bool:
        """True when the month's file has it: open at the month end or closed in the month."""
        first, cut = end.replace(day=1).toordinal(), end.toordinal()
        return self.received <= cut and (self.closed == NO_DAY or self.closed >= first)

    def is_open(self, day: int) -> bool:
        """True when it is open at the end of the day."""
        return self.received <= day and (self.closed == NO_DAY or self.closed > day)


def make_community_referrals(plan: Plan, trust: str, known: Sequence[AutismReferral]) -> list[CommunityReferral]:
    """Referrals to a trust's community services; of people ``known`` to mental health trusts some are here too."""
    random = plan.random(0, COMMUNITY_STREAM)
    numbers = NumberSource(plan.geography.number_block, NUMBERS_FROM)
    months = (plan.last - plan.opening) / 30.4
    total = round(REFERRALS_A_MONTH * months * min(plan.scale, 1.0) + 6)
    days = sorted(int(day) for day in random.integers(plan.opening, plan.last + 1, total))
    people = [_new_patient(random, plan, numbers, trust, f"{trust}C{count + 1:06d}") for count in range(total)]
    for position, referral in enumerate(known):
        if position < total and random.random() < ALSO_AT_TRUST:
            place = int(random.integers(0, total))
            people[place] = _as_known_here(referral.patient, people[place])
    return [_referral(random, plan, f"{trust}R{at + 1:06d}", people[at], day) for at, day in enumerate(days)]


def _new_patient(random: Random, plan: Plan, numbers: NumberSource, trust: str, local_id: str) -> Patient:
    area = plan.geography.areas[int(random.integers(0, len(plan.geography.areas)))]
    youngest, oldest = CHILD_AGES
    return Patient(
        trust,
        local_id,
        numbers.take() if random.random() > 0.05 else "",
        plan.opening - int(random.integers(youngest * 366, oldest * 365)),
        int(random.integers(0, 2)),
        ethnicity_in(random, area.place),
        area.postcodes[int(random.integers(0, len(area.postcodes)))],
        area.place,
        area.quintile,
        as_recorded(registrations_for(plan, local_id, area.place), local_id),
    )


def _as_known_here(patient: Patient, here: Patient) -> Patient:
    """A mental health trust's patient under the number of the community service, which has them at another practice."""
    return replace(patient, sender=here.sender, local_id=here.local_id, registrations=here.registrations)


def _referral(random: Random, plan: Plan, number: str, patient: Patient, received: int) -> CommunityReferral:
    refused = random.random() < 0.1
    seen = NO_DAY if refused else received + int(random.exponential(150)) + 7
    closed = received + int(random.integers(5, 60)) if refused else seen + int(random.integers(30, 240))
    seen = seen if seen <= plan.last else NO_DAY
    closed = closed if closed <= plan.last else NO_DAY
    reasons = UNSEEN_REASONS if refused else SEEN_REASONS
    source, reason = str(random.choice(SOURCES)), str(random.choice(reasons))
    return CommunityReferral(number, patient, received, source, seen, closed, reason if closed else "")


def referral_rows(plan: Plan, referrals: Sequence[CommunityReferral], end: date) -> list[RawRow]:
    """The waiting list of a month, in the contract's column order; dates are day numbers."""
    cut = end.toordinal()
    rows: list[RawRow] = []
    for one in referrals:
        if not one.is_listed(end):
            continue
        patient, closed = one.patient, one.closed if one.closed <= cut else NO_DAY
        rows.append((
            one.number, patient.local_id, patient.nhs, patient.birth, SEX_CODES[patient.sex],
            ETHNIC_CODES[patient.ethnicity], patient.postcode, plan.geography.council_areas[patient.place],
            one.received, one.source, one.seen if one.seen <= cut else NO_DAY, closed, one.reason if closed else "",
            one.practice_on(cut),
        ))  # fmt: skip
    return rows


def add_practices(truth: Truth, referrals: Sequence[CommunityReferral], end: date) -> None:
    """Note the practices that a month's list names."""
    for one in referrals if truth.geography.has_neighbourhoods else ():
        if one.is_listed(end):
            word = Word(one.practice_on(end.toordinal()), one.received)
            truth.practices.name(one.patient.known_as, COMMUNITY, end, word)


def _traits(patient: Patient, day: int) -> dict[str, str]:
    age = (month_index(day) - month_index(first_of_month(patient.birth))) // 12
    return {
        "sex": SEX_WORDS[patient.sex],
        "age_band": age_band(age),
        "ethnicity_group": ETHNIC_GROUP[patient.ethnicity],
        "deprivation_quintile": QUINTILE_LABELS[patient.quintile],
    }


def add_community_answers(truth: Truth, referrals: Sequence[CommunityReferral], end: date) -> None:
    """Every measure of community services' waiting lists."""
    cut, first = end.toordinal(), end.replace(day=1).toordinal()
    for one in referrals:
        if not one.is_listed(end):
            continue
        who, traits = one.patient, _traits(one.patient, cut)
        due = one.received + WAIT_DAYS
        if one.received >= first:
            truth.add_person("community_autism_new_referrals", end, who, traits, 1)
        if first <= one.closed <= cut:
            truth.add_person("community_autism_closed_referrals", end, who, traits, 1)
        if first <= due <= cut:
            in_time = NO_DAY < one.seen <= due
            truth.add_person("community_autism_first_contact_13_weeks", end, who, traits, in_time)
        if one.is_open(cut):
            waited = cut - one.received
            truth.add_person("community_autism_open_referrals", end, who, traits, 1)
            truth.add_person("community_autism_over_13_weeks", end, who, traits, waited > WAIT_DAYS)
            if not NO_DAY < one.seen <= cut:
                truth.add_value("community_autism_median_wait_days", end, who, traits, waited)


def add_either_source_answers(
    truth: Truth, community: Sequence[CommunityReferral], trusts: Sequence[AutismReferral], end: date
) -> None:
    """People with an open referral at community services, at a trust, or at both: each is counted once."""
    cut = end.toordinal()
    waiting: dict[str, Patient] = {}
    for one in trusts:
        if one.received <= cut and not NO_DAY < one.ended <= cut:
            waiting[one.patient.nhs or f"trust:{one.patient.local_id}"] = one.patient
    for other in community:
        if other.is_open(cut):
            waiting[other.patient.nhs or f"community:{other.patient.local_id}"] = other.patient
    for patient in waiting.values():
        truth.add_person("autism_open_either_source", end, patient, _traits(patient, cut), 1)
