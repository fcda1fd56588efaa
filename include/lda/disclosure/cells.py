"""Cells: every count of people in a table of measure values, as arrays in a fixed order.

A cell is one side (numerator, denominator or amount) of one row. A denominator that does not count people on anyone's
list (catalogue ``denominator_kind`` population or baseline) is public and no cell. Behind a sum, mean or median are
people, its denominator; the sum, which adds up as counts do, is itself a cell of side amount, in hundredths of its
unit: published, or behind a published mean. Bed days, and events of which one person can have several, are counts like
others, but hidden with the people they are of. Counts of things tell of nobody (see docs/disclosure.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from lda.contracts.csvfile import csv_relation
from lda.disclosure.rules import Bools, DisclosureError, Floats, Ints, Words

Source = Path | duckdb.DuckDBPyConnection
KEY = (
    "measure_id",
    "system_code",
    "geography_type",
    "geography_code",
    "breakdown_type",
    "breakdown_value",
    "period_end",
)
FIGURES = ("numerator", "denominator", "value", "lower_95", "upper_95")
SIDES = ("numerator", "denominator", "amount")
HIDDEN = -1
# Amounts are whole numbers of hundredths of their unit.
HUNDRED = 100
# What the rule itself makes of every figure, where figures come straight from the models.
RULED = "intermediate.int_measure_ruled"
OF_BED_DAYS = "denominator_kind IS NOT DISTINCT FROM 'bed_days'"


@dataclass
class Cells:
    """Cells in the order of ``cell_id``, which is their place in each array.

    :ivar connection: working database with the tables ``cell`` (cell_id, key, side, aggregation) and the seeds.
    :ivar partner: the denominator of a numerator, or -1.
    :ivar shown: published count, or ``HIDDEN``; all hidden when only the mart was read.
    :ivar labelled: the row says that a figure is hidden to protect another, not because it is small.
    :ivar small: hidden by the rule itself, as far as exact counts tell.
    :ivar smallest: counts under this are small; 0 where the rule does not judge this side.
    :ivar least: the smallest count that may be shown: under ``smallest`` where a small count is hidden only sometimes.
    :ivar complements: the rule protects what a denominator has beyond its numerator.
    :ivar unlimited: may be anything when it is hidden: an amount, or events or bed days hidden with their people.
    :ivar amount: a sum of values, in hundredths.
    :ivar behind_mean: an amount that is never published itself.
    :ivar width: the least difference between smallest and largest possible value that a hidden one may be left with:
        of an amount half of what it is rounded to, of a count 1.
    :ivar truth: exact count, or ``HIDDEN`` when no mart was read.
    :ivar alone: the row is a count, not a rate.
    :ivar residents: the public denominator of a rate (residents, a baseline), or -1.
    :ivar rates: value, lower_95 and upper_95 of the cell's row (NaN when not shown), one column each.
    :ivar method: how the catalogue says that the interval is made (``confidence_interval``).
    :ivar poisson: exact 95 % limits (lower, upper) of 0, 1, 2 ... events, as seed poisson_limit has them.
    """

    connection: duckdb.DuckDBPyConnection
    partner: Ints
    numerator: Bools
    small: Bools
    unlimited: Bools
    amount: Bools
    behind_mean: Bools
    width: Ints
    smallest: Ints
    least: Ints
    round_to: Ints
    complements: Bools
    shown: Ints
    labelled: Bools
    truth: Ints
    alone: Bools
    residents: Ints
    rates: Floats
    method: Words
    poisson: Floats
    multiplier: Floats

    def __len__(self) -> int:
        return len(self.partner)

    @property
    def knows_truth(self) -> bool:
        """Whether exact counts were read for every cell."""
        return bool(len(self)) and bool((self.truth >= 0).all())

    def describe(self, cells: Sequence[int] | Ints) -> list[dict[str, Any]]:
        """Key and side of some cells, in the order asked."""
        places, asked = np.arange(len(cells), dtype=np.int64), np.asarray(cells, dtype=np.int64)
        wanted = pa.table({"place": pa.array(places), "cell_id": pa.array(asked)})
        self.connection.register("wanted", wanted)
        cursor = self.connection.execute(
            f"SELECT {', '.join(KEY)}, side FROM wanted JOIN cell USING (cell_id) ORDER BY place"
        )
        found = [dict(zip((*KEY, "side"), row, strict=True)) for row in cursor.fetchall()]
        self.connection.unregister("wanted")
        return found


def read_figures(source: Source, schema: str) -> pa.Table:
    """``<schema>.measure_value`` of a database, or a Parquet or CSV file of measure values.

    :raises DisclosureError: when the table or one of its columns is not there.
    """
    suppression = "suppression" if schema == "published" else "NULL::VARCHAR AS suppression"
    columns = f"{', '.join(KEY)}, {', '.join(FIGURES)}, {suppression}"
    try:
        if isinstance(source, duckdb.DuckDBPyConnection):
            return source.execute(f"SELECT {columns} FROM {schema}.measure_value").to_arrow_table()
        if source.suffix in (".parquet", ".csv"):
            relation = csv_relation(source, typed=True) if source.suffix == ".csv" else f"'{source}'"
            with duckdb.connect(":memory:") as connection:
                return connection.execute(f"SELECT {columns} FROM {relation}").to_arrow_table()
        with duckdb.connect(str(source), read_only=True) as connection:
            return connection.execute(f"SELECT {columns} FROM {schema}.measure_value").to_arrow_table()
    except duckdb.Error as error:
        raise DisclosureError(f"{schema}.measure_value cannot be read: {error}") from error


def read_ruled(source: Source) -> pa.Table | None:
    """Which sides of every figure the disclosure rule itself hides, by the models; None where the source has none."""
    columns = ", ".join(f"ruled_{side} IS NULL AS {side}_small" for side in SIDES)
    query = f"SELECT {', '.join(KEY)}, {columns} FROM {RULED}"
    try:
        if isinstance(source, duckdb.DuckDBPyConnection):
            return source.execute(query).to_arrow_table()
        with duckdb.connect(str(source), read_only=True) as connection:
            return connection.execute(query).to_arrow_table()
    except duckdb.Error:
        return None


def make_cells(
    connection: duckdb.DuckDBPyConnection,
    published: pa.Table | None,
    mart: pa.Table | None,
    ruled: pa.Table | None = None,
) -> Cells:
    """Cells of published figures, of the exact ones, or of both for the rows that are published.

    :param connection: a working database in which ``load_reference`` put the seeds.
    :param ruled: what ``read_ruled`` gives. Needed only for what a publication would be, under a rule that asks for
        more than the count itself; what is published says itself why it is hidden.
    :raises DisclosureError: for a measure that the catalogue does not have, or published rows the mart does not have.
    """
    rows = published if published is not None else mart
    if rows is None:
        raise DisclosureError("Neither published nor exact figures were given.")
    connection.register("figures", rows)
    _check_measures(connection)
    connection.register("exact", mart if mart is not None else rows.slice(0, 0))
    if published is None and ruled is None:
        _check_rules(connection)
    connection.register("ruled", ruled if ruled is not None else _nothing_ruled(rows))
    _figures_with_rules(connection)
    _cells_of_figures(connection)
    connection.execute("DROP TABLE known")
    for name in ("figures", "exact", "ruled"):
        connection.unregister(name)
    if mart is not None:
        _check_exact(connection)
    return _arrays(connection, published is not None, mart is not None)


def _figures_with_rules(connection: duckdb.DuckDBPyConnection) -> None:
    """Table ``known``: the registered figures, a row each, with the exact figures and the rule they are under."""
    same_key, ruled_key = (
        " AND ".join(f"figures.{name} = {table}.{name}" for name in KEY) for table in ("exact", "ruled")
    )
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE known AS
        SELECT figures.*, catalogue.aggregation, catalogue.multiplier::DOUBLE AS multiplier,
            catalogue.confidence_interval AS method, catalogue.denominator_kind,
            catalogue.counts_events::BOOLEAN AS counts_events, rule.smallest_count::BIGINT AS smallest,
            -- Shown as it was, before the measure came under a rule that rounds: it is what it says.
            CASE WHEN figures.suppression = 'none' THEN 1 ELSE rule.round_to::BIGINT END AS round_to,
            string_split(rule.judged_sides, ';') AS judged, rule.only_if_adjusted::BOOLEAN AS only_if_adjusted,
            rule.protect_complements::BOOLEAN AS complements,
            ruled.numerator_small, ruled.denominator_small, ruled.amount_small,
            amount.round_to::DOUBLE AS amount_step, amount.person_step::DOUBLE AS person_step,
            amount.person_least::DOUBLE AS person_least, amount.person_most::DOUBLE AS person_most,
            row_number() OVER () AS row_id,
            figures.suppression = 'suppressed' AS is_suppressed,
            CASE WHEN catalogue.aggregation = 'count' THEN coalesce(figures.numerator, figures.value)
                ELSE figures.numerator END AS shown_numerator, figures.denominator AS shown_denominator,
            CASE WHEN catalogue.aggregation = 'count' THEN coalesce(exact.numerator, exact.value)
                ELSE exact.numerator END AS exact_numerator, exact.denominator AS exact_denominator,
            exact.value AS exact_value
        FROM figures
        LEFT JOIN measure_catalogue AS catalogue USING (measure_id)
        LEFT JOIN disclosure_rule AS rule ON catalogue.disclosure_rule = rule.disclosure_rule
        LEFT JOIN disclosure_amount AS amount ON catalogue.disclosure_rule = amount.disclosure_rule
            AND catalogue.aggregation = amount.aggregation AND catalogue.unit = amount.unit
        LEFT JOIN exact ON {same_key}
        LEFT JOIN ruled ON {ruled_key}
    """)


