"""The reference data an attacker may be assumed to know: definitions, rules, geography and how measures relate."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from lda.contracts.csvfile import csv_relation
from lda.disclosure.rules import DisclosureError, Standard

DATED = ("measure_catalogue", "disclosure_rule", "geography_link", "measure_relation", "disclosure_amount")
# Which measures may have an interval of which kind. lda.disclosure.rates reads those that are made of counts (wilson,
# byar). Of the others lda.disclosure.amounts sees that they say no more than the figure: that of a mean (student_t) is
# laid round it, those of medians (order_statistics) are people's values. What is derived of published figures tells
# nothing new.
INTERVALS = {
    "ratio": ("none", "wilson", "byar"),
    "mean": ("none", "student_t"),
    "median": ("none", "order_statistics"),
    "derived": ("none", "chain_ladder"),
    "count": ("none",),
    "sum": ("none",),
}

Reference = Path | duckdb.DuckDBPyConnection


def load_reference(connection: duckdb.DuckDBPyConnection, reference: Reference) -> Standard:
    """Load the seeds into tables of their names in a working database, open ends of validity filled in.

    ``measure_relation`` says which counts of different measures are the same people (``same``), people among others
    (``part``), or shares of others that overlap nowhere (``shares``) and, with nobody left over, ``partition``;
    which only grow from period to period of a financial year (``grows``); and who joined a count since the period
    before, or left it (``joins``, ``leaves``).

    :param reference: the folder of the seeds, or a database that has them in schema ``reference``.
    :returns: what the disclosure rules ask for; where rules differ, the stricter.
    :raises DisclosureError: when a seed is missing or not readable.
    """
    dated = (
        "* REPLACE (coalesce(try_cast(valid_from AS DATE), DATE '1900-01-01') AS valid_from, "
        "coalesce(try_cast(valid_to AS DATE), DATE '9999-12-31') AS valid_to)"
    )
    limits = "events::INTEGER AS events, lower_95::DOUBLE AS lower_95, upper_95::DOUBLE AS upper_95"
    for name, columns in {**dict.fromkeys(DATED, dated), "poisson_limit": limits}.items():
        try:
            connection.register("seed", _seed(reference, name))
            connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM seed")
        except duckdb.Error as error:
            raise DisclosureError(
                f"Seed {name} cannot be read, so what figures tell of each other is unknown."
            ) from error
        finally:
            connection.unregister("seed")
    _check_measures(connection)
    _check_flows(connection)
    _check_amounts(connection)
    _check_intervals(connection)
    return _standard(connection)


def _seed(reference: Reference, name: str) -> pa.Table:
    if isinstance(reference, Path):
        with duckdb.connect(":memory:") as reader:
            return reader.execute(f"FROM {csv_relation(reference / f'{name}.csv')}").to_arrow_table()
    return reference.execute(f"SELECT * FROM reference.{name}").to_arrow_table()


def _check_measures(connection: duckdb.DuckDBPyConnection) -> None:
    """A relation that names a measure which is not there would be a relation nobody watches."""
    unknown = connection.execute("""
        SELECT relation_id, measure_id FROM (
            SELECT relation_id, measure_id FROM measure_relation
            UNION ALL SELECT relation_id, whole_measure_id FROM measure_relation
        ) WHERE measure_id NOT IN (SELECT measure_id FROM measure_catalogue) ORDER BY ALL
    """).fetchall()
    if unknown:
        named = "; ".join(f"{relation}: {measure}" for relation, measure in unknown)
        raise DisclosureError(f"Seed measure_relation names measures the catalogue does not have: {named}")


def _check_flows(connection: duckdb.DuckDBPyConnection) -> None:
    """Who joined one stock says nothing of another; and a stock that nobody leaves grows, which is another relation."""
    wrong = connection.execute("""
        SELECT relation_id FROM measure_relation WHERE relation IN ('joins', 'leaves') GROUP BY relation_id
        HAVING count(DISTINCT (whole_measure_id, whole_side)) > 1 OR count(DISTINCT relation) < 2 ORDER BY 1
    """).fetchall()
    if wrong:
        named = ", ".join(row[0] for row in wrong)
        raise DisclosureError(f"Flows in seed measure_relation need one stock, with joins and leaves: {named}")


def _check_amounts(connection: duckdb.DuckDBPyConnection) -> None:
    """A sum, mean or median that nothing says how to round would be one nobody rounds."""
    unknown = connection.execute("""
        SELECT DISTINCT measure_id FROM measure_catalogue AS catalogue
        WHERE aggregation IN ('sum', 'mean', 'median') AND NOT exists(
            FROM disclosure_amount AS amount WHERE amount.disclosure_rule = catalogue.disclosure_rule
                AND amount.aggregation = catalogue.aggregation AND amount.unit = catalogue.unit
        ) ORDER BY 1
    """).fetchall()
    if unknown:
        named = ", ".join(row[0] for row in unknown)
        raise DisclosureError(f"Seed disclosure_amount does not say what these are rounded to: {named}")


def _check_intervals(connection: duckdb.DuckDBPyConnection) -> None:
    """An interval that nobody can read is one of which nobody knows what it tells."""
    rows = connection.execute(
        "SELECT DISTINCT measure_id, aggregation, confidence_interval FROM measure_catalogue ORDER BY ALL"
    ).fetchall()
    unread = [
        f"{measure}: {method or 'blank'} (of a {kind}: {' or '.join(INTERVALS.get(kind, ('none',)))})"
        for measure, kind, method in rows
        if method not in INTERVALS.get(kind, ("none",))
    ]
    if unread:
        raise DisclosureError(
            f"confidence_interval of measure_catalogue is none that the attack can read for: {'; '.join(unread)}"
        )
    row = connection.execute("SELECT count(*), min(events), max(events) FROM poisson_limit").fetchone()
    if row is None or row[0] == 0 or row[1] != 0 or row[2] != row[0] - 1:
        raise DisclosureError("Seed poisson_limit must have the limits of 0, 1, 2 ... events, each once.")


def _standard(connection: duckdb.DuckDBPyConnection) -> Standard:
    row = connection.execute("""
        SELECT max(minimum_width::INTEGER) FROM disclosure_rule
        WHERE disclosure_rule IN (SELECT disclosure_rule FROM measure_catalogue)
    """).fetchone()
    if row is None or row[0] is None:
        raise DisclosureError("No measure of measure_catalogue.csv names a disclosure rule of disclosure_rule.csv.")
    return Standard(minimum_width=row[0])
