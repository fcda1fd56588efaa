"""``lda contracts check``: finds what would break or be silently ignored when files arrive.

Beyond the standard's own model it tries each rule's SQL against an empty table of the contract's columns, and each
code list against the reference data.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from lda.contracts.loading import contract_files, earlier_files, load_batch_rules, load_file_rules, version_problems
from lda.contracts.model import RULE_CONTEXT, ContractError, FeedContract, Problem, RuleSpec, TableSpec
from lda.contracts.odcs import read_contract
from lda.contracts.people import people_problems
from lda.contracts.system import system_problems
from lda.contracts.yamlfile import read_yaml
from lda.settings import Settings


def check_contracts(settings: Settings) -> list[Problem]:
    """Problems of every contract, of the file rules and of every system file; empty when all can be used."""
    contracts: dict[str, FeedContract] = {}
    problems: list[Problem] = []
    lists = code_list_names(settings.reference_dir / "code_list.csv")
    codes: dict[str, str] = {}
    with duckdb.connect() as connection:
        for path in contract_files(settings):
            contract, found = read_contract(path)
            problems.extend(found)
            if contract is None:
                continue
            if contract.feed in contracts:
                problems.append(Problem(path.name, "id", "a feed with one contract", f"{contract.feed} again"))
            contracts[contract.feed] = contract
            problems.extend(_code_lists(path.name, contract, lists))
            problems.extend(_patterns(connection, path.name, contract))
            sql_problems = rule_sql_problems(connection, path.name, contract)
            problems.extend(sql_problems)
            if not sql_problems:
                problems.extend(people_problems(path.name, contract))
            for rule in contract.rules:
                other = codes.setdefault(rule.code, path.name)
                if other != path.name:
                    problems.append(Problem(path.name, rule.code, "a code used by one contract", f"also in {other}"))
        for path in earlier_files(settings):
            contract, found = read_contract(path)
            problems.extend(found or version_problems(path.name, contract, contracts))
            if contract and contract.feed in contracts:
                today = contracts[contract.feed]
                contracts[contract.feed] = replace(today, earlier=(*today.earlier, contract))
                problems.extend(_code_lists(path.name, contract, lists))
                problems.extend(people_problems(path.name, contract))
                problems.extend(_patterns(connection, path.name, contract))
                problems.extend(rule_sql_problems(connection, path.name, contract))
    try:
        load_file_rules(settings)
        load_batch_rules(settings)
    except ContractError as error:
        problems.extend(error.problems)
    return [*problems, *_systems(settings, contracts)]


def code_list_names(path: Path) -> set[str] | None:
    """Names of the code lists in the reference data; None when there is no such file."""
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code_list"] for row in csv.DictReader(file)}


def _code_lists(file: str, contract: FeedContract, lists: set[str] | None) -> list[Problem]:
    if lists is None:
        return [Problem(file, "codeList", "reference data code_list.csv", "no such file")]
    return [
        Problem(file, f"{column.name}.codeList", "a list in code_list.csv", column.code_list)
        for table in contract.tables
        for column in table.columns
        if column.code_list and column.code_list not in lists
    ]


def _patterns(connection: duckdb.DuckDBPyConnection, file: str, contract: FeedContract) -> list[Problem]:
    """Column patterns run in DuckDB, whose regular expressions are not quite Python's."""
    problems = []
    for column in (column for table in contract.tables for column in table.columns):
        if column.pattern is None:
            continue
        try:
            connection.execute("SELECT regexp_full_match('', ?)", [column.pattern])
        except duckdb.Error as error:
            place = f"{column.name}.logicalTypeOptions.pattern"
            problems.append(Problem(file, place, "a regular expression DuckDB can run", _first_line(error)))
    return problems


def rule_sql_problems(connection: duckdb.DuckDBPyConnection, file: str, contract: FeedContract) -> list[Problem]:
    """Rules whose SQL cannot be parsed, or reads columns that are not there, or compares what cannot be compared."""
    return [problem for table in contract.tables for problem in _table_sql_problems(connection, file, table)]


def _table_sql_problems(connection: duckdb.DuckDBPyConnection, file: str, table: TableSpec) -> list[Problem]:
    known = {column.name: column.duckdb_type for column in table.columns} | RULE_CONTEXT
    columns = ", ".join(f'"{name}" {kind}' for name, kind in known.items())
    connection.execute(f"CREATE OR REPLACE TABLE rows_of_file ({columns})")
    problems = []
    for rule in table.rules:
        sql = _whole_query(rule)
        if sql is None:
            continue
        place = f"quality.{rule.code}"
        parsed = _parse(sql, place, file)
        if isinstance(parsed, Problem):
            problems.append(parsed)
            continue
        unknown = _unknown_columns(parsed, set(known))
        if unknown:
            expected = "columns of the contract or " + ", ".join(RULE_CONTEXT)
            problems.append(Problem(file, place, expected, ", ".join(unknown)))
            continue
        problems += [
            Problem(file, place, f"upper(trim({name})) beside a code: its list takes a code in any case", name)
            for name in _compared_as_typed(parsed, table)
        ]
        try:
            connection.execute(sql)
        except duckdb.Error as error:
            problems.append(Problem(file, place, "SQL that DuckDB can run", _first_line(error)))
    return problems


def _whole_query(rule: RuleSpec) -> str | None:
    if rule.predicate is not None:
        return f"SELECT count(*) FROM rows_of_file WHERE ({rule.predicate})"
    return rule.query.replace("${table}", "rows_of_file") if rule.query else None


def _parse(sql: str, place: str, file: str) -> exp.Query | Problem:
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        return Problem(file, place, "SQL that can be parsed", _first_line(error))
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return Problem(file, place, "one SELECT statement", f"{len(statements)} statements")
    return statements[0]


def _unknown_columns(query: exp.Query, known: set[str]) -> list[str]:
    own = {alias.alias for alias in query.find_all(exp.Alias)}
    return sorted({column.name for column in query.find_all(exp.Column)} - known - own)


def _compared_as_typed(query: exp.Query, table: TableSpec) -> list[str]:
    """Columns with a code list that a rule compares with a text without regard to how the list is read."""
    listed = {column.name for column in table.columns if column.code_list}
    found = set()
    for comparison in query.find_all(exp.EQ, exp.NEQ, exp.In):
        others = comparison.expressions if isinstance(comparison, exp.In) else [comparison.expression]
        sides = [comparison.this, *others]
        if any(isinstance(side, exp.Literal) and side.is_string for side in sides):
            found |= {side.name for side in sides if isinstance(side, exp.Column) and side.name in listed}
    return sorted(found)


def _systems(settings: Settings, contracts: dict[str, FeedContract]) -> list[Problem]:
    problems = []
    for path in sorted(settings.systems_dir.glob("*.yaml")):
        try:
            document = read_yaml(path)
        except ContractError as error:
            problems.extend(error.problems)
            continue
        problems.extend(system_problems(path.name, document))
        for feed in document.get("feeds") or []:
            if feed not in contracts:
                problems.append(Problem(path.name, "feeds", "a feed with a usable contract", str(feed)))
        for index, agreed in enumerate(document.get("earlier_versions") or []):
            contract = contracts.get(str(agreed.get("feed"))) if isinstance(agreed, dict) else None
            if contract and not any(one.version == agreed.get("version") for one in contract.earlier):
                place, found = f"earlier_versions[{index}].version", str(agreed.get("version"))
                problems.append(Problem(path.name, place, "a version in contracts/earlier/", found))
    return problems


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