def _cells_of_figures(connection: duckdb.DuckDBPyConnection) -> None:
    """Table ``cell``: a row for each side of a figure of table ``known`` that is a count or an amount of people."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE cell AS
        WITH sides AS (
            SELECT *, 'numerator' AS side, shown_numerator AS shown, exact_numerator AS truth,
                coalesce(numerator_small, {_small("numerator")} OR {_gone("numerator")}) AS small,
                {_judged("numerator")} AS is_judged,
                round_to AS step, counts_events AND {_too_few("numerator")} AS unlimited FROM known
            WHERE aggregation IN ('ratio', 'count') AND denominator_kind IS DISTINCT FROM 'things'
            UNION ALL
            SELECT *, 'denominator', denominator, exact_denominator,
                coalesce(denominator_small, {_small("denominator")} OR {_gone("denominator")}),
                {_judged("denominator")}, round_to, {OF_BED_DAYS} AND {_too_few("denominator")}
            FROM known WHERE aggregation <> 'count' AND denominator_kind IN ('people', 'bed_days')
            UNION ALL
            SELECT *, 'amount', round({HUNDRED} * value),
                round({HUNDRED} * coalesce(exact_value, 0) * CASE aggregation WHEN 'mean' THEN exact_denominator
                    ELSE 1 END),
                coalesce(amount_small, exact_denominator < smallest), false, coalesce({HUNDRED} * amount_step, 1), true
            FROM known WHERE aggregation IN ('sum', 'mean') AND denominator_kind IS DISTINCT FROM 'things'
        )
        SELECT
            row_number() OVER (ORDER BY {", ".join(KEY)}, side) - 1 AS cell_id, {", ".join(KEY)}, side, aggregation,
            row_id, exact_value, amount_step, person_step, person_least, person_most, unlimited,
            multiplier, method, CASE WHEN is_judged THEN smallest ELSE 0 END AS smallest,
            CASE WHEN is_judged AND NOT only_if_adjusted THEN smallest ELSE 0 END AS least,
            step::BIGINT AS round_to, coalesce(small, false) AS small, complements,
            shown::BIGINT AS shown, truth::BIGINT AS truth, suppression,
            value::DOUBLE AS value, lower_95::DOUBLE AS lower_95, upper_95::DOUBLE AS upper_95,
            aggregation = 'count' AS alone,
            denominator_kind,
            CASE WHEN denominator_kind NOT IN ('people', 'bed_days') THEN denominator::BIGINT ELSE -1 END AS residents
        FROM sides ORDER BY cell_id
    """)


