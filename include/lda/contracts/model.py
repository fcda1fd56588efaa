"""The words of a contract: feed, table, column, rule.

Everything here is frozen data read from ``include/contracts``; nothing here reads a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

LogicalType = Literal["string", "date", "integer", "number"]
Kind = Literal["nhs_number", "postcode"]
Pseudonym = Literal["nhs_number", "birth_date", "postcode", "local_id", "drop"]
Scope = Literal["file", "row", "warn"]
Severity = Literal["error", "warning"]
RuleKind = Literal["file", "shape", "required", "format", "values", "parent", "sql", "aggregate", "key"]
PartnerType = Literal["practice", "icb", "council", "trust"]
PeriodRule = Literal["month", "quarter"]
Role = Literal["figures", "reference", "opt_outs"]

LAKE_TYPES: dict[str, str] = {"string": "VARCHAR", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE"}
SYSTEM_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_file_id", "VARCHAR"),
    ("_row_number", "BIGINT"),
    ("_row_hash", "VARCHAR"),
)
# What a rule's SQL may read besides the feed's own columns.
RULE_CONTEXT: dict[str, str] = {"_partner_code": "VARCHAR", "_period_start": "DATE", "_period_end": "DATE"}


@dataclass(frozen=True)
class Problem:
    """One fault of a contract or system file: where it is, what was expected there and what was found."""

    file: str
    place: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: expected {self.expected}; found {self.found}"


class ContractError(Exception):
    """Contracts or system files cannot be used; ``problems`` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True)
class Parent:
    """The table and column that a column's values must be found in, within the same submission."""

    table: str
    column: str


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a feed, with what partners call it and what becomes of it.

    ``value_words`` say to people what ``pattern`` says to DuckDB: they follow "is not".
    """

    name: str
    logical_type: LogicalType
    description: str = ""
    required: bool = False
    primary_key: bool = False
    synonyms: tuple[str, ...] = ()
    kind: Kind | None = None
    pseudonymise: Pseudonym | None = None
    code_list: str | None = None
    on_invalid: Literal["row", "warn"] = "row"
    pattern: str | None = None
    value_words: str = ""
    minimum: float | None = None
    maximum: float | None = None
    parent: Parent | None = None

    @property
    def heading(self) -> str:
        """What partners usually call it: the first of its synonyms, or its name."""
        return self.synonyms[0] if self.synonyms else self.name

    @property
    def duckdb_type(self) -> str:
        """Type of the cleaned column."""
        return LAKE_TYPES[self.logical_type]

    @property
    def is_identifier(self) -> bool:
        """True when the value itself must stay in the vault."""
        return self.pseudonymise is not None

    @property
    def can_be_malformed(self) -> bool:
        """True when a non-blank value can fail to be read as what the column promises."""
        return self.logical_type != "string" or self.kind is not None or self.pattern is not None

    def lake_columns(self) -> list[tuple[str, str]]:
        """What the column becomes in the lake: name and DuckDB type, or nothing."""
        match self.pseudonymise:
            case "nhs_number" | "drop":
                return []
            case "birth_date":
                return [("birth_month", "DATE")]
            case "postcode":
                return [("postcode_lsoa_code", "VARCHAR")]
            case "local_id":
                return [(f"{self.name}_token", "VARCHAR")]
        return [(self.name, self.duckdb_type)]


@dataclass(frozen=True)
class RuleSpec:
    """One rule, with the words a partner reads when it fails.

    ``predicate`` is SQL that is true for a failing row (kind ``sql``); ``query`` is SQL that counts failures among
    the file's accepted rows and reads from ``${table}`` (kind ``aggregate``). Other kinds are derived from the column.
    """

    code: str
    message: str
    remedy: str
    severity: Severity
    scope: Scope
    kind: RuleKind
    column: str | None = None
    predicate: str | None = None
    query: str | None = None
    dimension: str | None = None


@dataclass(frozen=True)
class FileRule:
    """A rule on whole files: a ``fact`` intake finds out about each and the least or greatest it may be.

    A ``maximum`` given as text is the name of a contract's setting; a feed without the setting is not held to the rule.
    What ``may_be_true`` though it looks wrong does not fail a file that a person has taken as it was sent.
    """

    code: str
    message: str
    remedy: str
    fact: str
    minimum: float | None = None
    maximum: float | str | None = None
    may_be_true: bool = False

    def limits(self, contract: FeedContract) -> tuple[float | None, float | None]:
        """The least and greatest the fact may be for a feed."""
        greatest = contract.file_settings[self.maximum] if isinstance(self.maximum, str) else self.maximum
        return self.minimum, None if greatest is None else float(greatest)

    def fails(self, value: float | None, contract: FeedContract) -> bool:
        """True when the fact is known and outside the limits."""
        least, greatest = self.limits(contract)
        return value is not None and (
            (least is not None and value < least) or (greatest is not None and value > greatest)
        )


@dataclass(frozen=True)
class PersonKey:
    """Which columns say who a row is about: an NHS number, or the partner's own number."""

    nhs_number: str
    local: tuple[str, ...]


