"""Relations between counts: what adds up to what, as rows of a sparse system of equations.

A variable is a count: cells that are the same people (one denominator of several measures) are one variable. Each row
says: whole - parts = 0. A row that is only known as an inequality (whole >= parts) gets a rest, a variable of its own
that is never published and is not negative. Variables are the counts of cells, then the rests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lda.disclosure.rules import Bools, Ints

SAME_ROW = "now.system_code = other.system_code AND now.period_end = other.period_end"
SAME_AREA = f"{SAME_ROW} AND now.geography_type = other.geography_type AND now.geography_code = other.geography_code"
SAME_LEVEL = "now.breakdown_type = other.breakdown_type AND now.breakdown_value = other.breakdown_value"
SAME_COUNT = "now.measure_id = other.measure_id AND now.side = other.side"
# Code of the PCN of practices that are in none, as variable pcn_unallocated of the dbt project.
UNALLOCATED = "U"
# The financial year of the NHS and councils begins in April, as variable financial_year_first_month of the dbt project.
FIRST_MONTH = 4
VALID = "period_end >= valid_from AND period_end < valid_to"


@dataclass(frozen=True)
class Relations:
    """Rows in compressed form: row ``r`` has the entries ``start[r] : start[r + 1]``, the whole first.

    :ivar of_cell: variable of each cell.
    :ivar variables: how many variables there are, rests included.
    :ivar variable: variable of each entry.
    :ivar coefficient: 1 for the whole, -1 for parts and rests.
    :ivar kind: what each row is (geography, breakdown, complement, part, shares, partition, grows).
    :ivar rest: variable of each row's rest, or -1.
    :ivar people: whether the rest counts people of its own (a complement).
    :ivar place: of each count, what it is the count of, whatever the month: counts of several months share it.
    :ivar period: number of the month of each count.
    """

    of_cell: Ints
    variables: int
    start: Ints
    variable: Ints
    coefficient: Ints
    kind: NDArray[np.object_]
    rest: Ints
    people: Bools
    place: Ints
    period: Ints

    @property
    def counts(self) -> int:
        """How many variables are counts of cells; those after them are rests."""
        return len(self.place)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.start) - 1

    @cached_property
    def entry_row(self) -> Ints:
        """The row of each entry."""
        return np.repeat(np.arange(self.rows), np.diff(self.start))

    @cached_property
    def group(self) -> Ints:
        """The group of each variable: two variables are in one group when relations connect them."""
        whole = self.variable[self.start[:-1]]
        ones = np.ones(len(self.variable), dtype=np.int8)
        shape = (self.variables, self.variables)
        links = coo_array((ones, (whole[self.entry_row], self.variable)), shape=shape)
        group: Ints = connected_components(links, directed=False)[1].astype(np.int64)
        return group

    @cached_property
    def row_of_rest(self) -> Ints:
        """The row of each rest, by variable; -1 for a count."""
        found = np.full(self.variables, -1, dtype=np.int64)
        rows = np.flatnonzero(self.rest >= 0)
        found[self.rest[rows]] = rows
        return found

    @cached_property
    def month(self) -> Ints:
        """The number of the month of each variable."""
        found = np.zeros(self.variables, dtype=np.int64)
        found[: self.counts] = self.period
        rows = np.flatnonzero(self.rest >= 0)
        found[self.rest[rows]] = self.period[self.variable[self.start[rows]]]
        return found

    @cached_property
    def variable_at(self) -> Ints:
        """The variable of each month (row) and place (column), or -1."""
        shape = (int(self.period.max(initial=-1)) + 1, int(self.place.max(initial=-1)) + 1)
        found = np.full(shape, -1, dtype=np.int64)
        found[self.period, self.place] = np.arange(self.counts)
        return found

    def part(self, variables: Ints, rows: Ints) -> Relations:
        """A part that no relation connects with the others, with variables and rows numbered anew.

        :param variables, rows: of the part, in ascending order. ``of_cell`` are the cells of the part, in order.
        """
        entry_row, entry = self.only_rows(rows)
        number = np.full(self.variables, -1, dtype=np.int64)
        number[variables] = np.arange(len(variables))
        of_cell = number[self.of_cell]
        lengths = np.diff(self.start)[rows]
        rest = self.rest[rows]
        places = np.repeat(self.start[rows] - np.concatenate(([0], np.cumsum(lengths)))[:-1], lengths)
        is_count = variables[variables < self.counts]
        return Relations(
            of_cell=of_cell[of_cell >= 0],
            variables=len(variables),
            start=np.concatenate(([0], np.cumsum(lengths))),
            variable=number[entry],
            coefficient=self.coefficient[places + np.arange(len(entry_row))],
            kind=self.kind[rows],
            rest=np.where(rest >= 0, number[rest], -1),
            people=self.people[rows],
            place=self.place[is_count],
            period=np.unique(self.period[is_count], return_inverse=True)[1].astype(np.int64),
        )

    def only(self, wanted: Bools) -> Relations:
        """Some of the rows, with the variables as they are."""
        entries = wanted[self.entry_row]
        return replace(
            self,
            start=np.concatenate(([0], np.cumsum(np.diff(self.start)[wanted]))),
            variable=self.variable[entries],
            coefficient=self.coefficient[entries],
            kind=self.kind[wanted],
            rest=self.rest[wanted],
            people=self.people[wanted],
        )

    def only_rows(self, rows: Ints) -> tuple[Ints, Ints]:
        """The row and the variable of each entry of some rows."""
        lengths = np.diff(self.start)[rows]
        places = np.repeat(self.start[rows] - np.concatenate(([0], np.cumsum(lengths)))[:-1], lengths)
        return np.repeat(rows, lengths), self.variable[places + np.arange(len(places))]

    def with_rests(self, counts: Ints) -> Ints:
        """Values of all variables, from those of the counts of cells: a rest is what parts leave of their whole."""
        values = np.zeros(self.variables, dtype=np.int64)
        values[: len(counts)] = counts
        left = np.bincount(self.entry_row, weights=values[self.variable] * self.coefficient, minlength=self.rows)
        has = self.rest >= 0
        values[self.rest[has]] = np.rint(left[has]).astype(np.int64)
        return values


def find_relations(connection: duckdb.DuckDBPyConnection, low: Ints, high: Ints, truth: Ints | None) -> Relations:
    """Every relation among the cells of a working database (tables ``cell`` and the seeds).

    :param low, high: interval of each cell; cells said to be the same people are not when these exclude it.
    :param truth: exact counts by cell. An equation that does not hold of them (somebody is in the whole and in no
        part, because their place is unknown) becomes an inequality, or goes when that does not hold either: an
        attacker who believed it would work out something wrong.
    """
    of_cell = _same_people(connection, low, high, truth)
    cell_id = pa.array(np.arange(len(of_cell), dtype=np.int64))
    connection.register("variable", pa.table({"cell_id": cell_id, "variable": pa.array(of_cell)}))
    data: dict[str, Any] = connection.execute(f"""
        WITH entry AS (
            {_geography()} UNION ALL {_breakdown()} UNION ALL {_complement()} UNION ALL {_between_measures()}
            UNION ALL {_over_time()}
        ),
        line AS (
            SELECT whole, parts_of, kind, bool_or(inequality) AS inequality, bool_or(people) AS people,
                list(DISTINCT variable.variable ORDER BY variable.variable) AS parts
            FROM entry JOIN variable ON entry.part = variable.cell_id GROUP BY ALL
        ),
        distinct_line AS (
            SELECT variable.variable AS whole, parts, min(kind) AS kind, bool_and(inequality) AS inequality,
                bool_or(people) AS people
            FROM line JOIN variable ON line.whole = variable.cell_id
            WHERE NOT list_contains(parts, variable.variable) GROUP BY ALL
        )
        SELECT whole, kind, inequality, people, unnest(parts) AS part,
            row_number() OVER (ORDER BY whole, parts) - 1 AS row_id
        FROM distinct_line
    """).fetchnumpy()
    connection.unregister("variable")
    counts = None
    if truth is not None:
        counts = np.zeros(int(of_cell.max(initial=-1)) + 1, dtype=np.int64)
        counts[of_cell] = truth
    return _assemble(of_cell, data, counts, *_series(connection, of_cell))


def _series(connection: duckdb.DuckDBPyConnection, of_cell: Ints) -> tuple[Ints, Ints]:
    """Place and number of the month of each count, those of its first cell."""
    data = connection.execute("""
        SELECT dense_rank() OVER (ORDER BY measure_id, system_code, geography_type, geography_code,
            breakdown_type, breakdown_value, side) - 1 AS place, dense_rank() OVER (ORDER BY period_end) - 1 AS period
        FROM cell ORDER BY cell_id
    """).fetchnumpy()
    first = np.full(int(of_cell.max(initial=-1)) + 1, len(of_cell), dtype=np.int64)
    np.minimum.at(first, of_cell, np.arange(len(of_cell)))
    place, period = (np.asarray(data[name], dtype=np.int64)[first] for name in ("place", "period"))
    return place, period


def _same_people(connection: duckdb.DuckDBPyConnection, low: Ints, high: Ints, truth: Ints | None) -> Ints:
    data = connection.execute(f"SELECT whole, part FROM {_between_measures()} WHERE kind = 'same'").fetchnumpy()
    one, other = (np.asarray(data[name], dtype=np.int64) for name in ("whole", "part"))
    if truth is not None:
        agree = truth[one] == truth[other]
    else:
        agree = np.maximum(low[one], low[other]) <= np.minimum(high[one], high[other])
    one, other = one[agree], other[agree]
    links = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(len(low), len(low)))
    of_cell: Ints = connected_components(links, directed=False)[1].astype(np.int64)
    return of_cell


def _geography() -> str:
    """Areas add up to the areas they lie in. A practice without a PCN lies in the unallocated one.

    They add up completely when every area of the type has a parent of the other type, else they are only parts.
    Areas on current boundaries (type with ``_current``) are made of those that lie in them the day after the last
    period, for every period.
    """
    return f"""(
        WITH area AS (SELECT DISTINCT system_code, period_end, geography_type, geography_code FROM cell),
        area_link AS (
            SELECT child_type, child_code, parent_type, parent_code, valid_from, valid_to FROM geography_link
            UNION ALL
            SELECT child_type, child_code, parent_type || '_current', parent_code,
                DATE '1900-01-01' AS valid_from, DATE '9999-12-31' AS valid_to
            FROM geography_link, (SELECT max(period_end) + INTERVAL 1 DAY AS boundary FROM cell) AS run
            WHERE boundary >= valid_from AND boundary < valid_to
        ),
        linked AS (
            SELECT area.*, link.parent_type, link.parent_code FROM area
            JOIN area_link AS link
                ON area.geography_type = link.child_type AND area.geography_code = link.child_code AND {VALID}
        ),
        pair AS (SELECT DISTINCT system_code, period_end, geography_type, parent_type FROM linked),
        placed AS (
            SELECT area.*, pair.parent_type, linked.parent_code IS NULL AS unlinked,
                coalesce(linked.parent_code, CASE pair.parent_type WHEN 'pcn' THEN '{UNALLOCATED}' END) AS parent_code
            FROM area JOIN pair USING (system_code, period_end, geography_type)
            LEFT JOIN linked USING (system_code, period_end, geography_type, geography_code, parent_type)
        ),
        nested AS (
            SELECT *, unlinked AND NOT exists(
                FROM area WHERE area.system_code = placed.system_code AND area.period_end = placed.period_end
                    AND area.geography_type = placed.parent_type AND area.geography_code = placed.parent_code
            ) AS outside
            FROM placed
        ),
        complete AS (
            SELECT *, bool_or(outside) OVER (PARTITION BY system_code, period_end, geography_type, parent_type)
                AS inequality
            FROM nested
        )
        SELECT other.cell_id AS whole, now.geography_type AS parts_of, 'geography' AS kind, now.cell_id AS part,
            complete.inequality, false AS people
        FROM complete
        JOIN cell AS now USING (system_code, period_end, geography_type, geography_code)
        JOIN cell AS other ON {SAME_ROW} AND {SAME_COUNT} AND {SAME_LEVEL}
            AND other.geography_type = complete.parent_type AND other.geography_code = complete.parent_code
        WHERE NOT complete.outside
    )"""


def _breakdown() -> str:
    """The groups of a breakdown add up to everyone."""
    return f"""(
        SELECT other.cell_id AS whole, now.breakdown_type AS parts_of, 'breakdown' AS kind, now.cell_id AS part,
            false AS inequality, false AS people
        FROM cell AS now JOIN cell AS other ON {SAME_AREA} AND {SAME_COUNT}
        WHERE other.breakdown_type = 'all' AND now.breakdown_type <> 'all'
    )"""


def _complement() -> str:
    """The numerator of a proportion of people is some of the denominator; the others are people too."""
    return f"""(
        SELECT other.cell_id AS whole, 'numerator' AS parts_of, 'complement' AS kind, now.cell_id AS part,
            true AS inequality, true AS people
        FROM cell AS now JOIN cell AS other
            ON {SAME_AREA} AND {SAME_LEVEL} AND now.measure_id = other.measure_id
        WHERE now.side = 'numerator' AND other.side = 'denominator' AND now.denominator_kind = 'people'
    )"""


def _between_measures() -> str:
    """What ``measure_relation`` says of counts of different measures, in each area and group both have."""
    return f"""(
        SELECT other.cell_id AS whole, relation.relation_id AS parts_of, relation.relation AS kind,
            now.cell_id AS part, relation.relation IN ('part', 'shares') AS inequality,
            relation.relation IN ('part', 'shares') AS people
        FROM measure_relation AS relation
        JOIN cell AS now ON now.measure_id = relation.measure_id AND now.side = relation.side
            AND now.period_end >= relation.valid_from AND now.period_end < relation.valid_to
        JOIN cell AS other ON {SAME_AREA} AND {SAME_LEVEL}
            AND other.measure_id = relation.whole_measure_id AND other.side = relation.whole_side
        WHERE relation.relation <> 'grows' AND (relation.breakdown_type IS NULL OR (
            now.breakdown_type = relation.breakdown_type
            AND list_contains(string_split(relation.breakdown_values, ';'), now.breakdown_value)
        ))
    )"""


def _over_time() -> str:
    """A count since 1 April that only grows (``grows``): whom it holds once it holds at the year's later periods."""
    year = f"year({{period}} - INTERVAL {FIRST_MONTH - 1} MONTH)"
    return f"""(
        WITH step AS (
            SELECT measure_id, period_end, lead(period_end) OVER (PARTITION BY measure_id ORDER BY period_end) AS later
            FROM (SELECT DISTINCT measure_id, period_end FROM cell)
        )
        SELECT other.cell_id AS whole, relation.relation_id AS parts_of, relation.relation AS kind,
            now.cell_id AS part, true AS inequality, true AS people
        FROM measure_relation AS relation
        JOIN cell AS now ON now.measure_id = relation.measure_id AND now.side = relation.side
            AND now.period_end >= relation.valid_from AND now.period_end < relation.valid_to
        JOIN step ON now.measure_id = step.measure_id AND now.period_end = step.period_end
        JOIN cell AS other ON other.period_end = step.later AND now.system_code = other.system_code
            AND now.geography_type = other.geography_type AND now.geography_code = other.geography_code
            AND {SAME_LEVEL} AND other.measure_id = relation.whole_measure_id AND other.side = relation.whole_side
        WHERE relation.relation = 'grows'
            AND {year.format(period="now.period_end")} = {year.format(period="other.period_end")}
    )"""


