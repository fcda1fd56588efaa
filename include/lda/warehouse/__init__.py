"""Build candidate databases: the lake's rows that count as of a moment, and dbt's models of them."""

from lda.warehouse.build import build_candidate, new_publication_id
from lda.warehouse.candidate import Candidate, CandidateError, open_candidate
from lda.warehouse.inputs import code_version, in_force, inputs_hash, known_periods, rules_fingerprint
from lda.warehouse.months import latest_periods
from lda.warehouse.readiness import Readiness, being_judged, periods_sent, publish_by, readiness
from lda.warehouse.transform import TransformError

__all__ = [
    "Candidate",
    "CandidateError",
    "Readiness",
    "TransformError",
    "being_judged",
    "build_candidate",
    "code_version",
    "in_force",
    "inputs_hash",
    "known_periods",
    "latest_periods",
    "new_publication_id",
    "open_candidate",
    "periods_sent",
    "publish_by",
    "readiness",
    "rules_fingerprint",
]
