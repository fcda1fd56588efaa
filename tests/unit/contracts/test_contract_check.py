"""What `lda contracts check` catches, one fault at a time."""

from __future__ import annotations

import pytest

from lda.contracts import ContractError, check_contracts, load_contracts, load_file_rules, load_system
from lda.settings import Settings

GP = "gp_ld_register.odcs.yaml"
LDHC = "ldhc.odcs.yaml"
FAULTS = {
    "broken SQL": (GP, "WHERE removal_date < register_date", "WHERE removal_date < < register_date", "GP-01"),
    "unknown column in SQL": (GP, "removal_date < register_date", "removed_on < register_date", "removed_on"),
    "text compared with a date": (GP, "WHERE nhs_number LIKE '9%'", "WHERE birth_date LIKE '9%'", "GP-07"),
    "no such SQL function": (LDHC, "HAVING count(DISTINCT", "HAVING count_apart(DISTINCT", "LDHC-03"),
    "two statements": (GP, "WHERE removal_date < register_date", "WHERE true; DROP TABLE x", "GP-01"),
    "property name used twice": (GP, "- name: local_patient_id", "- name: nhs_number", "nhs_number twice"),
    "rule code used twice": (GP, "- id: GP-02", "- id: GP-01", "GP-01 twice"),
    "rule code of another prefix": (GP, "- id: GP-02", "- id: LD-02", "starts with GP-"),
    "synonym of two columns": (GP, "synonyms, value: [Gender, Sex at record]", "synonyms, value: [DOB]", "dob"),
    "unknown code list": (GP, "value: ethnic_category}", "value: ethnic_categories}", "ethnic_categories"),
    "broken file pattern": (GP, "(?P<partner>[A-Z][0-9]{5})_", "(?P<partner>[A-Z][0-9]{5}_", "filePatterns[0]"),
    "file pattern without period": (GP, "(?P<period>[0-9]{6})", "([0-9]{6})", "a group named period"),
    "broken column pattern": (GP, "pattern: '^E01[0-9]{6}$'", "pattern: '^E01[0-9{6}$'", "lsoa_code"),
    "pattern without words": (
        GP,
        'property: valueWords, value: "an LSOA',
        'property: kind, value: "an LSOA',
        "plain words",
    ),
    "words without a pattern": (
        GP,
        "property: kind, value: postcode",
        "property: valueWords, value: a place",
        "none without",
    ),
    "column pattern only Python has": (GP, "'^E01[0-9]{6}$'", "'^(?=E01)[A-Z0-9]+$'", "DuckDB"),
    "limits crossed": (LDHC, "{minimum: 0}", "{minimum: 9, maximum: 3}", "minimum no greater"),
    "limit that is a text": (LDHC, "{minimum: 0}", "{minimum: zero}", "a number"),
    "option nobody runs": (LDHC, "{minimum: 0}", "{multipleOf: 5}", "multipleOf"),
    "share above one": (GP, "maxQuarantineShare, value: 0.5", "maxQuarantineShare, value: 50", "from 0 to 1"),
    "unknown custom property": (GP, "property: staleAfterPeriods", "property: staleAfterMonths", "staleAfterMonths"),
    "misspelt key of the standard": (GP, "required: true", "requierd: true", "requierd"),
    "unquoted version": (GP, "version: 1.0.0", "version: 1.0", "a quoted string"),
    "unknown logical type": (GP, "logicalType: date", "logicalType: timestamp", "timestamp"),
    "unknown kind": (GP, "property: kind, value: nhs_number", "property: kind, value: nino", "nino"),
    "unknown pseudonymisation": (GP, "pseudonymise, value: birth_date", "pseudonymise, value: hide", "hide"),
    "wrong scope for an aggregate": (
        LDHC,
        "property: scope, value: warn",
        "property: scope, value: row",
        "warn or file",
    ),
    "two operators": (GP, "mustBe: 0", "mustBe: 0\n        mustBeLessThan: 5", "mustBeLessThan"),
    "rule type nobody runs": (GP, "type: sql", "type: library", "type sql"),
    "no remedy": (GP, "property: remedy, value: Check the two dates", "property: remedie, value: Check", "remed"),
    "key on a missing column": (GP, "nhsNumber: nhs_number", "nhsNumber: nhs_no", "nhs_no"),
    "key repeated in YAML": (GP, "domain: primary-care", "domain: primary-care\ndomain: other", "twice"),
    "not YAML": (GP, "kind: DataContract", "kind: [DataContract", "well-formed YAML"),
    "number of a person that is not the partner's own": (
        "dsr.odcs.yaml",
        "local: [_partner_code, register_id]",
        "local: [register_id]",
        "_partner_code among local",
    ),
    "free text for the lake": (
        "training.odcs.yaml",
        """        logicalTypeOptions: {pattern: '^([A-Za-z./_-]{0,12}[0-9]){0,9}[A-Za-z./_-]{0,12}$'}
        customProperties:
          - {property: valueWords, value: "a code of letters, up to nine digits and the marks . / _ and -"}
""",
        "        customProperties:\n",
        "free text",
    ),
    "code compared in one case": (
        "cld.odcs.yaml",
        "upper(trim(event_type)) = 'SERVICE'",
        "event_type = 'Service'",
        "upper(trim(event_type))",
    ),
    "code compared with a list in one case": (
        "cld.odcs.yaml",
        "upper(trim(event_type)) = 'SERVICE'",
        "event_type IN ('Service')",
        "upper(trim(event_type))",
    ),
    "column that a warning alone holds to the partner's code": (
        "cld.odcs.yaml",
        "_partner_code\n        mustBe: 0\n        customProperties: [{property: scope, value: row}",
        "_partner_code\n        mustBe: 0\n        customProperties: [{property: scope, value: warn}",
        "personKey",
    ),
    "feed without contract": ("llr.yaml", "[gp_ld_register,", "[gp_ld_registre,", "gp_ld_registre"),
    "partner code read as a number": ("llr.yaml", 'code: "509", name', "code: 509, name", "quoted string"),
    "partner listed twice": ("llr.yaml", '{code: "508", name: Lei', '{code: "509", name: Lei', "509 twice"),
    "file rule without a limit": (
        "file_rules.yaml",
        "    fact: opened\n    minimum: 1\n",
        "    fact: opened\n",
        "minimum",
    ),
}


