"""Compares a list of people with the partner's list before it: one that was cut short would silently bring people back.

Only feeds whose contract says how many people a list may lose (``peopleLost``) are compared. Their files are judged one
at a time, oldest first, so that what is in force before each is known.
"""

from __future__ import annotations

import duckdb

from lda.contracts import FeedContract
from lda.intake.reading import Reading
from lda.intake.rows import quoted
from lda.ledger import Ledger, utc_now
from lda.ledger.records import Submission
from lda.settings import Settings
from lda.vault import literal, person_message_sql, token_sql

FACT = "people_lost"


def find_people_lost(
    connection: duckdb.DuckDBPyConnection, settings: Settings, ledger: Ledger, contract: FeedContract, reading: Reading
) -> None:
    """Find out which share of the people on the partner's list before are not on this one; the list stands in
    ``judged`` and ``dropped``.

    So few people as the contract lets go at any time are none. Without a list before there is nothing to compare with.
    """
    allowed, key = contract.people_lost, contract.table.person_key
    before = list_before(ledger, contract, reading)
    if allowed is None or key is None or before is None or not (settings.lake / before.lake_path).exists():
        return
    number, *local = (f"j.{quoted(name)}" for name in (key.nhs_number, *key.local))
    message = person_message_sql(contract.feed, number, local)
    told_before = f"read_parquet({literal(str(settings.lake / before.lake_path))})"
    row = connection.execute(
        f"""
        WITH there AS (SELECT DISTINCT person_token FROM {told_before}),
        now AS (
            SELECT DISTINCT {token_sql(message)} AS person_token
            FROM judged AS j ANTI JOIN dropped AS d ON d._file = j._file AND d._row = j._row
        )
        SELECT count(*), count(*) FILTER (now.person_token IS NULL) FROM there LEFT JOIN now USING (person_token)
        """
    ).fetchone()
    people, lost = row or (0, 0)
    share = lost / people if lost > allowed.people else 0.0
    month = f"{before.period_end:%B %Y}"
    reading.find(FACT, share, f"{share:.0%} of the people on the list of {month} are not on it.")


def list_before(ledger: Ledger, contract: FeedContract, reading: Reading) -> Submission | None:
    """The partner's latest list in force, of the file's own period or an earlier one."""
    record = reading.record
    found = [
        one
        for one in ledger.in_force(utc_now(), record.period_end)
        if (one.feed, one.partner_code) == (contract.feed, record.partner_code) and one.file_id != record.file_id
    ]
    return max(found, key=lambda one: one.period_end, default=None)