@dataclass(frozen=True)
class TableSpec:
    """One table of a feed's submissions: its columns, its rules and who its rows are about.

    The table of a feed that has only one is called like the feed. ``members`` is what a table's file may be called
    within an archive, without its ending; ``required`` says whether a submission must bring it. The cells of a
    ``headerless`` table are its columns in the contract's order.
    """

    feed: str
    name: str
    rule_prefix: str
    columns: tuple[ColumnSpec, ...]
    rules: tuple[RuleSpec, ...]
    person_key: PersonKey | None = None
    members: tuple[str, ...] = ()
    required: bool = True
    headerless: bool = False

    @property
    def place(self) -> str:
        """Its folder in the vault."""
        return self.feed if self.name == self.feed else f"{self.feed}/{self.name}"

    def column(self, name: str) -> ColumnSpec:
        """The column of this name. Raises KeyError when the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns that together name one row; empty when the table has no key."""
        return tuple(column.name for column in self.columns if column.primary_key)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """Columns a file must have."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def identifier_columns(self) -> tuple[str, ...]:
        """Columns whose values stay in the vault."""
        return tuple(column.name for column in self.columns if column.is_identifier)

    @property
    def parents(self) -> tuple[str, ...]:
        """Other tables that rows of this one must be found in."""
        return tuple(sorted({column.parent.table for column in self.columns if column.parent}))

    def lake_columns(self) -> list[tuple[str, str]]:
        """Columns of the table's lake files in order, as name and DuckDB type."""
        columns = [pair for column in self.columns for pair in column.lake_columns()]
        if self.person_key:
            columns = [("person_token", "VARCHAR"), ("person_token_source", "VARCHAR"), *columns]
        return [*columns, *SYSTEM_COLUMNS]


@dataclass(frozen=True)
class PeopleLost:
    """How many people of the list before a list may lack: a share of them, and so few that nobody asks."""

    share: float
    people: int


@dataclass(frozen=True)
class FeedContract:
    """One feed: what its files are called, who sends them and when, and the tables of a submission.

    ``tables`` are in an order in which every table comes after the tables its rows must be found in. ``role`` is what
    the feed is for: ``figures`` are made of it, it is ``reference`` data that figures are made with, or it lists
    ``opt_outs``, the people that no figure may count. A submission is due ``latency_days`` after its period ends, is
    not chased for ``grace_days`` more, and is escalated ``escalation_days`` after it was due (None: never); all are
    calendar days. Rows go ``retention_months`` after their period ended (None: as the settings say for every feed).
    ``earlier`` are versions that some partners still send.
    """

    feed: str
    name: str
    version: str
    description: str
    owner: str
    partner_type: PartnerType
    period_rule: PeriodRule
    cadence_months: int
    latency_days: int
    stale_after_periods: int
    max_quarantine_share: float
    rule_prefix: str
    file_patterns: tuple[str, ...]
    tables: tuple[TableSpec, ...]
    role: Role = "figures"
    people_lost: PeopleLost | None = None
    grace_days: int = 0
    escalation_days: int | None = None
    fingerprint: str = field(default="", compare=False)
    earlier: tuple[FeedContract, ...] = ()
    retention_months: int | None = None

    def of_version(self, version: str) -> FeedContract | None:
        """The contract as it is in one of its versions, or None."""
        return next((one for one in (self, *self.earlier) if one.version == version), None)

    @property
    def every_file_pattern(self) -> tuple[str, ...]:
        """File patterns of every version that some partner may still send, today's first."""
        return tuple(dict.fromkeys(text for one in (self, *self.earlier) for text in one.file_patterns))

    @property
    def file_settings(self) -> dict[str, float | None]:
        """Settings that file rules name as their maximum."""
        return {
            "maxQuarantineShare": self.max_quarantine_share,
            "peopleLost": self.people_lost.share if self.people_lost else None,
        }

    @property
    def is_archive(self) -> bool:
        """True when a submission is an archive of several tables."""
        return len(self.tables) > 1

    @property
    def table(self) -> TableSpec:
        """The only table of a feed that has one. Raises ValueError for a feed that has several."""
        if self.is_archive:
            raise ValueError(f"{self.feed} has {len(self.tables)} tables: say which")
        return self.tables[0]

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        """Columns of the only table."""
        return self.table.columns

    @property
    def rules(self) -> tuple[RuleSpec, ...]:
        """Rules of all tables."""
        return tuple(rule for table in self.tables for rule in table.rules)

    def column(self, name: str) -> ColumnSpec:
        """The column of this name of the only table. Raises KeyError when it has none."""
        return self.table.column(name)

    def rule(self, code: str) -> RuleSpec:
        """The rule of this code. Raises KeyError when the feed has none."""
        for rule in self.rules:
            if rule.code == code:
                return rule
        raise KeyError(code)

    def lake_columns(self) -> list[tuple[str, str]]:
        """Lake columns of the only table, as name and DuckDB type."""
        return self.table.lake_columns()

    def lake_tables(self) -> dict[str, list[tuple[str, str]]]:
        """Lake columns of every table, by table."""
        return {table.name: table.lake_columns() for table in self.tables}

    def lake_file(self, lake_path: str, table: TableSpec) -> str:
        """Where a submission's rows of a table are in the lake: its file, or the table's file in its folder."""
        return f"{lake_path}/{table.name}.parquet" if self.is_archive else lake_path
