"""The NHS number check, and text made safe to log: what looks like an NHS number, postcode or e-mail is masked."""

from __future__ import annotations

import re

TEN_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}(?:\.0)?(?![0-9A-Za-z])")
WEIGHTS = range(10, 1, -1)
MASK = "[hidden]"
_EMAIL = re.compile(r"[0-9A-Za-z._%+-]+@[0-9A-Za-z-]+\.[A-Za-z.]+")
_POSTCODE = re.compile(r"(?<![0-9A-Za-z_])[A-Za-z]{1,2}[0-9][0-9A-Za-z]?\s?[0-9][A-Za-z]{2}(?![0-9A-Za-z_])")


def holds_nhs_number(text: str) -> bool:
    """True when some ten digits in a text pass the NHS number's modulus 11 check (NHS Data Dictionary)."""
    return any(_passes(found) for found in TEN_DIGITS.findall(text))


def masked(text: str) -> str:
    """A text with every valid NHS number, postcode and e-mail address replaced by ``[hidden]``."""
    text = TEN_DIGITS.sub(lambda found: MASK if _passes(found[0]) else found[0], text)
    return _POSTCODE.sub(MASK, _EMAIL.sub(MASK, text))


def _passes(found: str) -> bool:
    digits = re.sub(r"[^0-9]", "", found.removesuffix(".0"))
    check = 11 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits[:9], strict=True)) % 11
    return int(digits[9]) == (0 if check == 11 else check)
