"""What adds up to what: every relation that a reader of the definitions knows, found among the cells."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lda.disclosure.equations import Relations
from lda.disclosure.rules import Ints

SAME_ROW = "now.system_code = other.system_code AND now.period_end = other.period_end"
SAME_AREA = f"{SAME_ROW} AND now.geography_type = other.geography_type AND now.geography_code = other.geography_code"
SAME_LEVEL = "now.breakdown_type = other.breakdown_type AND now.breakdown_value = other.breakdown_value"
SAME_COUNT = "now.measure_id = other.measure_id AND now.side = other.side"
# Code of what is left of an area type: practices without a PCN, people whose place is not known.
REMAINDER = "U"
# The financial year of the NHS and councils begins in April, as variable financial_year_first_month of the dbt project.
FIRST_MONTH = 4
VALID = "period_end >= valid_from AND period_end < valid_to"


def find_relations(connection: duckdb.DuckDBPyConnection, low: Ints, high: Ints, truth: Ints | None) -> Relations:
    """Every relation among the cells of a working database (tables ``cell`` and the seeds).

    :param low, high: interval of each cell; cells said to be the same people are not when these exclude it.
    :param truth: exact counts by cell. An equation that does not hold of them (somebody is in the whole and in no
        part, because their place is unknown) becomes an inequality, or goes when that does not hold either: an
        attacker who believed it would work out something wrong. A flow that does not hold goes.
    """
    of_cell = _same_people(connection, low, high, truth)
    cell_id = pa.array(np.arange(len(of_cell), dtype=np.int64))
    connection.register("variable", pa.table({"cell_id": cell_id, "variable": pa.array(of_cell)}))
    data: dict[str, Any] = connection.execute(f"""
        WITH entry AS (
            SELECT *, -1 AS sign FROM (
                {_geography()} UNION ALL {_breakdown()} UNION ALL {_complement()} UNION ALL {_between_measures()}
                UNION ALL {_grows()}
            )
            UNION ALL {_flow()}
        ),
        line AS (
            SELECT whole, parts_of, kind, bool_or(inequality) AS inequality, bool_or(people) AS people,
                list(DISTINCT {{'variable': variable.variable, 'sign': sign}}
                    ORDER BY {{'variable': variable.variable, 'sign': sign}}) AS parts
            FROM entry JOIN variable ON entry.part = variable.cell_id GROUP BY ALL
        ),
        distinct_line AS (
            SELECT variable.variable AS whole, parts, min(kind) AS kind, bool_and(inequality) AS inequality,
                bool_or(people) AS people
            FROM line JOIN variable ON line.whole = variable.cell_id
            WHERE NOT list_contains([part.variable FOR part IN parts], variable.variable) GROUP BY ALL
        ),
        numbered AS (
            SELECT *, unnest(parts) AS part, row_number() OVER (ORDER BY whole, parts) - 1 AS row_id FROM distinct_line
        )
        SELECT whole, kind, inequality, people, part.variable AS part, part.sign AS sign, row_id FROM numbered
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
    """Areas add up to the areas they lie in: completely, or they are only parts (``_areas_in_areas``).

    The remainder of people whose place is not known is not broken down, so of a group places hold at most what their
    system holds.
    """
    return f"""(
        SELECT other.cell_id AS whole, now.geography_type AS parts_of, 'geography' AS kind, now.cell_id AS part,
            area.is_part OR (area.less_remainder AND now.breakdown_type <> 'all') AS inequality, false AS people
        FROM {_areas_in_areas()} AS area
        JOIN cell AS now USING (system_code, period_end, geography_type, geography_code)
        JOIN cell AS other ON {SAME_ROW} AND {SAME_COUNT} AND {SAME_LEVEL}
            AND other.geography_type = area.parent_type AND other.geography_code = area.parent_code
    )"""


