"""A person's answer to a candidate that waits for one: approve it, which publishes it, or refuse it.

Airflow's run and ``lda publications approve`` both end here, so who answered is in the audit trail either way.
"""

from __future__ import annotations

from collections.abc import Callable

from lda.ledger import Ledger
from lda.ledger.publications import utc_now
from lda.publishing import one_writer, record_answer
from lda.refresh import Plan, RefreshReport, finish, release, waiting_plan
from lda.reporting import refresh_summary
from lda.reporting.alerts import send_digest
from lda.settings import Settings
from lda.stops import RefreshError
from lda.warehouse import Candidate

REFUSED = "refused"


def answer(settings: Settings, plan: Plan, approved: bool, reason: str = "", actor: str | None = None) -> Plan:
    """Record a person's answer. A refused run ends with it; an approved one goes on with ``release``.

    :param actor: who answered on a page; by default the account that runs this process.
    :raises CandidateError: when the candidate is not there any more, so that there is nothing to answer.
    :raises RefreshError: when what would be refused was published already.
    """
    candidate = Candidate.load(settings, plan["run_id"])
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        if not approved and (settings.published / candidate.publication_id).is_dir():
            raise RefreshError(f"{candidate.publication_id} was published already. To take it back: lda rollback")
        record_answer(ledger, candidate, approved, reason, actor)
        if not approved:
            words = f"Publication {candidate.publication_id} was refused. What readers have stays as it is."
            plan = {**plan, "awaits_approval": False, "refused": True, "message": f"{words} {reason}".strip()}
            ledger.book.end_run(plan["run_id"], REFUSED, refresh_summary(settings, ledger, plan), utc_now())
    finally:
        ledger.close()
    if not approved:
        send_digest(settings)
    return plan


def approve(
    settings: Settings,
    publication_id: str | None = None,
    reason: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> RefreshReport:
    """Approve the candidate that waits and publish it.

    :param publication_id: of the candidate; it need not be named, but naming it makes sure which it is.
    :raises RefreshError: when none waits, or another.
    """
    plan = find_waiting(settings, publication_id)
    with one_writer(settings):
        plan = answer(settings, plan, True, reason)
        say("Publishing")
        plan = release(settings, plan)
    return finish(settings, plan, say)


def refuse(settings: Settings, publication_id: str | None, reason: str) -> RefreshReport:
    """Refuse the candidate that waits: nothing is published.

    :raises RefreshError: when none waits, or another.
    """
    plan = answer(settings, find_waiting(settings, publication_id), False, reason)
    return RefreshReport(REFUSED, plan["run_id"], plan["message"], plan["publication_id"])


def find_waiting(settings: Settings, publication_id: str | None = None) -> Plan:
    """The plan of the candidate that waits for approval.

    :raises RefreshError: when none waits, or one of another publication.
    """
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        run = ledger.book.awaiting_approval(settings.system_label)
    finally:
        ledger.close()
    if run is None:
        raise RefreshError("No publication waits for approval. See: lda publications, lda status --last-run")
    plan = waiting_plan(settings, run["run_id"])
    if publication_id not in {None, plan["publication_id"]}:
        raise RefreshError(f"What waits for approval is {plan['publication_id']}, not {publication_id}.")
    return plan
