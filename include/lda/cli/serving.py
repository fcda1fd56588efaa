"""What ``lda serve`` shows, and the local server it runs until Ctrl-C."""

from __future__ import annotations

import threading
from contextlib import suppress

import typer
from pydantic import SecretStr

from lda.serving import ServingReport, serve
from lda.serving.local import local_server
from lda.settings import Settings


def serving_view(report: ServingReport) -> str:
    """What was served, in a line or two."""
    if report.publication_id is None:
        return "Nothing to serve to: set LDA_PUBLISH_DSN (docs/bi). The publication in files needs no server."
    lines = []
    if report.postgres is not None:
        if report.postgres.changed:
            rows = sum(report.postgres.rows.values())
            lines.append(
                f"Postgres serves {report.publication_id}: {len(report.postgres.rows)} tables, {rows:,} rows, "
                f"{report.postgres.seconds:.1f} s."
            )
        else:
            lines.append(f"Postgres serves {report.publication_id} already.")
        if report.postgres.left_behind:
            lines.append(f"Readers still hold {', '.join(report.postgres.left_behind)}; dropped the next time.")
    return "\n".join(lines)


def serve_locally(settings: Settings, port: int) -> None:
    """Serve the publication in force from a PostgreSQL on this machine, print how to connect, wait for Ctrl-C."""
    with local_server(settings, port) as server:
        report = serve(settings.model_copy(update={"publish_dsn": SecretStr(server.owner)}))
        typer.echo(serving_view(report))
        typer.echo(f"for named analysts (mart, published)  {server.analyst}")
        typer.echo(f"for everyone (published)              {server.reader}")
        typer.echo(f"to publish: LDA_PUBLISH_DSN=          {server.owner}")
        typer.echo("Guides for BI tools are in docs/bi. Ctrl-C stops the server; its data stay.")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
