"""The verbs of ``lda publications``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lda.cli.output import Json, fail, show

publications_app = typer.Typer(help="What was published, when and from what.")


@publications_app.callback(invoke_without_command=True)
def publications(
    context: typer.Context,
    gates: Annotated[bool, typer.Option("--gates", help="The gate verdicts of the last refresh instead.")] = False,
    as_json: Json = False,
) -> None:
    """What was published, when, from what, and which publication is in force."""
    if context.invoked_subcommand:
        return
    from lda.publishing import list_publications
    from lda.reporting import last_gates
    from lda.reporting.render import gates_table, publications_table
    from lda.settings import Settings

    if gates:
        verdicts = last_gates(Settings())
        show(verdicts, lambda: gates_table(verdicts), as_json)
        return
    listed = list_publications(Settings())
    show(listed, lambda: publications_table(listed), as_json)


@publications_app.command("diff")
def publications_diff(
    before: Annotated[str | None, typer.Argument(help="Publication id; by default the one before.")] = None,
    after: Annotated[str | None, typer.Argument(help="Publication id; by default the one in force.")] = None,
    restricted: Annotated[bool, typer.Option("--restricted", help="Compare the unsuppressed figures instead.")] = False,
    to: Annotated[Path | None, typer.Option(help="Also write every restated figure to this CSV file.")] = None,
    as_json: Json = False,
) -> None:
    """What changed between two publications, figure by figure, and the submissions behind it."""
    from lda.publishing import compare_publications
    from lda.reporting.differences import diff_view, write_diff
    from lda.settings import Settings

    diff = compare_publications(Settings(), before, after, restricted=restricted)
    if to is not None:
        write_diff(diff.as_dict(), to)
    show(diff.as_dict(), lambda: diff_view(diff.as_dict()), as_json)


@publications_app.command("approve")
def publications_approve(
    publication: Annotated[str | None, typer.Argument(help="Publication id; by default the one that waits.")] = None,
    reason: Annotated[str, typer.Option(help="For the audit trail.")] = "",
    as_json: Json = False,
) -> None:
    """Approve the publication that waits for a person, and publish it. Who did is in the audit trail."""
    from lda.approve import approve
    from lda.reporting.render import refresh_view
    from lda.settings import Settings

    def say(words: str) -> None:
        if not as_json:
            typer.echo(f"▸ {words}", err=True)

    report = approve(Settings(), publication, reason, say)
    show(report.as_dict(), lambda: refresh_view(report.summary), as_json)
    if report.serving_problem:
        fail(report.serving_problem)
        raise typer.Exit(1)


@publications_app.command("refuse")
def publications_refuse(
    reason: Annotated[str, typer.Option(help="For the audit trail.")],
    publication: Annotated[str | None, typer.Argument(help="Publication id; by default the one that waits.")] = None,
    as_json: Json = False,
) -> None:
    """Refuse the publication that waits for a person: nothing is published. Who did is in the audit trail."""
    from lda.approve import refuse
    from lda.settings import Settings

    report = refuse(Settings(), publication, reason)
    show(report.as_dict(), lambda: report.message, as_json)


@publications_app.command("prune")
def publications_prune(
    apply: Annotated[bool, typer.Option("--apply", help="Remove them; without it only says which.")] = False,
    as_json: Json = False,
) -> None:
    """Remove old publications, but none that is in force, held, or that others are compared with."""
    from lda.publishing import prune_publications
    from lda.reporting.render import prune_view
    from lda.settings import Settings

    report = prune_publications(Settings(), apply=apply).as_dict()
    show(report, lambda: prune_view(report), as_json)


@publications_app.command("reproduce")
def publications_reproduce(
    publication: Annotated[str, typer.Argument(help="Publication id. See: lda publications")],
    as_json: Json = False,
) -> None:
    """Build a publication again from its publication.json and compare: equal in every figure, or what differs."""
    from lda.publishing import reproduce
    from lda.reporting.differences import reproduction_view
    from lda.settings import Settings

    result = reproduce(Settings(), publication)
    show(result.as_dict(), lambda: reproduction_view(result.as_dict()), as_json)
    if not result.is_equal:
        raise typer.Exit(1)
