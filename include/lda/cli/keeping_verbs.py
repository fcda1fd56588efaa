"""The verbs of keeping the warehouse: backup, restore, erasure, the key, retention, legal holds."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lda.cli.output import Json, progress_bar, show

keeping_app = typer.Typer()


@keeping_app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="Folder of backups, outside LDA_HOME; each backup is a folder in it.")],
    keep: Annotated[int | None, typer.Option(min=1, help="Remove all but this many of the latest backups.")] = None,
    as_json: Json = False,
) -> None:
    """Copy the ledger and everything it tells of, while no run writes. The key is not in it: keep that apart."""
    from lda.keeping import backup as run
    from lda.reporting.keeping_render import backup_view
    from lda.settings import Settings

    with progress_bar(as_json) as progress:
        report = run(Settings(), to, keep, progress).as_dict()
    show(report, lambda: backup_view(report), as_json)


@keeping_app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup, or a folder of backups for the latest of them.")],
    to: Annotated[
        Path | None, typer.Option(help="Put it here instead of LDA_HOME, to try it: with a ledger of its own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a backup back into an empty LDA_HOME, after every one of its files was checked."""
    from lda.keeping import elsewhere
    from lda.keeping import restore as run
    from lda.reporting.keeping_render import restore_view
    from lda.settings import Settings

    settings = Settings() if to is None else elsewhere(Settings(), to)
    with progress_bar(as_json) as progress:
        report = run(settings, folder, progress).as_dict()
    show(report, lambda: restore_view(report, settings.home), as_json)


@keeping_app.command()
def erase(
    reason: Annotated[str, typer.Option(help="Who decided it and why; kept in the audit trail. Never a name.")],
    feed: Annotated[str | None, typer.Option(help="The number is a sender's own, of this feed.")] = None,
    partner: Annotated[str | None, typer.Option(help="The sender whose own number it is.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Erase; without it only says what would be.")] = False,
    as_json: Json = False,
) -> None:
    """Erase one person's data. The NHS number is asked for, or read from standard input: it is on no command line."""
    from lda.keeping import erase as run
    from lda.reporting.keeping_render import erasure_view
    from lda.settings import Settings

    number = typer.prompt("Number", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    with progress_bar(as_json) as progress:
        report = run(
            Settings(), number.strip(), reason, feed=feed, partner=partner, apply=apply, progress=progress
        ).as_dict()
    show(report, lambda: erasure_view(report), as_json)


@keeping_app.command("rotate-key")
def rotate_key(
    reason: Annotated[str, typer.Option(help="Why the key is changed; kept in the audit trail.")],
    as_json: Json = False,
) -> None:
    """Make every token again under a new key, LDA_NEXT_PSEUDONYM_KEY (the demo makes one), and switch to it."""
    from lda.keeping import rotate_key as run
    from lda.reporting.keeping_render import rotation_view
    from lda.settings import Settings

    settings = Settings()
    with progress_bar(as_json) as progress:
        report = run(settings, reason, progress).as_dict()
    by_hand = settings.pseudonym_key is not None
    show(report, lambda: rotation_view(report, by_hand=by_hand), as_json)


@keeping_app.command()
def prune(
    apply: Annotated[bool, typer.Option("--apply/--dry-run", help="Remove; by default only say what and why.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what is past its time by the settings LDA_KEEP_* and the feeds' retention; nothing on legal hold."""
    from lda.keeping import prune as run
    from lda.reporting.keeping_render import retention_view
    from lda.settings import Settings

    report = run(Settings(), apply=apply).as_dict()
    show(report, lambda: retention_view(report), as_json)


@keeping_app.command()
def housekeeping(as_json: Json = False) -> None:
    """What the weekly DAG does: prune, check the archive, tidy the ledger, ask for a backup if none is new."""
    from lda.keeping import keep_house
    from lda.reporting.keeping_render import house_view
    from lda.settings import Settings

    with progress_bar(as_json) as progress:
        report = keep_house(Settings(), progress=progress).as_dict()
    show(report, lambda: house_view(report), as_json)
    if report["problems"]:
        raise typer.Exit(1)


@keeping_app.command()
def hold(
    reason: Annotated[str, typer.Option(help="Why; kept with the hold and in the audit trail. Never a person's data.")],
    feed: Annotated[str | None, typer.Option(help="What came of this feed.")] = None,
    partner: Annotated[str | None, typer.Option(help="What came from this partner.")] = None,
    period: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the period.")] = None,
    file_id: Annotated[str | None, typer.Option("--file", help="A file: its id, or how it begins.")] = None,
    publication: Annotated[str | None, typer.Option(help="A publication.")] = None,
    lift: Annotated[int | None, typer.Option(help="End this hold instead.")] = None,
) -> None:
    """Place a legal hold: what it names is not removed, whatever retention or an erasure says, until it is lifted."""
    from lda.keeping import lift_hold, place_hold
    from lda.settings import Settings

    if lift is not None:
        lift_hold(Settings(), lift, reason)
        typer.echo(f"Hold {lift} is lifted.")
        return
    number = place_hold(
        Settings(),
        reason,
        feed=feed,
        partner_code=partner,
        period_end=period.date() if period else None,
        file_id=file_id,
        publication_id=publication,
    )
    typer.echo(f"Hold {number} stands. End it with: lda hold --lift {number} --reason ...")


@keeping_app.command()
def holds(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were lifted.")] = False,
    as_json: Json = False,
) -> None:
    """Legal holds: what they hold, why, who placed them and when."""
    from lda.ledger import Ledger
    from lda.reporting.keeping_render import holds_view
    from lda.settings import Settings

    ledger = Ledger(Settings().ledger_address)
    ledger.create()
    found = ledger.holds(standing=not everything)
    ledger.close()
    show([vars(one) for one in found], lambda: holds_view(found), as_json)
