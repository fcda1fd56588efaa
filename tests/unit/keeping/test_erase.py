"""One person's data goes from everywhere it was, in files of every kind, and does not come back."""

from __future__ import annotations

import re
import sys
import zipfile
from collections import Counter
from pathlib import Path

import duckdb
import pytest
import python_calamine

from lda.intake import ingest, redrive
from lda.keeping import ErasureError, erase, lift_hold, place_hold
from lda.landing import check_archive
from lda.ledger import Ledger, utc_now
from lda.settings import Settings

pytestmark = pytest.mark.slow

REASON = "Caldicott Guardian, case 12"


def people(settings: Settings) -> Counter[str]:
    """In how many feeds' identifiers each NHS number is; those in MHSDS count most, for its tables hang together."""
    found: Counter[str] = Counter()
    for folder in (settings.vault / "identifiers").iterdir():
        paths = [str(path) for path in folder.rglob("*.parquet")]
        columns = duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?, union_by_name = true)", [paths]).fetchall()
        if folder.name == "opt_out" or "nhs_number" not in {name for name, *_ in columns}:
            continue
        query = "SELECT DISTINCT nhs_number FROM read_parquet(?, union_by_name = true) WHERE nhs_number IS NOT NULL"
        for (number,) in duckdb.execute(query, [paths]).fetchall():
            found[number] += 10 if folder.name == "mhsds" else 1
    return found


