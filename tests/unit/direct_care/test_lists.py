"""Lists for direct care: off by default, in the vault alone, each holder its own people by the numbers it sent.

The rules are proved by the models' own dbt unit tests and, against the generator's truth, by tests/e2e.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

import lda.direct_care.make as making
from lda.direct_care import DirectCareError, make_lists, take_list
from lda.vault import identifiers_path, private_folder

CHECKS = """
    ('p1', 'Y90001', 'f1', 2, 'overdue', DATE '2025-01-05', NULL),
    ('p2', 'Y90001', 'f1', 3, 'no check on record', NULL, DATE '2025-09-01'),
    ('p3', 'Y90002', 'f2', 2, 'overdue', DATE '2024-12-01', NULL)
"""
REVIEWS = """
    ('p9', 'QK1', 'f3', 2, 'due', 'cetr', DATE '2026-04-18', DATE '2025-10-18', DATE '2026-04-02', 'RT501'),
    ('p9', 'QK1', 'f3', 2, 'overdue', 'oversight', DATE '2026-02-01', NULL, NULL, 'RT501'),
    ('p8', '../../etc', 'f3', 9, 'due', 'cetr', DATE '2026-04-01', NULL, NULL, '=1+1')
"""
HELD = {
    "gp_ld_register": [("f1", 2, "9434765919", "A-1"), ("f1", 3, None, "A-2"), ("f2", 2, "9434765870", "=cmd()")],
    "inpatient_census": [("f3", 2, "9434765919", "AT1")],
}


@pytest.fixture
def built(settings, monkeypatch):
    """The models as dbt would make them, and the vault's identifiers; one submission was judged twice."""
    for feed, rows in HELD.items():
        for batch in ("one", "again") if feed == "gp_ld_register" else ("one",):
            path = identifiers_path(settings, feed, batch)
            private_folder(path.parent)
            values = ", ".join(
                f"('{file}', {row}, {'NULL' if nhs is None else repr(nhs)}, '{local}')"
                for file, row, nhs, local in rows
            )
            duckdb.sql(
                f"COPY (SELECT * FROM (VALUES {values}) AS t(_file_id, _row_number, nhs_number, local_patient_id)) "
                f"TO '{path}' (FORMAT parquet)"
            )

    # The practices' system is a month behind the commissioner's.
    told = "CASE holder_code WHEN 'QK1' THEN DATE '2026-03-31' ELSE DATE '2026-02-28' END"

    @contextmanager
    def models(_settings, _ledger, _period, _moment, root: Path) -> Iterator[Path]:
        path = private_folder(root / ".building") / "candidate.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute(
                f"""
                CREATE SCHEMA direct_care;
                CREATE TABLE direct_care.care_health_check AS SELECT {told} AS period_end, *
                FROM (VALUES {CHECKS}) AS t(
                    person_key, holder_code, file_id, source_row_number, state, last_check_date, declined_date);
                CREATE TABLE direct_care.care_review AS SELECT {told} AS period_end, * FROM (VALUES {REVIEWS}) AS t(
                    person_key, holder_code, file_id, source_row_number, state, review_type, next_due_date,
                    last_review_date, planned_review_date, provider_site_code);
                """
            )
        yield path

    monkeypatch.setattr(making, "_models", models)
    monkeypatch.setattr(making, "latest_periods", lambda *_: {"llr": date(2026, 3, 31)})
    return settings.model_copy(update={"direct_care": True})


def lines(settings, name: str) -> list[list]:
    path = settings.vault / "direct_care" / "lists" / f"{name}.xlsx"
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name("List").to_python()


def test_off_by_default_and_never_without_a_reason(settings, built):
    with pytest.raises(DirectCareError, match="LDA_DIRECT_CARE"):
        make_lists(settings, "recall")
    with pytest.raises(DirectCareError, match="Say what the lists are for"):
        make_lists(built, "  ")
    assert not (settings.vault / "direct_care" / "lists").exists()


