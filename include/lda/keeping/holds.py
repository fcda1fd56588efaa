"""Legal holds: placed and lifted by name, with a reason, and both in the audit trail."""

from __future__ import annotations

from datetime import date

from lda.contracts import load_contracts
from lda.ledger import Ledger, utc_now
from lda.ledger.trail import acting_person
from lda.settings import Settings


class HoldError(Exception):
    """A hold cannot be placed or lifted as asked; the message says why."""


def place_hold(
    settings: Settings,
    reason: str,
    *,
    feed: str | None = None,
    partner_code: str | None = None,
    period_end: date | None = None,
    file_id: str | None = None,
    publication_id: str | None = None,
) -> int:
    """Hold everything that is all of what is named; returns the hold's number.

    :raises HoldError: when nothing is named, no reason is given, or the feed, file or publication is not known.
    """
    given = {
        "feed": feed,
        "partner_code": partner_code,
        "period_end": period_end,
        "file_id": file_id,
        "publication_id": publication_id,
    }
    named = {name: value for name, value in given.items() if value is not None}
    if not named:
        raise HoldError("Say what to hold: --feed, --partner, --period, --file or --publication; several narrow it.")
    if not reason.strip():
        raise HoldError("Say why, like: --reason 'public inquiry, letter of 3 March'.")
    feeds = load_contracts(settings)
    if feed is not None and feed not in feeds:
        raise HoldError(f"There is no feed {feed}. Feeds: {', '.join(sorted(feeds))}.")
    if publication_id is not None and len(named) > 1:
        raise HoldError("A publication is held by its id alone.")
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        if file_id is not None and not any(one.file_id.startswith(file_id) for one in ledger.files()):
            raise HoldError("No file's id begins so. List files with: lda files")
        made = {row["publication_id"] for row in ledger.book.publications()}
        if publication_id is not None and publication_id not in made:
            raise HoldError(f"There is no publication {publication_id}. See: lda publications")
        number = ledger.place_hold(reason.strip(), acting_person(), utc_now(), **named)
        words = ", ".join(f"{name} {value}" for name, value in named.items())
        ledger.note("held", f"hold {number}", f"{words}: {reason.strip()}")
        return number
    finally:
        ledger.close()


def lift_hold(settings: Settings, number: int, reason: str) -> None:
    """End a hold.

    :raises HoldError: when none of this number stands, or no reason is given.
    """
    if not reason.strip():
        raise HoldError("Say why, like: --reason 'inquiry closed'.")
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        if not ledger.lift_hold(number, acting_person(), utc_now()):
            raise HoldError(f"No hold {number} stands. See: lda holds")
        ledger.note("lifted_hold", f"hold {number}", reason.strip())
    finally:
        ledger.close()
