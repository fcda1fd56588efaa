"""Families of the smaller returns: the Dynamic Support Register, and the counts of employers, teams and councils."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lda.synthetic.calendar import add_months
from lda.synthetic.community_autism import (
    CommunityReferral,
    add_community_answers,
    add_either_source_answers,
    add_practices,
    make_community_referrals,
    referral_rows,
)
from lda.synthetic.organisation_returns import (
    add_housing_answers,
    add_keyworker_answers,
    add_programme_answers,
    add_training_answers,
    item_rows,
    make_employers,
    make_items,
    make_schemes,
    make_teams,
    scheme_rows,
    team_rows,
    training_rows,
)
from lda.synthetic.partner_files import write_return
from lda.synthetic.support_register import Entry, entry_rows, make_entries
from lda.synthetic.support_register_truth import add_admission_answers, add_register_answers

if TYPE_CHECKING:
    from lda.synthetic.families import Block, Made


class SupportRegister:
    """The Dynamic Support Register of the people whose stays the census tells of, and of many others."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._entries: list[Entry] = []
        self._stays_seen = 0

    def take_block(self, block: Block) -> None:
        """Make the entries of the block's people."""
        made = self._made
        stays = made.stays[self._stays_seen :]
        self._stays_seen = len(made.stays)
        self._entries += make_entries(made.plan, block.index, block.people, stays, made.block_scale)

    def write(self) -> None:
        """Write the register of each month."""
        made = self._made
        made.icb.workbooks("dsr", "Dynamic Support Register", lambda end: entry_rows(made.plan, self._entries, end))

    def add_month(self, end: date) -> None:
        """Add every measure of the register, and of admissions against it."""
        made = self._made
        counted = made.opt_outs.kept(self._entries)
        with made.told(end, "dsr"):
            add_register_answers(made.truth, counted, end, made.first_day)
        with made.told(end, "dsr", "inpatient_census"):
            add_admission_answers(made.truth, counted, made.counted_stays, end, made.first_day)


class ProgrammeReturns:
    """What the ICB collects: training by employer, keyworker caseloads, the programme's milestones and initiatives."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._employers = make_employers(made.plan)
        self._teams = make_teams(made.plan)
        self._items = make_items(made.plan)

    def take_block(self, block: Block) -> None:
        """Nothing here is about people one by one."""

    def write(self) -> None:
        """Write the three returns of each month."""
        plan, icb = self._made.plan, self._made.icb
        icb.workbooks("training", "Mandatory training", lambda end: training_rows(plan, self._employers, end))
        icb.workbooks("keyworker", "Keyworker caseload", lambda end: team_rows(plan, self._teams, end))
        icb.workbooks("programme", "Programme", lambda end: item_rows(self._items, end))

    def add_month(self, end: date) -> None:
        """Add every measure of the three returns."""
        truth, plan = self._made.truth, self._made.plan
        add_training_answers(truth, plan, self._employers, end)
        with self._made.told(end, "keyworker"):
            add_keyworker_answers(truth, plan, self._teams, end)
        add_programme_answers(truth, self._items, end)


class Housing:
    """Supported accommodation, a file a council and quarter."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._schemes = make_schemes(made.plan)

    def take_block(self, block: Block) -> None:
        """Homes are not people."""

    def write(self) -> None:
        """Write every council's file of each quarter."""
        made = self._made
        for end in made.plan.quarters:
            start = date.fromordinal(add_months(end.replace(day=1).toordinal(), -2))
            for number, council in enumerate(made.plan.geography.councils):
                rows = scheme_rows(self._schemes, number, start, end)
                name = f"supported_accommodation_{council}_{end:%Y%m%d}.csv"
                write_return(made, "supported_accommodation", (council, number), end, name, rows)

    def add_month(self, end: date) -> None:
        """Add the homes at a quarter end."""
        if end in self._made.plan.quarters:
            add_housing_answers(self._made.truth, self._schemes, end)


class CommunityAutism:
    """Autism waiting lists of community services; follows the trusts, some of whose people are on them."""

    FEED = "autism_waiting_list"

    def __init__(self, made: Made) -> None:
        self._made = made
        self._referrals: list[CommunityReferral] = []

    def take_block(self, block: Block) -> None:
        """The people of the waiting lists are made when the trusts' are known."""

    def write(self) -> None:
        """Write every sender's list of each month."""
        made = self._made
        for number, trust in enumerate(made.plan.geography.senders("trust", self.FEED)):
            referrals = make_community_referrals(made.plan, trust, made.autism_referrals)
            made.opt_outs.take((one.nhs, one.patient.place) for one in referrals)
            self._referrals += referrals
            for month, end in enumerate(made.plan.ends):
                name = f"{self.FEED}_{trust}_{end:%Y-%m}.csv"
                rows = referral_rows(made.plan, referrals, end)
                # Trusts began to send the practice after the first month.
                without = ("gp_practice_code",) if made.plan.dirt and month == 0 else ()
                write_return(made, self.FEED, (trust, number), end, name, rows, without)
                if not without:
                    add_practices(made.truth, referrals, end)

    def add_month(self, end: date) -> None:
        """Add every measure of the waiting lists, and of both sources together."""
        made = self._made
        counted = made.opt_outs.kept(self._referrals)
        add_community_answers(made.truth, counted, end)
        add_either_source_answers(made.truth, counted, made.autism_referrals, end)
