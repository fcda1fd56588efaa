"""What a trust knows: the stays in its own hospitals, as in the census but for a few, and suspected-autism referrals.

Some stays of the census are not in the trust's records and some of the trust's are not in the census, as in life; and
the trust looks after people without a learning disability or autism, who belong to no measure.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from lda.synthetic.calendar import NO_DAY
from lda.synthetic.codes import LEGAL_STATUSES
from lda.synthetic.hospital import Stay
from lda.synthetic.population import SPARE_FROM, TRUST_STREAM, NumberSource, Plan, Random, ethnicity_in
from lda.synthetic.registrations import Registration, as_recorded, registrations_for

LEFT_OUT, ONLY_TRUST, NOT_LDA, RESPITE = 0.06, 0.06, 0.1, 0.1
REFERRALS_A_MONTH = 18
RESTRICTIVE_TYPES = ("01", "05", "06", "07", "09", "13", "14", "16")
# Tables by which somebody can leave the cohort while in hospital.
LAPSING = ("MHS102", "MHS401", "MHS502")
# Every so many stays somebody else is in hospital at the same time who leaves the cohort meanwhile.
LAPSING_EVERY, LAPSED_STREAM = 2, 36
# Ways in which a table qualifies somebody for the cohort; every stay has one or two of them.
QUALIFIERS = ("MHS007", "MHS102", "MHS401", "MHS502", "MHS604", "MHS605")
NUMBERS_FROM = SPARE_FROM * 2


@dataclass(frozen=True)
class Patient:
    """Somebody a trust knows, under its own number ``local_id``. ``place`` is -1 where no address is known; ``birth``
    is a day number; ``registrations`` are with GP practices, as the trust has them."""

    sender: str
    local_id: str
    nhs: str
    birth: int
    sex: int
    ethnicity: int
    postcode: str
    place: int
    quintile: int
    registrations: tuple[Registration, ...] = ()

    @property
    def known_as(self) -> str:
        """What the person is known by: the NHS number, else the trust's own number."""
        return self.nhs or f"{self.sender}:{self.local_id}"


@dataclass(frozen=True)
class TrustSpell:
    """A spell in one of the trust's hospitals; ``stop`` 0 is open; ``qualifiers`` are the tables that put the person in
    the cohort throughout, ``lapsed`` is one that did so up to a day and does not any more (blank and 0 for none).

    ``incidents`` are days with the types of restrictive intervention of each.
    """

    number: str
    patient: Patient
    start: int
    stop: int
    ward: int
    legal_status: str
    qualifiers: frozenset[str]
    lapsed: tuple[str, int]
    respite: bool
    ready: int
    incidents: tuple[tuple[int, tuple[str, ...]], ...]

    def is_told(self, end: date) -> bool:
        """True when the month's submission has it: there on some day of the month."""
        return self.start <= end.toordinal() and (self.stop == NO_DAY or self.stop >= end.replace(day=1).toordinal())

    def is_open(self, day: int) -> bool:
        """True when the person is there at the end of the day."""
        return self.start <= day and (self.stop == NO_DAY or self.stop > day)


@dataclass(frozen=True)
class AutismReferral:
    """A referral for suspected autism: ``contacts`` are days with attendance and mechanism; 0 is no such day yet."""

    number: str
    patient: Patient
    received: int
    contacts: tuple[tuple[int, str, str], ...]
    closed: int
    rejected: int
    is_primary_reason: bool

    @property
    def ended(self) -> int:
        """Day it was closed or rejected; 0 while it is open."""
        return self.closed or self.rejected


@dataclass
class TrustHistory:
    """Everything the trust knows."""

    spells: list[TrustSpell]
    referrals: list[AutismReferral]

    def patients(self) -> list[Patient]:
        """Everybody in it, some of them more than once."""
        return [spell.patient for spell in self.spells] + [referral.patient for referral in self.referrals]

    def told_in(self, end: date) -> list[Patient]:
        """The patients of a month's submission, each once."""
        cut, first = end.toordinal(), end.replace(day=1).toordinal()
        known = [(spell.patient, spell.start, spell.stop) for spell in self.spells]
        known += [(referral.patient, referral.received, referral.ended) for referral in self.referrals]
        told = {
            patient.local_id: patient
            for patient, start, stop in known
            if start <= cut and (stop == NO_DAY or stop >= first)
        }
        return list(told.values())

    def cohort(self, end: date) -> set[str]:
        """The trust's numbers of the people in the cohort of a month: by a table that counts on some day of it."""
        first = end.replace(day=1).toordinal()
        return {
            spell.patient.local_id
            for spell in self.spells
            if spell.is_told(end) and (spell.qualifiers or spell.lapsed[1] >= first)
        }

    def without(self, gone: Container[str]) -> TrustHistory:
        """The history without the people sent under some NHS numbers."""
        return TrustHistory(
            [spell for spell in self.spells if spell.patient.nhs not in gone],
            [referral for referral in self.referrals if referral.patient.nhs not in gone],
        )


