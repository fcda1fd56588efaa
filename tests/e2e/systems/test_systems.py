"""The four reference systems in one warehouse: each as it is alone, and right.

One of them is two months behind the others, and began two months before them.
"""

from __future__ import annotations

import csv

import pytest
from four_systems import ALONE, LAST, LATE, SYSTEMS

pytestmark = pytest.mark.slow

# The last month before the ICB of Hertfordshire and West Essex was split on 1 April 2026, and the first after.
BEFORE, AFTER = "2026-03-31", "2026-04-30"
# What names or numbers the publication and not what it says of a system.
OF_THE_PUBLICATION = ("publication_id", "figure_key")
KEY = "measure_id, system_code, geography_type, geography_code, breakdown_type, breakdown_value, period_end"


def test_the_four_may_be_published_together_and_no_gate_withholds_anything(world):
    held = [outcome.detail for outcome in world.verdict.outcomes if not outcome.success and outcome.scope != "warn"]
    assert held == []
    assert not world.verdict.stops
    defined = {name for (name,) in world.rows("select measure_id from published.measure_definition")}
    assert set(world.verdict.measures) == defined
    assert set(world.verdict.published) == set(
        world.rows("select distinct measure_id, system_code from mart.measure_value")
    )


def test_a_system_that_is_late_has_its_own_reporting_month_and_no_other_waits_for_it(world):
    assert world.periods == {code: LATE if code == ALONE else LAST for code in SYSTEMS}
    ends = world.rows("select system_code, strftime(max(period_end), '%Y-%m') from published.measure_value group by 1")
    assert dict(ends) == world.periods
    assert world.rows("select strftime(period_end, '%Y-%m') from ledger.run") == [(LAST,)]


@pytest.mark.parametrize("layer", ["mart", "published"])
def test_nothing_said_of_a_system_is_changed_by_the_presence_of_others(world, layer):
    """Every row of every table that tells of a system, the exact figures with what they are made of among them."""
    found = world.rows(f"""
        select table_name, string_agg('"' || column_name || '"', ', ' order by column_name) filter (
            column_name not in {OF_THE_PUBLICATION}
        )
        from information_schema.columns where table_schema = '{layer}' and table_catalog = current_database()
        group by table_name having count(*) filter (column_name = 'system_code') > 0
    """)
    tables = dict(found)
    assert {"measure_value", "measure_inequality", "measure_control_limit"} <= tables.keys()
    sizes = {}
    for table, columns in sorted(tables.items()):
        wanted = f"select {columns} from {layer}.{table} where system_code = '{ALONE}' order by all"
        alone, together = world.rows(wanted, world.alone), world.rows(wanted)
        differ = [pair for pair in zip(alone, together, strict=False) if pair[0] != pair[1]]
        assert (table, len(together), differ[:3]) == (table, len(alone), [])
        sizes[table] = len(alone)
    assert sizes["measure_value"] > 3000
    # Nobody was restricted in a hospital of this sample.
    assert {table for table, size in sizes.items() if not size} <= {"fct_restrictive_intervention"}
    listed = world.rows(f"select distinct system_code from {layer}.measure_value order by 1")
    assert listed == [(code,) for code in SYSTEMS]


def test_every_system_has_its_place_in_the_country_while_an_area_of_the_publication_is_the_whole_of_it(world):
    ranks = world.rows("""
        select rank.system_code, strftime(rank.period_end, '%Y-%m'), own.organisation_type, own.organisation_code
        from mart.measure_value as rank
        inner join published.national_benchmark as own
            on rank.system_code = own.system_code and rank.period_end = own.period_end and own.is_own_system
                and rank.value = own.national_rank and rank.target = floor(own.organisations_ranked / 3)
                and (rank.target_status = 'met') = own.is_top_third
        where rank.measure_id = 'ahc_national_rank'
    """)
    whole = {"coventry_warwickshire": ("icb", "QWU"), "leeds": ("sub_icb", "15F"), "llr": ("icb", "QK1")}
    months = dict.fromkeys(whole, ("2026-03", "2026-04", "2026-05")) | {ALONE: ("2026-01", "2026-02", "2026-03")}
    expected = {(system, month, *area) for system, area in whole.items() for month in months[system]}
    # Hertfordshire and West Essex is parts of two ICBs from April on.
    assert set(ranks) == expected | {("hertfordshire", "2026-03", "icb", "QM7")}
    beside = world.rows("""
        select distinct system_code from mart.measure_value
        where geography_type = 'system' and national_rank is not null and measure_id = 'ahc_uptake_ldhc'
    """)
    assert {system for (system,) in beside} == set(SYSTEMS)
    # Its parts of the two have none: the rank under their codes is the whole ICBs'.
    ranked = world.rows("""
        select distinct system_code, geography_code from mart.measure_value
        where geography_type in ('icb', 'icb_current') and national_rank is not null
    """)
    assert ranked == [("hertfordshire", "QM7")]


