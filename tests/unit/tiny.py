"""What the tiny candidate of ``make_candidate`` has: measures of one system."""

from __future__ import annotations

from lda.gates import Unit


def units(*measures: str) -> tuple[Unit, ...]:
    """Measures of the tiny candidate's system."""
    return tuple(Unit(measure, "llr") for measure in measures)


UNITS = units("checks", "inpatients", "register")
