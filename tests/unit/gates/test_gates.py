"""Gates are proved by breaking a sound candidate, one thing at a time."""

from __future__ import annotations

import json
import shutil

import pytest
from tiny import UNITS, units

from lda.gates import GateReport, Previous, SuiteError, Unit, judge_candidate, load_suites
from lda.publishing.tables import write_database
from lda.settings import Settings
from lda.telemetry import holds_nhs_number

CHECKS = Unit("checks", "llr")


def failed(report: GateReport) -> set[tuple[str, str]]:
    return {(outcome.code, outcome.scope) for outcome in report.outcomes if not outcome.success}


def only(settings: Settings, code: str) -> Settings:
    """The same settings with the one suite that has an expectation of this code."""
    folder = settings.home / "expectations" / "publication"
    folder.mkdir(parents=True)
    for path in (settings.expectations_dir / "publication").glob("*.json"):
        if f'"{code}"' in path.read_text():
            shutil.copy(path, folder)
    return settings.model_copy(update={"project_dir": settings.home})


def test_a_sound_candidate_passes_every_gate(settings, make_candidate):
    report = judge_candidate(settings, make_candidate())
    assert failed(report) == set()
    assert report.published == [*UNITS]
    assert not report.stops
    judged = {expectation["meta"]["code"] for suite in load_suites(settings.expectations_dir / "publication")
              for expectation in suite.expectations}  # fmt: skip
    assert {outcome.code for outcome in report.outcomes} == judged


MEASURE_FAILURES = {
    "KEYS-UNIQUE": "INSERT INTO published.measure_value SELECT * FROM published.measure_value "
    "WHERE measure_id = 'checks'; INSERT INTO mart.measure_value SELECT * FROM mart.measure_value "
    "WHERE measure_id = 'checks'",
    "RANGE-PROPORTION": "UPDATE mart.measure_value SET value = 1.2 WHERE measure_id = 'checks'",
    "RANGE-NEGATIVE": "UPDATE mart.measure_value SET value = -0.1 WHERE measure_id = 'checks'",
    "RANGE-NUMERATOR": "UPDATE mart.measure_value SET numerator = denominator + 1 WHERE measure_id = 'checks'",
    "RANGE-LOWER": "UPDATE mart.measure_value SET lower_95 = value + 0.1 WHERE measure_id = 'checks'",
    "RANGE-UPPER": "UPDATE mart.measure_value SET upper_95 = value - 0.1 WHERE measure_id = 'checks'",
    "RANGE-MISSING": "UPDATE mart.measure_value SET value = NULL WHERE measure_id = 'checks'",
    "LAYERS-ROWS": "DELETE FROM published.measure_value WHERE measure_id = 'checks' AND geography_type = 'place'",
    "LAYERS-PLACES": "DELETE FROM mart.measure_value WHERE measure_id = 'checks' AND geography_code = 'E06000016'",
    "LAYERS-CONTRIBUTIONS": "DELETE FROM mart.measure_contribution WHERE measure_id = 'checks' AND numerator = 2",
    "COVERAGE-FLOOR": "UPDATE mart.measure_value SET coverage = 0.4 WHERE measure_id = 'checks'",
}


@pytest.mark.parametrize("code", MEASURE_FAILURES)
def test_a_broken_measure_is_withheld_and_the_others_are_not(settings, make_candidate, code):
    report = judge_candidate(only(settings, code), make_candidate(after=MEASURE_FAILURES[code]))
    assert (code, "measure") in failed(report)
    assert not report.system_failures
    assert list(report.withheld) == [CHECKS]
    assert any(reason.startswith(code) for reason in report.withheld[CHECKS])
    assert report.published == [*units("inpatients", "register")]


def test_what_one_system_has_too_many_makes_up_for_nothing_that_another_lacks(settings, make_candidate):
    broken = """
        INSERT INTO mart.measure_value SELECT * REPLACE ('other' AS system_code) FROM mart.measure_value;
        UPDATE mart.measure_value SET numerator = numerator + CASE system_code WHEN 'llr' THEN 1 ELSE -1 END
        WHERE measure_id = 'checks' AND geography_code = 'E06000016'
    """
    report = judge_candidate(only(settings, "LAYERS-PLACES"), make_candidate(after=broken))
    assert {CHECKS, Unit("checks", "other")} <= set(report.withheld)


# A second system with the figures of the first.
BESIDE = """
    INSERT INTO mart.measure_contribution SELECT * REPLACE ('other' AS system_code) FROM mart.measure_contribution;
    INSERT INTO mart.measure_value SELECT * REPLACE ('other' AS system_code) FROM mart.measure_value;
    INSERT INTO published.measure_value SELECT * REPLACE ('other' AS system_code) FROM published.measure_value
"""


