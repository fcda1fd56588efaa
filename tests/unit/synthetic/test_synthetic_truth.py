"""The right answers agree with each other and with a plain second reading of the files."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from naive_reader import Submission, read_feed
from synthetic_cases import History, Sample, read_rows

from lda.settings import Settings
from lda.synthetic.calendar import add_months
from lda.synthetic.codes import NOT_MAPPED
from lda.synthetic.geography import Geography
from lda.synthetic.truth import age_band

pytestmark = pytest.mark.slow

# Rates over people who are not on the lists counted above the line.
OTHER_PEOPLE = {
    "inpatients_adult_per_million", "inpatients_under18_per_million", "inpatients_change_since_march_2019",
    "long_stays_change_since_march_2019", "ld_prevalence",
}  # fmt: skip
Person = dict[str, Any]


def months_before(day: date, months: int) -> date:
    return date.fromordinal(add_months(day.toordinal(), -months))


# A handful of inpatients and deaths: in a twentieth of the system there may be none of these.
SELDOM = {
    "admissions_same_month_discharge", "clinically_ready", "cyp_eating_disorder", "delay_cost", "delayed_days",
    "leder_backlog",
}  # fmt: skip
# Half a year has no earlier year to make a forecast of.
EARLIER_YEARS = {"ahc_year_end_forecast"}


def year_start(day: date) -> date:
    return date(day.year - (day.month < 4), 4, 1)


def age_on(birth: date, day: date) -> int:
    return day.year - birth.year - (day.month < birth.month)


def periods(sample: Sample, measure: str) -> list[date]:
    return sorted({date.fromisoformat(row["period_end"]) for row in sample.measures if row["measure_id"] == measure})


def system_cells(sample: Sample, measure: str) -> dict[date, tuple[int, int]]:
    return {end: sample.cell(measure, "system", "QK1", end.isoformat()) for end in periods(sample, measure)}


def test_every_measure_has_an_answer_but_those_nobody_in_a_small_sample_falls_under(sample: Sample) -> None:
    """The whole catalogue is answered in the larger sample of the end-to-end test."""
    catalogue = {
        row["measure_id"] for row in read_rows(Settings(home=sample.home).reference_dir / "measure_catalogue.csv")
    }
    answered = {row["measure_id"] for row in sample.measures}
    assert answered <= catalogue
    assert catalogue - answered <= SELDOM | EARLIER_YEARS
    assert len(periods(sample, "ld_register_size")) == 6
    assert [end.month for end in periods(sample, "paid_employment")] == [12, 3]


def test_places_add_up_to_the_system_and_breakdowns_to_all(sample: Sample) -> None:
    by_place: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    system: dict[tuple[str, ...], list[int]] = {}
    by_value: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for row in sample.measures:
        if row["value"]:
            continue
        counts = [int(row["numerator"]), int(row["denominator"] or 0)]
        key = (row["measure_id"], row["breakdown_type"], row["breakdown_value"], row["period_end"])
        if row["geography_type"] == "place":
            by_place[key] = [a + b for a, b in zip(by_place[key], counts, strict=True)]
        if row["geography_type"] == "system":
            system[key] = counts
            whole = (row["measure_id"], row["breakdown_type"], row["period_end"])
            by_value[whole] = [a + b for a, b in zip(by_value[whole], counts, strict=True)]
    whole_systems = system_only()
    assert by_place == {key: counts for key, counts in system.items() if key[0] not in whole_systems}
    for (measure, breakdown, period), total in by_value.items():
        assert total == by_value[measure, "all", period], (measure, breakdown)


def system_only() -> set[str]:
    """Measures that the catalogue gives for whole systems alone."""
    with (Settings().reference_dir / "measure_catalogue.csv").open(encoding="utf-8", newline="") as file:
        return {row["measure_id"] for row in csv.DictReader(file) if row["geography_types"] == "system"}


def test_numerators_are_within_denominators(sample: Sample) -> None:
    for row in sample.measures:
        if row["value"]:
            assert row["numerator"] == ""
            assert row["denominator"] == "" or int(row["denominator"]) > 0
        elif row["denominator"] == "":
            assert int(row["numerator"]) > 0
        elif row["measure_id"] not in OTHER_PEOPLE:
            assert 0 <= int(row["numerator"]) <= int(row["denominator"])


def test_practices_and_networks_add_up_to_the_system(sample: Sample) -> None:
    for kind in ("practice", "pcn"):
        rows = [
            row
            for row in sample.measures
            if row["measure_id"] == "ahc_uptake_register"
            and row["geography_type"] == kind
            and row["period_end"] == "2026-03-31"
        ]
        total = sample.cell("ahc_uptake_register", "system", "QK1", "2026-03-31")
        assert (sum(int(row["numerator"]) for row in rows), sum(int(row["denominator"]) for row in rows)) == total


def in_force(submissions: list[Submission], end: date) -> list[Submission]:
    latest: dict[str, Submission] = {}
    for submission in sorted(submissions, key=lambda found: found.period_end):
        if submission.period_end <= end.isoformat():
            latest[submission.partner] = submission
    return list(latest.values())


@pytest.fixture(scope="module")
def registers(sample: Sample) -> dict[date, list[Person]]:
    """The register at each month end, from the files: one row for each person."""
    submissions = read_feed(sample, "gp_ld_register")
    found = {}
    for end in periods(sample, "ld_register_size"):
        people: dict[str, tuple[tuple[str, date], str, Person]] = {}
        for submission in sorted(in_force(submissions, end), key=lambda found: found.partner):
            for row in submission.rows:
                gone = [day for day in (row["removal_date"], row["deceased_date"]) if day and day <= end]
                if row["register_date"] > end or gone:
                    continue
                who = row["nhs_number"] or row["practice_code"] + row["local_patient_id"]
                rank = (submission.period_end, row["register_date"])
                if who not in people or rank > people[who][0]:
                    people[who] = (rank, submission.partner, row)
        found[end] = [row for _, _, row in people.values()]
    return found


def test_register_measures_match_a_plain_reading_of_the_files(
    sample: Sample, registers: dict[date, list[Person]]
) -> None:
    for end, register in registers.items():
        start, period = year_start(end), end.isoformat()
        eligible = [row for row in register if age_on(row["birth_date"], end) >= 14]
        checked = [row for row in eligible if row["ahc_date"] and row["ahc_date"] >= start]
        planned = [row for row in checked if row["hap_date"] and row["hap_date"] >= start]
        declined = [row for row in eligible if row["ahc_declined_date"] and row["ahc_declined_date"] >= start]
        declined = [row for row in declined if row not in checked]
        year_before = months_before(date(end.year, end.month, 1), 11)
        rolling = [row for row in eligible if row["ahc_date"] and row["ahc_date"] >= year_before]
        rolling = [row for row in rolling if row["hap_date"] and row["hap_date"] >= row["ahc_date"]]
        assert sample.cell("ld_register_size", "system", "QK1", period)[0] == len(register)
        for measure, rows in (
            ("ahc_uptake_register", checked),
            ("ahc_and_hap", planned),
            ("ahc_declined", declined),
            ("ahc_rolling_12_months", rolling),
            (
                "ahc_rolling_12_months_ethnicity",
                [row for row in rolling if row["ethnic_category"] not in ("Z", "99", "", None)],
            ),
        ):
            assert sample.cell(measure, "system", "QK1", period) == (len(rows), len(eligible)), measure
        women = [row for row in eligible if row["sex"] in {"F", "Female"}]
        assert sample.cell("ahc_uptake_register", "system", "QK1", period, "Female")[1] == len(women)


def test_deprivation_comes_from_lsoa_or_postcode(
    sample: Sample, registers: dict[date, list[Person]], geography: Geography
) -> None:
    quintiles = {area.code: area.quintile for area in geography.areas}
    quintiles |= {postcode: area.quintile for area in geography.areas for postcode in area.postcodes}
    end = max(registers)
    most = [
        row
        for row in registers[end]
        if quintiles.get(row.get("lsoa_code") or "", quintiles.get(row["postcode"].replace(" ", ""))) == 1
    ]
    assert sample.cell("ld_register_size", "system", "QK1", end.isoformat(), "1 (most deprived)")[0] == len(most)


def test_the_scheme_measure_is_the_sum_of_its_files(sample: Sample) -> None:
    for submission in read_feed(sample, "ldhc"):
        totals = {"Numerator": 0, "Denominator": 0}
        for row in submission.rows:
            if row["ind_code"] in {"LDHCMI034", "LDHCMI035"} and row["field_name"] in totals:
                totals[row["field_name"]] += int(row["value"])
        cell = sample.cell("ahc_uptake_ldhc", "system", "QK1", submission.period_end)
        assert cell == (totals["Numerator"], totals["Denominator"])


def test_inpatient_measures_match_a_plain_reading_of_the_census(sample: Sample) -> None:
    months = {"ICB": 6}
    for submission in read_feed(sample, "inpatient_census"):
        end = date.fromisoformat(submission.period_end)
        people: dict[str, Person] = {}
        for row in submission.rows:
            if row["admission_date"] <= end and (row["discharge_date"] is None or row["discharge_date"] > end):
                who = row["nhs_number"] or row["local_patient_id"]
                if who not in people or row["admission_date"] > people[who]["admission_date"]:
                    people[who] = row
        adults = [row for row in people.values() if age_on(row["birth_date"], end) >= 18]
        long = [row for row in people.values() if row["first_admission_date"] < months_before(end, 24)]
        due, done = 0, 0
        for row in people.values():
            child = age_on(row["birth_date"], end) < 18
            since = months_before(end, 3 if child else months.get(row["commissioner_type"], 12))
            if row["admission_date"] <= since:
                due += 1
                done += row["last_cetr_date"] is not None and row["last_cetr_date"] >= since
        period = submission.period_end
        assert sample.cell("inpatients_adult_per_million", "system", "QK1", period)[0] == len(adults)
        assert sample.cell("inpatients_over_two_years", "system", "QK1", period) == (len(long), len(people))
        if due:
            assert sample.cell("cetr_in_date", "system", "QK1", period) == (done, due)


def test_review_measures_match_a_plain_reading_of_the_files(sample: Sample) -> None:
    compared = 0
    for submission in read_feed(sample, "leder"):
        end = date.fromisoformat(submission.period_end)
        for kind in ("Initial", "Focused"):
            due, done = 0, 0
            for row in submission.rows:
                hold, off, completed = row["on_hold_start_date"], row["on_hold_end_date"], row["completion_date"]
                stopped = hold and hold <= end and (off is None or off > end) and completed is None
                if row["review_type"] != kind or stopped:
                    continue
                held = max(0, (min(off or end, end) - hold).days) if hold else 0
                deadline = months_before(row["notification_date"], -6).toordinal() + held
                if year_start(end).toordinal() <= deadline <= end.toordinal():
                    due += 1
                    done += completed is not None and completed.toordinal() <= deadline
            if due:
                measure = f"leder_{kind.lower()}_within_six_months"
                assert sample.cell(measure, "system", "QK1", submission.period_end) == (done, due)
                compared += 1
    assert compared > 3


EVENT_KEY = (
    "la_code", "event_type", "event_start_date", "client_type", "service_type", "service_component",
    "assessment_type", "request_route_of_access",
)  # fmt: skip


def test_council_measures_match_a_plain_reading_of_the_files(sample: Sample, geography: Geography) -> None:
    release_2 = {(column, r1): r2 for (column, r2), r1 in geography.release_1.items()}
    rows: list[Person] = []
    for submission in read_feed(sample, "cld"):
        for row in submission.rows:
            mapped = {name: release_2.get((name, cell), cell) for name, cell in row.items() if name != "_row"}
            who = row["nhs_number"] or row["la_code"] + "_" + row["la_person_unique_identifier"]
            rows.append({**mapped, "who": who, "period": submission.period_end, "_row": row["_row"]})
    for end in periods(sample, "settled_accommodation"):
        expected = council_answer([row for row in rows if row["period"] <= end.isoformat()], end)
        for measure, answer in expected.items():
            assert sample.cell(measure, "system", "QK1", end.isoformat()) == answer


def test_some_release_1_statuses_have_no_release_2_word(history: History) -> None:
    assert any(row.home == NOT_MAPPED for sent in history.sent for row in sent)


def council_answer(rows: list[Person], end: date) -> dict[str, tuple[int, int]]:
    """Settled accommodation and paid employment of the rows sent by ``end``, by the words of the measure."""
    start = year_start(end)
    events: dict[tuple[Any, ...], Person] = {}
    for row in sorted(rows, key=lambda row: (row["period"], row["event_end_date"] is None, row["_row"])):
        ends = None if row["event_type"] == "Service" else row["event_end_date"]
        events[(row["who"], ends, *(row[name] for name in EVENT_KEY))] = row
    everybody: dict[str, list[Person]] = defaultdict(list)
    for row in rows:
        everybody[row["who"]].append(row)
    clients = {
        row["who"]
        for row in events.values()
        if row["event_type"] == "Service"
        and row["client_type"] == "Service User"
        and row["primary_support_reason"] == "Learning Disability Support"
        and row["service_type"].startswith("Long term support")
        and row["event_start_date"] <= end
        and (row["event_end_date"] is None or row["event_end_date"] >= max(start, row["event_start_date"]))
    }
    settled = ("Owner", "Tenant", "Settled", "Supported", "Shared")
    counts = {"settled_accommodation": [0, 0], "paid_employment": [0, 0]}
    for who in clients:
        known = everybody[who]
        if any(row["date_of_death"] and row["date_of_death"] < start for row in known):
            continue
        birth = max(known, key=lambda row: (row["period"], row["event_start_date"], row["_row"]))["date_of_birth"]
        if not 18 <= math.floor((end - birth.replace(day=1)).days / 365.25) <= 64:
            continue
        home, job = status(known, "accommodation_status"), status(known, "employment_status")
        counts["settled_accommodation"][0] += home.startswith(settled)
        counts["paid_employment"][0] += job.startswith("Paid")
        for pair in counts.values():
            pair[1] += 1
    return {measure: (pair[0], pair[1]) for measure, pair in counts.items()}


def status(rows: list[Person], column: str) -> str:
    """The person's latest known status; nothing when the latest ones conflict."""
    known = [row for row in rows if row[column] not in {"", "Unknown", "Lodging with landlady"}]
    if not known:
        return ""
    last = max((row["period"], row["event_start_date"]) for row in known)
    found = {row[column] for row in known if (row["period"], row["event_start_date"]) == last}
    return found.pop() if len(found) == 1 else ""


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "Under 18"),
        (17, "Under 18"),
        (18, "18-24"),
        (24, "18-24"),
        (25, "25-34"),
        (64, "55-64"),
        (65, "65 and over"),
    ],
)
def test_ages_fall_in_the_published_bands(age: int, band: str) -> None:
    assert age_band(age) == band


