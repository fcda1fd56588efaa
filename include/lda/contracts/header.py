"""How a header cell is compared with a contract: letters and digits only, in lower case."""

from __future__ import annotations

import re
from functools import lru_cache

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


@lru_cache(maxsize=20_000)
def normalise(label: str) -> str:
    """``'NHS No. '`` becomes ``'nhsno'``."""
    return _NOT_ALPHANUMERIC.sub("", label.casefold())
