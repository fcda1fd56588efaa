"""Intake: every landed file read, mapped, judged, accounted for and written, a feed's new files as one set."""

from lda.intake.database import IntakeError
from lda.intake.redrive import redrive
from lda.intake.report import FeedReport, IngestReport
from lda.intake.run import Progress, ingest, one_ingest
from lda.intake.suites import write_suites

__all__ = ["FeedReport", "IngestReport", "IntakeError", "Progress", "ingest", "one_ingest", "redrive", "write_suites"]
