"""What the warehouse says of itself while it works: structured logs, metrics and lineage, never an identifier."""

from lda.telemetry.identifiers import holds_nhs_number, masked
from lda.telemetry.lineage import COMPLETE, FAIL, START, Dataset, Job
from lda.telemetry.lineage import tell as tell_lineage
from lda.telemetry.logs import about, configure_logs, mask_every_record
from lda.telemetry.metrics import count, flush, gauge, metrics_are_on
from lda.telemetry.printed import mask_what_is_printed
from lda.telemetry.steps import Step, step

__all__ = [
    "COMPLETE",
    "FAIL",
    "START",
    "Dataset",
    "Job",
    "Step",
    "about",
    "configure_logs",
    "count",
    "flush",
    "gauge",
    "holds_nhs_number",
    "mask_every_record",
    "mask_what_is_printed",
    "masked",
    "metrics_are_on",
    "step",
    "tell_lineage",
]
