"""The report for boards and the public: static pages made from the ``published`` schema alone."""

from lda.reporting.report.source import ReportError
from lda.reporting.report.write import write_report

__all__ = ["ReportError", "write_report"]
