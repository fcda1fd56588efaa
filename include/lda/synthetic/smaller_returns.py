"""Families of the smaller returns: the Dynamic Support Register, and the counts of employers, teams and councils."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

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
        add_register_answers(made.truth, counted, end, made.first_day)
        add_admission_answers(made.truth, counted, made.counted_stays, end, made.first_day)
