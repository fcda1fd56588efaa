"""Partners are told, by their own row numbers and local numbers, what was wrong; nobody else is."""

from __future__ import annotations

import csv
import json
import shutil
import stat
import zipfile

import duckdb
import pytest
from python_calamine import CalamineWorkbook

import lda.receive
from lda.contracts import load_contracts
from lda.ledger import Ledger, utc_now
from lda.receive import receive, redrive
from lda.reporting.feedback import write_feedback
from lda.settings import Settings

from .conftest import HEADER, csv_bytes, gp_row, nhs_number
from .test_privacy import IDENTIFIERS

SOUND = [gp_row(seed) for seed in range(20, 40)]
# Row 1 is the header, so the first of these is row 2 of the partner's file.
BAD_BIRTH = gp_row(1, DOB="1981-13-01")
OTHER_PRACTICE = gp_row(2, **{"Practice Code": "Y90002"})
FINDS_ROW = ["Row in your file", "Patient ID"]
SAYS_WHAT = ["Rule", "What is wrong", "What to do", "Table"]
NO_NUMBER = gp_row(3, **{"NHS Number": ""})


def documents(settings, partner: str = "Y90001", ending: str = "*") -> list[str]:
    """A partner's documents on single submissions, by name."""
    return sorted(path.name for path in (settings.outbox / partner / "gp_ld_register").glob(f"*.{ending}"))


def sheet(settings, name: str, partner: str = "Y90001") -> list[list]:
    """A sheet of a partner's only workbook."""
    path = next((settings.outbox / partner).rglob("*.xlsx"))
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python()


def page(settings, partner: str = "Y90001") -> str:
    return next((settings.outbox / partner / "gp_ld_register").glob("*.html")).read_text(encoding="utf-8")


def test_each_failed_row_is_named_by_its_row_number_and_local_number(settings, land):
    land([BAD_BIRTH, *SOUND, OTHER_PRACTICE, NO_NUMBER])
    receive(settings)
    heading, *lines = sheet(settings, "Rows")
    assert heading == [*FINDS_ROW, "What you sent", *SAYS_WHAT]
    rules = load_contracts(settings)["gp_ld_register"]
    assert lines == [
        [row, local, sent, code, rules.rule(code).message, rules.rule(code).remedy, "gp_ld_register"]
        for row, code, sent, local in (
            (2, "GP-BIRTH_DATE-FORMAT", "Date of Birth: 1981-13-01", "LOCAL000001"),
            (23, "GP-05", "Practice Code: Y90002", "LOCAL000002"),
        )
    ]
    assert "LOCAL000002" in page(settings) and ">23<" in page(settings)


def test_errors_are_grouped_by_rule_with_counts_and_warnings_come_last(settings, land):
    land([BAD_BIRTH, gp_row(4, DOB="x"), *SOUND, OTHER_PRACTICE, NO_NUMBER])
    receive(settings)
    grouped = [(line[0], line[1], line[3], line[4]) for line in sheet(settings, "Errors by rule")[1:]]
    assert grouped == [
        ("GP-BIRTH_DATE-FORMAT", "Row kept out", 2, 2),
        ("GP-05", "Row kept out", 1, 24),
        ("GP-06", "Warning", 1, 25),
    ]
    summary = dict(line[:2] for line in sheet(settings, "Summary") if line[1] != "")
    assert (summary["Rows received"], summary["Rows accepted"], summary["Rows kept out"]) == (24, 21, 3)
    assert summary["1. GP-BIRTH_DATE-FORMAT"].startswith("2 rows:")
    assert "3. GP-06" not in summary, "a warning is not put right first while errors stand"


