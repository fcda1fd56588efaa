"""Take one holder's list out of the vault, and note who did, when and for what."""

from __future__ import annotations

import shutil
from pathlib import Path

from lda.direct_care.lists import HOLDER, LISTS
from lda.direct_care.make import DirectCareError, check_allowed
from lda.ledger import Ledger
from lda.settings import Settings
from lda.vault import check_access, whole_file


def take_list(settings: Settings, name: str, holder: str, to: Path, reason: str) -> Path:
    """Copy a list to a folder of whoever is to act on it, readable by its owner alone. The audit trail has it first.

    :param name: the kind of list: health_checks or reviews.
    :param holder: the practice's or commissioner's code.
    :param to: an existing folder.
    :param reason: what it is for, in the words of whoever takes it.
    :raises DirectCareError: when the switch is off, no reason is given, or there is no such list or folder.
    """
    check_allowed(settings, reason)
    check_access(settings)
    kinds = [one.name for one in LISTS]
    if name not in kinds:
        raise DirectCareError(f"There is no list called {name}; expected {' or '.join(kinds)}.")
    lists = settings.vault / "direct_care" / "lists" / name
    source = lists / f"{holder}.xlsx"
    if not HOLDER.fullmatch(holder) or not source.is_file():
        made = len(list(lists.glob("*.xlsx")))
        raise DirectCareError(
            f"There is no list {name} of {holder!r} among the {made} made last. Either nobody is due, or the lists are "
            "to be made first with: lda direct-care --reason …"
        )
    if not to.is_dir():
        raise DirectCareError(f"{to} is no folder; name one that only those who may see the list can open.")
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        ledger.note("took_identifiable_list", f"direct care: {name} of {holder}", reason.strip())
    finally:
        ledger.close()
    target = to / f"{name}-{holder}.xlsx"
    with whole_file(target) as temporary:
        shutil.copyfile(source, temporary)
    return target
