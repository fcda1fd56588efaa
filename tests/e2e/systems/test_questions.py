"""The questions of the four reference systems, and what stands beside their figures: targets, history, comparisons."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from four_systems import SYSTEMS

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[3]
# A sample of a twenty-fifth has no LeDeR death of the year in Hertfordshire, and of three months none in Leeds whose
# review was due by now and whom a practice's register still listed in the first of them.
NOBODY_IN_THE_SAMPLE = {
    ("hertfordshire", "leder_median_age_at_death"),
    ("leeds", "leder_initial_within_six_months"),
}


def test_each_question_of_each_system_has_the_answer_its_page_names(world):
    page = (PROJECT / "docs" / "systems.md").read_text(encoding="utf-8")
    with (PROJECT / "docs" / "systems.csv").open(encoding="utf-8", newline="") as file:
        questions = list(csv.DictReader(file))
    assert {row["system_code"] for row in questions} == set(SYSTEMS)
    tables = {name for (name,) in world.rows("select table_name from information_schema.tables")}
    # The exact layer has a figure; the published one has its cell, shown or hidden.
    where = "distinct system_code, measure_id, breakdown_type, geography_type"
    # An area that has nobody, or of people whose neighbourhood is not known, answers nothing about neighbourhoods.
    known = set(
        world.rows(f"""
        select {where} from mart.measure_value where value is not null
            and (geography_type <> 'neighbourhood'
                or (geography_code <> 'U' and not (value = 0 and coalesce(denominator, 0) = 0)))
    """)
    )
    published = set(world.rows(f"select {where} from published.measure_value"))
    for row in questions:
        key = (row["system_code"], row["answer"], row["breakdown"] or "all", row["geography_type"])
        if row["answer_type"] == "table":
            assert row["answer"] in tables, row["question"]
        else:
            assert key in published, row["question"]
            assert key in known or key[:2] in NOBODY_IN_THE_SAMPLE, row["question"]
    cells = ("system_code", "question", "answer", "breakdown", "geography_type", "target")
    for system, *said in ([row[name] for name in cells] for row in questions):
        question, *names, target = said
        told = " | ".join([question, *(f"`{name}`" if name else "" for name in names), target])
        assert f"| {told} |" in page, (system, question)


def test_each_target_a_question_names_stands_beside_its_figure_and_is_judged(world):
    with (PROJECT / "docs" / "systems.csv").open(encoding="utf-8", newline="") as file:
        asked = [row for row in csv.DictReader(file) if row["target"]]
    assert len(asked) >= 25
    # 75 % by 31 March is judged in March alone.
    targets = PROJECT / "dbt_project" / "seeds" / "reference" / "measure_target.csv"
    with targets.open(encoding="utf-8", newline="") as file:
        by_march = {row["measure_id"] for row in csv.DictReader(file) if row["due"] == "year_end"}
    for row in asked:
        beside = world.rows(f"""
            select distinct target, value is not null, target_status, extract(month from period_end)
            from mart.measure_value
            where system_code = '{row["system_code"]}' and measure_id = '{row["answer"]}' and breakdown_type = 'all'
                and geography_type = '{row["geography_type"]}' and is_latest_period and target is not null
        """)
        assert beside, row["question"]
        for target, known, status, month in beside:
            if row["target"][0].isdigit():
                assert target == pytest.approx(float(row["target"])), row["question"]
            judged = ("not_due",) if row["answer"] in by_march and month != 3 else ("met", "not_met")
            assert (status in judged) == known, row["question"]


def test_history_that_figures_are_compared_with_is_published_with_its_source(world):
    rows = world.rows("""
        select measure_id, geography_code, value, source like '%[L]%' from published.measure_baseline
        where system_code = 'llr' and geography_type = 'system' order by all
    """)
    assert [row[:2] for row in rows] == [
        ("ahc_uptake_register", "QK1"), ("inpatients_total", "QK1"), ("long_stays_change_since_march_2019", "QK1"),
    ]  # fmt: skip
    assert rows[0][2:] == (0.71, True)


def test_every_person_level_measure_with_enough_people_is_compared_between_groups(world):
    """Numbers over residents, sums by person, means and medians by their intervals, and every rate as it is; but not
    numbers of events, of which one person can have most."""
    kinds = world.rows(
        """
        select measure_id, aggregation, coalesce(denominator_kind, 'people') from staging.stg_measure
        where breakdowns like '%deprivation_quintile%' and not (counts_events and aggregation = 'count')
    """,
    )
    compared = {name for name, *_ in kinds}
    said = world.rows("select measure_id, is_compared from published.measure_comparison")
    assert {name for name, is_compared in said if is_compared} == compared
    assert {how for _, how, _ in kinds} == {"ratio", "count", "mean", "median", "sum"}
    seen = set()
    cell = "measure_id, system_code, geography_type, geography_code, period_end"
    for kind, group, reference in (
        ("deprivation_quintile", "1 (most deprived)", "5 (least deprived)"),
        ("ethnicity_group", "Asian", "White"),
        ("ethnicity_group", "Black", "White"),
    ):
        enough = set(
            world.rows(
                f"""
            select {cell} from mart.measure_value inner join staging.stg_measure using (measure_id)
            where breakdown_type = '{kind}' and breakdown_value in ('{group}', '{reference}') and (
                aggregation <> 'count' and coalesce(denominator_kind, 'people') = 'people' and denominator >= 20
                or (aggregation = 'count' or denominator_kind in ('population', 'bed_days')) and numerator >= 10
            ) and not (counts_events and aggregation = 'count')
            group by {cell} having count(*) = 2
        """,
            )
        )
        made = set(
            world.rows(f"""
            select {cell} from mart.measure_inequality where breakdown_type = '{kind}'
                and group_value = '{group}' and reference_value = '{reference}' and gap_lower_95 is not null
        """)
        )
        assert made == enough
        seen |= {row[0] for row in made}
    everywhere = {"ahc_uptake_register", "ahc_declined", "settled_accommodation", "ld_prevalence", "ld_register_size"}
    assert everywhere | {"long_term_support_weekly_cost"} <= seen <= compared


def test_charts_of_few_points_say_so_and_every_figure_carries_its_coverage(world):
    judged = world.rows("select distinct points < 12, is_provisional from mart.measure_control_limit")
    assert judged == [(True, True)]
    bare = "count(*) filter (where coverage is null or coverage not between 0 and 1)"
    stood_in = "count(*) filter (where coverage < 1 and value is not null)"
    ((none, some),) = world.rows(f"select {bare}, {stood_in} from mart.measure_value")
    assert none == 0
    assert some > 0, "a practice of the sample misses a month and its last register stands in"