def test_every_system_agrees_with_its_own_truth(world):
    keys = [name.strip() for name in KEY.split(",")]
    found = {
        tuple(str(part) for part in row[:7]): (row[7], row[8], None if row[7] is not None else round(row[9], 6))
        for row in world.rows(f"select {KEY}, numerator, denominator, value from mart.measure_value")
        if row[7] is not None or row[9] is not None
    }
    truth = {}
    for home in (world.home, world.home.parent / "apart"):
        with (home / "truth" / "measures.csv").open(encoding="utf-8", newline="") as file:
            truth |= {
                tuple(row[name] for name in keys): (
                    int(row["numerator"]) if row["numerator"] else None,
                    int(row["denominator"]) if row["denominator"] else None,
                    None if row["numerator"] else round(float(row["value"]), 6),
                )
                for row in csv.DictReader(file)
            }
    assert {key[1] for key in truth} == set(SYSTEMS)
    wrong = [(key, value, found.get(key)) for key, value in truth.items() if found.get(key) != value]
    assert not wrong, f"{len(wrong)} of {len(truth)} differ, for example {wrong[:3]}"
    known = [key for key, value in found.items() if value[0] and key not in truth]
    assert not known, f"{len(known)} figures the truth does not know, for example {known[:3]}"


def test_the_parts_of_leeds_add_up_to_leeds_in_every_measure(world):
    sums = world.rows("""
        with leeds as (select * from mart.measure_value where system_code = 'leeds' and breakdown_type = 'all'),
        parts as (
            select measure_id, period_end, sum(numerator) as numerator, sum(denominator) as denominator
            from leeds where geography_type = 'neighbourhood' group by all
        )
        select parts.measure_id, parts.period_end, parts.numerator, whole.numerator, parts.denominator,
            whole.denominator
        from parts join leeds as whole using (measure_id, period_end) where whole.geography_type = 'system'
    """)
    measures = {row[0] for row in sums}
    assert {"ahc_uptake_register", "inpatients_total", "settled_accommodation", "paid_employment"} <= measures
    assert [row for row in sums if row[2] != row[3] or row[4] != row[5]] == []
    named = world.rows("""
        select count(distinct geography_code) from mart.measure_value
        where geography_type = 'neighbourhood' and geography_code <> 'U' and measure_id = 'ld_register_size'
    """)
    assert named == [(13,)]


def test_people_of_leeds_are_in_a_neighbourhood_whoever_tells_of_them(world):
    """Most people of each measure belong to a named neighbourhood; children who wait for an assessment do as well."""
    rows = world.rows("""
        with counted as (
            select measure_id, geography_type, geography_code, coalesce(denominator, numerator) as people
            from mart.measure_value
            where system_code = 'leeds' and breakdown_type = 'all' and is_latest_period
                and geography_type in ('neighbourhood', 'system')
        )
        select measure_id, sum(people) filter (where geography_code = 'U') as unknown,
            sum(people) filter (where geography_type = 'system') as everyone
        from counted group by measure_id
        having count(*) filter (where geography_type = 'neighbourhood') > 0
    """)
    enough = {
        measure: unknown / everyone for measure, unknown, everyone in rows if unknown is not None and everyone > 9
    }
    assert {
        "community_autism_open_referrals", "community_autism_over_13_weeks", "autism_open_either_source",
        "settled_accommodation", "paid_employment", "long_term_support",
    } <= set(enough)  # fmt: skip
    assert {measure: share for measure, share in enough.items() if share > 0.34} == {}
    named = {feed for (feed,) in world.rows("select distinct feed from intermediate.int_person_practice")}
    assert named == {"gp_ld_register", "mhsds", "autism_waiting_list", "cld"}
    systems = world.rows("select distinct system_code from intermediate.int_person_practice")
    assert systems == [("leeds",)], "where there are no neighbourhoods nothing hangs on a person's practice"