def texts(path: Path) -> list[str]:
    """All a file says, whatever kind of file it is."""
    head = path.read_bytes()[:4]
    if head == b"PAR1":
        return [str(row) for row in duckdb.execute("FROM read_parquet(?)", [str(path)]).fetchall()]
    if head == b"PK\x03\x04":
        try:
            book = python_calamine.load_workbook(str(path))
        except Exception:
            with zipfile.ZipFile(path) as archive:
                return [archive.read(name).decode("latin-1") for name in archive.namelist()]
        return [str(row) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    return [path.read_bytes().decode("latin-1").replace("\0", "")]


def places_of(settings: Settings, number: str) -> set[str]:
    """First folders of every file that holds the number, however it is grouped; the opt-out list stays."""
    pattern = re.compile(r"(?<!\d)" + r"[\s-]?".join(number) + r"(?!\d)")
    ledger = Ledger(settings.ledger_address)
    lists = {record.archived_as for record in ledger.files(feed="opt_out")}
    ledger.close()
    found = set()
    for path in settings.home.rglob("*"):
        name = path.relative_to(settings.home)
        if not path.is_file() or name.parts[0] == "truth" or "opt_out" in str(name) or path.name in lists:
            continue
        if any(pattern.search(text) for text in texts(path)):
            found.add("/".join(name.parts[:2]) if name.parts[0] == "vault" else name.parts[0])
    return found


def lake_rows(settings: Settings) -> Counter[str]:
    """Rows of the lake by feed."""
    return Counter(
        {
            folder.name: duckdb.execute(
                "SELECT count(*) FROM read_parquet(?, union_by_name = true)",
                [[str(path) for path in folder.rglob("*.parquet")]],
            ).fetchall()[0][0]
            for folder in settings.lake.iterdir()
        }
    )


def tell(settings: Settings) -> tuple[list, list]:
    """Every file's account of its data rows, and the audit trail."""
    names = ("received", "accepted", "quarantined", "repeated")
    ledger = Ledger(settings.ledger_address)
    try:
        found = {record.landing_path: ledger.account(record.file_id) for record in ledger.files()}
        accounts = [(path, [getattr(one, name) for name in names]) for path, one in sorted(found.items()) if one]
        return accounts, ledger.trail()
    finally:
        ledger.close()


def test_a_person_goes_from_everywhere_and_no_one_else_does(used):
    number, feeds = people(used).most_common(1)[0]
    assert feeds > 11, "the person should be in MHSDS and two other feeds at least"
    before, others = lake_rows(used), people(used)
    assert {"archive", "landing", "vault/identifiers"} <= places_of(used, number)
    would = erase(used, number, REASON)
    assert places_of(used, number) != set(), "without --apply nothing changes"
    report = erase(used, number, REASON, apply=True)
    assert places_of(used, number) == set()
    assert (report.rows, report.files, report.feeds) == (would.rows, would.files, would.feeds)
    assert people(used) == others - Counter({number: others[number]})
    after = lake_rows(used)
    gone = before - after
    assert gone.total() > 0
    assert set(gone) <= set(report.feeds)
    ledger = Ledger(used.ledger_address)
    assert check_archive(used, ledger).sound
    for submission in ledger.in_force(utc_now()):
        assert submission.rows_accepted == ledger.account(submission.file_id).accepted
    ledger.close()
    (line,) = [line for line in tell(used)[1] if line["action"] == "erased"]
    assert line["detail"].startswith(REASON)
    assert number not in str(line)


def test_nothing_that_is_read_again_brings_the_person_back_or_finds_other_accounts(used):
    number, _ = people(used).most_common(1)[0]
    landed = {path: path.read_bytes() for path in used.landing.rglob("*") if path.is_file()}
    erase(used, number, REASON, apply=True)
    accounts = tell(used)[0]
    redrive(used)
    assert tell(used)[0] == accounts
    for path, content in landed.items():  # partners send everything again, the same bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert ingest(used).files == 0
    assert {"archive", "lake", "vault/identifiers", "vault/quarantine"} & places_of(used, number) == set()


def test_a_new_file_with_the_person_is_taken_without_them(used):
    number, _ = people(used).most_common(1)[0]
    erase(used, number, REASON, apply=True)
    rows = lake_rows(used)
    ledger = Ledger(used.ledger_address)
    fresh = next(one for one in ledger.files(status="accepted") if one.feed == "gp_ld_register")
    ledger.close()
    content = (used.archive / fresh.archived_as[:2] / fresh.archived_as).read_bytes()
    header, row = content.decode("utf-8-sig").splitlines()[:2]
    cells = [number if cell.replace(" ", "").replace("-", "").isdigit() and len(cell.replace(" ", "")) >= 10 else cell
             for cell in row.split(",")]  # fmt: skip
    path = used.landing / fresh.landing_path.replace(".csv", "_v9.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, ",".join(cells), row.replace("x", "y"), ""]))
    assert ingest(used).files == 1
    assert "vault/identifiers" not in places_of(used, number)
    assert (lake_rows(used) - rows).total() <= 1


def test_a_correction_that_no_ingest_has_seen_stays_in_landing(used):
    number, _ = people(used).most_common(1)[0]
    ledger = Ledger(used.ledger_address)
    landed = [used.landing / path for path in ledger.sightings()]
    ledger.close()
    correction = next(
        path for path in landed if path.name.startswith("gp_ld_register_") and any(number in one for one in texts(path))
    )
    content = correction.read_bytes() + b"\n"
    correction.write_bytes(content)
    erase(used, number, REASON, apply=True)
    assert correction.read_bytes() == content
    (line,) = [line for line in tell(used)[1] if line["action"] == "erased"]
    assert "; 1 landed files stay, which changed since they were taken in" in line["detail"]


@pytest.mark.parametrize("step", ["record_fewer_rows", "withdraw_documents", "_rewrite_archive", "_erase_rows"])
def test_an_erasure_that_was_stopped_is_finished_by_the_next(used, monkeypatch, step):
    number, _ = people(used).most_common(1)[0]
    whole = erase(used, number, REASON)
    module = sys.modules["lda.keeping.erase"]
    target = Ledger if step == "record_fewer_rows" else module

    def stop(*_: object, **__: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(target, step, stop)
        with pytest.raises(OSError, match="power cut"):
            erase(used, number, REASON, apply=True)
    again = erase(used, number, REASON, apply=True)
    assert places_of(used, number) == set()
    assert again.rows == 0
    first, second = [line["detail"] for line in tell(used)[1] if line["action"] == "erased"]
    assert f"({whole.rows} rows in {whole.files} files" in first
    assert "(0 rows in 0 files" in second
    accounts = tell(used)[0]
    for feed in whole.feeds:
        redrive(used, feed)
    assert tell(used)[0] == accounts


def test_a_senders_own_number_leads_to_the_person(used):
    query = (
        "SELECT nhs_number, local_patient_id FROM read_parquet(?, union_by_name = true) "
        "WHERE nhs_number IS NOT NULL ORDER BY ALL LIMIT 1"
    )
    paths = [str(path) for path in (used.vault / "identifiers" / "inpatient_census").glob("*.parquet")]
    number, local = duckdb.execute(query, [paths]).fetchall()[0]
    ledger = Ledger(used.ledger_address)
    partner = ledger.files(feed="inpatient_census")[0].partner_code
    ledger.close()
    report = erase(used, local, REASON, feed="inpatient_census", partner=partner, apply=True)
    assert report.rows > 0
    assert places_of(used, number) == set()


def test_a_legal_hold_stops_an_erasure_until_it_is_lifted(used):
    number, _ = people(used).most_common(1)[0]
    (used.landing / "Y90001" / "who_knows.csv").write_text(f"a person\n{number}\n")
    assert ingest(used).files == 1
    ledger = Ledger(used.ledger_address)
    (unclaimed,) = [one for one in ledger.files(status="unrecognised") if one.landing_path.endswith("who_knows.csv")]
    ledger.close()
    before, rows = places_of(used, number), lake_rows(used)
    # Whose the unclaimed file is nobody knows: so a hold on any sender's is on it.
    for what in ({"file_id": unclaimed.file_id}, {"feed": "mhsds"}, {"feed": "cld", "partner_code": "nobody"}):
        hold = place_hold(used, "inquiry", **what)
        with pytest.raises(ErasureError, match=rf"is on legal hold {hold} .*lda hold --lift {hold}"):
            erase(used, number, REASON, apply=True)
        assert (places_of(used, number), lake_rows(used)) == (before, rows)
        assert not (used.vault / "erased" / "pending").exists(), "nothing waits to be carried out"
        lift_hold(used, hold, "inquiry closed")
    erase(used, number, REASON, apply=True)
    assert places_of(used, number) == set()


def test_lists_for_direct_care_go_with_an_erasure_also_while_other_rows_are_on_hold_and_the_trail_says_so(used):
    number, _ = people(used).most_common(1)[0]
    care_list = used.vault / "direct_care" / "lists" / "reviews" / "Y90001.xlsx"
    care_list.parent.mkdir(parents=True)
    care_list.write_text(number)
    place_hold(used, "inquiry", feed="training")
    erase(used, number, REASON, apply=True)
    assert not care_list.exists()
    ledger = Ledger(used.ledger_address)
    (line,) = ledger.trail("erased")
    ledger.close()
    assert line["detail"].endswith("; 1 files of lists for direct care removed")


@pytest.mark.parametrize(
    ("number", "more", "words"),
    [
        ("943 476 5910", {}, "no NHS number"),
        ("9434765919", {"reason": " "}, "Say who decided"),
        ("9434765919", {"reason": "about 9434765919"}, "must not name the person"),
        ("X1", {"feed": "dsr"}, "needs both"),
        ("X1", {"feed": "dsr", "partner": "QK1"}, "Nothing is held"),
    ],
)
def test_what_cannot_be_erased_is_said_without_the_number(used, number, more, words):
    with pytest.raises(ErasureError, match=words) as raised:
        erase(used, number, **{"reason": REASON, **more})
    assert number not in str(raised.value)
