"""Rows of the candidate's schema ``ledger``: what models know of systems, partners, feeds and submissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from lda.contracts import Expected, FeedContract, SystemConfig
from lda.ledger.records import Submission

Row = dict[str, Any]


def system_rows(systems: Iterable[SystemConfig], periods: Mapping[str, date]) -> list[Row]:
    """One row per system, with its reporting month."""
    return [
        {
            "system_code": system.system_code,
            "system_name": system.name,
            "icb_code": system.icb_code,
            "area_code": system.area_code,
            "period_end": periods[system.system_code],
        }
        for system in systems
    ]


def partner_rows(systems: Iterable[SystemConfig]) -> list[Row]:
    """One row per partner of each system."""
    return [
        {
            "partner_code": partner.code,
            "partner_name": partner.name,
            "partner_type": partner.type,
            "system_code": partner.system_code,
            "valid_to": partner.valid_to,
        }
        for system in systems
        for partner in {partner.code: partner for partner in system.partners}.values()
    ]


def feed_table_rows(contracts: Mapping[str, FeedContract]) -> list[Row]:
    """One row per table of a feed whose data figures are made of; opt-out lists are not among them."""
    return [
        {"feed": feed, "table_name": table.name}
        for feed, contract in contracts.items()
        for table in contract.tables
        if contract.role != "opt_outs"
    ]


def feed_rows(contracts: Mapping[str, FeedContract]) -> list[Row]:
    """One row per feed."""
    return [
        {
            "feed": feed,
            "feed_name": contract.name,
            "cadence_months": contract.cadence_months,
            "stale_after_periods": contract.stale_after_periods,
            "partner_type": contract.partner_type,
            "role": contract.role,
        }
        for feed, contract in contracts.items()
    ]


def submission_rows(inputs: Iterable[Submission]) -> list[Row]:
    """One row per submission in force."""
    return [
        {
            "file_id": source.file_id,
            "feed": source.feed,
            "partner_code": source.partner_code,
            "system_code": source.system_code,
            "period_start": source.period_start,
            "period_end": source.period_end,
            "accepted_at": source.accepted_at,
            "rows_accepted": source.rows_accepted,
        }
        for source in inputs
    ]


def expected_rows(expected: Iterable[Expected]) -> list[Row]:
    """One row per submission expected of a partner, or that would be were it not paused."""
    return [
        {
            "feed": wanted.feed,
            "partner_code": wanted.partner_code,
            "system_code": wanted.system_code,
            "period_end": wanted.period_end,
            "due_date": wanted.due_date,
            "is_paused": bool(wanted.paused),
        }
        for wanted in expected
    ]
