"""Reference data intake needs, made ready in a DuckDB connection: code lists and the small area of each postcode."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import duckdb

from lda.contracts import ContractError, FeedContract, Problem
from lda.contracts.csvfile import csv_relation
from lda.intake.cleaning import code_type
from lda.settings import Settings
from lda.vault import literal


class Reference:
    """Code lists (with the spellings of earlier releases) and postcodes, read once for a run."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.reference_dir
        self._lists: dict[str, set[str]] = defaultdict(set)
        for row in _read(self._folder / "code_list.csv"):
            self._lists[row["code_list"]].add(row["code"].strip())
        self._earlier: dict[str, set[str]] = defaultdict(set)
        for row in _read(self._folder / "r1_r2_map.csv"):
            self._earlier[row["column_name"]].add(row["r1_value"].strip())

    def codes(self, column: str, code_list: str) -> set[str]:
        """Codes a column may have. Raises ContractError when there is no such list."""
        if code_list not in self._lists:
            raise ContractError([Problem("code_list.csv", column, "the code list", f"no codes of {code_list}")])
        return self._lists[code_list] | self._earlier.get(column, set())

    def install(self, connection: duckdb.DuckDBPyConnection, contract: FeedContract) -> None:
        """Make the enumerations of a feed's code lists and the table ``small_area`` (_postcode, postcode_lsoa_code)."""
        for column in (column for table in contract.tables for column in table.columns):
            if column.code_list:
                codes = self.codes(column.name, column.code_list)
                values = sorted(codes | {code.upper() for code in codes})
                listed = ", ".join(literal(value) for value in values)
                connection.execute(f"CREATE TYPE IF NOT EXISTS {code_type(column)} AS ENUM ({listed})")
        source = csv_relation(self._folder / "postcode_lsoa.csv")
        connection.execute(
            "CREATE TEMP TABLE small_area AS SELECT upper(replace(postcode, ' ', '')) AS _postcode, "
            f"any_value(lsoa_code) AS postcode_lsoa_code FROM {source} GROUP BY ALL HAVING _postcode IS NOT NULL"
        )


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise ContractError([Problem(path.name, "the file", "reference data", "no such file")])
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
