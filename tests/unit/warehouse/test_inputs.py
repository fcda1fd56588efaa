"""What a publication is made from: periods, hashes of inputs, and the code's own name."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from lda.contracts import Partner
from lda.ledger.records import FileRecord, RowAccount, Submission, Verdict
from lda.settings import Settings
from lda.warehouse import (
    CandidateError,
    code_version,
    in_force,
    inputs_hash,
    latest_periods,
    rules_fingerprint,
)
from lda.warehouse import inputs as inputs_module
from lda.warehouse.inputs import file_accounts, handed_on, most_received_period

FEBRUARY, MARCH, APRIL = date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)
AT_FEBRUARY, AT_MARCH = {"llr": FEBRUARY}, {"llr": MARCH}
MOMENT = datetime.fromisoformat("2026-05-20T09:00:00")


def submission(partner: str = "Y90001", period: date = MARCH, **values: object) -> Submission:
    fields = {"file_id": f"{partner}{period}", "lake_path": f"gp/{partner}/{period}.parquet", "rows_accepted": 3}
    return Submission(
        feed="gp", partner_code=partner, system_code="llr", period_start=period.replace(day=1), period_end=period,
        accepted_at=MOMENT, **{**fields, **values},
    )  # fmt: skip


def expected(*periods: date) -> list[tuple[str, str, date]]:
    return [("gp", partner, period) for period in periods for partner in ("Y90001", "Y90002", "Y90003")]


def test_one_partner_ahead_of_the_others_does_not_move_the_reporting_period():
    march = [submission(partner) for partner in ("Y90001", "Y90002")]
    early = submission("Y90001", APRIL)
    assert most_received_period([*march, early], expected(FEBRUARY, MARCH, APRIL), 0.5) == MARCH
    second = submission("Y90002", APRIL)
    assert most_received_period([*march, early, second], expected(FEBRUARY, MARCH, APRIL), 0.5) == APRIL


def test_without_a_period_that_most_have_sent_the_latest_received_is_reported():
    assert most_received_period([submission(period=MARCH)], expected(FEBRUARY, MARCH), 0.5) == MARCH
    assert most_received_period([], expected(MARCH), 0.5) is None


def test_the_inputs_hash_changes_with_what_figures_depend_on_and_with_nothing_else():
    base = inputs_hash([submission()], AT_MARCH, "rules")
    assert inputs_hash([replace(submission(), accepted_at=MOMENT + timedelta(days=1))], AT_MARCH, "rules") == base
    changed = [
        inputs_hash([submission(), submission("Y90002")], AT_MARCH, "rules"),
        inputs_hash([submission(file_id="other")], AT_MARCH, "rules"),
        inputs_hash([submission(lake_path="judged/again.parquet")], AT_MARCH, "rules"),
        inputs_hash([submission(rows_accepted=2)], AT_MARCH, "rules"),
        inputs_hash([submission()], AT_FEBRUARY, "rules"),
        inputs_hash([submission()], AT_MARCH | {"leeds": MARCH}, "rules"),
        inputs_hash([submission()], AT_MARCH | {"leeds": FEBRUARY}, "rules"),
        inputs_hash([submission()], AT_MARCH, "other rules"),
    ]
    assert len({base, *changed}) == len(changed) + 1


def test_the_rules_fingerprint_follows_contracts_reference_data_sql_and_suites(tmp_path):
    settings = Settings(home=tmp_path, project_dir=tmp_path)
    places = [
        settings.contracts_dir / "gp.odcs.yaml",
        settings.reference_dir / "code_list.csv",
        settings.dbt_dir / "models" / "a.sql",
        settings.expectations_dir / "publication" / "keys.json",
        settings.systems_dir / "llr.yaml",
    ]
    seen = {rules_fingerprint(settings)}
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("one")
        seen.add(rules_fingerprint(settings))
        place.write_text("two")
        seen.add(rules_fingerprint(settings))
    assert len(seen) == 1 + 2 * len(places)
    (settings.dbt_dir / "target").mkdir()
    (settings.dbt_dir / "target" / "manifest.json").write_text("made by a run")
    assert rules_fingerprint(settings) in seen


def test_the_rules_fingerprint_follows_code_and_knows_files_by_their_paths(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path, project_dir=tmp_path)
    package = tmp_path / "lda"
    monkeypatch.setattr(inputs_module, "__file__", str(package / "warehouse" / "inputs.py"))
    seen = {rules_fingerprint(settings)}
    places = [package / room / "deep" / "rule.py" for room in inputs_module.ROOMS]
    for place in places:
        place.parent.mkdir(parents=True)
        place.write_text("one")
        seen.add(rules_fingerprint(settings))
    places[0].rename(places[0].parent.parent / "rule.py")
    seen.add(rules_fingerprint(settings))
    assert len(seen) == 2 + len(places)


def test_every_module_that_a_publication_is_made_with_is_in_the_fingerprint():
    """Found by following imports; rooms that only keep and hand over what a publication is made of are not rules."""
    package = Path(inputs_module.__file__).parents[1]
    waiting, found = ["lda.warehouse", "lda.gates", "lda.publishing"], set()
    while waiting:
        name = waiting.pop()
        path = package.joinpath(*name.split(".")[1:])
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in found or not path.exists():
            continue
        found.add(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lda."):
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    rooms = tuple(f"lda.{room.replace('/', '.')}" for room in inputs_module.ROOMS)
    others = {name.split(".")[1] for name in found if f"{name}.".startswith("lda.") and not name.startswith(rooms)}
    assert {"disclosure", "contracts"} <= {name.split(".")[1] for name in found}
    assert others <= {"ledger", "settings", "stops", "telemetry", "vault", "reporting"}, others
    assert {name for name in found if name.startswith("lda.reporting.") and not name.startswith(rooms)} == set()


def arrive(
    ledger, name: str, at: datetime, status: str = "accepted", period: date = MARCH, version: int = 1, feed: str = "gp"
) -> None:
    record = FileRecord(
        file_id=name, status="received", landing_path=f"Y90001/{name}.csv", size_bytes=1, delivered_at=at,
        received_at=at, feed=feed, partner_code="Y90001", system_code="llr", period_start=period.replace(day=1),
        period_end=period, version=version, lake_path=f"gp/{name}.parquet",
    )  # fmt: skip
    ledger.register([record], [], [], at)
    account = RowAccount(received=3, accepted=3) if status == "accepted" else RowAccount()
    ledger.record([Verdict(replace(record, status=status), account, (), ("Judged.",))], at)


def test_what_counts_is_decided_as_of_a_moment(settings, ledger):
    later = MOMENT + timedelta(days=2)
    arrive(ledger, "first", MOMENT)
    arrive(ledger, "second", later, version=2)
    assert [one.file_id for one in in_force(settings, ledger, MOMENT)] == ["first"]
    assert [one.file_id for one in in_force(settings, ledger, later)] == ["second"]
    assert in_force(settings, ledger, later, AT_FEBRUARY) == []
    assert in_force(settings.model_copy(update={"system": "another"}), ledger, later) == []
    then = {row["file_id"]: row["status"] for row in file_accounts(ledger, ["llr"], MOMENT)}
    now = {row["file_id"]: row["status"] for row in file_accounts(ledger, ["llr"], later)}
    assert then == {"first": "accepted"}
    assert now == {"first": "superseded", "second": "accepted"}


def test_a_past_moment_keeps_the_row_accounts_it_had(settings, ledger):
    """A redrive counts rows otherwise; what was published before goes on saying what was counted then."""
    arrive(ledger, "first", MOMENT)
    record, later = ledger.file("first"), MOMENT + timedelta(days=2)
    before = file_accounts(ledger, ["llr"], MOMENT)
    ledger.record([Verdict(record, RowAccount(9, 7, 2))], later)
    assert file_accounts(ledger, ["llr"], MOMENT) == before
    (now,) = file_accounts(ledger, ["llr"], later)
    assert (now["received"], now["accepted"], now["quarantined"]) == (9, 7, 2)
    (then,) = file_accounts(ledger, ["llr"], MOMENT - timedelta(days=1)) or [{"received": 0}]
    assert then["received"] == 0


def test_of_opt_outs_the_latest_list_known_counts_for_every_period_reported(settings, ledger):
    later = MOMENT + timedelta(days=2)
    for name, period, at in (("march", MARCH, MOMENT), ("february", FEBRUARY, MOMENT), ("april", APRIL, later)):
        arrive(ledger, name, at, period=period, feed="opt_out")
    assert [one.file_id for one in in_force(settings, ledger, MOMENT, AT_FEBRUARY)] == ["march"]
    assert [one.file_id for one in in_force(settings, ledger, later, AT_FEBRUARY)] == ["april"]
    with pytest.raises(CandidateError, match="No submission has been accepted yet"):
        latest_periods(settings, ledger, later)


def test_with_nothing_accepted_the_message_says_what_to_do(settings, ledger):
    with pytest.raises(CandidateError, match=r"(?s)No submission has been accepted yet.*lda ingest"):
        latest_periods(settings, ledger, MOMENT)


def test_the_code_version_is_the_commit_or_the_package(settings, tmp_path):
    assert code_version(Settings(home=tmp_path, project_dir=tmp_path)) == "0.1.0"
    found = code_version(settings)
    assert found == "0.1.0" or len(found.removesuffix("-dirty")) == 12


def test_the_opt_out_list_of_a_closed_partner_stands_until_all_its_successors_have_sent_theirs():
    split = date(2026, 4, 1)
    old = Partner("QM7", "Old", "icb", "hertfordshire", valid_to=split)
    one = Partner("S1Y5D", "One", "icb", "hertfordshire", valid_from=split)
    other = Partner("D7T5G", "Other", "icb", "hertfordshire", valid_from=split)
    assert handed_on([old, one, other], {"QM7": MARCH}) == set()
    assert handed_on([old, one, other], {"QM7": MARCH, "S1Y5D": APRIL}) == set()
    assert handed_on([old, one, other], {"QM7": MARCH, "S1Y5D": APRIL, "D7T5G": APRIL}) == {"QM7"}
    assert handed_on([old, one], {"QM7": MARCH, "S1Y5D": APRIL}) == {"QM7"}
    assert handed_on([], {}) == set()
