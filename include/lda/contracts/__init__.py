"""Data contracts, systems and what partners owe: read from YAML, checked, and turned into frozen objects."""

from lda.contracts.calendar import (
    STANDING_WORDS,
    Standing,
    expected_submissions,
    fallen_due,
    next_expected,
    standing,
)
from lda.contracts.check import check_contracts
from lda.contracts.header import normalise
from lda.contracts.loading import load_batch_rules, load_contracts, load_file_rules
from lda.contracts.model import (
    RULE_CONTEXT,
    ColumnSpec,
    ContractError,
    FeedContract,
    FileRule,
    Parent,
    PersonKey,
    Problem,
    RuleSpec,
    TableSpec,
)
from lda.contracts.periods import add_periods, due_date, month_end, parse_period, period_ends, period_of
from lda.contracts.system import load_system, load_systems
from lda.contracts.system_model import Expected, Partner, Place, SystemConfig, Systems
from lda.contracts.terms import Pause, Publication, day_of

__all__ = [
    "RULE_CONTEXT",
    "STANDING_WORDS",
    "ColumnSpec",
    "ContractError",
    "Expected",
    "FeedContract",
    "FileRule",
    "Parent",
    "Partner",
    "Pause",
    "PersonKey",
    "Place",
    "Problem",
    "Publication",
    "RuleSpec",
    "Standing",
    "SystemConfig",
    "Systems",
    "TableSpec",
    "add_periods",
    "check_contracts",
    "day_of",
    "due_date",
    "expected_submissions",
    "fallen_due",
    "load_batch_rules",
    "load_contracts",
    "load_file_rules",
    "load_system",
    "load_systems",
    "month_end",
    "next_expected",
    "normalise",
    "parse_period",
    "period_ends",
    "period_of",
    "standing",
]
