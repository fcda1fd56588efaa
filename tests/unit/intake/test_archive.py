"""A trust's submission is one archive of tables: safe to open, complete, and whole between its tables."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from lda.intake import ingest

from .conftest import nhs_number

Tables = dict[str, str]
NUMBER = nhs_number(1)


def tables(**changes: str | None) -> Tables:
    """A small sound submission of February 2026 by member name; a table given as None is left out."""
    sound: dict[str, str | None] = {
        "MHS000Header": "DatSetVer,OrgIDProvider,ReportingPeriodStartDate,ReportingPeriodEndDate\n"
        "6.0,RT5,2026-02-01,2026-02-28\n",
        "MHS001MPI": "LocalPatientID,NHSNumber,PersonBirthDate,Postcode\n"
        f"P1,{NUMBER},1990-05-17,LE81 1AA\nP2,,2010-01-02,\n",
        "MHS101Referral": "ServiceRequestID,LocalPatientID,ReferralRequestReceivedDate\n"
        "R1,P1,2026-01-05\nR2,P2,2026-02-05\n",
        "MHS501HospProvSpell": "HospProvSpellID,ServiceRequestID,StartDateHospProvSpell,DischDateHospProvSpell\n"
        "S1,R1,2026-01-05,\n",
        "MHS502WardStay": "WardStayID,HospProvSpellID,WardCode,StartDateWardStay,EndDateWardStay\n"
        "W1,S1,WARD1,2026-01-05,\n",
    }
    return {name: text for name, text in (sound | changes).items() if text is not None}


def packed(members: Mapping[str, str | bytes], ending: str = ".csv") -> bytes:
    """A ZIP of the members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name if "." in name else name + ending, content)
    return made.getvalue()


@pytest.fixture
def send(settings):
    """Puts a submission into landing under a name."""

    def put(content: bytes, name: str = "mhsds_RT5_2026-02.zip") -> Path:
        path = settings.landing / "RT5" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return put


def rejections(home, path: Path) -> set[str]:
    status = home.account(path)[0]
    return set(home.rules(path)) if status == "rejected" else set()


def lake(settings, table: str) -> list[tuple]:
    pattern = str(settings.lake / "mhsds" / "*" / "*" / "*" / f"{table}.parquet")
    return duckdb.sql(f"FROM read_parquet('{pattern}')").fetchall()


def test_every_table_goes_to_its_own_file_and_the_rows_add_up_over_tables(settings, home, send):
    path = send(packed(tables()))
    ingest(settings)
    assert home.account(path) == ("accepted", 7, 7, 0, 0)
    assert len(lake(settings, "mhs001_mpi")) == 2
    assert len(lake(settings, "mhs502_ward_stay")) == 1
    stored = duckdb.sql(f"FROM read_parquet('{settings.lake}/mhsds/*/*/*/mhs001_mpi.parquet')").df()
    assert list(stored["person_token_source"]) == ["nhs_number", "local_id"]
    assert not {"nhs_number", "local_patient_id", "person_birth_date", "postcode"} & set(stored.columns)


def test_a_row_without_its_parent_is_quarantined_and_so_are_the_rows_below_it(settings, home, send):
    spells = tables()["MHS501HospProvSpell"] + "S2,R9,2026-01-05,\n"
    stays = tables()["MHS502WardStay"] + "W2,S2,WARD1,2026-01-05,\n"
    path = send(packed(tables(MHS501HospProvSpell=spells, MHS502WardStay=stays)))
    ingest(settings)
    assert home.account(path) == ("accepted", 9, 7, 2, 0)
    codes = set(home.rules(path))
    assert {"MH501-SERVICE_REQUEST_ID-PARENT", "MH502-HOSP_PROV_SPELL_ID-PARENT"} <= codes
    assert len(lake(settings, "mhs501_hosp_prov_spell")) == 1


