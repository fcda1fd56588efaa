"""``publication.json``: what a publication is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from lda.gates import GateReport, Unit
from lda.warehouse.candidate import Candidate, open_candidate

OPT_OUT_RULE = "lda"
ACCOUNTS = ("received", "accepted", "quarantined", "repeated")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publication_manifest(
    candidate: Candidate, report: GateReport, files_out: Mapping[str, Mapping[str, Any]], published_at: datetime
) -> dict[str, Any]:
    """The contents of ``publication.json``. ``files_out`` maps a path to its sha256, size_bytes and rows;
    ``period_end`` is the latest of ``periods``, the reporting month of each system."""
    with open_candidate(candidate.path) as connection:
        accounts = row_accounts(connection)
        partners = partner_state(connection)
        opt_outs = opt_out_account(connection)
        lists = {
            row[0] for row in connection.execute("SELECT feed FROM ledger.feed WHERE role = 'opt_outs'").fetchall()
        }
        feed_names = connection.execute("SELECT feed, feed_name FROM ledger.feed ORDER BY feed").fetchall()
        statuses = connection.execute(
            "SELECT status, count(*) FROM ledger.file_account GROUP BY 1 ORDER BY 1"
        ).fetchall()
    return {
        "publication_id": candidate.publication_id,
        "system_code": candidate.system_code,
        "period_end": candidate.period_end.isoformat(),
        "periods": {system: period.isoformat() for system, period in sorted(candidate.periods.items())},
        "as_of": candidate.as_of.isoformat(),
        "published_at": published_at.isoformat(),
        "run_id": candidate.run_id,
        "code_version": candidate.code_version,
        "inputs_hash": candidate.inputs_hash,
        "rules_fingerprint": candidate.rules,
        "compared_with": candidate.compared_with,
        "files_in": files_in(candidate, lists),
        "files_by_status": dict(statuses),
        "files_out": {name: dict(described) for name, described in sorted(files_out.items())},
        "row_accounts": accounts,
        "opt_outs": opt_outs,
        "partners": with_pauses(partners, candidate.paused),
        "feed_names": dict(feed_names),
        "measures": report.measures,
        "measures_by_system": _by_system(report.published),
        "withheld_measures": [{**unit._asdict(), "reasons": reasons} for unit, reasons in report.withheld.items()],
        "accepted_measures": list(report.accepted),
        "gates": {
            **report.counts(),
            "failures": [
                {"code": outcome.code, "scope": outcome.scope, "detail": outcome.detail}
                for outcome in report.outcomes
                if not outcome.success
            ],
        },
    }


def _by_system(units: Iterable[Unit]) -> dict[str, list[str]]:
    """The measures of each system."""
    found: dict[str, list[str]] = {}
    for unit in sorted(units):
        found.setdefault(unit.system_code, []).append(unit.measure_id)
    return dict(sorted(found.items()))


def published_units(manifest: Mapping[str, Any]) -> set[Unit]:
    """The units of which a publication has figures. One made before withholding was by system does not say of whom
    its measures are: of all of its systems."""
    every = dict.fromkeys(manifest["system_code"].split(","), manifest["measures"])
    by_system = manifest.get("measures_by_system", every)
    return {Unit(measure, system) for system, measures in by_system.items() for measure in measures}


def withheld_units(manifest: Mapping[str, Any]) -> dict[Unit, list[str]]:
    """The units that a publication withholds, each with the reasons; of one made before withholding was by system, for
    all of its systems."""
    found = {
        Unit(one["measure_id"], system): one.get("reasons", [])
        for one in manifest["withheld_measures"]
        for system in ([one["system_code"]] if "system_code" in one else manifest["system_code"].split(","))
    }
    return dict(sorted(found.items()))


def files_in(candidate: Candidate, lists: Collection[str] = ()) -> dict[str, Any]:
    """By feed: how many partner files are in the publication, their rows, periods and content hashes.

    Of ``lists`` (feeds of people who opted out) rows and hashes are not told: one more row is one more person, and a
    hash of a few NHS numbers can be found by trying.
    """
    feeds: dict[str, Any] = {}
    for source in candidate.inputs:
        feed = feeds.setdefault(source.feed, {"files": 0, "rows_accepted": 0, "periods": set(), "file_ids": []})
        feed["files"] += 1
        feed["rows_accepted"] += source.rows_accepted
        feed["periods"].add(source.period_end)
        feed["file_ids"].append(source.file_id)
    for feed in lists:
        for name in ("rows_accepted", "file_ids"):
            feeds.get(feed, {}).pop(name, None)
    for feed in feeds.values():
        periods: set[date] = feed.pop("periods")
        feed["first_period"], feed["last_period"] = min(periods).isoformat(), max(periods).isoformat()
        feed.get("file_ids", []).sort()
    return feeds


def row_accounts(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Row accounts of the files in force, in total and by feed; lists of opt-outs are left out."""
    sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT" for name in ACCOUNTS)
    rows = connection.execute(
        f"SELECT account.feed, {sums} FROM ledger.submission JOIN ledger.file_account AS account USING (file_id) "
        "WHERE account.feed NOT IN (SELECT feed FROM ledger.feed WHERE role = 'opt_outs') "
        "GROUP BY account.feed ORDER BY account.feed"
    ).fetchall()
    by_feed = {feed: dict(zip(ACCOUNTS, counts, strict=True)) for feed, *counts in rows}
    total = {name: sum(account[name] for account in by_feed.values()) for name in ACCOUNTS}
    return {"total": total, "by_feed": by_feed}


