"""People on an opt-out list leave every table of the candidate, with what belongs to them, and are counted."""

from __future__ import annotations

from datetime import date
from itertools import count

import duckdb
import pytest

from lda.contracts import Systems, load_contracts, load_system
from lda.ledger.records import Submission
from lda.settings import Settings
from lda.warehouse.load import load_lake
from lda.warehouse.opt_outs import apply_opt_outs, opt_out_lists

FEBRUARY, MARCH, MAY = date(2026, 2, 28), date(2026, 3, 31), date(2026, 5, 31)
SETTINGS = Settings()
CONTRACTS = load_contracts(SETTINGS)
ROW = count(1)


@pytest.fixture
def lake():
    """Empty lake tables of every contract, and a way to add rows to them."""
    with duckdb.connect() as connection:
        tables = {feed: contract.lake_tables() for feed, contract in CONTRACTS.items()}
        load_lake(connection, SETTINGS.lake, tables, [])
        yield connection


def add(lake: duckdb.DuckDBPyConnection, table: str, **values: str) -> None:
    known = {"_file_id": "f1", "_row_number": next(ROW), **values}
    names = ", ".join(f'"{name}"' for name in known)
    lake.execute(f'INSERT INTO lake."{table}" ({names}) VALUES ({", ".join("?" * len(known))})', list(known.values()))


def column(lake: duckdb.DuckDBPyConnection, table: str, name: str) -> list[str]:
    return [row[0] for row in lake.execute(f'SELECT "{name}" FROM lake."{table}" ORDER BY 1').fetchall()]


def test_a_listed_person_leaves_every_feed_and_nobody_else_does(lake):
    for table in ("gp_ld_register", "inpatient_census", "leder", "cld"):
        for person in ("gone", "stays"):
            add(lake, table, person_token=person)
    add(lake, "gp_ld_register", person_token="gone")
    for person in ("gone", "unknown here"):
        add(lake, "opt_out", person_token=person)
    done = apply_opt_outs(lake, CONTRACTS)
    for table in ("gp_ld_register", "inpatient_census", "leder", "cld"):
        assert column(lake, table, "person_token") == ["stays"]
    assert (done.people_listed, done.people_removed) == (2, 1)
    assert {(one.table_name, one.people_removed, one.rows_removed) for one in done.removals} == {
        ("gp_ld_register", 1, 2), ("inpatient_census", 1, 1), ("leder", 1, 1), ("cld", 1, 1),
    }  # fmt: skip
    assert done.as_rows()["opt_out"] == [{"people_listed": 2, "people_removed": 1, "rows_removed": 5}]


def test_what_belongs_to_a_removed_person_goes_too_within_the_same_submission_only(lake):
    for file, person in (("f1", "gone"), ("f1", "stays"), ("f2", "stays too")):
        here = {"_file_id": file}
        # The trust may use a number again for somebody else in another submission.
        number = "same" if person in {"gone", "stays too"} else "other"
        add(lake, "mhs001_mpi", person_token=person, local_patient_id_token=number, **here)
        add(lake, "mhs101_referral", local_patient_id_token=number, service_request_id_token=f"q-{number}", **here)
        add(lake, "mhs501_hosp_prov_spell", service_request_id_token=f"q-{number}",
            hosp_prov_spell_id_token=f"s-{number}", **here)  # fmt: skip
        add(lake, "mhs502_ward_stay", hosp_prov_spell_id_token=f"s-{number}", **here)
    add(lake, "opt_out", person_token="gone")
    done = apply_opt_outs(lake, CONTRACTS)
    assert column(lake, "mhs001_mpi", "person_token") == ["stays", "stays too"]
    for table in ("mhs101_referral", "mhs501_hosp_prov_spell", "mhs502_ward_stay"):
        assert column(lake, table, "_file_id") == ["f1", "f2"], table
    assert column(lake, "mhs502_ward_stay", "hosp_prov_spell_id_token") == ["s-other", "s-same"]
    assert {one.table_name: one.people_removed for one in done.removals} == {
        "mhs001_mpi": 1, "mhs101_referral": 0, "mhs501_hosp_prov_spell": 0, "mhs502_ward_stay": 0,
    }  # fmt: skip


def submission(file: str, partner: str) -> Submission:
    return Submission(file, "any", partner, "llr", MARCH.replace(day=1), MARCH, MARCH, "x", 1)


