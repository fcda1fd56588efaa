"""After a contract or reference data is put right, what was held back is judged again; new data needs no new Python."""

from __future__ import annotations

import shutil
from datetime import timedelta

import duckdb
import pytest

from lda.intake import ingest, redrive
from lda.intake.cleaning import UNLISTED
from lda.ledger import Ledger, utc_now
from lda.settings import Settings

from .conftest import HEADER, Home, csv_bytes, gp_row

CONTRACT = "gp_ld_register.odcs.yaml"


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A home, and a project whose contracts and reference data a test may edit."""
    real = Settings(home=tmp_path / "home")
    root = tmp_path / "project"
    shutil.copytree(real.contracts_dir, root / "include" / "contracts")
    shutil.copytree(real.systems_dir, root / "include" / "systems")
    shutil.copytree(real.reference_dir, root / "dbt_project" / "seeds" / "reference")
    made = Settings(home=tmp_path / "home", project_dir=root, lock_timeout_seconds=1)
    made.make_folders()
    return made


@pytest.fixture
def home(settings):
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    yield Home(settings, ledger)
    ledger.close()


@pytest.fixture
def later(monkeypatch):
    """Moves the ledger's clock on by an hour each time it is called."""
    moment = [utc_now()]
    for place in ("lda.intake.batch.utc_now", "lda.intake.run.utc_now", "lda.landing.discovery.utc_now"):
        monkeypatch.setattr(place, lambda: moment[0])

    def move():
        moment[0] += timedelta(hours=1)
        return moment[0] - timedelta(minutes=30)

    return move


def edit(settings, name: str, old: str, new: str) -> None:
    path = next(path for path in settings.project_dir.rglob(name))
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def add_practice(settings) -> None:
    path = settings.reference_dir / "organisation.csv"
    with path.open("a", encoding="utf-8") as file:
        file.write("Z99999,New Surgery,practice,llr,emis,2013-04-01,,Test\n")


def test_a_rejected_file_is_accepted_once_its_partner_is_known(settings, land, home):
    path = land([gp_row(1, **{"Practice Code": "Z99999"})], practice="Z99999")
    ingest(settings)
    assert home.account(path) == ("rejected", 0, 0, 0, 0)
    add_practice(settings)
    report = redrive(settings)
    assert home.account(path) == ("accepted", 1, 1, 0, 0)
    assert report.new_submissions == [home.file(path).file_id]
    assert home.rules(path) == {}
    assert [event["status"] for event in home.ledger.history(home.file(path).file_id)] == [
        "received", "rejected", "accepted",
    ]  # fmt: skip


def test_a_rule_put_right_frees_rows_and_the_past_still_reads_what_it_read(settings, land, home, later):
    path = land([gp_row(1), gp_row(2, **{"LD Register Date": "2016-01-01", "LD Removal Date": "2015-01-01"})])
    ingest(settings)
    assert home.account(path) == ("accepted", 2, 1, 1, 0)
    before = home.file(path).lake_path
    between = later()
    edit(settings, CONTRACT, "removal_date < register_date", "removal_date < birth_date")
    report = redrive(settings)
    assert home.account(path) == ("accepted", 2, 2, 0, 0)
    assert report.new_submissions == [home.file(path).file_id]
    assert [(item.lake_path, item.rows_accepted) for item in home.ledger.in_force(between)] == [(before, 1)]
    now = home.ledger.in_force(later())
    assert [(item.lake_path, item.rows_accepted) for item in now] == [(home.file(path).lake_path, 2)]
    assert (settings.lake / before).exists() and home.file(path).lake_path != before
    assert not list((settings.vault / "quarantine").rglob("*.parquet"))


def test_what_a_past_moment_reads_is_never_written_over(settings, land, home, later):
    """Two redrives under one contract, each with other reference data."""
    path = land([gp_row(1, Ethnicity="Martian"), gp_row(2, Ethnicity="Venusian")])
    ingest(settings)
    read = [home.lake(path, "ethnic_category")]
    moments = [later()]
    for code in ("Martian", "Venusian"):
        with (settings.reference_dir / "code_list.csv").open("a", encoding="utf-8") as file:
            file.write(f"ethnic_category,{code},Z,Not stated,Not stated,99,,,Test\n")
        assert redrive(settings).files == 1
        read.append(home.lake(path, "ethnic_category"))
        moments.append(later())
    assert read == [[(UNLISTED,), (UNLISTED,)], [("Martian",), (UNLISTED,)], [("Martian",), ("Venusian",)]]
    for moment, rows in zip(moments, read, strict=True):
        (standing,) = home.ledger.in_force(moment)
        query = f"SELECT ethnic_category FROM '{settings.lake / standing.lake_path}' ORDER BY _row_number"
        assert duckdb.execute(query).fetchall() == rows


def test_a_file_whose_name_is_read_otherwise_counts_for_its_new_period_alone(settings, land, home, later):
    path = land([gp_row(1), gp_row(2, DOB="x")])
    ingest(settings)
    later()
    edit(settings, CONTRACT, "periodRule, value: month", "periodRule, value: quarter")
    assert redrive(settings).files == 1
    (standing,) = home.ledger.in_force(later())
    assert standing.period_end.isoformat() == "2026-03-31"
    assert home.account(path) == ("accepted", 2, 1, 1, 0)
    assert redrive(settings).files == 0


def identifiers(settings) -> list[tuple]:
    """What the vault holds of accepted rows: file, row and the partner's own number, in order."""
    found = settings.vault / "identifiers" / "gp_ld_register" / "*.parquet"
    return duckdb.execute(f"SELECT _file_id, _row_number, local_patient_id FROM '{found}' ORDER BY ALL").fetchall()


