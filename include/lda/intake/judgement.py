"""Works out, from ``judged``, what becomes of every row and how often every rule failed in every file.

Tables: ``batch_file`` (the files whose rows are judged), ``judged`` (see judging.py), ``dropped`` (rows that do not go
to the lake: ``_file, _row, _why`` = repeated, rule or key).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from lda.contracts import RuleSpec, TableSpec
from lda.intake.judging import RowRules, quarantined
from lda.intake.reading import Reading
from lda.intake.rows import quoted
from lda.ledger import RowAccount, RuleResult

REPEATED, RULE, KEY = "repeated", "rule", "key"


def create_batch_file(connection: duckdb.DuckDBPyConnection, readings: Sequence[Reading]) -> None:
    """Make ``batch_file``: number and id of each file, and what rules may read of its partner and period."""
    records = [(item.number, item.record) for item in readings]
    table = pa.table(
        {
            "_file": pa.array([number for number, _ in records], pa.int32()),
            "_file_id": pa.array([record.file_id for _, record in records], pa.string()),
            "_partner_code": pa.array([record.partner_code for _, record in records], pa.string()),
            "_period_start": pa.array([record.period_start for _, record in records], pa.date32()),
            "_period_end": pa.array([record.period_end for _, record in records], pa.date32()),
        }
    )
    connection.register("batch_file_arrow", table)
    connection.execute("CREATE TEMP TABLE batch_file AS SELECT * FROM batch_file_arrow")
    connection.unregister("batch_file_arrow")


def create_dropped(connection: duckdb.DuckDBPyConnection, table: TableSpec, rules: RowRules) -> None:
    """Make ``dropped``. Repeats of an earlier row go first; then rows that fail a rule; then later rows of a key."""
    connection.execute(
        f"""
        CREATE TEMP TABLE dropped AS
        WITH twice AS (
            SELECT _file, _hash, min(_row) AS first FROM judged GROUP BY _file, _hash HAVING count(*) > 1
        )
        SELECT j._file, j._row, '{REPEATED}' AS _why
        FROM judged AS j JOIN twice AS t ON t._file = j._file AND t._hash = j._hash AND j._row > t.first
        """
    )
    connection.execute(
        f"""
        INSERT INTO dropped
        SELECT j._file, j._row, '{RULE}'
        FROM judged AS j ANTI JOIN dropped AS d ON d._file = j._file AND d._row = j._row
        WHERE {quarantined(rules)}
        """
    )
    if table.key_columns:
        connection.execute(
            f"""
            INSERT INTO dropped
            WITH standing AS (
                SELECT j._file, j._row, j._key FROM judged AS j
                ANTI JOIN dropped AS d ON d._file = j._file AND d._row = j._row WHERE j._key IS NOT NULL
            ),
            twice AS (SELECT _file, _key, min(_row) AS first FROM standing GROUP BY _file, _key HAVING count(*) > 1)
            SELECT s._file, s._row, '{KEY}'
            FROM standing AS s JOIN twice AS t ON t._file = s._file AND t._key = s._key AND s._row > t.first
            """
        )


@dataclass
class Tally:
    """How often a rule failed in a file, and where first."""

    failures: int = 0
    first_row: int | None = None

    def add(self, failures: int, first_row: int | None) -> None:
        """Count more failures."""
        self.failures += failures
        if first_row is not None and (self.first_row is None or first_row < self.first_row):
            self.first_row = first_row


def account_for_rows(connection: duckdb.DuckDBPyConnection, readings: Mapping[int, Reading]) -> None:
    """Give each file its row account, from ``judged`` and ``dropped``."""
    received = dict(connection.execute("SELECT _file, count(*) FROM judged GROUP BY _file").fetchall())
    gone: dict[int, dict[str, int]] = defaultdict(dict)
    for number, why, count in connection.execute(
        "SELECT _file, _why, count(*) FROM dropped GROUP BY _file, _why"
    ).fetchall():
        gone[number][why] = count
    kept = "SELECT j._file, count(*) FROM judged AS j ANTI JOIN dropped AS d ON d._file = j._file AND d._row = j._row"
    accepted = dict(connection.execute(f"{kept} GROUP BY j._file").fetchall())
    for number, reading in readings.items():
        total = received.get(number, 0)
        repeated = gone[number].get(REPEATED, 0)
        bad = gone[number].get(RULE, 0) + gone[number].get(KEY, 0)
        reading.account = RowAccount(total, accepted.get(number, 0), bad, repeated, reading.layout_rows)
        reading.find("data_rows", total, "There is a header but no data row.")
        if total:
            reading.find("quarantined_share", bad / (total + reading.erased), f"{bad:,} of {total:,} rows failed.")


def tally_rules(
    connection: duckdb.DuckDBPyConnection, table: TableSpec, rules: RowRules
) -> dict[tuple[int, str], Tally]:
    """Failures by file number and rule code: row rules over all rows but repeats, aggregates over accepted rows."""
    tallies: dict[tuple[int, str], Tally] = defaultdict(Tally)
    words = ", ".join(f"_failed{index}" for index in range(rules.words))
    some = " OR ".join(f"_failed{index} <> 0" for index in range(rules.words))
    rows = connection.execute(
        f"""
        SELECT j._file, count(*), min(j._row), {words} FROM judged AS j
        ANTI JOIN (FROM dropped WHERE _why = '{REPEATED}') AS d ON d._file = j._file AND d._row = j._row
        WHERE {some} GROUP BY j._file, {words}
        """
    ).fetchall()
    for number, count, first, *bits in rows:
        for rule in rules.failing(bits):
            tallies[number, rule.code].add(count, first)
    keys = f"SELECT _file, count(*), min(_row) FROM dropped WHERE _why = '{KEY}' GROUP BY _file"
    for number, count, first in connection.execute(keys).fetchall():
        tallies[number, f"{table.rule_prefix}-KEY"].add(count, first)
    for rule in table.rules:
        if rule.query is not None:
            for number, count in connection.execute(_per_file(table, rule)).fetchall():
                if count:
                    tallies[number, rule.code].add(int(count), None)
    return tallies


def _per_file(table: TableSpec, rule: RuleSpec) -> str:
    """An aggregate rule, worked out for every file from the rows that go to the lake."""
    columns = ", ".join(f"j.{quoted(column.name)}" for column in table.columns)
    accepted = f"""(
        SELECT {columns}, b._partner_code, b._period_start, b._period_end
        FROM judged AS j JOIN batch_file AS b ON b._file = j._file
        ANTI JOIN dropped AS d ON d._file = j._file AND d._row = j._row
        WHERE j._file = f._file)"""
    query = (rule.query or "").replace("${table}", accepted)
    return f"SELECT f._file, ({query}) FROM batch_file AS f"


def results(table: TableSpec, tallies: Mapping[tuple[int, str], Tally], number: int) -> list[RuleResult]:
    """What the ledger keeps of a file's rule failures, in the table's order of rules."""
    return [
        RuleResult(rule.code, rule.severity, rule.scope, tally.failures, rule.column, tally.first_row, rule.message)
        for rule in table.rules
        if (tally := tallies.get((number, rule.code))) and tally.failures
    ]