def _areas_in_areas() -> str:
    """Every area in force with the areas it lies in. A practice without a PCN lies in the unallocated one, the
    remainder of people whose place is not known in their system.

    Areas of a type are only parts of those of another (``is_part``) when one of them has no parent there. The remainder
    is no area: that it lies in no ICB says nothing of the places (``less_remainder``: it is among what adds up).
    """
    return f"""(
        WITH area AS (
            SELECT DISTINCT system_code, period_end, geography_type, geography_code,
                geography_type = 'place' AND geography_code = '{REMAINDER}' AS is_remainder
            FROM cell
        ),
        whole_system AS (
            SELECT system_code, period_end, geography_code AS system_area FROM area WHERE geography_type = 'system'
        ),
        linked AS (
            SELECT area.*, link.parent_type, link.parent_code FROM area
            JOIN {_area_links()} AS link
                ON area.system_code = link.system_code AND area.geography_type = link.child_type
                    AND area.geography_code = link.child_code AND {VALID}
        ),
        pair AS (SELECT DISTINCT system_code, period_end, geography_type, parent_type FROM linked),
        placed AS (
            SELECT area.*, pair.parent_type, linked.parent_code IS NULL AS unlinked,
                coalesce(linked.parent_code, CASE WHEN pair.parent_type IN ('pcn', 'pcn_current') THEN '{REMAINDER}'
                    WHEN area.is_remainder AND pair.parent_type = 'system' THEN system_area END) AS parent_code
            FROM area JOIN pair USING (system_code, period_end, geography_type)
            LEFT JOIN whole_system USING (system_code, period_end)
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
            SELECT *, bool_or(outside AND NOT is_remainder)
                OVER (PARTITION BY system_code, period_end, geography_type, parent_type) AS is_part,
                bool_or(is_remainder AND parent_type = 'system')
                OVER (PARTITION BY system_code, period_end, geography_type, parent_type) AS less_remainder
            FROM nested
        )
        SELECT system_code, period_end, geography_type, geography_code, parent_type, parent_code, is_part,
            less_remainder
        FROM complete WHERE NOT outside
    )"""


def _area_links() -> str:
    """Which areas lie in which, from when to when, for each system. Areas on current boundaries (type with
    ``_current``) are made of those that lie in them the day after the last period of their system, for every period."""
    return """(
        WITH latest AS (
            SELECT system_code, max(period_end) + INTERVAL 1 DAY AS boundary FROM cell GROUP BY system_code
        )
        SELECT system_code, child_type, child_code, parent_type, parent_code, valid_from, valid_to
        FROM geography_link, latest
        UNION ALL
        SELECT system_code, child_type, child_code, parent_type || '_current', parent_code,
            DATE '1900-01-01' AS valid_from, DATE '9999-12-31' AS valid_to
        FROM geography_link JOIN latest ON boundary >= valid_from AND boundary < valid_to
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
        WHERE relation.relation NOT IN ('grows', 'joins', 'leaves') AND (relation.breakdown_type IS NULL OR (
            now.breakdown_type = relation.breakdown_type
            AND list_contains(string_split(relation.breakdown_values, ';'), now.breakdown_value)
        ))
    )"""


def _step() -> str:
    """Each count with the same count when it is next given, which is not always a period later: both as ``now`` and
    ``other``."""
    return """
        cell AS now JOIN (
            SELECT cell_id, lead(cell_id) OVER (
                PARTITION BY measure_id, side, system_code, geography_type, geography_code, breakdown_type,
                    breakdown_value
                ORDER BY period_end
            ) AS later
            FROM cell
        ) AS step USING (cell_id)
        JOIN cell AS other ON other.cell_id = step.later
    """


