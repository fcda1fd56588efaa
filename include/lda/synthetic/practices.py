"""Which practice each person belongs to at a month end, by what partners had said by then; worked out on its own.

The rule: the register of a practice that lists the person, while the file it came in stands. Else whoever spoke last,
the register included, of people it does not list too; of those of one day the register, the trusts, community services,
the councils in this order. A default code for an unknown practice is no word at all, and a trust's word ends with the
registration.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from lda.synthetic.calendar import NO_DAY
from lda.synthetic.registrations import NO_PRACTICE, NOT_KNOWN

REGISTER, TRUST, COMMUNITY, COUNCIL = "register", "trust", "community", "council"
# A register's row of somebody whom it does not list: removed from it, dead, or added only later.
UNLISTED = "unlisted"
SPEAKERS = (REGISTER, UNLISTED, TRUST, COMMUNITY, COUNCIL)
SAYS_NOTHING = frozenset({"", NO_PRACTICE, NOT_KNOWN})


@dataclass(frozen=True)
class Word:
    """What a partner said of somebody's practice at a period end: ``since`` tells the later of two in one file,
    ``until`` is the registration's last day and ``stands_to`` the last month end at which a register's file stands."""

    practice: str
    since: int
    until: int = NO_DAY
    stands_to: date = date.min


class NamedPractices:
    """Every partner's words, by person."""

    def __init__(self) -> None:
        self._words: defaultdict[str, defaultdict[str, dict[date, Word]]] = defaultdict(lambda: defaultdict(dict))

    def name(self, person: str, speaker: str, end: date, word: Word) -> None:
        """Note a word for the period that ends on ``end``. Of several of one file the registration that lasts counts,
        then the later one, then the lower code."""
        if word.practice in SAYS_NOTHING:
            return
        said = self._words[person][speaker]
        before = said.get(end)
        if before is None or _order(word, end) < _order(before, end):
            said[end] = word

    def at(self, person: str, end: date) -> str:
        """Code of the person's practice at a month end; blank where nobody has named one."""
        heard: list[tuple[date, int, str]] = []
        for rank, speaker in enumerate(SPEAKERS):
            said = self._words[person][speaker] if person in self._words else {}
            latest = max((day for day in said if day <= end), default=None)
            if latest is None:
                continue
            word = said[latest]
            if speaker == REGISTER and word.stands_to >= end:
                return word.practice
            if not NO_DAY < word.until < end.toordinal():
                heard.append((latest, -rank, word.practice))
        return max(heard)[2] if heard else ""


def _order(word: Word, end: date) -> tuple[bool, int, str]:
    return NO_DAY < word.until < end.toordinal(), -word.since, word.practice
