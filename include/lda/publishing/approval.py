"""A person's approval of a candidate, where a system wants one.

The answer is a line of the audit trail and nothing else, however the question was put: on Airflow's page or by
``lda publications approve``. ``publish`` asks for that line, so nothing goes round it.
"""

from __future__ import annotations

from lda.ledger import Ledger
from lda.stops import ApprovalAwaited
from lda.warehouse.candidate import Candidate


def require_approval(ledger: Ledger, candidate: Candidate) -> None:
    """Nothing when the candidate needs no approval or has it.

    :raises ApprovalAwaited: when nobody has answered yet, or the last answer was a refusal.
    """
    if not candidate.approval:
        return
    wanted = _subject(candidate)
    answers = [line for line in ledger.trail("approved", "refused") if line["subject"] == wanted]
    if answers and answers[-1]["action"] == "approved":
        return
    how = f"was refused by {answers[-1]['actor']}" if answers else "was not approved yet"
    raise ApprovalAwaited(
        f"Publication {candidate.publication_id} {how}, and its system publishes nothing without a person's approval. "
        f"{how_to_answer(candidate.publication_id)}"
    )


def record_answer(ledger: Ledger, candidate: Candidate, approved: bool, reason: str, actor: str | None = None) -> None:
    """Add the answer to the audit trail. A later answer to the same candidate counts instead of an earlier one.

    :param actor: who answered, when it was somebody on a page rather than whoever runs this process.
    """
    ledger.note("approved" if approved else "refused", _subject(candidate), reason, actor=actor)


def how_to_answer(publication_id: str) -> str:
    """The two ways on, in words."""
    return (
        f"Answer on the page of the run, where Airflow waits, or with: lda publications approve {publication_id} "
        f"(or refuse {publication_id} --reason ...)."
    )


def _subject(candidate: Candidate) -> str:
    """This candidate and no other, even one of the same inputs: measures may have been accepted by hand."""
    return f"{candidate.publication_id} ({candidate.run_id})"
