"""How a header cell is compared with a contract: letters and digits only, in lower case."""

from __future__ import annotations

import re

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def normalise(label: str) -> str:
    """``'NHS No. '`` becomes ``'nhsno'``."""
    return _NOT_ALPHANUMERIC.sub("", label.casefold())