def _judged(side: str) -> str:
    return f"list_contains(judged, '{side}')"


def _small(side: str) -> str:
    """Whether the rule itself hides an exact count: it is small, and where that is not enough the row says so."""
    return (
        f"{_judged(side)} AND exact_{side} < smallest "
        f"AND (NOT only_if_adjusted OR (shown_{side} IS NULL AND is_suppressed))"
    )


def _too_few(side: str) -> str:
    """Whether events or bed days may be of too few people: then they are not few themselves for being hidden."""
    return f"coalesce({side}_small, shown_{side} IS NULL AND coalesce(is_suppressed, true))"


def _gone(side: str) -> str:
    """Whether events or bed days were hidden because of their people."""
    of_people = {"numerator": "counts_events", "denominator": OF_BED_DAYS}[side]
    return f"({of_people} AND shown_{side} IS NULL AND coalesce(is_suppressed, false))"


def _nothing_ruled(rows: pa.Table) -> pa.Table:
    none = rows.slice(0, 0).select(list(KEY))
    for side in SIDES:
        none = none.append_column(f"{side}_small", pa.array([], pa.bool_()))
    return none


def _check_rules(connection: duckdb.DuckDBPyConnection) -> None:
    """What a rule asks for beyond the count itself is not among the figures."""
    unknown = connection.execute("""
        SELECT DISTINCT measure_id FROM figures JOIN measure_catalogue USING (measure_id)
        JOIN disclosure_rule USING (disclosure_rule) WHERE only_if_adjusted::BOOLEAN ORDER BY 1
    """).fetchall()
    if unknown:
        names = ", ".join(row[0] for row in unknown)
        raise DisclosureError(f"{RULED} is needed, whose rule asks for personalised care adjustments, for: {names}")


