"""Several systems in one warehouse: which are served, who sends to which, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lda.contracts import ContractError, Partner, expected_submissions, load_contracts, load_system, load_systems
from lda.contracts.system import system_problems
from lda.contracts.yamlfile import read_yaml
from lda.settings import Settings, SettingsError

FOUR = ("coventry_warwickshire", "hertfordshire", "leeds", "llr")


@pytest.mark.parametrize(
    ("named", "served"),
    [("llr", ("llr",)), ("llr, leeds", ("leeds", "llr")), ("leeds,llr,leeds", ("leeds", "llr")), ("all", FOUR)],
)
def test_systems_are_named_by_commas_or_all(tmp_path, named, served):
    settings = Settings(home=tmp_path, system=named)
    assert settings.systems == served
    assert settings.system_label == load_systems(settings).label == ",".join(served)


def test_no_system_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="expected a file of systems/, or all"):
        _ = Settings(home=tmp_path, system=" , ").systems


def test_a_partner_belongs_to_the_system_that_lists_it(tmp_path):
    systems = load_systems(Settings(home=tmp_path, system="all"))
    assert systems.system_of("RT5", "trust") == "llr"
    assert systems.system_of("212", "council") == "leeds"
    assert systems.system_of("Y94001", "practice") == "hertfordshire"
    assert systems.system_of("nobody", "trust") is None
    assert load_systems(Settings(home=tmp_path, system="llr")).system_of("nobody", "trust") == "llr"


def test_a_partner_of_two_systems_is_refused(tmp_path):
    project = tmp_path / "project"
    (project / "include").mkdir(parents=True)
    source = Settings(home=tmp_path)
    (project / "include" / "contracts").symlink_to(source.contracts_dir)
    (project / "dbt_project").symlink_to(source.dbt_dir)
    (project / "include" / "systems").mkdir()
    for name in ("llr", "leeds"):
        text = (source.systems_dir / f"{name}.yaml").read_text(encoding="utf-8")
        (project / "include" / "systems" / f"{name}.yaml").write_text(
            text.replace("code: RGD", "code: RT5"), encoding="utf-8"
        )
    settings = Settings(home=tmp_path, project_dir=project, system="llr,leeds")
    with pytest.raises(ContractError, match=r"a partner of one system; found also in leeds\.yaml"):
        load_systems(settings)


@pytest.mark.parametrize("feed", ["leder", "opt_out"])
def test_successors_of_a_split_icb_owe_from_the_day_of_the_split(tmp_path, feed):
    settings = Settings(home=tmp_path)
    contracts = {feed: load_contracts(settings)[feed]}
    owed = expected_submissions(
        settings, contracts, load_system(settings, "hertfordshire"), date(2026, 3, 31), date(2026, 4, 30)
    )
    assert [(one.period_end, one.partner_code) for one in owed] == [
        (date(2026, 3, 31), "QM7"), (date(2026, 4, 30), "D7T5G"), (date(2026, 4, 30), "S1Y5D"),
    ]  # fmt: skip


def test_a_partner_that_sends_some_feeds_only_owes_no_other(tmp_path):
    settings = Settings(home=tmp_path)
    contracts, leeds = load_contracts(settings), load_system(settings, "leeds")
    community = Partner("RY6", "Leeds Community Healthcare", "trust", "leeds", feeds=("leder",))
    with_it = replace(leeds, partners=(*leeds.partners, community))
    assert [one.code for one in with_it.senders(contracts["mhsds"])] == ["RGD"]
    everything = replace(community, feeds=())
    both = replace(leeds, partners=(*leeds.partners, everything))
    assert [one.code for one in both.senders(contracts["mhsds"])] == ["RGD", "RY6"]


def test_a_wrong_partner_is_a_problem_that_says_where(tmp_path):
    document = read_yaml(Settings(home=tmp_path).systems_dir / "leeds.yaml")
    wrong = {"code": "RY9", "name": "Community trust", "type": "trust", "feeds": ["nothing"], "valid_to": "soon"}
    document["partners"].append(wrong)
    found = {problem.place.split(".")[-1]: problem.expected for problem in system_problems("leeds.yaml", document)}
    assert found == {"feeds": "feeds of the system", "valid_to": "a date like 2026-04-01"}