def test_the_vault_keeps_the_identifiers_of_the_latest_judgement_alone(settings, land, home, monkeypatch):
    freed = land([gp_row(1), gp_row(2, **{"LD Register Date": "2016-01-01", "LD Removal Date": "2015-01-01"})])
    other = land([gp_row(3)], "2026-01")
    ingest(settings)
    edit(settings, CONTRACT, "removal_date < register_date", "removal_date < birth_date")

    def kill(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("lda.intake.tidying._drop", kill)
        with pytest.raises(KeyboardInterrupt):
            redrive(settings)
    assert len(identifiers(settings)) == 4  # the first row of the file judged again is there twice
    assert redrive(settings).files == 0
    one, two = home.file(freed).file_id, home.file(other).file_id
    expected = sorted([(one, 2, "LOCAL000001"), (one, 3, "LOCAL000002"), (two, 2, "LOCAL000003")])
    assert identifiers(settings) == expected
    assert len(list((settings.vault / "identifiers").rglob("*.parquet"))) == 2


def test_the_vault_keeps_the_warned_rows_of_the_latest_judgement_alone(settings, land):
    land([gp_row(1), gp_row(2, DOB="x"), gp_row(3, **{"NHS Number": ""})])
    ingest(settings)
    (kept,) = (settings.vault / "warned").rglob("*.parquet")
    assert duckdb.execute(f"SELECT _row_number, rule_codes FROM '{kept}'").fetchall() == [(4, ["GP-06"])]
    edit(settings, CONTRACT, "WHERE nhs_number IS NULL", "WHERE nhs_number IS NULL AND birth_date IS NULL")
    redrive(settings)
    assert not kept.exists()


def test_a_file_that_does_not_pass_any_more_leaves_no_identifiers_of_accepted_rows(settings, land, home):
    path = land([gp_row(1), gp_row(2, DOB="x"), gp_row(3)])
    ingest(settings)
    assert len(identifiers(settings)) == 2
    edit(settings, CONTRACT, "maxQuarantineShare, value: 0.5", "maxQuarantineShare, value: 0.05")
    redrive(settings)
    assert home.account(path) == ("rejected", 3, 0, 3, 0)
    assert not list((settings.vault / "identifiers").rglob("*.parquet"))


def test_a_new_code_in_the_reference_data_changes_the_verdict_on_its_rows(settings, land, home):
    path = land([gp_row(1, Sex="Intersex")])
    ingest(settings)
    assert home.rules(path) == {"GP-SEX-VALUES": 1}
    with (settings.reference_dir / "code_list.csv").open("a", encoding="utf-8") as file:
        file.write("sex,Intersex,U,Unknown,Unknown,99,,,Test\n")
    land([gp_row(2, Sex="Intersex")], "2026-01")
    ingest(settings)
    assert [home.rules(item) for item in sorted(settings.landing.rglob("*.csv"))] == [{}, {"GP-SEX-VALUES": 1}]


def test_a_file_nobody_claimed_is_claimed_after_a_pattern_is_added(settings, home):
    path = settings.landing / "Y90001" / "registre Y90001 2026-02.csv"
    path.parent.mkdir()
    path.write_bytes(csv_bytes([HEADER, gp_row(1)]))
    ingest(settings)
    assert home.file(path).status == "unrecognised"
    pattern = "'(?i)^registre (?P<partner>[A-Z][0-9]{5}) (?P<period>[0-9]{4}-[0-9]{2})\\.csv$'"
    edit(
        settings,
        CONTRACT,
        "  - property: filePatterns\n    value:\n",
        f"  - property: filePatterns\n    value:\n      - {pattern}\n",
    )
    redrive(settings)
    assert home.account(path)[0] == "accepted"


def test_one_file_or_one_feed_can_be_judged_again(settings, land, home):
    one = land([gp_row(1, **{"Practice Code": "Z99999"})], practice="Z99999")
    two = land([gp_row(2, **{"Practice Code": "Z99999"})], "2026-01", practice="Z99999")
    ingest(settings)
    add_practice(settings)
    assert redrive(settings, feed="cld").files == 0
    assert redrive(settings, file_id=home.file(one).file_id[:12]).files == 1
    assert home.file(two).status == "rejected"
    assert redrive(settings, feed="gp_ld_register").files == 1
    assert [line["subject"] for line in home.ledger.trail("redrove")][-1] == "gp_ld_register"


def test_a_column_and_a_rule_are_added_by_data_alone(settings, land, home):
    column = (
        "      - name: care_coordinator\n        logicalType: string\n        description: Who coordinates care.\n"
        "        customProperties:\n          - {property: synonyms, value: [Coordinator]}\n    quality:\n"
    )
    rule = (
        "      - id: GP-50\n        type: sql\n        description: The coordinator is a placeholder.\n"
        "        dimension: accuracy\n        severity: error\n"
        "        query: SELECT count(*) FROM ${table} WHERE care_coordinator = 'Somebody'\n        mustBe: 0\n"
        "        customProperties: [{property: scope, value: row}, {property: remedy, value: Name the coordinator.}]\n"
        "      - id: GP-01\n"
    )
    edit(settings, CONTRACT, "    quality:\n", column)
    edit(settings, CONTRACT, "      - id: GP-01\n", rule)
    rows = [[*gp_row(1), "Nurse"], [*gp_row(2), "Somebody"]]
    path = land(csv_bytes([[*HEADER, "Coordinator"], *rows]))
    ingest(settings)
    assert home.account(path) == ("accepted", 2, 1, 1, 0)
    assert home.lake(path, "care_coordinator") == [("Nurse",)]
    assert home.quarantine(path) == [(3, ["GP-50"])]
