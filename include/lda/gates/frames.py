"""The frames that publication suites judge: small tables, mostly one row per measure of a system, worked out by DuckDB.

Great Expectations gets the counts and extremes its verdicts need instead of millions of rows, so a gate costs the same
for a county and for England. Every frame is a function of a ``FrameContext``; suites name it in ``meta.frame``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from lda.disclosure import audit
from lda.gates.identifiers import DATE_TYPES, table_text, text_frame
from lda.gates.report import Unit, is_one_of
from lda.warehouse.candidate import Candidate, columns_of, quoted, tables_of

if TYPE_CHECKING:
    import pandas as pd

UNIT = "measure_id, system_code"
KEY = "measure_id, system_code, geography_type, geography_code, breakdown_type, breakdown_value, period_end"
WHOLE_SYSTEM = "geography_type = 'system' AND breakdown_type = 'all'"
EXACT = 0.000000001


@dataclass(frozen=True)
class Previous:
    """An earlier publication's analyst file, and the units whose last published figures it holds."""

    path: Path
    units: frozenset[Unit]

    @property
    def publication_id(self) -> str:
        """The publication: the name of its folder, which holds ``restricted/`` with the analyst file."""
        return self.path.parents[1].name


@dataclass(frozen=True)
class FrameContext:
    """What a frame is made from: an open candidate, its description, earlier publications, the suite's parameters."""

    connection: duckdb.DuckDBPyConnection
    candidate: Candidate
    previous: Sequence[Previous] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def frame(self, query: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """The result of a query as a frame."""
        return self.connection.execute(query, list(parameters)).df()


def publication_shape(context: FrameContext) -> pd.DataFrame:
    """One row: how much is published, for which period, and rows that belong to nothing."""
    return context.frame(f"""
        WITH figures AS (SELECT * FROM published.measure_value), defined AS (SELECT * FROM published.measure_definition)
        SELECT
            (SELECT count(*) FROM figures) AS rows_published,
            (SELECT coalesce(max(period_end) = (SELECT period_end FROM ledger.run), false) FROM figures)
                AS ends_with_period,
            (SELECT count(*) FROM figures
             WHERE publication_id IS DISTINCT FROM (SELECT publication_id FROM ledger.run))
                AS rows_of_another_publication,
            (SELECT count(DISTINCT measure_id) FROM figures
             WHERE measure_id NOT IN (SELECT measure_id FROM defined)) AS undefined_measures,
            (SELECT count(*) FROM figures WHERE {" OR ".join(f"{name} IS NULL" for name in KEY.split(", "))})
                AS null_keys,
            (SELECT count(*) FROM defined WHERE measure_id NOT IN (SELECT measure_id FROM figures))
                AS measures_without_rows
    """)


def _by_unit(context: FrameContext, schema: str) -> pd.DataFrame:
    return context.frame(f"""
        SELECT
            {UNIT},
            count(*) - count(DISTINCT ({KEY})) AS duplicate_keys,
            -- A difference of two shares lies between -100 and 100 points.
            min(CASE WHEN unit = 'percentage points' THEN value + 100 ELSE value END)::DOUBLE AS lowest_value,
            max(CASE unit WHEN 'proportion' THEN value WHEN 'percentage points' THEN value / 100 END)::DOUBLE
                AS highest_proportion,
            min(denominator - numerator) FILTER (unit = 'proportion')::DOUBLE AS least_remainder,
            min(value - lower_95)::DOUBLE AS least_above_lower,
            min(upper_95 - value)::DOUBLE AS least_below_upper,
            count(*) FILTER (denominator > 0 AND value IS NULL) AS rates_without_figure
        FROM {schema}.measure_value GROUP BY {UNIT} ORDER BY {UNIT}
    """)


def published_by_measure(context: FrameContext) -> pd.DataFrame:
    """One row per measure and system: extremes and duplicates of the published figures."""
    return _by_unit(context, "published")


def mart_by_measure(context: FrameContext) -> pd.DataFrame:
    """One row per measure and system: extremes and duplicates of the unsuppressed figures."""
    return _by_unit(context, "mart")


def suppression_by_measure(context: FrameContext) -> pd.DataFrame:
    """One row per measure: published counts that break its disclosure rule (seed ``disclosure_rule``).

    A denominator of kind ``population`` or ``baseline`` counts nobody on today's lists and is not suppressed. A sum,
    mean or median stands beside the rounded number of people behind it. A derived measure has no counts. Where a rule
    hides small counts only beside an adjustment, dbt's test of published counts, which knows adjustments, sees to it.
    """
    return context.frame(f"""
        WITH figures AS (
            SELECT figures.*, catalogue.aggregation, catalogue.denominator_kind,
                catalogue.multiplier::DOUBLE AS multiplier, round_to,
                CASE WHEN NOT only_if_adjusted AND judged_sides LIKE '%numerator%' THEN smallest_count ELSE 0 END
                    AS least_numerator,
                CASE WHEN NOT only_if_adjusted AND judged_sides LIKE '%denominator%' THEN smallest_count ELSE 0 END
                    AS least_denominator
            FROM published.measure_value AS figures
            LEFT JOIN reference.measure_catalogue AS catalogue USING (measure_id)
            LEFT JOIN reference.disclosure_rule AS rule USING (disclosure_rule)
        ),
        counts AS (
            SELECT measure_id, numerator AS people, least_numerator AS least, round_to FROM figures
            UNION ALL SELECT measure_id, denominator, least_denominator, round_to FROM figures
            WHERE coalesce(denominator_kind, 'people') NOT IN ('population', 'baseline')
            UNION ALL SELECT measure_id, value, least_numerator, round_to FROM figures WHERE aggregation = 'count'
        ), by_count AS (
            SELECT measure_id, count(*) FILTER (people < least) AS small_counts,
                count(*) FILTER (people % round_to <> 0) AS unrounded_counts
            FROM counts GROUP BY measure_id
        ), rates AS (
            SELECT measure_id,
                count(*) FILTER (
                    value IS NOT NULL AND (denominator IS NULL OR (aggregation = 'ratio' AND numerator IS NULL))
                ) AS rates_from_hidden_counts,
                count(*) FILTER (abs(value - numerator / denominator * multiplier) > {EXACT} * multiplier)
                    AS rates_from_exact_counts
            FROM figures WHERE aggregation NOT IN ('count', 'derived') GROUP BY measure_id
        )
        SELECT measure_id, small_counts, unrounded_counts,
            coalesce(rates_from_hidden_counts, 0) AS rates_from_hidden_counts,
            coalesce(rates_from_exact_counts, 0) AS rates_from_exact_counts
        FROM by_count LEFT JOIN rates USING (measure_id) ORDER BY measure_id
    """)


def feed_reconciliation(context: FrameContext) -> pd.DataFrame:
    """One row per feed: rows in the ledger, the lake tables and staging, and rows of files not accounted for."""
    tables = context.connection.execute("SELECT feed, table_name FROM ledger.feed_table ORDER BY ALL").fetchall()
    staged = {table for _, table in tables_of(context.connection, "staging")}
    counts = [
        f'SELECT {quoted(feed)} AS feed, (SELECT count(*) FROM lake."{table}") AS in_lake, '
        + (f'(SELECT count(*) FROM staging."stg_{table}")' if f"stg_{table}" in staged else "0")
        + " AS in_staging"
        for feed, table in tables
    ]
    return context.frame(f"""
        WITH by_table AS ({" UNION ALL ".join(counts)}),
        counts AS (
            SELECT feed, sum(in_lake) AS rows_lake, sum(in_staging) AS rows_staging FROM by_table GROUP BY feed
        ),
        said AS (SELECT feed, sum(rows_accepted) AS rows_ledger FROM ledger.submission GROUP BY feed),
        gone AS (SELECT feed, sum(rows_removed) AS rows_opted_out FROM ledger.opt_out_removal GROUP BY feed),
        accounts AS (
            SELECT feed, sum(abs(received - accepted - quarantined - repeated)) AS rows_unaccounted
            FROM ledger.file_account GROUP BY feed
        )
        SELECT feed, (rows_lake + coalesce(rows_opted_out, 0) - coalesce(rows_ledger, 0))::DOUBLE AS lake_less_ledger,
            (rows_staging - rows_lake)::DOUBLE AS staging_less_lake,
            coalesce(rows_unaccounted, 0)::DOUBLE AS rows_unaccounted
        FROM counts LEFT JOIN said USING (feed) LEFT JOIN gone USING (feed) LEFT JOIN accounts USING (feed)
        ORDER BY feed
    """)


def opt_out_lists(context: FrameContext) -> pd.DataFrame:
    """One row: how many partners owe an opt-out list and have none in force that may still stand for the period."""
    return context.frame("SELECT count(*) FILTER (NOT stands) AS lists_missing FROM ledger.opt_out_list")


def layer_reconciliation(context: FrameContext) -> pd.DataFrame:
    """One row per measure and system: where contributions, mart, its places and what is published do not agree.

    The places of a system, with the remainder of those whose place is not known, are all of it.
    """
    return context.frame(f"""
        WITH mart_rows AS (SELECT {UNIT}, count(*) AS rows_mart FROM mart.measure_value GROUP BY {UNIT}),
        published_rows AS (
            SELECT {UNIT}, count(*) AS rows_published FROM published.measure_value GROUP BY {UNIT}
        ),
        totals AS (
            SELECT {UNIT}, period_end, geography_type,
                sum(CASE WHEN aggregation = 'sum' THEN value ELSE numerator END) AS top, sum(denominator) AS bottom
            FROM mart.measure_value JOIN reference.measure_catalogue USING (measure_id)
            WHERE breakdown_type = 'all' AND geography_type IN ('place', 'system') GROUP BY ALL
        ),
        places AS (
            SELECT {UNIT}, max(greatest(abs(place.top - whole.top), abs(place.bottom - whole.bottom)))::DOUBLE
                AS largest_place_difference
            FROM totals AS whole
            JOIN totals AS place USING ({UNIT}, period_end)
            WHERE whole.geography_type = 'system' AND place.geography_type = 'place' GROUP BY {UNIT}
        ),
        given AS (
            SELECT {UNIT}, period_end, sum(coalesce(numerator, value)) AS top
            FROM mart.measure_contribution GROUP BY ALL
        ),
        contributions AS (
            SELECT {UNIT}, max(abs(coalesce(given.top, 0) - whole.top))::DOUBLE AS largest_contribution_difference
            FROM totals AS whole LEFT JOIN given USING ({UNIT}, period_end)
            WHERE whole.geography_type = 'system' GROUP BY {UNIT}
        )
        SELECT {UNIT}, (coalesce(rows_published, 0) - coalesce(rows_mart, 0))::DOUBLE AS published_less_mart_rows,
            largest_place_difference, largest_contribution_difference
        FROM mart_rows FULL JOIN published_rows USING ({UNIT})
        LEFT JOIN places USING ({UNIT}) LEFT JOIN contributions USING ({UNIT}) ORDER BY {UNIT}
    """)


def movement_by_measure(context: FrameContext) -> pd.DataFrame:
    """One row per measure and system published before: how far its figure moved for a period published before.

    ``proportion_movement`` is in proportion points; ``relative_movement`` is a share of the size of the earlier figure,
    and 1 where that was nothing and now is something. Figures that rest on fewer than parameter ``smallest_count``
    people, before or now, are left out. Of derived figures, which have no people, differences of shares are judged;
    the others move with the figures they are made of, which are judged themselves.
    """
    parts = []
    for number, earlier in enumerate(context.previous):
        context.connection.execute(f"ATTACH IF NOT EXISTS {quoted(str(earlier.path))} AS earlier_{number} (READ_ONLY)")
        parts.append(f"SELECT * FROM earlier_{number}.mart.measure_value WHERE {is_one_of(earlier.units)}")
    earlier_values = " UNION ALL BY NAME ".join(parts) or "SELECT * FROM mart.measure_value WHERE false"
    smallest = float(context.parameters["smallest_count"])
    return context.frame(f"""
        WITH earlier AS ({earlier_values}),
        pairs AS (
            SELECT {UNIT}, now.unit, now.value AS value, earlier.value AS earlier_value,
                CASE
                    WHEN now.unit = 'proportion' OR now.numerator IS NULL
                        THEN least(now.denominator, earlier.denominator)
                    ELSE least(now.numerator, earlier.numerator)
                END AS people
            FROM mart.measure_value AS now
            JOIN earlier USING ({UNIT}, geography_type, geography_code, breakdown_type, period_end)
            WHERE {WHOLE_SYSTEM}
        )
        SELECT {UNIT},
            max(CASE unit
                WHEN 'proportion' THEN abs(value - earlier_value)
                WHEN 'percentage points' THEN abs(value - earlier_value) / 100
            END)::DOUBLE AS proportion_movement,
            max(CASE WHEN earlier_value = 0 THEN (value <> 0)::INT ELSE abs(value - earlier_value) / abs(earlier_value)
            END) FILTER (unit NOT IN ('proportion', 'percentage points'))::DOUBLE AS relative_movement
        FROM pairs WHERE people >= {smallest} OR unit = 'percentage points' GROUP BY {UNIT} ORDER BY {UNIT}
    """)


def coverage_by_measure(context: FrameContext) -> pd.DataFrame:
    """One row per measure and system: the share of expected partners in its latest figure."""
    return context.frame(f"""
        SELECT {UNIT}, arg_max(coverage, period_end)::DOUBLE AS latest_coverage
        FROM mart.measure_value WHERE {WHOLE_SYSTEM} AND coverage IS NOT NULL GROUP BY {UNIT} ORDER BY {UNIT}
    """)


def disclosure_by_measure(context: FrameContext) -> pd.DataFrame:
    """One row per measure: hidden figures that can be worked out, figures shown in rows whose own is hidden, rounded
    counts of which a mean, median or rate in their row tells more than their rounding does, and hidden figures that
    were neither worked out nor proved open.

    Earlier publications are read too. Parameter ``exact``: go beyond interval arithmetic; what was proved
    when the figures to hide were chosen is not asked again.
    """
    import pandas as pd

    report = audit(
        context.connection,
        [earlier.path for earlier in context.previous],
        mart=context.connection,
        reference=context.connection,
        exact=bool(context.parameters["exact"]),
        proofs=context.candidate.proofs,
    )
    rows = context.connection.execute("SELECT DISTINCT measure_id FROM published.measure_value ORDER BY 1").fetchall()
    told = Counter(figure.measure_id for figure in report.worked_out)
    beside: Counter[str] = Counter()
    for place, count in report.beside_hidden.items():
        beside[place.split(".")[0]] += count
    found = [(one, told[one], beside[one], report.narrowed.get(one, 0), report.unproved.get(one, 0)) for (one,) in rows]
    return pd.DataFrame(found, columns=["measure_id", "worked_out", "shown_beside_hidden", "narrowed", "unproved"])


def published_text(context: FrameContext) -> pd.DataFrame:
    """One row per distinct text of each published column, with whether an NHS number is in it."""
    rows: list[tuple[str, str, str]] = []
    for schema, table in tables_of(context.connection, "published"):
        columns = columns_of(context.connection, schema, table)
        rows += table_text(context.connection, f'{schema}."{table}"', table, columns)
    return text_frame(rows)


def published_dates(context: FrameContext) -> pd.DataFrame:
    """One row per published column that holds dates or times."""
    import pandas as pd

    rows = [
        (table, name)
        for schema, table in tables_of(context.connection, "published")
        for name, kind in columns_of(context.connection, schema, table).items()
        if kind.startswith(DATE_TYPES)
    ]
    return pd.DataFrame(rows, columns=["table_name", "column_name"])


def descriptions(context: FrameContext) -> pd.DataFrame:
    """One row per table (column_name empty) and column of the mart and of what is published: is it described?"""
    import pandas as pd

    rows = []
    for schema, table in tables_of(context.connection, "mart", "published"):
        known = context.candidate.descriptions.get(f"{schema}.{table}", {})
        names = ["", *columns_of(context.connection, schema, table)]
        rows += [(f"{schema}.{table}", name, bool(known.get(name))) for name in names]
    return pd.DataFrame(rows, columns=["table_name", "column_name", "is_described"])


FRAMES: dict[str, Callable[[FrameContext], pd.DataFrame]] = {
    builder.__name__: builder
    for builder in (
        publication_shape,
        published_by_measure,
        mart_by_measure,
        suppression_by_measure,
        feed_reconciliation,
        opt_out_lists,
        layer_reconciliation,
        movement_by_measure,
        coverage_by_measure,
        disclosure_by_measure,
        published_text,
        published_dates,
        descriptions,
    )
}