def make_trust_history(plan: Plan, stays: Sequence[Stay], trust: str) -> TrustHistory:
    """The trust's side of the stays in its hospitals, and its referrals."""
    random = plan.random(0, TRUST_STREAM)
    maker = _Maker(plan, random, trust)
    spells: list[TrustSpell] = []
    for stay in stays:
        if not plan.geography.wards[stay.ward][0].startswith(trust):
            continue
        if random.random() >= LEFT_OUT:
            spells += maker.spells(maker.known(stay), stay, maker.qualifiers())
        for share, qualified in ((ONLY_TRUST, True), (NOT_LDA, False)):
            if random.random() < share:
                spells += maker.spells(maker.new_patient(), stay, maker.qualifiers() if qualified else frozenset())
    referrals = maker.referrals()
    here = [stay for stay in stays if plan.geography.wards[stay.ward][0].startswith(trust)]
    lapsing = _Maker(plan, plan.random(0, LAPSED_STREAM), trust, "L", NUMBERS_FROM + SPARE_FROM // 2)
    for count, stay in enumerate(here[::LAPSING_EVERY]):
        kind = LAPSING[count % len(LAPSING)]
        spells += lapsing.spells(lapsing.new_patient(), stay, frozenset(), kind)
    return TrustHistory(spells, referrals)


class _Maker:
    """Hands out people, spells and referrals with numbers of their own."""

    def __init__(
        self, plan: Plan, random: Random, trust: str, prefix: str = "", numbers_from: int = NUMBERS_FROM
    ) -> None:
        self._plan, self._random, self._trust, self._prefix = plan, random, trust, prefix
        self._numbers = NumberSource(plan.geography.number_block, numbers_from)
        self._patients: dict[str, Patient] = {}
        self._count = 0

    def _next(self, letter: str) -> str:
        self._count += 1
        return f"{self._prefix}{letter}{self._count:07d}"

    def known(self, stay: Stay) -> Patient:
        """The trust's record of somebody in the census; the same for each of the person's stays."""
        if stay.known_as not in self._patients:
            place = stay.place if stay.postcode else -1
            number = self._next("P")
            self._patients[stay.known_as] = Patient(
                self._trust, number, stay.nhs, stay.birth, stay.sex, stay.ethnicity, stay.postcode, place,
                stay.quintile, as_recorded(stay.registrations, number),
            )  # fmt: skip
        return self._patients[stay.known_as]

    def new_patient(self, ages: tuple[int, int] = (18, 60)) -> Patient:
        """Somebody no other partner knows."""
        random = self._random
        area = self._plan.geography.areas[int(random.integers(0, len(self._plan.geography.areas)))]
        birth = self._plan.last - int(random.integers(ages[0] * 366, ages[1] * 365))
        number = self._next("P")
        return Patient(
            self._trust,
            number,
            self._numbers.take() if random.random() > 0.04 else "",
            birth,
            int(random.integers(0, 2)),
            ethnicity_in(random, area.place),
            area.postcodes[int(random.integers(0, len(area.postcodes)))],
            area.place,
            area.quintile,
            as_recorded(registrations_for(self._plan, number, area.place), number),
        )

    def qualifiers(self) -> frozenset[str]:
        """One or two ways into the cohort."""
        return frozenset(str(one) for one in self._random.choice(QUALIFIERS, size=2))

    def spells(self, patient: Patient, stay: Stay, qualifiers: frozenset[str], lapsing: str = "") -> list[TrustSpell]:
        """The trust's spells of a stay, with what happened in them; ``lapsing`` is a table that counts up to a day."""
        random = self._random
        rate = float(random.choice((0, 0.004, 0.03), p=[0.5, 0.35, 0.15]))
        respite = bool(random.random() < RESPITE)
        made = []
        for start, stop, _ in stay.spells:
            last = stop - 1 if stop else self._plan.last
            happened = random.integers(start, last + 1, random.poisson(rate * (last - start + 1)))
            days = sorted({int(day) for day in happened})
            made.append(
                TrustSpell(
                    self._next("S"),
                    patient,
                    start,
                    stop,
                    stay.ward,
                    str(random.choice(LEGAL_STATUSES)),
                    qualifiers,
                    (lapsing, day) if lapsing and start < (day := self._lapse_day(patient)) < last else ("", NO_DAY),
                    respite,
                    stay.ready,
                    tuple((day, self._types()) for day in days),
                )
            )
        return made

    def _lapse_day(self, patient: Patient) -> int:
        """A day from shortly before the first month to the end of the sample."""
        opens = self._plan.ends[0].toordinal() - 60
        return opens + crc32(patient.local_id.encode()) % (self._plan.last - opens)

    def _types(self) -> tuple[str, ...]:
        return tuple(sorted({str(one) for one in self._random.choice(RESTRICTIVE_TYPES, size=2)}))

    def referrals(self) -> list[AutismReferral]:
        """Suspected-autism referrals from before the sample opens to its end."""
        random, plan = self._random, self._plan
        total = round(REFERRALS_A_MONTH * (plan.last - plan.opening) / 30.4 * min(plan.scale, 1.0) + 1)
        return [self._referral(int(day)) for day in sorted(random.integers(plan.opening, plan.last + 1, total))]

    def _referral(self, received: int) -> AutismReferral:
        random, last = self._random, self._plan.last
        patient = self.new_patient((3, 50))
        rejected = received + int(random.integers(3, 30)) if random.random() < 0.08 else NO_DAY
        first = received + int(random.exponential(95)) + 4
        contacts = []
        if not rejected:
            missed = first - int(random.integers(1, 4))
            if random.random() < 0.25:
                contacts.append((missed, "7", "01"))
            if random.random() < 0.15:
                contacts.append((missed, "5", "02"))
            contacts.append((first, str(random.choice(("5", "6"))), str(random.choice(("01", "11")))))
        closed = first + int(random.integers(20, 160)) if not rejected else NO_DAY
        return AutismReferral(
            self._next("R"),
            patient,
            received,
            tuple(contact for contact in contacts if contact[0] <= last),
            closed if closed <= last else NO_DAY,
            rejected if rejected <= last else NO_DAY,
            bool(random.random() < 0.8),
        )
