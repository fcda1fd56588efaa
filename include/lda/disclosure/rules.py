"""What a published count tells: the disclosure rule as numbers, and the intervals that follow from it.

Sources of the rules: seed disclosure_rule. LDA outputs of NHS England: counts under 5, zero included, are suppressed;
others are rounded to the nearest 5. Its health check scheme: a denominator under 2 beside a personalised care
adjustment is suppressed; all else is published as it is. See docs/disclosure.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Words = NDArray[np.str_]

# Above every count of people there can be, and small enough that millions of them add up exactly.
UNBOUNDED = 2**40


class DisclosureError(Exception):
    """Figures cannot be attacked or protected as they are; the message says what is missing."""


@dataclass(frozen=True)
class Standard:
    """How much must stay unknown. Whether complements (people without a check, say, who are never published themselves)
    are held to the same standard is a matter of each measure's rule (``Cells.complements``).

    :param minimum_width: the least difference between the largest and the smallest value that a hidden count may
        have as far as a reader can tell. 1 = at least two values stay possible.
    """

    minimum_width: int = 1


def rounded(count: Ints, round_to: Ints) -> Ints:
    """Counts as a rule publishes those that it shows. Halves go up, as in SQL."""
    return (2 * count + round_to) // (2 * round_to) * round_to


def shown_interval(shown: Ints, least: Ints, round_to: Ints) -> tuple[Ints, Ints]:
    """Smallest and largest count that is published as ``shown``. A figure that breaks the rule is the count itself.

    :param least: the smallest count that the rule ever shows.
    """
    ruled = (shown >= least) & (shown % round_to == 0)
    low = np.where(ruled, np.maximum(shown - round_to // 2, least), shown)
    return low, np.where(ruled, shown + (round_to - 1) // 2, shown)


def hidden_interval(primary: Bools, smallest: Ints, least: Ints) -> tuple[Ints, Ints]:
    """Smallest and largest count behind a hidden figure, for a reader who knows why it is hidden.

    :param primary: hidden because it is under ``smallest``; else hidden to protect another figure.
    :param least: the smallest count that the rule ever shows: what is hidden for another's sake would have been shown.
    """
    return np.where(primary, 0, least), np.where(primary, smallest - 1, UNBOUNDED)