def test_rows_loaded_with_a_warning_are_named_too_from_the_identifiers_of_accepted_rows(settings, land):
    land([BAD_BIRTH, *SOUND, NO_NUMBER, gp_row(6, DOB="x", **{"NHS Number": ""})])
    receive(settings)
    rule = load_contracts(settings)["gp_ld_register"].rule("GP-06")
    heading, *lines = sheet(settings, "Warned rows")
    assert heading == [*FINDS_ROW, *SAYS_WHAT]
    assert lines == [[23, "LOCAL000003", "GP-06", rule.message, rule.remedy, "gp_ld_register"]]
    assert [line[0] for line in sheet(settings, "Rows")[1:]] == [2, 24], "a row kept out is in the other list"
    warned = page(settings).split('id="warned"')[1]
    assert ">23<" in warned and "LOCAL000003" in warned and ">24<" not in warned
    kept = list((settings.vault / "warned").rglob("*.parquet"))
    held = duckdb.execute(f"SELECT * FROM '{kept[0]}'")
    assert [name for name, *_ in held.description] == ["_file_id", "_row_number", "rule_codes"], "no identifier"
    assert [row[1:] for row in held.fetchall()] == [(23, ["GP-06"])]


def test_a_long_list_of_warnings_stops_and_says_how_many_there_are(settings, land):
    land([gp_row(seed, **{"NHS Number": ""}) for seed in range(1, 131)])
    receive(settings.model_copy(update={"feedback_rows": 120}))
    *lines, last = sheet(settings, "Warned rows")[1:]
    assert len(lines) == 120
    assert last[0] == "There are more: the list stops after 120 of 130 warnings."
    assert "These are the first 100 of 130 warnings" in page(settings)


def test_warned_rows_whose_identifiers_were_erased_keep_their_row_number(settings, land):
    land([*SOUND, NO_NUMBER])
    receive(settings)
    for path in (settings.vault / "identifiers").rglob("*.parquet"):
        path.unlink()
    write_feedback(settings, again=True)
    assert [line[0] for line in sheet(settings, "Warned rows")[1:]] == [22]


def test_a_rejected_file_is_told_of_although_nothing_was_loaded(settings, land):
    land([BAD_BIRTH, gp_row(2, DOB="x"), gp_row(3)])
    receive(settings)
    assert sheet(settings, "Errors by rule")[1][:2] == ["FILE-QUARANTINE-SHARE", "Stopped the file"]
    assert "2 of 3 rows failed" in page(settings)
    assert "rejected" in (settings.outbox / "Y90001" / "index.html").read_text(encoding="utf-8")


def test_a_sound_file_gets_a_line_and_no_workbook(settings, land):
    land(SOUND)
    receive(settings)
    assert documents(settings) == []
    text = (settings.outbox / "Y90001" / "index.html").read_text(encoding="utf-8")
    assert "gp_ld_register_Y90001_2026-02.csv: accepted. It counts. There is nothing to do." in text


def test_the_trend_goes_over_submissions(settings, land):
    for month, rows in (("2026-01", SOUND), ("2026-02", [BAD_BIRTH, *SOUND])):
        land(rows, month)
    receive(settings)
    trend = [(str(line[0]), line[4], line[6], round(line[7], 3)) for line in sheet(settings, "Trend")[1:3]]
    assert trend == [("2026-01-31", 20, 0, 0), ("2026-02-28", 21, 1, 0.048)]


def test_only_the_owner_can_open_an_outbox(settings, land):
    land([BAD_BIRTH, *SOUND])
    receive(settings)
    found = [settings.outbox, *settings.outbox.rglob("*")]
    assert len(found) == 6
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_nothing_new_writes_nothing_and_again_gives_the_same_bytes(settings, land):
    land([BAD_BIRTH, *SOUND])
    receive(settings)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in settings.outbox.rglob("*.*")}
    assert write_feedback(settings).files == 0
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in settings.outbox.rglob("*.*")} == before
    assert write_feedback(settings, again=True).documents == 1
    assert {path: path.read_bytes() for path in settings.outbox.rglob("*.*")} == {
        path: content for path, (content, _) in before.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("danger", ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "http://x.example/"])