def test_a_person_known_by_the_partner_s_own_number_alone_leaves_too_where_another_row_tells_whose_it_is(lake):
    """A trust traces NHS numbers after the first month; a council leaves them out of some events."""
    inputs = [submission("may", "RT5"), submission("june", "RT5"), submission("other", "RYG"), submission("c", "829")]
    # The census is an ICB's: its own numbers go with the commissioner.
    for table, own, stands_beside in (
        ("mhs001_mpi", "local_patient_id_token", {}),
        ("dsr", "register_id_token", {}),
        ("inpatient_census", "local_patient_id_token", {"commissioner_code": "QK1"}),
    ):
        for file, number, token, source in (
            ("may", "7", "local of seven", "local_id"), ("june", "7", "gone", "nhs_number"),
            # Not listed, without a number of anybody listed, and the same number at another partner.
            ("may", "8", "local of eight", "local_id"), ("june", "8", "stays", "nhs_number"),
            ("may", "9", "local of nine", "local_id"), ("other", "7", "local of seven elsewhere", "local_id"),
            # Under an NHS number of its own the row is somebody else's, though the number was used again.
            ("june", "7", "stays too", "nhs_number"),
        ):  # fmt: skip
            add(lake, table, _file_id=file, person_token=token, person_token_source=source, **{own: number},
                **stands_beside)  # fmt: skip
    add(lake, "mhs007_disability_type", _file_id="may", local_patient_id_token="7")
    add(lake, "mhs007_disability_type", _file_id="may", local_patient_id_token="8")
    for number, token, source, council in (
        ("7", "gone", "nhs_number", "829"), ("7", "local of seven", "local_id", "829"),
        ("7", "local of seven at 314", "local_id", "314"),
    ):  # fmt: skip
        add(lake, "cld", _file_id="c", la_code=council, la_person_unique_identifier_token=number, person_token=token,
            person_token_source=source)  # fmt: skip
    add(lake, "opt_out", _file_id="l", person_token="gone")
    done = apply_opt_outs(lake, CONTRACTS, inputs)
    others = ["local of eight", "local of nine", "local of seven elsewhere", "stays", "stays too"]
    for table in ("mhs001_mpi", "dsr", "inpatient_census"):
        assert column(lake, table, "person_token") == others, table
    assert column(lake, "mhs007_disability_type", "local_patient_id_token") == ["8"]
    assert column(lake, "cld", "person_token") == ["local of seven at 314"]
    assert done.people_removed == 1
    assert {(one.table_name, one.people_removed, one.rows_removed) for one in done.removals} == {
        ("mhs001_mpi", 1, 2), ("dsr", 1, 2), ("inpatient_census", 1, 2), ("cld", 1, 2),
        ("mhs007_disability_type", 0, 1),
    }  # fmt: skip


def test_for_a_person_s_own_care_nobody_is_removed_but_the_list_still_leaves(lake):
    add(lake, "gp_ld_register", person_token="gone")
    add(lake, "opt_out", person_token="gone")
    done = apply_opt_outs(lake, CONTRACTS, for_care=True)
    assert column(lake, "gp_ld_register", "person_token") == ["gone"]
    assert (done.people_listed, done.people_removed, done.removals) == (1, 0, ())
    with pytest.raises(duckdb.CatalogException):
        lake.execute("FROM lake.opt_out")


def test_the_lists_themselves_leave_the_candidate_and_without_a_list_nothing_is_removed(lake):
    add(lake, "gp_ld_register", person_token="stays")
    done = apply_opt_outs(lake, CONTRACTS)
    assert (done.people_listed, done.people_removed, done.removals) == (0, 0, ())
    assert column(lake, "gp_ld_register", "person_token") == ["stays"]
    with pytest.raises(duckdb.CatalogException):
        lake.execute("FROM lake.opt_out")


@pytest.mark.parametrize(("last", "stands"), [(FEBRUARY, False), (MARCH, True), (MAY, True), (None, False)])
def test_a_partner_s_list_stands_until_it_is_too_old_and_a_missing_one_is_told(last, stands):
    system = load_system(SETTINGS)
    allowed = CONTRACTS["opt_out"].stale_after_periods
    period = date(2026, 3 + allowed, 30)
    lists = (
        [Submission("f1", "opt_out", system.icb_code, "llr", last.replace(day=1), last, last, "x", 3)] if last else []
    )
    assert opt_out_lists(CONTRACTS, Systems((system,)), lists, {"llr": period}) == [
        {"feed": "opt_out", "partner_code": system.icb_code, "last_period": last, "stands": stands}
    ]