@pytest.mark.parametrize("code", MEASURE_FAILURES)
def test_what_one_system_fails_withholds_nothing_of_another(settings, make_candidate, code):
    """The same failure of every measure gate, in one of two systems that are otherwise alike."""
    broken = MEASURE_FAILURES[code].replace("measure_id = 'checks'", "system_code = 'other' AND measure_id = 'checks'")
    report = judge_candidate(only(settings, code), make_candidate(after=f"{BESIDE}; {broken}"))
    assert list(report.withheld) == [Unit("checks", "other")]
    assert report.published == sorted([*UNITS, Unit("inpatients", "other"), Unit("register", "other")])
    assert report.measures == ["checks", "inpatients", "register"]
    assert not report.stops


def test_a_movement_is_accepted_for_one_system_or_for_all(movement, make_candidate, settings):
    path = settings.home / "earlier.duckdb"
    write_database(path, make_candidate("run-0", after=BESIDE).path, ["mart"], [], {})
    previous = [Previous(path, frozenset({*UNITS, Unit("checks", "other")}))]
    candidate = make_candidate(before=MOVED, after=BESIDE)

    def withheld(*accepted):
        return list(judge_candidate(movement, candidate, previous, accepted).withheld)

    both = [CHECKS, Unit("checks", "other")]
    assert withheld() == both
    assert withheld("other/checks") == both[:1]
    assert withheld("checks") == []


SYSTEM_FAILURES = {
    "SHAPE-ROWS": "DELETE FROM published.measure_value",
    "SHAPE-PERIOD": "UPDATE ledger.run SET period_end = DATE '2026-04-30'",
    "SHAPE-PUBLICATION": "UPDATE published.measure_value SET publication_id = 'other' WHERE measure_id = 'checks'",
    "SHAPE-DEFINED": "DELETE FROM published.measure_definition WHERE measure_id = 'checks'",
    "SHAPE-KEYS": "UPDATE published.measure_value SET geography_code = NULL WHERE measure_id = 'checks'",
    "SUPPRESS-SMALL": "UPDATE published.measure_value SET numerator = 3, value = NULL WHERE measure_id = 'checks'",
    "SUPPRESS-ROUNDED": "UPDATE published.measure_value SET value = 103 WHERE measure_id = 'register'",
    "SUPPRESS-RATE": "UPDATE published.measure_value SET value = 0.05, numerator = NULL WHERE measure_id = 'checks'",
    "SUPPRESS-EXACT": "UPDATE published.measure_value SET value = 0.62 WHERE measure_id = 'checks'",
    "RECONCILE-LAKE": "INSERT INTO lake.gp VALUES (11); INSERT INTO staging.stg_gp VALUES (11)",
    "OPT-OUT-LIST": "UPDATE ledger.opt_out_list SET stands = false",
    "RECONCILE-STAGING": "DELETE FROM staging.stg_gp WHERE n = 1",
    "RECONCILE-ROWS": "UPDATE ledger.file_account SET quarantined = 2 WHERE file_id = 'f1'",
    "DATE-COLUMN": "ALTER TABLE published.measure_value ADD COLUMN admitted DATE",
    "IDENTIFIER-NHS": "UPDATE published.measure_value SET geography_name = 'see 943 476 5919'",
    "IDENTIFIER-POSTCODE": "UPDATE published.measure_value SET geography_name = 'near LE1 5WW'",
    "IDENTIFIER-TOKEN": "UPDATE published.measure_value SET geography_name = md5('somebody')",
    "IDENTIFIER-EMAIL": "UPDATE published.measure_definition SET description = 'ask jo.bloggs@example.org'",
    "IDENTIFIER-DATE": "UPDATE published.measure_definition SET description = 'born 12/03/1990'",
    "IDENTIFIER-COLUMN": "ALTER TABLE published.measure_value ADD COLUMN person_key VARCHAR",
}


@pytest.mark.parametrize("code", SYSTEM_FAILURES)
def test_a_broken_system_gate_stops_the_publication(settings, make_candidate, code):
    report = judge_candidate(only(settings, code), make_candidate(after=SYSTEM_FAILURES[code]))
    assert (code, "system") in failed(report)
    assert report.stops


def test_an_nhs_number_stored_as_a_number_is_caught(settings, make_candidate):
    broken = "ALTER TABLE published.measure_value ADD COLUMN rank BIGINT DEFAULT 9434765919"
    assert ("IDENTIFIER-NHS", "system") in failed(
        judge_candidate(only(settings, "IDENTIFIER-NHS"), make_candidate(after=broken))
    )


def test_no_verdict_repeats_an_identifier(settings, make_candidate):
    broken = SYSTEM_FAILURES["IDENTIFIER-NHS"] + ";" + SYSTEM_FAILURES["IDENTIFIER-EMAIL"]
    said = json.dumps(judge_candidate(settings, make_candidate(after=broken)).as_dict())
    assert "measure_value.geography_name" in said
    assert "4765919" not in said.replace(" ", "")
    assert "bloggs" not in said


def test_a_missing_table_stops_the_publication(settings, make_candidate):
    report = judge_candidate(settings, make_candidate(after="DROP TABLE mart.measure_contribution"))
    assert report.stops
    assert ("RECONCILIATION_LAYERS-FRAME", "system") in failed(report)


