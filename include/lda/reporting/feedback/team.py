"""The redacted summary for the team that runs the system: counts by partner, feed and rule; nothing of any row.

No row number, file name, value or local number is in it, so it may stand outside the vault.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from lda.reporting.feedback.findings import PartnerFeedback
from lda.reporting.feedback.pages import team_page

COLUMNS = (
    "partner_code",
    "partner_name",
    "feed",
    "period_end",
    "status",
    "received",
    "accepted",
    "quarantined",
    "repeated",
    "share_kept_out",
    "share_kept_out_before",
    "errors",
    "warnings",
    "most_frequent_rule",
)


def team_rows(partners: Sequence[PartnerFeedback]) -> list[dict[str, Any]]:
    """One row per partner and feed: how its latest submission stands, beside the one before it."""
    rows = []
    for partner in partners:
        for feed, submissions in partner.feeds.items():
            judged = [one for one in submissions if one.told.account is not None]
            latest, before = judged[0] if judged else submissions[0], judged[1] if len(judged) > 1 else None
            account = latest.account
            rows.append(
                {
                    "partner_code": partner.code,
                    "partner_name": partner.name,
                    "feed": feed or "not recognised",
                    "period_end": latest.period,
                    "status": latest.status,
                    "received": account.received,
                    "accepted": account.accepted,
                    "quarantined": account.quarantined,
                    "repeated": account.repeated,
                    "share_kept_out": _rounded(latest.failed_share),
                    "share_kept_out_before": _rounded(before.failed_share) if before else None,
                    "errors": sum(one.failures for one in latest.errors),
                    "warnings": sum(one.failures for one in latest.warnings),
                    "most_frequent_rule": latest.fix_first[0].code if latest.fix_first else "",
                }
            )
    return rows


def rule_rows(partners: Sequence[PartnerFeedback]) -> list[dict[str, Any]]:
    """One row per feed and rule, over the latest submission of every partner: partners and rows, most partners first.

    It shows where one mending, of a contract or a supplier's search, helps many.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for partner in partners:
        for feed, submissions in partner.feeds.items():
            for one in submissions[0].findings:
                row = found.setdefault(
                    (feed, one.code),
                    {
                        "feed": feed,
                        "rule": one.code,
                        "kind": one.kind,
                        "message": one.message,
                        "partners": 0,
                        "rows": 0,
                    },
                )
                row["partners"] += 1
                row["rows"] += one.failures
    return sorted(found.values(), key=lambda row: (-row["partners"], -row["rows"], row["feed"], row["rule"]))


def team_files(partners: Sequence[PartnerFeedback]) -> dict[str, str]:
    """File name → text of the team's summary: a page, CSV and JSON."""
    rows, rules = team_rows(partners), rule_rows(partners)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return {
        "index.html": team_page(rows, rules),
        "feedback.csv": "\ufeff" + out.getvalue(),
        "feedback.json": json.dumps({"submissions": rows, "rules": rules}, indent=1, ensure_ascii=False) + "\n",
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
