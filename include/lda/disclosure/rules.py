"""What a published count tells: the disclosure rule as numbers, and the intervals that follow from it.

Source of the LDA rule: NHS England, learning disability and autism outputs: counts under 5, zero included, are
suppressed; others are rounded to the nearest 5. See docs/disclosure.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

# Above every count of people there can be, and small enough that millions of them add up exactly.
UNBOUNDED = 2**40


class DisclosureError(Exception):
    """Figures cannot be attacked or protected as they are; the message says what is missing."""


@dataclass(frozen=True)
class Standard:
    """How much must stay unknown.

    :param minimum_width: the least difference between the largest and the smallest value that a hidden count may
        have as far as a reader can tell. 1 = at least two values stay possible.
    :param complements: a difference between two counts of people (people without a check, say) under the smallest
        count is held to the same standard, although it is never published.
    """

    minimum_width: int = 1
    complements: bool = True


def rounded(count: Ints, smallest: Ints, round_to: Ints) -> Ints:
    """Counts as the rule publishes them; -1 where it hides them. Halves go up, as in SQL."""
    shown = (2 * count + round_to) // (2 * round_to) * round_to
    return np.where(count >= smallest, shown, -1)


def shown_interval(shown: Ints, smallest: Ints, round_to: Ints) -> tuple[Ints, Ints]:
    """Smallest and largest count that is published as ``shown``. A figure that breaks the rule is the count itself."""
    ruled = (shown >= smallest) & (shown % round_to == 0)
    low = np.where(ruled, np.maximum(shown - round_to // 2, smallest), shown)
    return low, np.where(ruled, shown + (round_to - 1) // 2, shown)


def hidden_interval(primary: Bools, smallest: Ints) -> tuple[Ints, Ints]:
    """Smallest and largest count behind a hidden figure, for a reader who knows why it is hidden.

    :param primary: hidden because it is small; else hidden to protect another figure, so not small.
    """
    return np.where(primary, 0, smallest), np.where(primary, smallest - 1, UNBOUNDED)
