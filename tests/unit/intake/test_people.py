"""A partner's number of a person is its own: the same number from another partner is somebody else."""

from __future__ import annotations

import duckdb
import pytest

from lda.contracts import RULE_CONTEXT, load_contracts
from lda.contracts.people import same_as_partner
from lda.intake.standins import create_tokens
from lda.settings import Settings
from lda.vault import install_key

TABLES = [
    table
    for contract in load_contracts(Settings()).values()
    for table in contract.tables
    if table.person_key and table.person_key.local
]


def tokens(table, *people: dict[str, str | None]) -> int:
    """How many different people intake takes rows to be about."""
    names = [*RULE_CONTEXT, *(column.name for column in table.columns)]
    with duckdb.connect() as connection:
        install_key(connection, b"k" * 32)
        columns = ", ".join(f'"{name}" VARCHAR' for name in names)
        connection.execute(f"CREATE TABLE judged ({columns})")
        for person in people:
            marks = ", ".join("?" for _ in names)
            connection.execute(f"INSERT INTO judged VALUES ({marks})", [person.get(name) for name in names])
        create_tokens(connection, table)
        found = connection.execute(
            "SELECT count(*), count(DISTINCT _token) FROM token_of WHERE _message NOT LIKE 'id:%'"
        )
        messages, different = found.fetchall()[0]
        assert messages == different
        return different


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_same_number_from_two_partners_is_two_people(table):
    def person(partner: str, nhs_number: str | None = None) -> dict[str, str | None]:
        own = dict.fromkeys(same_as_partner(table), partner)
        return (
            dict.fromkeys(table.person_key.local, "1001") | own | {"_partner_code": partner, "nhs_number": nhs_number}
        )

    assert tokens(table, person("QK1"), person("QHL")) == 2
    assert tokens(table, person("QK1"), person("QK1")) == 1
    assert tokens(table, person("QK1", "9434765919"), person("QHL", "9434765919")) == 1
