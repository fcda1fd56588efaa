"""A contract is read once however often it is asked for, and again as soon as its file says something else."""

from __future__ import annotations

import shutil

import pytest

from lda.contracts import ContractError, load_contracts
from lda.contracts.odcs import read_contract
from lda.settings import Settings


@pytest.fixture
def contract(tmp_path):
    folder = Settings().contracts_dir
    return shutil.copy(next(folder.glob("gp_ld_register*.yaml")), tmp_path / "gp_ld_register.odcs.yaml")


def test_what_was_read_before_is_not_read_again(contract):
    before, problems = read_contract(contract)
    assert (before is not None, problems) == (True, [])
    assert read_contract(contract)[0] is before


def test_a_file_that_changed_is_read_again_and_its_faults_are_told_every_time(contract):
    before, _ = read_contract(contract)
    sound = contract.read_bytes()
    contract.write_bytes(sound.replace(b"staleAfterPeriods", b"stealAfterPeriods"))
    for _ in range(2):
        found, problems = read_contract(contract)
        assert found is None and any("stealAfterPeriods" in str(one) for one in problems)
        problems.clear()
    contract.write_bytes(sound + b"\n# A remark.\n")
    after, _ = read_contract(contract)
    assert after.fingerprint != before.fingerprint and after.tables == before.tables
    contract.write_bytes(b"\xff\xfe")
    assert read_contract(contract)[0] is None


def test_the_contracts_of_one_caller_are_not_those_of_another(tmp_path):
    mine, yours = load_contracts(Settings(home=tmp_path)), load_contracts(Settings(home=tmp_path))
    mine.clear()
    assert len(yours) > 10
    with pytest.raises(ContractError):
        load_contracts(Settings(home=tmp_path, project_dir=tmp_path))