def test_a_cell_that_looks_like_a_formula_or_link_stays_text(settings, land, danger):
    land([gp_row(1, DOB=danger, **{"Patient ID": danger}), *SOUND])
    receive(settings)
    line = sheet(settings, "Rows")[1]
    assert (line[1], line[2]) == (danger, f"Date of Birth: {danger}")
    with zipfile.ZipFile(next(settings.outbox.rglob("*.xlsx"))) as book:
        rows = book.read("xl/worksheets/sheet3.xml").decode()
    assert "<f>" not in rows and "<hyperlink" not in rows and 't="s"' in rows


def test_a_cell_is_never_markup(settings, land):
    land([gp_row(1, DOB="<script>alert(1)</script>"), *SOUND])
    receive(settings)
    assert "<script" not in page(settings) and "&lt;script&gt;" in page(settings)


def test_the_teams_summary_names_nobody(settings, land, home):
    land([BAD_BIRTH, OTHER_PRACTICE, gp_row(5, Postcode="LE81 1AAX"), *SOUND])
    land([gp_row(seed, DOB="x", **{"Practice Code": "Y90002"}) for seed in (41, 42)], practice="Y90002")
    land([gp_row(seed, **{"Practice Code": "Y90003"}) for seed in range(20, 40)], practice="Y90003")
    receive(settings)
    texts = {path.name: path.read_text(encoding="utf-8") for path in settings.feedback.iterdir()}
    assert set(texts) == {"index.html", "feedback.csv", "feedback.json"}
    outbox = "".join(path.read_text(encoding="utf-8") for path in settings.outbox.rglob("*.html"))
    assert "LOCAL000001" in outbox, "so the scan below can fail"
    held = [*IDENTIFIERS, *(nhs_number(seed) for seed in range(20, 40)), "gp_ld_register_Y90001", "1981-13-01"]
    for identifier in held:
        assert not [name for name, text in texts.items() if identifier in text], identifier
    rows = {row["partner_code"]: row for row in csv.DictReader(texts["feedback.csv"].lstrip("\ufeff").splitlines())}
    assert rows["Y90001"]["most_frequent_rule"] == "GP-05" and rows["Y90001"]["quarantined"] == "2"
    assert (rows["Y90002"]["status"], rows["Y90003"]["errors"]) == ("Rejected", "0")
    rules = {row["rule"]: (row["partners"], row["rows"]) for row in json.loads(texts["feedback.json"])["rules"]}
    assert rules["GP-BIRTH_DATE-FORMAT"] == (2, 3)


def test_feedback_goes_to_whoever_sent_the_file_not_to_whom_it_names(settings, land):
    path = land([BAD_BIRTH, *SOUND])
    sent = settings.landing / "Y90003" / path.name
    sent.parent.mkdir()
    path.rename(sent)
    receive(settings)
    assert documents(settings, "Y90003", "xlsx") and not (settings.outbox / "Y90001").exists()


def test_documents_of_a_file_that_proves_sound_are_removed(tmp_path, settings, land):
    root = tmp_path / "project"
    for folder in (settings.contracts_dir, settings.systems_dir, settings.reference_dir):
        shutil.copytree(folder, root / folder.relative_to(settings.project_dir))
    mended = Settings(home=settings.home, project_dir=root, lock_timeout_seconds=1)
    land([OTHER_PRACTICE, *SOUND])
    receive(mended)
    assert len(documents(mended)) == 2
    contract = mended.contracts_dir / "gp_ld_register.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    assert "practice_code <> _partner_code" in text
    contract.write_text(text.replace("practice_code <> _partner_code", "practice_code <> practice_code"))
    redrive(mended)
    assert documents(mended) == []
    assert "accepted. It counts. There is nothing to do." in (mended.outbox / "Y90001" / "index.html").read_text(
        encoding="utf-8"
    )


