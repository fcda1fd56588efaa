"""The words of a system: place, partner, system, what a partner owes.

Everything here is frozen data read from ``include/systems``; nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from lda.contracts.model import FeedContract, PartnerType
from lda.contracts.terms import Pause, Publication


@dataclass(frozen=True)
class Place:
    """A council area of a system: ONS code, name and CASSR code."""

    code: str
    name: str
    cassr_code: str


@dataclass(frozen=True)
class Partner:
    """An organisation that sends files, and the days it counts as one (``valid_to`` is the first day it does not).

    ``feeds`` are the only feeds it sends; empty means every feed of its type.
    """

    code: str
    name: str
    type: PartnerType
    system_code: str
    valid_from: date | None = None
    valid_to: date | None = None
    feeds: tuple[str, ...] = ()

    def is_valid_on(self, day: date) -> bool:
        """True when the organisation is open on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True)
class EarlierVersion:
    """An earlier version of a contract that partners send up to a period; no partners means all of the system."""

    feed: str
    version: str
    last_period_end: date
    partners: tuple[str, ...] = ()


@dataclass(frozen=True)
class SystemConfig:
    """One health and care system: its places, partners and feeds.

    ``area_code`` is the geography code of the whole of it: that of its ICB, unless the system is only a part of its ICB
    or outlives it.
    """

    system_code: str
    name: str
    icb_code: str
    places: tuple[Place, ...]
    feeds: tuple[str, ...]
    partners: tuple[Partner, ...]
    area_code: str = ""
    sample: dict[str, int] = field(default_factory=dict, compare=False)
    publication: Publication = field(default_factory=Publication)
    paused: tuple[Pause, ...] = ()
    earlier_versions: tuple[EarlierVersion, ...] = ()

    def senders(self, contract: FeedContract) -> list[Partner]:
        """The partners that send a feed of the system: those of its type, less those that send other feeds only."""
        if contract.feed not in self.feeds:
            return []
        return [
            one
            for one in self.partners
            if one.type == contract.partner_type and (not one.feeds or contract.feed in one.feeds)
        ]

    def partner(self, code: str, partner_type: str) -> Partner | None:
        """The partner of this code and type, or None."""
        for partner in self.partners:
            if partner.code == code and partner.type == partner_type:
                return partner
        return None


@dataclass(frozen=True)
class Systems:
    """The systems that one warehouse serves. A partner sends to one of them."""

    all: tuple[SystemConfig, ...]

    def __iter__(self) -> Iterator[SystemConfig]:
        return iter(self.all)

    @property
    def label(self) -> str:
        """Their codes, joined by commas."""
        return ",".join(system.system_code for system in self.all)

    @property
    def feeds(self) -> tuple[str, ...]:
        """Feeds of any of them, in the order in which they are first named."""
        return tuple(dict.fromkeys(feed for system in self.all for feed in system.feeds))

    def senders(self, contract: FeedContract) -> list[Partner]:
        """The partners that send a feed: those of its type, less those that send other feeds only."""
        return [partner for system in self.all for partner in system.senders(contract)]

    def partner(self, code: str, partner_type: str) -> Partner | None:
        """The partner of this code and type in any of them, or None."""
        found = (system.partner(code, partner_type) for system in self.all)
        return next((partner for partner in found if partner is not None), None)

    def version_for(self, contract: FeedContract, partner_code: str | None, period_end: date | None) -> FeedContract:
        """The version of a contract that a partner's submission for a period is held to: today's unless agreed."""
        sender = self.partner(partner_code or "", contract.partner_type)
        for system in self.all:
            if sender is None or period_end is None or sender.system_code != system.system_code:
                continue
            for agreed in system.earlier_versions:
                theirs = not agreed.partners or sender.code in agreed.partners
                if agreed.feed == contract.feed and theirs and period_end <= agreed.last_period_end:
                    return contract.of_version(agreed.version) or contract
        return contract

    def system_of(self, code: str | None, partner_type: str | None) -> str | None:
        """The system that a partner sends to; for one nobody knows the only system served, or None."""
        partner = self.partner(code or "", partner_type or "")
        if partner is not None:
            return partner.system_code
        return self.all[0].system_code if len(self.all) == 1 else None


@dataclass(frozen=True)
class Expected:
    """A submission a partner owes: its feed and period, and its days.

    It is on time until ``due_date``, not chased until ``grace_until``, and escalated from ``escalated_from`` on (None:
    never). ``paused`` is the reason why it is not expected after all; empty when it is.
    """

    feed: str
    partner_code: str
    system_code: str
    period_start: date
    period_end: date
    due_date: date
    grace_until: date
    escalated_from: date | None = None
    paused: str = ""
