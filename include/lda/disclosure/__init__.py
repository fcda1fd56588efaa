"""Disclosure control: hide what would tell a hidden figure, and attack publications to see that nothing does."""

from lda.disclosure.audit import AuditReport, WorkedOut, audit, exact_figures
from lda.disclosure.protect import MASK_DEFINITION, Protection, protect, write_mask
from lda.disclosure.rules import DisclosureError, Standard

__all__ = [
    "MASK_DEFINITION",
    "AuditReport",
    "DisclosureError",
    "Protection",
    "Standard",
    "WorkedOut",
    "audit",
    "exact_figures",
    "protect",
    "write_mask",
]
