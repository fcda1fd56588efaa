"""Control charts: the SQL agrees with a second reading of the rules; published charts read published figures only."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from fractions import Fraction

import pytest
import spc_reference
from compiled_sql import Desk, model_sql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scratch_candidate import Candidate

SERIES = (
    "measure_id VARCHAR, system_code VARCHAR, geography_type VARCHAR, geography_code VARCHAR, breakdown_type VARCHAR, "
    "breakdown_value VARCHAR"
)
FIGURE = (
    f"{SERIES}, period_end DATE, value DOUBLE, target DOUBLE, target_status VARCHAR, better_is VARCHAR, "
    "is_complete BOOLEAN"
)
REBASE = "measure_id VARCHAR, system_code VARCHAR, geography_type VARCHAR, geography_code VARCHAR, rebase_date DATE"


def period(number: int) -> date:
    """The end of month ``number``, counted from January 2020."""
    following = number + 1
    return date(2020 + following // 12, following % 12 + 1, 1) - timedelta(days=1)


# Series of the kinds that set the rules off: noise, few distinct values, steady climbs and falls, a step.
noise = st.lists(st.integers(0, 50), min_size=1, max_size=36)
few = st.lists(st.sampled_from([10, 10, 10, 10, 11, 20]), min_size=1, max_size=36)
climb = st.tuples(st.lists(st.integers(0, 30), max_size=8), st.integers(5, 10), st.sampled_from([-1, 1])).map(
    lambda parts: parts[0] + [20 + parts[2] * step for step in range(parts[1])] + parts[0]
)
step = st.tuples(st.lists(st.integers(18, 22), max_size=14), st.lists(st.integers(21, 30), max_size=14)).map(
    lambda parts: [20, *parts[0], *parts[1]]
)
near = st.lists(st.sampled_from([10, 12, 10, 12, 10, 12, 16, 17, 6, 5]), min_size=4, max_size=30)
tenths = st.one_of(noise, few, climb, step, near).map(lambda whole: [Fraction(number, 10) for number in whole])


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Fraction | None], list[int], str, Fraction | None]:
    values: list[Fraction | None] = list(draw(tenths))
    for gap in draw(st.lists(st.integers(0, len(values) - 1), max_size=3)):
        values[gap] = None
    rebases = draw(st.lists(st.integers(0, len(values)), max_size=2, unique=True))
    target = draw(st.one_of(st.none(), st.integers(0, 50).map(lambda number: Fraction(number, 10))))
    return values, rebases, draw(st.sampled_from(["higher", "lower", "neutral"])), target


@pytest.fixture(scope="module")
def sql(empty_candidate: Candidate) -> str:
    return model_sql(empty_candidate, "int_spc_point")


@pytest.fixture(scope="module")
def desk(empty_candidate: Candidate) -> Desk:
    """Tables with the constants that the project's own seed holds."""
    with empty_candidate.read() as connection:
        rules = connection.execute("SELECT * FROM staging.stg_spc_rule")
        columns = ", ".join(f"{column[0]} DOUBLE" for column in rules.description)
        return Desk(
            {
                "staging.stg_spc_rule": (columns, rules.fetchall()),
                "staging.stg_spc_rebase": (REBASE, []),
                "staging.stg_measure": (
                    "measure_id VARCHAR, frequency_months INTEGER, spc BOOLEAN",
                    [("m", 1, True)],
                ),
                "intermediate.int_number": ("number INTEGER", [(n,) for n in range(10)]),
                "intermediate.int_measure_figure": (FIGURE, []),
            }
        )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(cases(), min_size=1, max_size=4))
def test_the_sql_judges_every_series_as_the_rules_do(
    drawn: list[tuple[list[Fraction | None], list[int], str, Fraction | None]], desk: Desk, sql: str
) -> None:
    figures, rebases, expected = [], [], {}
    for number, (values, starts, better_is, target) in enumerate(drawn):
        key = ("m", "s", "place", str(number))
        figures += [
            (*key, "all", "All", period(n), _number(value), _number(target), None, better_is, True)
            for n, value in enumerate(values)
        ]
        # A rebase date is any day of the first period of the new part.
        rebases += [(*key, period(start).replace(day=1 + start)) for start in starts if start < 28]
        judged = spc_reference.chart(values, [start for start in starts if start < 28], better_is, target)
        expected |= {(str(number), period(n)): one for n, one in judged.items()}
    desk.fill("intermediate.int_measure_figure", figures)
    desk.fill("staging.stg_spc_rebase", rebases)

    found = {(row["geography_code"], row["period_end"]): row for row in desk.rows(sql)}

    assert found.keys() == expected.keys()
    for key, one in expected.items():
        row = found[key]
        told = (row["ranges_left_out"], row["point_type"], row["variation"], row["assurance"])
        assert told == (one.left_out, one.point_type, one.variation, one.assurance), key
        assert row["mean"] == pytest.approx(float(one.mean))
        if one.mean_range is None:
            assert row["mean_moving_range"] is row["lower_limit"] is row["near_upper_limit"] is None
        else:
            distance = 2.66 * float(one.mean_range)
            assert row["mean_moving_range"] == pytest.approx(float(one.mean_range), abs=1e-9)
            assert row["upper_limit"] == pytest.approx(float(one.mean) + distance, abs=1e-9)
            assert row["lower_limit"] == pytest.approx(float(one.mean) - distance, abs=1e-9)
            assert row["near_upper_limit"] == pytest.approx(float(one.mean) + distance * 2 / 3, abs=1e-9)
            assert row["near_lower_limit"] == pytest.approx(float(one.mean) - distance * 2 / 3, abs=1e-9)


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def test_a_peak_belongs_to_the_climb_that_led_to_it(desk: Desk, sql: str) -> None:
    values = [14, 15, 16, 17, 18, 19, 20, 19, 18, 17, 16, 15, 14]
    key = ("m", "s", "place", "A", "all", "All")
    rows = [(*key, period(n), value, None, None, "neutral", True) for n, value in enumerate(values)]
    desk.fill("staging.stg_spc_rebase", [])
    desk.fill("intermediate.int_measure_figure", rows)
    # Mean 218/13 = 16.77, every range 1: limits 14.11 to 19.43, so the ends and the peak are outside.
    found = [row["variation"] for row in sorted(desk.rows(sql), key=lambda row: row["period_end"])]
    assert found == ["neutral_low"] + ["neutral_high"] * 6 + ["neutral_low"] * 6


