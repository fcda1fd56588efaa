"""Feedback to partners: what was wrong with what they sent, row by row, and what to put right first."""

from lda.reporting.feedback.write import FeedbackReport, write_feedback

__all__ = ["FeedbackReport", "write_feedback"]
