"""The rules of the control chart in plain Python, point by point in exact fractions: a second opinion on the SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LIMIT_FACTOR, NEAR_SHARE, SCREENING = Fraction("2.66"), Fraction(2, 3), Fraction("3.267")
RUN, NEAR_POINTS, NEAR_WINDOW = 7, 2, 3

Values = Mapping[int, Fraction]


@dataclass(frozen=True)
class Judged:
    """What a chart says of a point; limits and judgements are None where the part has no two neighbours."""

    mean: Fraction
    mean_range: Fraction | None
    left_out: int
    point_type: str | None
    variation: str | None
    assurance: str | None


def chart(
    values: Sequence[Fraction | None], rebases: Sequence[int], better_is: str, target: Fraction | None
) -> dict[int, Judged]:
    """Judge a series whose period n has ``values[n]`` (None: no figure); a part begins at each index in ``rebases``."""
    starts = sorted({0, *(start for start in rebases if start < len(values))})
    judged: dict[int, Judged] = {}
    for start, end in zip(starts, [*starts[1:], len(values)], strict=True):
        part = {n: value for n in range(start, end) if (value := values[n]) is not None}
        if part:
            judged |= _part(part, better_is, target)
    return judged


def _part(part: Values, better_is: str, target: Fraction | None) -> dict[int, Judged]:
    mean = sum(part.values(), Fraction(0)) / len(part)
    mean_range, left_out = _mean_range(part)
    found = {}
    for n in part:
        kind, direction = (None, 0) if mean_range is None else _judge(part, n, mean, mean_range)
        assurance = None if mean_range is None else _assurance(mean, LIMIT_FACTOR * mean_range, better_is, target)
        found[n] = Judged(mean, mean_range, left_out, kind, _variation(kind, direction, better_is), assurance)
    return found


def _mean_range(part: Values) -> tuple[Fraction | None, int]:
    ranges = [abs(part[n] - part[n - 1]) for n in part if n - 1 in part]
    if not ranges:
        return None, 0
    first = sum(ranges, Fraction(0)) / len(ranges)
    kept = [size for size in ranges if size < SCREENING * first]
    if not any(kept):
        return first, 0
    return sum(kept, Fraction(0)) / len(kept), len(ranges) - len(kept)


def _judge(part: Values, n: int, mean: Fraction, mean_range: Fraction) -> tuple[str, int]:
    """Type of a point and the direction of its signal."""
    distance = LIMIT_FACTOR * mean_range
    near = distance * NEAR_SHARE
    side = {m: (value > mean) - (value < mean) for m, value in part.items()}
    if abs(part[n] - mean) > distance:
        return "outside_limits", side[n]
    trend = _trend(part, n)
    if trend:
        return "trend", trend
    beyond = {m for m, value in part.items() if abs(value - mean) > near}
    for window in _windows(n, NEAR_WINDOW):
        together = all(m in part and side[m] == side[n] != 0 for m in window)
        if together and n in beyond and len(beyond.intersection(window)) >= NEAR_POINTS:
            return "near_limit", side[n]
    for window in _windows(n, RUN):
        if all(m in part and side[m] == side[n] != 0 for m in window):
            return "one_side_of_mean", side[n]
    return "common_cause", 0


def _windows(n: int, length: int) -> list[range]:
    return [range(start, start + length) for start in range(n - length + 1, n + 1)]


def _trend(part: Values, n: int) -> int:
    """Direction of the trend that leads to the point, else of the one it begins, else 0."""
    for window in _windows(n, RUN):
        if all(m in part for m in window):
            moves = [part[m + 1] - part[m] for m in window[:-1]]
            if all(move > 0 for move in moves):
                rising = 1
            elif all(move < 0 for move in moves):
                rising = -1
            else:
                continue
            return rising
    return 0


def _variation(kind: str | None, direction: int, better_is: str) -> str | None:
    if kind is None or kind == "common_cause":
        return kind
    if better_is == "neutral":
        return "neutral_high" if direction > 0 else "neutral_low"
    return "improvement" if (direction > 0) == (better_is == "higher") else "concern"


def _assurance(mean: Fraction, distance: Fraction, better_is: str, target: Fraction | None) -> str | None:
    if target is None or better_is == "neutral":
        return None
    # Seen so that higher is better, whichever way it is.
    sign = 1 if better_is == "higher" else -1
    worst, best = sign * mean - distance, sign * mean + distance
    if worst >= sign * target:
        return "consistently_pass"
    return "consistently_fail" if best < sign * target else "hit_or_miss"
