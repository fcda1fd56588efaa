"""The verbs of keeping the warehouse: backup, restore."""

from __future__ import annotations

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
