"""Feedback to partners: what was wrong with what they sent, row by row, and what to put right first."""

from lda.reporting.feedback.findings import ID_IN_NAME
from lda.reporting.feedback.write import FeedbackReport, withdraw_documents, write_feedback

__all__ = ["ID_IN_NAME", "FeedbackReport", "withdraw_documents", "write_feedback"]