def test_codes_the_generator_sends_are_in_the_code_lists() -> None:
    from lda.synthetic import codes

    lists: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(Settings().reference_dir / "code_list.csv"):
        lists[row["code_list"]].add(row["code"])
    sent = {
        "sex": {*codes.SEX_CODES, *codes.SEX_WORDS},
        "ethnic_category": set(codes.ETHNIC_CODES) - {""},
        "cld_ethnicity": {name for name, _ in codes.CLD_ETHNICITIES} - {""},
        "commissioner_type": set(codes.COMMISSIONER_CODES),
        "legal_status": set(codes.LEGAL_STATUSES),
        "discharge_destination": {*codes.DISCHARGE_DESTINATIONS, "Other hospital"},
        "leder_focused_reason": set(codes.FOCUSED_REASONS),
        "leder_hold_reason": set(codes.HOLD_REASONS),
        "leder_cause_group": set(codes.CAUSE_GROUPS),
        "cld_primary_support_reason": {codes.LEARNING_DISABILITY, *codes.OTHER_REASONS},
        "cld_service_type": {*codes.LONG_TERM, codes.SHORT_TERM, codes.CARER_SUPPORT},
        "cld_accommodation_status": {*codes.KNOWN_ACCOMMODATION, codes.UNKNOWN},
        "cld_employment_status": {*codes.KNOWN_EMPLOYMENT, codes.UNKNOWN},
    }
    for name, values in sent.items():
        assert values <= lists[name], name