def test_keys_hold_within_a_submission_not_across_submissions(settings, home, send):
    """A referral sent in January does not make a spell of February whole."""
    january = tables(
        MHS000Header="DatSetVer,OrgIDProvider,ReportingPeriodStartDate,ReportingPeriodEndDate\n6.0,RT5,2026-01-01,2026-01-31\n",
        MHS101Referral="ServiceRequestID,LocalPatientID,ReferralRequestReceivedDate\nR1,P1,2026-01-05\nR9,P1,2026-01-05\n",
    )
    send(packed(january), "mhsds_RT5_2026-01.zip")
    late = send(packed(tables(MHS501HospProvSpell=tables()["MHS501HospProvSpell"].replace("R1", "R9"))))
    ingest(settings)
    assert "MH501-SERVICE_REQUEST_ID-PARENT" in set(home.rules(late))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MHS001MPI": None}, "FILE-TABLES"),
        ({"copy/MHS001MPI": tables()["MHS001MPI"]}, "FILE-TABLE-REPEATED"),
        ({"MHS000Header": tables()["MHS000Header"].replace("2026-02", "2026-01").replace("28", "31")}, "MH000-02"),
        ({"MHS000Header": tables()["MHS000Header"].replace("RT5", "RYG")}, "MH000-01"),
        (
            {
                "MHS000Header": tables()["MHS000Header"]
                + "6.0,RT5,2026-02-01,2026-02-28\n6.1,RT5,2026-02-01,2026-02-28\n"
            },
            "MH000-03",
        ),
        ({"MHS502WardStay": "WardStayID,HospProvSpellID,WardCode,StartDateWardStay\nW1,S1"}, "FILE-TRUNCATED"),
        ({"MHS502WardStay": "WardStayID,WardCode\nW1,A\n"}, "FILE-COLUMNS"),
        ({"../MHS002GP": "LocalPatientID,GMPReg\nP1,Y90001\n"}, "FILE-ARCHIVE"),
        ({"C:\\MHS002GP": "LocalPatientID,GMPReg\nP1,Y90001\n"}, "FILE-ARCHIVE"),
    ],
)
def test_a_submission_that_is_not_whole_is_rejected_for_what_is_wrong_with_it(settings, home, send, changes, code):
    path = send(packed(tables(**changes)))
    ingest(settings)
    assert code in rejections(home, path)
    assert not (settings.lake / "mhsds").exists()


def test_bytes_that_are_no_archive_are_rejected(settings, home, send):
    whole = packed(tables())
    path = send(whole[: len(whole) // 2])
    ingest(settings)
    assert rejections(home, path) == {"FILE-UNREADABLE"}


def test_an_archive_with_a_damaged_table_is_rejected_as_unreadable(settings, home, send):
    whole = packed(tables())
    start = 30 + int.from_bytes(whole[26:28], "little") + int.from_bytes(whole[28:30], "little")
    bad = send(whole[:start] + bytes([whole[start] ^ 0xFF]) + whole[start + 1 :])
    ingest(settings)
    assert rejections(home, bad) == {"FILE-UNREADABLE"}


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_left_packed(settings, home, send):
    path = send(packed(tables(MHS002GP="LocalPatientID,GMPReg\n" + "P1,Y90001\n" * 3_000_000)))
    ingest(settings)
    assert rejections(home, path) == {"FILE-ARCHIVE"}


def test_bom_line_ends_folders_and_files_of_no_table_do_not_matter(settings, home, send):
    members: dict[str, str | bytes] = {
        f"RT5 extract/2026-02/{name}_v6.csv": ("\ufeff" + text.replace("\n", "\r\n")).encode()
        for name, text in tables().items()
    }
    members["__MACOSX/._MHS001MPI.csv"] = b"\0\1"
    members["readme.txt"] = "Sent by the information team.\n"
    path = send(packed(members))
    ingest(settings)
    assert home.account(path) == ("accepted", 7, 7, 0, 0)


def test_a_refresh_replaces_the_primary_whichever_comes_first(settings, home, send):
    refresh = send(
        packed(tables(MHS001MPI=tables()["MHS001MPI"].replace("1990", "1991"))), "mhsds_RT5_2026-02_refresh.zip"
    )
    ingest(settings)
    primary = send(packed(tables()), "mhsds_RT5_2026-02_v2.zip")
    ingest(settings)
    assert home.account(refresh)[0] == "accepted"
    assert home.account(primary)[0] == "superseded"


def test_a_folder_is_one_submission_known_by_its_bytes(settings, home):
    folder = settings.landing / "RT5" / "mhsds_RT5_2026-02"
    folder.mkdir(parents=True)
    for name, text in tables().items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "MHS101Referral.csv.part").write_text("still coming", encoding="utf-8")
    assert ingest(settings).files == 0
    (folder / "MHS101Referral.csv.part").unlink()
    assert ingest(settings).files == 1
    assert home.account(folder) == ("accepted", 7, 7, 0, 0)
    for file in folder.iterdir():
        os.utime(file, (1_700_000_000, 1_700_000_000))
    assert ingest(settings).files == 0
