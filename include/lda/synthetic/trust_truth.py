"""The right answers about what a trust tells, worked out from its history and not from its submissions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lda.synthetic.calendar import NO_DAY, first_of_month, month_index
from lda.synthetic.codes import ETHNIC_GROUP, QUINTILE_LABELS, SEX_WORDS
from lda.synthetic.hospital import Stay
from lda.synthetic.hospital_truth import traits_of
from lda.synthetic.practices import TRUST, Word
from lda.synthetic.trust_history import AutismReferral, Patient, TrustHistory, TrustSpell
from lda.synthetic.truth import Truth, age_band

WAIT_DAYS = 91
# NHS Data Dictionary, restrictive intervention type.
RESTRAINT_WORDS = {
    "01": "Prone restraint", "05": "Seclusion", "06": "Segregation", "07": "Standing restraint",
    "09": "Supine restraint", "13": "Other physical restraint", "14": "Injection (rapid tranquillisation)",
    "16": "Oral medication",
}  # fmt: skip
ATTENDED, IN_PERSON = frozenset({"5", "6"}), frozenset({"01", "11"})


def add_registrations(truth: Truth, ends: Sequence[date], history: TrustHistory) -> None:
    """Note the GP registrations that a trust's submissions tell of."""
    for end in ends if truth.geography.has_neighbourhoods else ():
        for patient in history.told_in(end):
            for one in patient.registrations:
                if one.start <= end.toordinal():
                    until = one.stop if one.stop <= end.toordinal() else NO_DAY
                    truth.practices.name(patient.known_as, TRUST, end, Word(one.practice, one.start, until))


class TrustTruth:
    """Adds a trust's part to the truth, month by month."""

    def __init__(self, truth: Truth, history: TrustHistory, first_day: int, trust: str, stays: Sequence[Stay]) -> None:
        """``first_day`` is the first day of the month of the first submission: earlier contacts were never told.

        ``stays`` are those that the census may count, of every trust.
        """
        self._truth, self._history, self._first_day = truth, history, first_day
        self._trust, self._stays = trust, stays

    def _add_own(self, measure: str, end: date, patient: Patient, own: tuple[str, str]) -> None:
        """Add somebody to the cells of a measure with a breakdown of its own."""
        self._truth.add_person(measure, end, patient, _traits(patient, end) | dict([own]), 1)

    def _add(self, measure: str, end: date, patient: Patient, count: int = 1, of: int = 1) -> None:
        self._truth.add_person(measure, end, patient, _traits(patient, end), count, of)

    def _add_value(self, measure: str, end: date, patient: Patient, value: float) -> None:
        self._truth.add_value(measure, end, patient, _traits(patient, end), value)

    def add_month(self, end: date) -> None:
        """Every measure of a month whose submission arrived, but for what the census has its part in."""
        self._add_spells(end)
        for referral in self._history.referrals:
            self._add_referral(referral, end)

    def _add_spells(self, end: date) -> None:
        cut, first = end.toordinal(), end.replace(day=1).toordinal()
        restricted: dict[str, Patient] = {}
        used: set[tuple[str, str]] = set()
        there: dict[str, TrustSpell] = {}
        cohort = self._history.cohort(end)
        for spell in self._history.spells:
            if spell.patient.local_id not in cohort or not spell.is_told(end):
                continue
            last = min(cut, spell.stop - 1) if spell.stop else cut
            days = max(0, last - max(first, spell.start) + 1)
            happened = sum(first <= day <= cut for day, _ in spell.incidents)
            self._add("restrictive_interventions_per_1000_bed_days", end, spell.patient, happened, days)
            self._add_types(end, spell, used)
            if happened:
                restricted[spell.patient.local_id] = spell.patient
            if spell.is_open(cut):
                there[spell.patient.local_id] = spell
        for patient in restricted.values():
            self._add("people_restricted", end, patient)
        for spell in there.values():
            words = "Respite" if spell.respite else "Not respite"
            self._add_own("inpatients_in_trusts", end, spell.patient, ("respite", words))

    def _add_types(self, end: date, spell: TrustSpell, used: set[tuple[str, str]]) -> None:
        """Types of restriction in the month's incidents; ``used`` holds the people and types counted so far."""
        cut, first = end.toordinal(), end.replace(day=1).toordinal()
        for kind in (kind for day, kinds in spell.incidents if first <= day <= cut for kind in kinds):
            own = ("restraint_type", RESTRAINT_WORDS[kind])
            self._add_own("restrictive_interventions_by_type", end, spell.patient, own)
            if (spell.patient.local_id, kind) not in used:
                used.add((spell.patient.local_id, kind))
                self._add_own("people_restricted_by_type", end, spell.patient, own)

    def add_either_source(self, end: date) -> None:
        """People in hospital by the trust beside those of the census, known by the NHS number each was sent with."""
        cut, measure = end.toordinal(), "inpatients_in_either_source"
        cohort = self._history.cohort(end)
        open_spells = [one for one in self._history.spells if one.patient.local_id in cohort and one.is_open(cut)]
        there = {spell.patient.local_id: spell.patient for spell in open_spells}.values()
        census = [stay for stay in self._stays if any(s <= cut and (not e or e > cut) for s, e, _ in stay.spells)]
        told = {patient.nhs for patient in there if patient.nhs}
        known = {stay.nhs for stay in census if stay.nhs}
        for stay in census:
            both = stay.nhs in told
            if both or self._truth.geography.wards[stay.ward][0].startswith(self._trust):
                words = "Both" if both else "Census only"
                traits = traits_of(stay, cut) | {"known_from": words}
                self._truth.add_person(measure, end, stay, traits, 1)
        for patient in there:
            if patient.nhs not in known:
                self._add_own(measure, end, patient, ("known_from", "Trust only"))

    def _add_referral(self, referral: AutismReferral, end: date) -> None:
        cut, first = end.toordinal(), end.replace(day=1).toordinal()
        if referral.received > cut or (referral.ended and referral.ended < first):
            return
        patient = referral.patient
        seen = [
            day
            for day, attended, mechanism in referral.contacts
            if attended in ATTENDED and mechanism in IN_PERSON and referral.received <= day <= cut
        ]
        if referral.received >= first:
            self._add("autism_new_referrals", end, patient)
        if first <= referral.ended <= cut:
            self._add("autism_closed_referrals", end, patient)
        due, known = referral.received + WAIT_DAYS, referral.received >= self._first_day
        if known and first <= due <= cut:
            self._add("autism_first_contact_13_weeks", end, patient, int(bool(seen) and min(seen) <= due))
        if not referral.ended or referral.ended > cut:
            waited = cut - referral.received
            self._add("autism_open_referrals", end, patient)
            self._add("autism_over_13_weeks", end, patient, int(waited > WAIT_DAYS))
            if known and not seen:
                self._add_value("autism_median_wait_days", end, patient, float(waited))


def _traits(patient: Patient, end: date) -> dict[str, str]:
    age = (month_index(end.toordinal()) - month_index(first_of_month(patient.birth))) // 12
    return {
        "sex": SEX_WORDS[patient.sex],
        "age_band": age_band(age),
        "ethnicity_group": ETHNIC_GROUP[patient.ethnicity],
        "deprivation_quintile": QUINTILE_LABELS[patient.quintile],
    }