def _assemble(of_cell: Ints, data: dict[str, Any], counts: Ints | None, place: Ints, period: Ints) -> Relations:
    order = np.argsort(data["row_id"], kind="stable")
    columns = {name: np.asarray(column)[order] for name, column in data.items()}
    row, part = columns["row_id"].astype(np.int64), columns["part"].astype(np.int64)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    whole = columns["whole"].astype(np.int64)[first]
    inequality = columns["inequality"].astype(np.bool_)[first]
    keep = np.ones(len(first), dtype=np.bool_)
    if counts is not None and len(first):
        left_over = counts[whole] - np.add.reduceat(counts[part], first)
        inequality |= left_over > 0
        keep = left_over >= 0
    people = columns["people"].astype(np.bool_)[first] & inequality
    kind = columns["kind"].astype(object)[first]
    entries, number = keep[row], np.cumsum(keep) - 1
    whole, kind, inequality, people = whole[keep], kind[keep], inequality[keep], people[keep]
    row, part = number[row[entries]], part[entries]
    cells = int(of_cell.max(initial=-1)) + 1
    rest = np.where(inequality, cells + np.cumsum(inequality) - 1, -1)
    lines = np.arange(len(whole))
    rows = np.concatenate([lines, row, lines[inequality]])
    variables = np.concatenate([whole, part, rest[inequality]])
    coefficients = np.concatenate([np.ones(len(whole)), -np.ones(len(part) + int(inequality.sum()))]).astype(np.int64)
    order = np.argsort(rows, kind="stable")
    start = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=len(whole))))).astype(np.int64)
    return Relations(
        of_cell=of_cell,
        variables=cells + int(inequality.sum()),
        start=start,
        variable=variables[order],
        coefficient=coefficients[order],
        kind=kind,
        rest=rest,
        people=people,
        place=place,
        period=period,
    )