def test_of_a_file_that_ended_for_its_age_nothing_is_asked_and_no_removed_document_is_linked(settings, land):
    land([BAD_BIRTH, *SOUND])
    receive(settings)
    index = settings.outbox / "Y90001" / "index.html"
    assert "Put them right" in index.read_text() and ".xlsx" in index.read_text()
    ledger = Ledger(settings.ledger_address)
    ledger.end_files([one.file_id for one in ledger.files()], utc_now())
    ledger.close()
    assert write_feedback(settings).files == 0, "it is no news of theirs"
    for one in (settings.outbox / "Y90001" / "gp_ld_register").iterdir():
        one.unlink()
    assert write_feedback(settings, everything=True).documents == 0, "its rows are gone"
    land([BAD_BIRTH, *SOUND[1:]], "2026-04")
    receive(settings)
    words = index.read_text()
    assert "No longer kept" in words and "later file" not in words
    (april,) = documents(settings, ending="xlsx")
    assert april.startswith("2026-04") and words.count(".xlsx") == words.count(april) == 1


def test_a_backlog_gets_documents_for_its_latest_periods_and_the_others_when_asked(settings, land):
    sound = [gp_row(seed, **{"AHC Date": ""}) for seed in range(20, 40)]
    for month in range(1, 6):
        land([gp_row(month, DOB="x"), *sound], f"2025-{month:02}")
    receive(settings)
    assert [name[:7] for name in documents(settings, ending="xlsx")] == ["2025-03", "2025-04", "2025-05"]
    land([OTHER_PRACTICE, *sound], "2025-01", "_v2")
    receive(settings)
    new = [name[:7] for name in documents(settings, ending="xlsx")]
    assert new == ["2025-01", "2025-01", "2025-03", "2025-04", "2025-05"], "a correction and the file it replaced"
    assert write_feedback(settings, everything=True).documents == 6


def test_the_list_of_rows_says_where_it_stops(settings, land):
    few = settings.model_copy(update={"feedback_rows": 2})
    land([gp_row(seed, DOB="x") for seed in range(1, 5)] + [gp_row(seed) for seed in range(50, 90)])
    receive(few)
    lines = sheet(few, "Rows")
    assert [line[0] for line in lines[1:3]] == [2, 3]
    assert lines[3][0] == "There are more: the list stops after 2 lines." and len(lines) == 4


def test_a_misshapen_row_and_an_unrecognised_file_are_told_of(settings, land):
    land([gp_row(1)[:6], *SOUND])
    (settings.landing / "Y90001" / "rota.txt").write_text("hello")
    receive(settings)
    assert [sheet(settings, "Rows")[1][place] for place in (0, 2)] == [2, "GP-SHAPE"]
    index = (settings.outbox / "Y90001" / "index.html").read_text(encoding="utf-8")
    assert "rota.txt: not recognised." in index


def test_feedback_that_fails_never_fails_the_ingest_and_is_given_next_time(settings, land, monkeypatch, caplog):
    def broken(_settings):
        raise OSError(f"no space while writing {nhs_number(1)}")

    monkeypatch.setattr(lda.receive, "write_feedback", broken)
    land([BAD_BIRTH, *SOUND])
    report = receive(settings)
    assert report.by_status == {"accepted": 1} and "OSError" in report.feedback["problem"]
    assert nhs_number(1) not in caplog.text + str(report.as_dict())
    monkeypatch.undo()
    assert receive(settings).feedback == {"partners": 1, "documents": 1, "files": 1}
    assert documents(settings, ending="xlsx")


def test_a_whole_archive_of_bytes_that_cannot_be_read_is_told_of(settings, land):
    land(csv_bytes([HEADER])[:40])
    receive(settings)
    codes = [line[0] for line in sheet(settings, "Errors by rule")[1:]]
    assert codes and all(code.startswith("FILE-") for code in codes)
    assert sheet(settings, "Rows")[1][0] == "The whole file was rejected."


def test_a_partner_is_told_the_codes_of_a_short_list(settings, land):
    land([gp_row(1, **{"Sex": "perhaps"}), *SOUND])
    receive(settings)
    (line,) = [line for line in sheet(settings, "Errors by rule")[1:] if line[0] == "GP-SEX-VALUES"]
    listed = line[6].partition("The list: ")[2].removesuffix(".").split("; ")
    assert {"M", "F"} <= set(listed) and listed == sorted(listed)
