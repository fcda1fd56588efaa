"""Families of feeds: each follows the same people through time, writes its partners' files and knows its right answers.

A family is one class of this shape, listed once in ``FAMILIES``; the sample knows no feed by name. Families are asked
in the order of the list, which is also the order of their files: a later family may read what an earlier one left in
``Made`` (the stays of the census are those the trusts tell of).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lda.synthetic.council_extracts import CouncilExtracts
from lda.synthetic.council_returns import sent_rows
from lda.synthetic.council_truth import CouncilTruth, people_of_the_places
from lda.synthetic.derived_truth import add_derived_measures
from lda.synthetic.health_checks import LDHC_FIELDS, RegisterView, scheme_return
from lda.synthetic.hospital import Stay, make_stays
from lda.synthetic.hospital_truth import add_inpatient_measures
from lda.synthetic.icb_extracts import IcbExtracts
from lda.synthetic.layouts import FeedShape
from lda.synthetic.mess import Messer
from lda.synthetic.mortality import Review, add_review_measures, make_reviews
from lda.synthetic.mortality_truth import add_mortality_measures
from lda.synthetic.national_publication import NationalPublication
from lda.synthetic.opt_outs import OptOutLists, OptOuts
from lda.synthetic.population import People, Plan
from lda.synthetic.reference_releases import ReferenceReleases
from lda.synthetic.register_extracts import RegisterExtracts
from lda.synthetic.register_truth import (
    add_listings,
    add_population,
    add_register_measures,
    add_residents_of_registers,
    add_scheme_measure,
    register_in_force,
)
from lda.synthetic.review_actions import ReviewActions
from lda.synthetic.smaller_returns import CommunityAutism, Housing, ProgrammeReturns, SupportRegister
from lda.synthetic.social_care import make_clients
from lda.synthetic.trust_history import AutismReferral, make_trust_history
from lda.synthetic.trust_returns import TrustExtracts
from lda.synthetic.trust_truth import TrustTruth, add_registrations
from lda.synthetic.truth import Truth
from lda.synthetic.writers import TruthFiles


@dataclass
class Made:
    """What every family works with: the plan, the layouts, where files go, the truth, and what others have made."""

    plan: Plan
    shapes: dict[str, FeedShape]
    landing: Path
    files: TruthFiles
    truth: Truth
    block_scale: float
    icb: IcbExtracts
    stays: list[Stay] = field(default_factory=list)
    autism_referrals: list[AutismReferral] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    # The health check scheme's counts of each month, practices by LDHC fields.
    scheme: list[np.ndarray[Any, np.dtype[np.int64]]] = field(default_factory=list)
    opt_outs: OptOuts = field(init=False)

    def __post_init__(self) -> None:
        """Nobody has opted out yet."""
        self.opt_outs = OptOuts(len(self.plan.ends))

    @property
    def counted_stays(self) -> list[Stay]:
        """Stays of the census that figures may count: without the people who opted out."""
        return self.opt_outs.kept(self.stays)

    @property
    def counted_reviews(self) -> list[Review]:
        """Reviews that figures may count: without the people who opted out."""
        return self.opt_outs.kept(self.reviews)

    def counted_views(self, block: Block) -> list[RegisterView]:
        """The register as figures may count it: without rows sent under the number of somebody who opted out."""
        people = block.people
        known = people.number_known == 0
        counted = np.array([number not in self.opt_outs for number in people.nhs]) | ~known
        return [view.only(counted[view.person]) for view in block.views]

    def told(self, end: date, *feeds: str) -> AbstractContextManager[None]:
        """Adds right answers of ICBs' feeds for a month, to the areas whose ICB sent them all."""
        silent = [places for feed in feeds for places in self.icb.silent(feed, end).values()]
        return self.truth.without([place for places in silent for place in places])

    @property
    def first_day(self) -> int:
        """First day (ordinal) of the month of the first submission."""
        return self.plan.ends[0].replace(day=1).toordinal()


@dataclass(frozen=True)
class Block:
    """One block of people, their register as each month's extract shows it, and the block's own mess."""

    index: int
    people: People
    views: list[RegisterView]
    messer: Messer


class Family(Protocol):
    """A group of feeds that share a history."""

    def take_block(self, block: Block) -> None:
        """Make the history of a block's people; write or keep what files need of it."""

    def write(self) -> None:
        """Write the files that hold all blocks together."""

    def add_month(self, end: date) -> None:
        """Add the right answers of one month that are not yet added by block."""


class Registers:
    """GP learning disability registers and the health check scheme's return that counts the same checks."""

    def __init__(self, made: Made) -> None:
        self._made, plan = made, made.plan
        self._extracts = RegisterExtracts(plan, made.shapes["gp_ld_register"], made.landing, made.files)
        self._extracts.open_files()
        self._scheme = [np.zeros((len(plan.geography.practices), len(LDHC_FIELDS)), dtype=np.int64) for _ in plan.ends]

    def take_block(self, block: Block) -> None:
        """Write the block's rows of every practice and month, and count its checks."""
        plan = self._made.plan
        for view in block.views:
            self._extracts.write_block(block.index, block.people, view, block.messer)
            self._scheme[view.month] += scheme_return(plan, block.people, view)
        in_force = register_in_force(plan, self._made.counted_views(block), self._extracts.missing)
        add_listings(self._made.truth, plan, block.people, block.views, self._extracts.missing)
        add_register_measures(self._made.truth, plan, block.people, in_force, self._extracts.missing)

    def write(self) -> None:
        """Finish the practices' files and write the scheme's return."""
        self._extracts.close()
        self._made.icb.scheme_returns(self._scheme)
        self._made.scheme = self._scheme

    def add_month(self, end: date) -> None:
        """Add uptake over the scheme's denominators, the residents of prevalence, and what is made of the uptakes."""
        add_residents_of_registers(self._made.truth, end)
        add_scheme_measure(self._made.truth, end, self._scheme[self._made.plan.ends.index(end)])
        add_derived_measures(self._made.truth, end)


