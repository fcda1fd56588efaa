"""Hold a candidate to the publication suites: what stops it, what is withheld from it, what to look at."""

from lda.gates.frames import Previous
from lda.gates.identifiers import json_text, table_text, text_frame
from lda.gates.judge import judge_candidate, judge_text
from lda.gates.report import GateOutcome, GateReport, Unit, is_one_of, rows_for_ledger
from lda.gates.suites import SuiteError, load_suites

__all__ = [
    "GateOutcome",
    "GateReport",
    "Previous",
    "SuiteError",
    "Unit",
    "is_one_of",
    "json_text",
    "judge_candidate",
    "judge_text",
    "load_suites",
    "rows_for_ledger",
    "table_text",
    "text_frame",
]
