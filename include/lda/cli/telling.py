"""Verbs that tell partners and carers: feedback on what was sent, lists for direct care. Both write to the vault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lda.cli.output import Json, show


def feedback(
    partner: Annotated[list[str] | None, typer.Option(help="Only to this partner; may be given again.")] = None,
    feed: Annotated[str | None, typer.Option(help="Only on submissions of this feed.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also on files that partners know of already.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also on the backlog from before feedback began.")] = False,
    as_json: Json = False,
) -> None:
    """Write feedback to partners' outboxes in the vault, and a summary without identifiers for the team."""
    from lda.reporting.feedback import write_feedback
    from lda.reporting.render import number
    from lda.settings import Settings

    written = write_feedback(Settings(), partner or None, feed, again=again, everything=everything, by_hand=True)
    told = f"Told {number(written.partners)} partners of {number(written.files)} files"
    places = f"Outboxes (identifiable): {written.outbox}\nFor the team: {written.summary}"
    words = f"{told}, {number(written.documents)} with a workbook.\n{places}"
    show(written.as_dict(), lambda: words, as_json)


def direct_care(
    reason: Annotated[str, typer.Option(help="What the lists are for; kept in the audit trail.")],
    as_json: Json = False,
) -> None:
    """Make lists for direct care in the vault: overdue health checks, reviews due. Off unless LDA_DIRECT_CARE is set.

    Who makes them, when and for what is noted in the audit trail.
    """
    from lda.direct_care import make_lists
    from lda.settings import Settings

    made = make_lists(Settings(), reason).as_dict()
    lines = [f"{name}: {made['people'][name]} people, {made['holders'][name]} lists" for name in made["people"]]
    words = "\n".join([*lines, f"In {made['folder']} (identifiable), as told up to {made['period_end']}."])
    show(made, lambda: words, as_json)


def take_care_list(
    name: Annotated[str, typer.Argument(help="health_checks or reviews.")],
    holder: Annotated[str, typer.Argument(help="The code of the practice or commissioner.")],
    to: Annotated[Path, typer.Option(help="A folder that only those who may see the list can open.")],
    reason: Annotated[str, typer.Option(help="What the list is for; kept in the audit trail.")],
    as_json: Json = False,
) -> None:
    """Take one list for direct care out of the vault. Off unless LDA_DIRECT_CARE is set.

    Who takes it, when and for what is noted in the audit trail first. Set LDA_ACTOR when acting for somebody.
    """
    from lda.direct_care import take_list
    from lda.settings import Settings

    taken = take_list(Settings(), name, holder, to, reason)
    show({"file": str(taken)}, lambda: f"{taken} (identifiable)", as_json)