class Inpatients:
    """The inpatient census."""

    def __init__(self, made: Made) -> None:
        self._made = made

    def take_block(self, block: Block) -> None:
        """Make the block's stays in hospital."""
        made = self._made
        made.stays += make_stays(made.plan, block.index, block.people, made.block_scale)

    def write(self) -> None:
        """Write a census a month."""
        self._made.icb.censuses(self._made.stays)

    def add_month(self, end: date) -> None:
        """Add every measure of the census."""
        made = self._made
        baseline = made.plan.geography.inpatient_baseline
        with made.told(end, "inpatient_census"):
            add_population(made.truth, end)
            add_inpatient_measures(made.truth, made.counted_stays, end, made.first_day, baseline)


class Mortality:
    """LeDeR reviews of deaths."""

    def __init__(self, made: Made) -> None:
        self._made = made

    def take_block(self, block: Block) -> None:
        """Make the reviews of the block's deaths."""
        self._made.reviews += make_reviews(self._made.plan, block.index, block.people)

    def write(self) -> None:
        """Write the reviews of each month."""
        self._made.icb.reviews(self._made.reviews)

    def add_month(self, end: date) -> None:
        """Add every measure of the reviews."""
        made = self._made
        with made.told(end, "leder"):
            add_review_measures(made.truth, made.counted_reviews, end)
            add_mortality_measures(made.truth, made.counted_reviews, end)


class Councils:
    """Client Level Data of the councils; its right answers are added block by block, quarter by quarter."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._extracts = CouncilExtracts(made.plan, made.shapes["cld"], made.landing, made.files)
        self._extracts.open_files()

    def take_block(self, block: Block) -> None:
        """Write the block's rows of every council and quarter."""
        plan = self._made.plan
        clients = make_clients(plan, block.index, block.people, self._made.block_scale)
        known = CouncilTruth()
        for quarter, end in enumerate(plan.quarters):
            sent = list(sent_rows(plan, block.people, clients, quarter))
            self._extracts.write_block(block.index, block.people, quarter, sent, block.messer, self._made.opt_outs)
            told = [row for row in sent if row.client.nhs not in self._made.opt_outs]
            here = list(people_of_the_places(plan.geography, told, end))
            known.take(quarter, here)
            known.name_practices(self._made.truth, end, here)
            known.add_measures(self._made.truth, end)

    def write(self) -> None:
        """Finish the councils' files."""
        self._extracts.close()

    def add_month(self, end: date) -> None:
        """Nothing is left to add."""


class Trusts:
    """The trusts' monthly submissions about the same stays, and their autism referrals."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._answers: list[TrustTruth] = []

    def take_block(self, block: Block) -> None:
        """A trust's history is made from the stays of all blocks."""

    def write(self) -> None:
        """Write every trust's submissions."""
        made = self._made
        for trust in made.plan.geography.trusts:
            history = make_trust_history(made.plan, made.stays, trust)
            TrustExtracts(made.plan, trust, made.landing, made.files).submissions(history)
            made.opt_outs.take((patient.nhs, patient.place) for patient in history.patients())
            counted = history.without(made.opt_outs)
            made.autism_referrals += counted.referrals
            add_registrations(made.truth, made.plan.ends, history)
            self._answers.append(TrustTruth(made.truth, counted, made.first_day, trust, made.counted_stays))

    def add_month(self, end: date) -> None:
        """Add every measure of the trusts' submissions."""
        for answer in self._answers:
            answer.add_month(end)
            with self._made.told(end, "inpatient_census"):
                answer.add_either_source(end)


class OptedOut:
    """Lists of the people who opted out; written last, when all people have been made."""

    def __init__(self, made: Made) -> None:
        self._made = made

    def take_block(self, block: Block) -> None:
        """Everybody has decided before any family follows them (``Made.opt_outs``)."""

    def write(self) -> None:
        """Write a list a month."""
        made = self._made
        OptOutLists(made.plan, made.landing, made.files).write(made.opt_outs)

    def add_month(self, end: date) -> None:
        """Opt-outs are no measure; every other family's answers leave the people out."""


class Reference:
    """Releases of reference data; what they hold is what the right answers are worked out with."""

    def __init__(self, made: Made) -> None:
        self._made = made

    def take_block(self, block: Block) -> None:
        """Reference data is about nobody."""

    def write(self) -> None:
        """Write the releases."""
        made = self._made
        ReferenceReleases(made.plan, made.landing, made.files).write()

    def add_month(self, end: date) -> None:
        """No measure is made of reference data alone."""


FAMILIES: tuple[Callable[[Made], Family], ...] = (
    Registers,
    NationalPublication,
    Inpatients,
    Mortality,
    ReviewActions,
    Councils,
    Trusts,
    CommunityAutism,
    SupportRegister,
    ProgrammeReturns,
    Housing,
    Reference,
    OptedOut,
)