def test_withholding_every_measure_stops_the_publication(settings, make_candidate):
    report = judge_candidate(settings, make_candidate(after="UPDATE mart.measure_value SET coverage = 0.1"))
    assert len(report.withheld) == 3
    assert report.stops


def test_low_coverage_and_missing_words_warn_and_hold_nothing_back(settings, make_candidate):
    new_column = "ALTER TABLE published.measure_definition ADD COLUMN new INT"
    candidate = make_candidate(after=f"UPDATE mart.measure_value SET coverage = 0.8; {new_column}")
    candidate.descriptions["published.measure_definition"].pop("new")
    report = judge_candidate(settings, candidate)
    assert {outcome.code for outcome in report.warnings} == {"COVERAGE-WARN", "DESCRIBED"}
    assert report.withheld == {}


@pytest.fixture
def previous(settings, make_candidate) -> Previous:
    path = settings.home / "earlier.duckdb"
    write_database(path, make_candidate("run-0").path, ["mart"], [], {})
    return Previous(path, frozenset(UNITS))


@pytest.fixture
def movement(settings) -> Settings:
    return only(settings, "MOVEMENT-PROPORTION")


MOVED = "UPDATE mart.measure_contribution SET numerator = numerator + 15 WHERE measure_id = 'checks'"


def test_a_figure_that_moved_far_since_the_last_publication_is_withheld(movement, make_candidate, previous):
    report = judge_candidate(movement, make_candidate(before=MOVED), [previous])
    assert list(report.withheld) == [CHECKS]
    assert report.withheld[CHECKS][0].startswith("MOVEMENT-PROPORTION")
    still = judge_candidate(movement, make_candidate(), [previous])
    assert still.withheld == {}


@pytest.mark.parametrize(
    ("unit", "earlier", "now", "code"),
    [
        ("pounds", -10, -20, "MOVEMENT-RELATIVE"),
        ("pounds", -10, 10, "MOVEMENT-RELATIVE"),
        ("pounds", 0, 10, "MOVEMENT-RELATIVE"),
        ("percentage points", -1, -25, "MOVEMENT-PROPORTION"),
    ],
)
def test_figures_below_zero_and_from_nothing_may_not_move_far_either(
    settings, make_candidate, unit, earlier, now, code
):
    gate = only(settings, code)
    change = "UPDATE mart.measure_value SET unit = '{}', value = {} WHERE measure_id = 'inpatients'"
    if unit == "percentage points":
        change += ";UPDATE mart.measure_value SET numerator = NULL, denominator = NULL WHERE measure_id = 'inpatients'"
    path = settings.home / "earlier.duckdb"
    before = change.format(unit, earlier)
    write_database(path, make_candidate("run-0", after=before).path, ["mart"], [], {})
    previous = [Previous(path, frozenset(units("inpatients")))]
    assert list(judge_candidate(gate, make_candidate(after=change.format(unit, now)), previous).withheld) == [
        *units("inpatients")
    ]
    assert judge_candidate(gate, make_candidate(after=before), previous).withheld == {}


def test_a_person_may_accept_a_movement(movement, make_candidate, previous):
    report = judge_candidate(movement, make_candidate(before=MOVED), [previous], accepted=["checks"])
    assert report.withheld == {}
    assert ("MOVEMENT-PROPORTION", "measure") in failed(report)


def test_accepting_a_measure_does_not_excuse_a_wrong_figure(settings, make_candidate):
    candidate = make_candidate(after=MEASURE_FAILURES["RANGE-PROPORTION"])
    assert list(judge_candidate(only(settings, "RANGE-PROPORTION"), candidate, accepted=["checks"]).withheld) == [
        *units("checks")
    ]


def test_small_numbers_may_move(movement, make_candidate, previous):
    fewer = "UPDATE mart.measure_contribution SET numerator = 5, denominator = 9 WHERE measure_id = 'checks'"
    assert judge_candidate(movement, make_candidate(before=fewer), [previous]).withheld == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9434765919", True),
        ("943-476-5919", True),
        ("9434765919.0", True),
        ("9434765918", False),
        ("19434765919", False),
        ("a9434765919", False),
        ("", False),
    ],
)
def test_nhs_numbers_are_told_by_their_check_digit(text, expected):
    assert holds_nhs_number(text) is expected


def test_reports_come_back_from_json(settings, make_candidate):
    report = judge_candidate(settings, make_candidate(after=MEASURE_FAILURES["COVERAGE-FLOOR"]))
    assert GateReport.from_dict(json.loads(json.dumps(report.as_dict()))) == report


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"name": "x", "meta": {"frame": "f", "index": []}, "expectations": [{}]}']
)
def test_a_suite_that_cannot_be_used_says_so(tmp_path, text):
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(SuiteError, match=r"broken\.json"):
        load_suites(tmp_path)


def test_without_suites_nothing_can_be_published(tmp_path):
    with pytest.raises(SuiteError, match="nothing would be judged"):
        load_suites(tmp_path)
