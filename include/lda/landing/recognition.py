"""Which feed a file's name belongs to, and the partner, period and version it states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from lda.contracts import FeedContract, parse_period

# What a refresh is ahead of every version of the primary submission it replaces.
REFRESH = 1000
# No partner sends more versions than this; a longer number is a slip, and more than the ledger can hold.
LAST_VERSION = 999_999


@dataclass(frozen=True)
class Claim:
    """A feed that claims a file by its name. ``period`` is None when the name states no real period."""

    feed: str
    partner_code: str
    period: tuple[date, date] | None
    version: int


def claims(file_name: str, contracts: Mapping[str, FeedContract]) -> list[Claim]:
    """Every feed whose file pattern the name matches, in order of feed. A version past all bounds is no match."""
    found = []
    for contract in sorted(contracts.values(), key=lambda item: item.feed):
        for pattern in contract.every_file_pattern:
            match = re.match(pattern, file_name)
            if not match:
                continue
            groups = match.groupdict()
            period = parse_period(groups["period"], contract.period_rule)
            partner = groups["partner"].upper()
            version = int(groups.get("version") or 1)
            if version > LAST_VERSION:
                break
            version += REFRESH if groups.get("refresh") else 0
            found.append(Claim(contract.feed, partner, period, version))
            break
    return found


def claims_of(landing_path: str, contracts: Mapping[str, FeedContract]) -> list[Claim]:
    """Every feed that claims a landed path by its name. What lies in no partner's folder is nobody's."""
    path = PurePosixPath(landing_path)
    return claims(path.name, contracts) if len(path.parts) > 1 else []
