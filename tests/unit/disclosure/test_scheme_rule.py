"""The health check scheme's own rule: everything as it is, but for denominators that adjustments made tiny."""

from __future__ import annotations

from itertools import product

import pytest
from world import MARCH, PLACE_OF, database, write_seeds

from lda.disclosure import DisclosureError, audit, protect

# Practice: checked, denominator, people who chose not to have the check. P1 is the one that the rule hides.
RETURN = {"P1": (1, 1, 3), "P2": (2, 4, 2), "P3": (0, 1, 0), "P4": (33, 47, 4)}


@pytest.fixture
def seeds(tmp_path):
    folder = write_seeds(tmp_path / "seeds", [("adjusted", "part", "return", "denominator", "list", "denominator")])
    (folder / "disclosure_rule.csv").write_text(
        "disclosure_rule,smallest_count,round_to,judged_sides,only_if_adjusted,minimum_width,protect_complements,"
        "valid_from,valid_to\nldhc,2,1,denominator,true,1,false,,\n"
    )
    rows = [f"{name},proportion,ratio,people,1,ldhc,1,wilson,false,," for name in ("return", "list")]
    (folder / "measure_catalogue.csv").write_text(
        "\n".join(
            [
                "measure_id,unit,aggregation,denominator_kind,multiplier,disclosure_rule,frequency_months,"
                "confidence_interval,counts_events,valid_from,valid_to",
                *rows,
            ]
        )
    )
    return folder


def areas():
    """Type, code and practices of every area."""
    places = sorted(set(PLACE_OF.values()))
    found = [("practice", one, [one]) for one in RETURN]
    found += [("place", place, [one for one in RETURN if PLACE_OF[one] == place]) for place in places]
    return [*found, ("system", "S", list(RETURN))]


def figures():
    """Exact rows of both measures, each with whether the rule hides its denominator."""
    rows = []
    for kind, code, practices in areas():
        checked, eligible, adjusted = (sum(RETURN[one][place] for one in practices) for place in range(3))
        for measure, denominator in (("return", eligible), ("list", eligible + adjusted)):
            row = {
                "measure_id": measure, "system_code": "s", "geography_type": kind, "geography_code": code,
                "breakdown_type": "all", "breakdown_value": "All", "period_end": MARCH, "unit": "proportion",
                "numerator": checked, "denominator": denominator, "value": checked / denominator,
                "lower_95": None, "upper_95": None, "suppression": "none",
            }  # fmt: skip
            rows.append((row, denominator < 2 and adjusted > 0))
    return rows


def exact_database(with_models=True):
    rows = figures()
    connection = database(":memory:", mart=[row for row, _ in rows])
    if with_models:
        connection.execute("CREATE SCHEMA intermediate")
        connection.execute(
            "CREATE TABLE intermediate.int_measure_ruled AS SELECT *, numerator AS ruled_numerator, "
            "denominator AS ruled_denominator, value AS ruled_amount FROM mart.measure_value"
        )
        for row, hides in rows:
            if hides:
                connection.execute(
                    "UPDATE intermediate.int_measure_ruled SET ruled_denominator = NULL "
                    "WHERE measure_id = ? AND geography_code = ?",
                    [row["measure_id"], row["geography_code"]],
                )
    return connection


def published(mask):
    """The rows as they are published, in plain Python."""
    hidden = {(one["measure_id"], one["geography_code"], one["side"]) for one in mask}
    rows = []
    for exact, hides in figures():
        shown = {
            side: None if (exact["measure_id"], exact["geography_code"], side) in hidden else exact[side]
            for side in ("numerator", "denominator")
        }
        masked = None in shown.values()
        if hides:
            shown["denominator"] = None
        value = None if None in shown.values() else exact["value"]
        rows.append(
            exact
            | shown
            | {"value": value, "suppression": "suppressed" if hides else "secondary" if masked else "none"}
        )
    return rows


def possible(rows):
    """Every pair of denominators of P1 and P2 in the return that fits what is published: an attacker by brute force."""
    cell = {(row["measure_id"], row["geography_code"]): row for row in rows}
    found = []
    for one, two in product(range(6), repeat=2):
        right = True
        for code, count in (("P1", one), ("P2", two), ("A", one + two), ("S", one + two + 48)):
            row = cell["return", code]
            right &= row["denominator"] in (None, count)
            right &= row["numerator"] is None or row["numerator"] <= count
            right &= row["suppression"] != "suppressed" or count < 2
        if right:
            found.append((one, two))
    return found


def test_the_rule_alone_would_tell_what_it_hides(seeds):
    rows = published([])
    (first,) = [row for row in rows if row["measure_id"] == "return" and row["geography_code"] == "P1"]
    assert (first["numerator"], first["denominator"], first["suppression"]) == (1, None, "suppressed")
    assert {one for one, _ in possible(rows)} == {1}
    for exact in (True, False):
        with database(":memory:", published=rows) as connection:
            report = audit(connection, mart=exact_database() if exact else None, reference=seeds)
        assert [(one.geography_code, one.side, one.low, one.high) for one in report.worked_out] == [
            ("P1", "denominator", 1, 1)
        ]


def test_protection_makes_it_untellable_and_small_counts_that_the_rule_shows_stay_shown(seeds):
    found = protect(exact_database(), reference=seeds)
    mask = found.mask.to_pylist()
    rows = published(mask)
    assert len({one for one, _ in possible(rows)}) > 1
    shown = {(row["measure_id"], row["geography_code"]): row["denominator"] for row in rows}
    assert shown["return", "P3"] == 1, "no adjustment: shown, however small"
    assert (shown["return", "P4"], shown["return", "S"], shown["list", "P1"]) == (47, 53, 4)
    assert all(one["geography_code"] in {"P1", "P2", "A"} for one in mask)
    with database(":memory:", published=rows) as connection:
        report = audit(connection, mart=exact_database(), reference=seeds)
    assert report.safe
    assert report.unproved == {}


def test_complements_are_no_business_of_this_rule(seeds):
    """46 of 47 told exactly is no reason to hide anything."""
    rows = published(protect(exact_database(), reference=seeds).mask.to_pylist())
    with database(":memory:", published=rows) as connection:
        report = audit(connection, mart=exact_database(), reference=seeds)
    assert all(one.side != "complement" for one in report.worked_out)


def test_figures_without_the_models_are_not_protected_in_ignorance(seeds):
    with pytest.raises(DisclosureError, match="personalised care adjustments, for: list, return"):
        protect(exact_database(with_models=False), reference=seeds)