def opt_out_account(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What opt-outs took out of the publication, as the rule for small numbers lets everyone know it.

    Keys: lists (period of each partner's list), people_removed and rows_removed: rounded, and None when fewer people
    than the rule's smallest count opted out, none included. How many people are on the lists is not told at all.
    """
    lists = connection.execute(
        "SELECT partner_code, last_period FROM ledger.opt_out_list ORDER BY partner_code"
    ).fetchall()
    rule = connection.execute(
        "SELECT smallest_count, round_to FROM reference.disclosure_rule WHERE disclosure_rule = ?", [OPT_OUT_RULE]
    ).fetchone()
    removed = connection.execute("SELECT people_removed, rows_removed FROM ledger.opt_out").fetchone()
    known: dict[str, Any] = {
        "lists": {partner: period.isoformat() if period else None for partner, period in lists},
        "people_removed": None,
        "rows_removed": None,
    }
    if rule and removed and removed[0] >= rule[0]:
        step = rule[1]
        # Halves go up, as in SQL.
        known["people_removed"], known["rows_removed"] = ((2 * count + step) // (2 * step) * step for count in removed)
    return known


def with_pauses(partners: dict[str, Any], paused: Mapping[str, list[dict[str, str]]]) -> dict[str, Any]:
    """The state of partners by feed, with those that are paused by agreement and therefore not expected."""
    return {feed: {**known, "paused": list(paused.get(feed, []))} for feed, known in partners.items()}


def partner_state(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """By feed: its latest expected period, partners whose last submission stands in for it (stale), partners missing.

    Each partner is held to the latest period that its own system expects; ``period_end`` is the latest of all.

    A submission stands in for as many periods as the feed's contract allows; after that its partner is missing.
    """
    rows = connection.execute("""
        WITH latest AS (
            SELECT feed, system_code, max(period_end) AS period_end FROM ledger.expected_submission
            WHERE period_end <= (SELECT period_end FROM ledger.run) AND NOT is_paused GROUP BY feed, system_code
        ),
        sent AS (SELECT feed, partner_code, max(period_end) AS last_period FROM ledger.submission GROUP BY ALL)
        SELECT feed, expected.period_end, expected.partner_code, sent.last_period,
            date_diff('month', sent.last_period, expected.period_end)
                <= stale_after_periods * cadence_months AS stands
        FROM ledger.expected_submission AS expected
        JOIN latest USING (feed, system_code, period_end) JOIN ledger.feed USING (feed)
        LEFT JOIN sent USING (feed, partner_code)
        WHERE NOT expected.is_paused
        ORDER BY feed, expected.partner_code
    """).fetchall()
    state: dict[str, Any] = {}
    for feed, period_end, partner, last_period, stands in rows:
        known = state.setdefault(
            feed, {"period_end": period_end.isoformat(), "expected": 0, "stale": [], "missing": []}
        )
        known["period_end"] = max(known["period_end"], period_end.isoformat())
        known["expected"] += 1
        if last_period is None or not stands:
            known["missing"].append(partner)
        elif last_period < period_end:
            known["stale"].append({"partner_code": partner, "last_period": last_period.isoformat()})
    return state