def _grows() -> str:
    """A count since 1 April that only grows (``grows``): whom it holds once it holds at the year's later periods."""
    year = f"year({{period}} - INTERVAL {FIRST_MONTH - 1} MONTH)"
    return f"""(
        SELECT other.cell_id AS whole, relation.relation_id AS parts_of, 'grows' AS kind, now.cell_id AS part,
            true AS inequality, true AS people
        FROM {_step()}
        JOIN measure_relation AS relation ON relation.relation = 'grows'
            AND now.measure_id = relation.measure_id AND now.side = relation.side
            AND now.period_end >= relation.valid_from AND now.period_end < relation.valid_to
        WHERE {year.format(period="now.period_end")} = {year.format(period="other.period_end")}
    )"""


def _flow() -> str:
    """A stock with those who left since the period before is that of then with those who joined; of an area that has no
    figure of the period before, nothing is known."""
    return f"""(
        WITH flow AS (
            SELECT *, CASE relation WHEN 'joins' THEN -1 ELSE 1 END AS sign,
                count(*) OVER (PARTITION BY relation_id) AS flows
            FROM measure_relation WHERE relation IN ('joins', 'leaves')
        ),
        stock AS (
            SELECT DISTINCT relation_id, flows, now.cell_id AS before, other.*
            FROM {_step()}
            JOIN flow ON now.measure_id = flow.whole_measure_id AND now.side = flow.whole_side
                AND other.period_end >= flow.valid_from AND other.period_end < flow.valid_to
            JOIN measure_catalogue AS catalogue ON now.measure_id = catalogue.measure_id
                AND date_diff('month', now.period_end, other.period_end) = catalogue.frequency_months::INTEGER
        ),
        moved AS (
            SELECT other.cell_id AS whole, relation_id AS parts_of, now.cell_id AS part, sign,
                count(*) OVER (PARTITION BY other.cell_id, relation_id) = other.flows AS known
            FROM stock AS other JOIN flow USING (relation_id)
            JOIN cell AS now ON now.measure_id = flow.measure_id AND now.side = flow.side
                AND {SAME_AREA} AND {SAME_LEVEL}
        )
        SELECT whole, parts_of, 'flow' AS kind, part, false AS inequality, false AS people, sign
        FROM moved WHERE known
        UNION
        SELECT whole, parts_of, 'flow', stock.before, false, false, -1
        FROM moved JOIN stock ON moved.whole = stock.cell_id AND moved.parts_of = stock.relation_id WHERE known
    )"""


def _assemble(of_cell: Ints, data: dict[str, Any], counts: Ints | None, place: Ints, period: Ints) -> Relations:
    order = np.argsort(data["row_id"], kind="stable")
    columns = {name: np.asarray(column)[order] for name, column in data.items()}
    row, part, sign = (columns[name].astype(np.int64) for name in ("row_id", "part", "sign"))
    first = np.flatnonzero(np.diff(row, prepend=-1))
    whole = columns["whole"].astype(np.int64)[first]
    inequality = columns["inequality"].astype(np.bool_)[first]
    kind = columns["kind"].astype(object)[first]
    keep = np.ones(len(first), dtype=np.bool_)
    if counts is not None and len(first):
        left_over = counts[whole] + np.add.reduceat(counts[part] * sign, first)
        keep = (left_over == 0) | ((left_over > 0) & (kind != "flow"))
        inequality |= left_over > 0
    people = columns["people"].astype(np.bool_)[first] & inequality
    entries, number = keep[row], np.cumsum(keep) - 1
    whole, kind, inequality, people = whole[keep], kind[keep], inequality[keep], people[keep]
    row, part, sign = number[row[entries]], part[entries], sign[entries]
    cells = int(of_cell.max(initial=-1)) + 1
    rest = np.where(inequality, cells + np.cumsum(inequality) - 1, -1)
    lines = np.arange(len(whole))
    rows = np.concatenate([lines, row, lines[inequality]])
    variables = np.concatenate([whole, part, rest[inequality]])
    coefficients = np.concatenate([np.ones_like(whole), sign, np.full(int(inequality.sum()), -1)])
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