def test_a_row_of_the_rebase_seed_gives_its_series_new_limits_and_no_other(empty_candidate: Candidate) -> None:
    """From the seed to the published limits: 24 months about 10, then about 30, where a service moved in March 2025."""
    with (empty_candidate.settings.reference_dir / "spc_rebase.csv").open() as file:
        columns = next(csv.reader(file))
    types = ", ".join(f"{name} {'DATE' if name == 'rebase_date' else 'VARCHAR'}" for name in columns)
    row = dict.fromkeys(columns, "*") | {
        "measure_id": "m", "system_code": "moved", "rebase_date": date(2025, 3, 15), "reason": "A service moved",
    }  # fmt: skip
    area = ("place", "A", "all", "All")
    figures = [
        ("m", system, *area, period(48 + n), (10 if n < 14 else 30) + (-1) ** n, 20, "met", "lower", True)
        for system in ("moved", "same")
        for n in range(24)
    ]
    with empty_candidate.read() as connection:
        rules = connection.execute("SELECT * FROM staging.stg_spc_rule")
        constants = ", ".join(f"{column[0]} DOUBLE" for column in rules.description)
        desk = Desk(
            {
                "staging.stg_spc_rule": (constants, rules.fetchall()),
                "reference.spc_rebase": (types, [[row[name] for name in columns]]),
                "staging.stg_measure": (
                    "measure_id VARCHAR, frequency_months INTEGER, spc BOOLEAN",
                    [("m", 1, True)],
                ),
                "staging.stg_run": ("publication_id VARCHAR", [("p",)]),
                "intermediate.int_number": ("number INTEGER", [(n,) for n in range(10)]),
                "intermediate.int_measure_figure": (FIGURE, figures),
            }
        )
    made = {"staging.stg_spc_rebase": "stg_spc_rebase", "intermediate.int_spc_point": "int_spc_point"}
    for name, model in made.items():
        desk.connection.execute(f"CREATE TABLE {name} AS {model_sql(empty_candidate, model)}")
    parts = {
        (part["system_code"], part["first_period_end"]): part
        for part in desk.rows(model_sql(empty_candidate, "measure_control_limit"))
    }
    begin, moved = date(2024, 1, 31), date(2025, 3, 31)
    assert parts.keys() == {("moved", begin), ("moved", moved), ("same", begin)}
    # Every move is 2: limits 2.66 x 2 either side of 10, then of 30; fourteen months, then ten, which is provisional.
    for start, mean, points in ((begin, 10, 14), (moved, 30, 10)):
        part = parts["moved", start]
        assert (part["mean"], part["points"], part["is_provisional"]) == (pytest.approx(mean), points, points < 12)
        assert (part["lower_limit"], part["upper_limit"]) == pytest.approx((mean - 5.32, mean + 5.32))
    assert [parts[key]["is_current"] for key in (("moved", begin), ("moved", moved))] == [False, True]
    points = desk.rows("SELECT * FROM intermediate.int_spc_point WHERE system_code = 'moved'")
    judged = {row["period_end"]: row for row in points}
    assert {row["point_type"] for row in judged.values()} == {"common_cause"}
    assert (judged[begin]["assurance"], judged[moved]["assurance"]) == ("consistently_pass", "consistently_fail")
    assert parts["same", begin]["points"] == 24


def test_every_constant_is_that_of_the_making_data_count_rules(empty_candidate: Candidate) -> None:
    with (empty_candidate.settings.reference_dir / "spc_rule.csv").open() as file:
        rules = {row["rule"]: Fraction(row["value"]) for row in csv.DictReader(file)}
    assert rules["limit_factor"] == Fraction("2.66")
    assert rules["near_limit_sigmas"] / rules["limit_sigmas"] == Fraction(2, 3)
    assert rules["screening_factor"] == Fraction("3.267")
    assert (rules["trend_points"], rules["shift_points"], rules["minimum_points"]) == (7, 7, 12)
    assert (rules["near_limit_points"], rules["near_limit_window"]) == (2, 3)


def test_charts_of_disclosed_figures_read_disclosed_figures_only(empty_candidate: Candidate) -> None:
    nodes = empty_candidate.manifest()["nodes"]
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    reads = {model["name"]: set(model["depends_on"]["nodes"]) for model in models}
    exact = {"int_measure_cell", "int_measure_figure", "int_spc_point", "measure_value", "measure_inequality"}
    for model in ("int_spc_point_disclosed", "published_measure_value", "published_measure_inequality"):
        assert not {name.rpartition(".")[2] for name in reads[model]} & exact
    assert "model.lda_warehouse.int_measure_disclosed" in reads["int_measure_figure_disclosed"]
