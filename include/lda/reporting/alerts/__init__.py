"""Alerts to the team: one digest a run, of what changed since the last, by e-mail or any webhook."""

from lda.reporting.alerts.deadline import tell_missed_deadline, tell_unpublished
from lda.reporting.alerts.send import AlertReport, send_digest
from lda.reporting.alerts.steps import tell_failed_step, tell_working_step

__all__ = [
    "AlertReport",
    "send_digest",
    "tell_failed_step",
    "tell_missed_deadline",
    "tell_unpublished",
    "tell_working_step",
]