def test_the_project_s_own_contracts_have_no_problem(project):
    assert check_contracts(project) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda name: name.replace(" ", "_"))
def test_a_fault_is_caught_and_placed(project, edit, fault):
    file, old, new, word = FAULTS[fault]
    edit(file, old, new)
    problems = check_contracts(project)
    assert [problem for problem in problems if problem.file == file and word in str(problem)], problems


def test_a_contract_that_cannot_be_used_is_not_loaded(project, edit):
    edit(GP, "required: true", "requierd: true")
    with pytest.raises(ContractError, match="requierd"):
        load_contracts(project)


def test_missing_reference_data_is_a_problem_not_a_crash(project):
    (project.project_dir / "dbt_project" / "seeds" / "reference").unlink()
    assert {problem.found for problem in check_contracts(project)} == {"no such file"}


def test_an_unknown_system_names_those_there_are(tmp_path):
    with pytest.raises(ContractError, match="found coventry_warwickshire, hertfordshire, leeds, llr"):
        load_system(Settings(home=tmp_path, system="nowhere"))


def test_file_rules_fail_outside_their_limits(project):
    contract = load_contracts(project)["gp_ld_register"]
    rules = {rule.code: rule for rule in load_file_rules(project)}
    share = rules["FILE-QUARANTINE-SHARE"]
    assert share.limits(contract) == (None, 0.5)
    assert share.fails(0.51, contract) and not share.fails(0.5, contract)
    assert rules["FILE-EMPTY"].fails(0, contract) and not rules["FILE-EMPTY"].fails(1, contract)
    assert not share.fails(None, contract)
