"""The verbs that serve BI tools and explain what is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lda.cli.output import Json, show

serving_app = typer.Typer()


@serving_app.command()
def serve(
    again: Annotated[bool, typer.Option("--again", help="Also when it is served already.")] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Start a PostgreSQL on this machine, serve from it, stop with Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the local PostgreSQL.")] = 5433,
    as_json: Json = False,
) -> None:
    """Put the publication in force into Postgres and tell Superset, as the settings say. Safe to run again."""
    from lda.cli.serving import serve_locally, serving_view
    from lda.serving import serve as run
    from lda.settings import Settings

    if local:
        serve_locally(Settings(), port)
        return
    report = run(Settings(), again=again)
    show(report.as_dict(), lambda: serving_view(report), as_json)


@serving_app.command("settings")
def settings_document(
    to: Annotated[Path, typer.Option(help="File to write.")] = Path("docs/settings.md"),
    as_json: Json = False,
) -> None:
    """Write the page of every setting: its variable, default, values and meaning."""
    from lda.reporting.settings_page import write_settings_page

    write_settings_page(to)
    show({"written": str(to)}, lambda: f"Written: {to}.", as_json)


@serving_app.command("dictionary")
def dictionary_document(
    to: Annotated[Path, typer.Option(help="File to write.")] = Path("docs/data-dictionary.md"),
    as_json: Json = False,
) -> None:
    """Write the data dictionary of the project from its models, contracts and measure catalogue."""
    from lda.publishing.dictionary_page import write_document
    from lda.settings import Settings

    written = write_document(Settings(), to)
    show({"file": str(written)}, lambda: f"Written: {written}", as_json)


@serving_app.command("superset-dashboard")
def superset_dashboard(
    to: Annotated[Path, typer.Option(help="ZIP to write.")] = Path("lda_dashboard.zip"),
    mart: Annotated[str, typer.Option(help="The mart it reads: postgres or duckdb.")] = "postgres",
    uri: Annotated[
        str | None, typer.Option(help="Where Superset finds it (SQLAlchemy URI); by default what the settings say.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a Superset dashboard of the headline measures, to import in Superset (docs/bi/superset.md)."""
    from lda.cli.serving import write_dashboard
    from lda.settings import Settings

    measures = write_dashboard(Settings(), to, mart, uri)
    done = {"file": str(to), "mart": mart, "measures": measures}
    show(done, lambda: f"{to}: {len(measures)} headline measures on the {mart} mart.", as_json)


@serving_app.command("dbt-docs")
def dbt_docs(
    to: Annotated[Path, typer.Option(help="File to write.")] = Path("dbt-docs.html"),
    as_json: Json = False,
) -> None:
    """Write dbt's documentation of the models, with their lineage, as one page that needs no server."""
    from lda.publishing.dictionary_page import write_dbt_docs
    from lda.settings import Settings

    written = write_dbt_docs(Settings(), to)
    show({"file": str(written)}, lambda: f"Written: {written}. Open it in a browser.", as_json)