def test_each_practice_gets_its_own_people_by_the_numbers_it_sent(built):
    report = make_lists(built, "recall")
    assert report.people == {"health_checks": 3, "reviews": 2} and report.holders["health_checks"] == 2
    first = lines(built, "health_checks/Y90001")
    assert first[5] == ["NHS number", "Patient ID", "State", "Last check", "Chose not to have one on"]
    assert first[6:] == [
        ["9434765919", "A-1", "overdue", date(2025, 1, 5), ""],
        ["", "A-2", "no check on record", "", date(2025, 9, 1)],
    ]
    assert lines(built, "health_checks/Y90002")[6:] == [["9434765870", "=cmd()", "overdue", date(2024, 12, 1), ""]]
    assert "opt-out does not apply" in first[3][0]
    assert first[1][0] == "Practice Y90001. As told up to 28 February 2026. 2 lines."


def test_a_commissioner_gets_reviews_overdue_first_and_a_bad_code_is_no_path(built):
    report = make_lists(built, "reviews")
    assert (report.period_end, lines(built, "reviews/QK1")[1][0]) == (
        "2026-03-31", "Commissioner QK1. As told up to 31 March 2026. 2 lines.",
    )  # fmt: skip
    assert [line[2:5] for line in lines(built, "reviews/QK1")[6:]] == [
        ["Oversight visit", "overdue", date(2026, 2, 1)],
        ["C(E)TR", "due", date(2026, 4, 18)],
    ]
    assert lines(built, "reviews/unknown")[6] == ["", "", "C(E)TR", "due", date(2026, 4, 1), "", "", "=1+1"]
    assert report.without_identifiers == 1


def test_lists_are_closed_replaced_whole_and_leave_nothing_else(built):
    root = built.vault / "direct_care"
    make_lists(built, "first")
    stale = root / "lists" / "health_checks" / "Y99999.xlsx"
    stale.write_bytes(b"")
    make_lists(built, "second")
    assert not stale.exists()
    assert sorted(path.name for path in root.iterdir()) == [".building", "lists"], "the models are the stand-in's"
    for path in (root, *(root / "lists").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_who_made_them_and_why_is_in_the_audit_trail_and_nobody_listed_is(built, ledger, monkeypatch):
    monkeypatch.setenv("LDA_ACTOR", "nurse.one")
    make_lists(built, "April recall")
    trail = ledger.trail("made_identifiable_list")
    assert [(one["actor"], one["subject"]) for one in trail] == [("nurse.one", "direct care")]
    assert trail[0]["detail"] == "April recall (2026-03-31; health_checks: 3 people, reviews: 2 people)"
    assert b"9434765919" not in (built.home / "ledger.db").read_bytes()


def test_who_takes_a_list_out_of_the_vault_is_in_the_audit_trail_before_they_have_it(built, ledger, monkeypatch):
    make_lists(built, "recall")
    folder = private_folder(built.home / "surgery")
    monkeypatch.setenv("LDA_ACTOR", "nurse.one")
    taken = take_list(built, "health_checks", "Y90001", folder, "letters")
    assert taken.read_bytes() == (built.vault / "direct_care/lists/health_checks/Y90001.xlsx").read_bytes()
    assert stat.S_IMODE(taken.stat().st_mode) == 0o600
    trail = ledger.trail("took_identifiable_list")
    assert [(one["actor"], one["subject"], one["detail"]) for one in trail] == [
        ("nurse.one", "direct care: health_checks of Y90001", "letters")
    ]


@pytest.mark.parametrize(
    ("name", "holder", "reason", "said"),
    [
        ("inpatients", "Y90001", "letters", "expected health_checks or reviews"),
        ("health_checks", "Y99999", "letters", "no list health_checks of 'Y99999' among the 2"),
        ("health_checks", "../reviews/QK1", "letters", "no list health_checks of"),
        ("health_checks", "Y90001", " ", "Say what the lists are for"),
    ],
)
def test_a_list_that_may_not_be_taken_is_neither_copied_nor_noted(built, ledger, name, holder, reason, said):
    make_lists(built, "recall")
    folder = private_folder(built.home / "surgery")
    with pytest.raises(DirectCareError, match=said):
        take_list(built, name, holder, folder, reason)
    with pytest.raises(DirectCareError, match="switched off"):
        take_list(built.model_copy(update={"direct_care": False}), "health_checks", "Y90001", folder, "letters")
    with pytest.raises(DirectCareError, match="is no folder"):
        take_list(built, "health_checks", "Y90001", folder / "none", "letters")
    assert list(folder.iterdir()) == [] and ledger.trail("took_identifiable_list") == []