def test_the_split_icb_is_told_as_it_was_and_on_current_boundaries(world):
    for end, then in ((BEFORE, {"QM7"}), (AFTER, {"S1Y5D", "D7T5G"})):
        areas = world.rows(f"""
            select geography_type, geography_code, numerator::int from mart.measure_value
            where measure_id = 'ld_register_size' and system_code = 'hertfordshire' and breakdown_type = 'all'
                and geography_type in ('icb', 'icb_current', 'system', 'place') and period_end = date '{end}'
        """)
        found = {(kind, code): people for kind, code, people in areas}
        assert set(found) == {
            *(("icb", code) for code in then), ("icb_current", "S1Y5D"), ("icb_current", "D7T5G"), ("system", "HWE"),
            ("place", "E10000015"), ("place", "W90001"),
        }  # fmt: skip
        assert sum(found["icb", code] for code in then) == found["system", "HWE"]
        assert found["icb_current", "S1Y5D"] == found["place", "E10000015"]
        assert found["icb_current", "D7T5G"] == found["place", "W90001"]
    assert (found["icb", "S1Y5D"], found["icb", "D7T5G"]) == (found["place", "E10000015"], found["place", "W90001"])


@pytest.mark.parametrize("layer", ["mart", "published"])
def test_while_one_of_two_icbs_is_missing_its_place_and_the_system_have_no_figure(world, layer):
    """D7T5G sends no LeDeR actions for its first month: West Essex does not look as if none were open there."""
    rows = world.rows(f"""
        select period_end, geography_code from {layer}.measure_value
        where system_code = 'hertfordshire' and measure_id = 'leder_actions_overdue' and breakdown_type = 'all'
            and geography_type in ('place', 'system')
    """)
    found = {end: {code for when, code in rows if str(when) == end} for end in (BEFORE, AFTER, "2026-05-31")}
    everywhere = {"E10000015", "W90001", "U", "HWE"}
    assert found == {BEFORE: everywhere, AFTER: {"E10000015"}, "2026-05-31": everywhere}
    told = world.rows(f"""
        select geography_code, partners_expected, partners_received from published.measure_coverage
        where system_code = 'hertfordshire' and measure_id = 'leder_actions_overdue' and period_end = date '{AFTER}'
            and geography_type in ('place', 'system') order by 1
    """)
    assert told == [("E10000015", 1, 1), ("HWE", 2, 1), ("U", 2, 1), ("W90001", 1, 0)]


def test_a_closed_icb_stands_for_no_month_after_its_end_and_is_missed_by_nobody(world):
    told = world.rows(
        """
        select feed, partner_code, min(period_end), max(period_end), bool_or(is_stale)
        from intermediate.int_effective_submission
        where system_code = 'hertfordshire' and feed in ('dsr', 'leder', 'programme')
        group by all order by all
    """,
    )
    months = {(feed, partner): (str(first), str(last)) for feed, partner, first, last, _ in told}
    after = (AFTER, "2026-05-31")
    for feed in ("dsr", "leder", "programme"):
        assert months[feed, "QM7"] == (BEFORE, BEFORE)
        assert months[feed, "S1Y5D"] == after
    assert (months["dsr", "D7T5G"], ("programme", "D7T5G") in months) == (after, False)
    expected = world.rows(
        """
        select distinct partner_code from staging.stg_expected_submission
        where system_code = 'hertfordshire' and feed = 'dsr' and period_end > date '2026-03-31' order by 1
    """,
    )
    assert expected == [("D7T5G",), ("S1Y5D",)]
