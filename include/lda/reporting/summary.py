"""What a run did, as data: files, rows, measures, gates, time, and where to look next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from lda.ledger import Ledger
from lda.ledger.tables import file, row_account
from lda.settings import Settings

# What a key of the plan says of how the run stands; the first that is set counts.
STATES = {
    "published": "published",
    "failed_step": "failed",
    "refused": "refused",
    "awaits_approval": "awaiting_approval",
}
ACCOUNT = ("received", "accepted", "quarantined", "repeated")


def file_totals(ledger: Ledger) -> dict[str, Any]:
    """Files by status and their rows by outcome, over everything the ledger knows."""
    with ledger.engine.connect() as connection:
        query = select(file.c.status, func.count()).group_by(file.c.status).order_by(file.c.status)
        statuses: list[tuple[str, int]] = [(row[0], row[1]) for row in connection.execute(query)]
        sums = [func.coalesce(func.sum(row_account.c[name]), 0) for name in ACCOUNT]
        rows: list[int] = [int(count) for count in connection.execute(select(*sums)).one()]
    return {
        "files": dict(statuses),
        "rows": dict(zip(ACCOUNT, rows, strict=True)),
    }


def refresh_summary(settings: Settings, ledger: Ledger, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The summary of a refresh run, from its plan and the ledger.

    Keys: run_id, status, message, publication_id, period_end, periods (by system), as_of, files (by status), rows
    (by outcome), ingest (what this run read, when it did), measures (published, withheld with reasons), gates
    (counts, failures), seconds (by step), where (what to open or run next).
    """
    manifest = _manifest(settings, ledger, plan)
    failures = [gate for gate in ledger.book.gates(plan["run_id"]) if not gate["success"]]
    status = next((state for key, state in STATES.items() if plan.get(key)), "nothing_new")
    return {
        "run_id": plan["run_id"],
        "status": status,
        "failed_step": plan.get("failed_step"),
        "message": plan["message"],
        "publication_id": plan.get("publication_id"),
        "period_end": plan["period_end"],
        "periods": plan.get("periods", {}),
        "as_of": plan["as_of"],
        **file_totals(ledger),
        "ingest": plan.get("ingest"),
        "measures": {
            "published": len(manifest.get("measures", [])),
            "withheld": manifest.get("withheld_measures", []),
        },
        "gates": {
            **plan.get("gates", {}),
            "failures": [
                {"code": gate["expectation"], "scope": gate["scope"], "detail": gate["detail"]} for gate in failures
            ],
        },
        "seconds": dict(plan["seconds"]),
        "where": where_next(settings, status),
    }


def where_next(settings: Settings, status: str) -> dict[str, str]:
    """Where to look after a run: name → path or command."""
    current = settings.published / "current"
    places = {
        "to read": str(current / "public" / "report" / "index.html"),
        "for everyone": str(current / "public"),
        "for named analysts": str(current / "restricted" / "lda_mart.duckdb"),
        "what it holds": str(current / "publication.json"),
        "who is late, what was rejected": "lda status",
        "one file's story": "lda files <file id or path>",
        "what partners were told": str(settings.feedback / "index.html"),
    }
    if status == "failed":
        return {"what the gates said": "lda publications --gates", **places}
    return places


def last_run_summary(settings: Settings) -> dict[str, Any]:
    """The summary of the latest refresh run; empty before the first."""
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        run = ledger.book.last_run("refresh", settings.system_label)
    finally:
        ledger.close()
    return dict(run["summary"] or {}) if run else {}


def _manifest(settings: Settings, ledger: Ledger, plan: Mapping[str, Any]) -> dict[str, Any]:
    wanted = plan.get("publication_id")
    for row in ledger.book.publications(settings.system_label):
        if row["publication_id"] == wanted:
            return dict(row["manifest"])
    return {}


def print_last_run(settings: Settings) -> None:
    """Print the summary of the latest refresh run on the terminal: how ``make refresh`` ends."""
    from rich.console import Console

    from lda.reporting.render import refresh_view

    Console(highlight=False, soft_wrap=True).print(refresh_view(last_run_summary(settings)))


def last_gates(settings: Settings) -> list[dict[str, Any]]:
    """The gate verdicts of the latest refresh run that was judged; empty before the first."""
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        return ledger.book.last_gates(settings.system_label)
    finally:
        ledger.close()