def _check_measures(connection: duckdb.DuckDBPyConnection) -> None:
    unknown = connection.execute("""
        SELECT DISTINCT measure_id FROM figures WHERE measure_id NOT IN (
            SELECT measure_id FROM measure_catalogue JOIN disclosure_rule USING (disclosure_rule)
        ) ORDER BY 1
    """).fetchall()
    if unknown:
        names = ", ".join(row[0] for row in unknown)
        raise DisclosureError(f"measure_catalogue has no measure, or no disclosure rule, for: {names}")


def _check_exact(connection: duckdb.DuckDBPyConnection) -> None:
    row = connection.execute("SELECT count(*) FROM cell WHERE truth IS NULL").fetchone()
    if row and row[0]:
        raise DisclosureError(f"{row[0]} published counts have no row in mart.measure_value.")


def _arrays(connection: duckdb.DuckDBPyConnection, published: bool, mart: bool) -> Cells:
    data = connection.execute(f"""
        SELECT cell_id, smallest, least, round_to, complements, side = 'numerator' AS numerator, small,
            unlimited, side = 'amount' AS amount, side = 'amount' AND aggregation = 'mean' AS behind_mean,
            CASE WHEN side = 'amount' THEN greatest(round_to // 2, 1) ELSE 1 END AS width,
            {"coalesce(shown, -1)" if published else "-1::BIGINT"} AS shown,
            {"coalesce(truth, -1)" if mart else "-1::BIGINT"} AS truth,
            coalesce(suppression = 'secondary', false) AS labelled,
            CASE WHEN side = 'numerator' THEN lag(cell_id) OVER line END AS partner,
            {"value" if published else "NULL::DOUBLE"} AS value,
            {"lower_95" if published else "NULL::DOUBLE"} AS lower_95,
            {"upper_95" if published else "NULL::DOUBLE"} AS upper_95, multiplier, alone, residents,
            method
        FROM cell WINDOW line AS (PARTITION BY {", ".join(KEY)} ORDER BY side) ORDER BY cell_id
    """).fetchnumpy()
    columns = {name: np.ma.filled(column, np.nan if column.dtype.kind == "f" else -1) for name, column in data.items()}
    limits = connection.execute("SELECT lower_95, upper_95 FROM poisson_limit ORDER BY events").fetchnumpy()
    rates = np.column_stack([columns[name].astype(np.float64) for name in ("value", "lower_95", "upper_95")])
    return Cells(
        connection=connection,
        partner=columns["partner"].astype(np.int64),
        numerator=columns["numerator"].astype(np.bool_),
        small=columns["small"].astype(np.bool_),
        unlimited=columns["unlimited"].astype(np.bool_),
        amount=columns["amount"].astype(np.bool_),
        behind_mean=columns["behind_mean"].astype(np.bool_),
        width=columns["width"].astype(np.int64),
        smallest=columns["smallest"].astype(np.int64),
        least=columns["least"].astype(np.int64),
        complements=columns["complements"].astype(np.bool_),
        round_to=columns["round_to"].astype(np.int64),
        shown=columns["shown"].astype(np.int64),
        labelled=columns["labelled"].astype(np.bool_),
        truth=columns["truth"].astype(np.int64),
        alone=columns["alone"].astype(np.bool_),
        residents=columns["residents"].astype(np.int64),
        rates=rates,
        method=columns["method"].astype(np.str_),
        poisson=np.column_stack([limits["lower_95"], limits["upper_95"]]).astype(np.float64),
        multiplier=columns["multiplier"].astype(np.float64),
    )
