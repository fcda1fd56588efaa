"""What ``lda serve`` shows, and the local server it runs until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import cast, get_args

import typer
from pydantic import SecretStr

from lda.publishing import current_publication
from lda.serving import ServingError, ServingReport, serve
from lda.serving.dashboard import Mart, bundle, headline_measures, mart_uri, write_bundle
from lda.serving.local import local_server
from lda.settings import Settings

CONNECT = """
For everyone (schema published):
  {server.reader}
For named analysts (schemas mart and published):
  {server.analyst}
To bring later publications here by themselves, put this into .env while the server runs:
  LDA_PUBLISH_DSN={server.owner}

Try: psql '{server.reader}' -c 'SELECT * FROM published.measure_value WHERE is_latest_period LIMIT 5'
Guides for BI tools are in docs/bi. Ctrl-C stops the server; its data stay."""


def serving_view(report: ServingReport) -> str:
    """What was served, in a line or two."""
    if report.publication_id is None:
        return "Nothing to serve to: set LDA_PUBLISH_DSN or LDA_SUPERSET_URL (docs/serving.md). Files need no server."
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
    if report.superset is not None:
        lines.append(f"Superset: {report.superset.told} of {report.superset.datasets} datasets told of it.")
    return "\n".join(lines)


def serve_locally(settings: Settings, port: int) -> None:
    """Serve the publication in force from a PostgreSQL on this machine, print how to connect, wait for Ctrl-C.

    A closed window or a ``kill`` stops the server too.

    :raises ServingError: when nothing is published, before a server is started.
    """
    if current_publication(settings) is None:
        raise ServingError(
            f"Nothing has been published in {settings.home} yet, so there is nothing to serve. Run: make refresh"
        )
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    with suppress(KeyboardInterrupt), local_server(settings, port) as server:
        typer.echo(serving_view(serve(settings.model_copy(update={"publish_dsn": SecretStr(server.owner)}))))
        typer.echo(CONNECT.format(server=server))
        threading.Event().wait()
    with suppress(OSError):  # the window it would be written to may be what was closed
        typer.echo("PostgreSQL is stopped.")


def write_dashboard(settings: Settings, path: Path, mart: str, uri: str | None = None) -> list[str]:
    """Write the Superset bundle for one mart; the measures in it.

    :param uri: SQLAlchemy URI of the mart; by default what the settings know of it.

    :raises ServingError: for another mart, or when nothing is published.
    """
    marts = get_args(Mart)
    if mart not in marts:
        raise ServingError(f"There is no mart {mart}; expected one of {', '.join(marts)}.")
    publication = current_publication(settings)
    if publication is None:
        raise ServingError("Nothing has been published yet. Run: lda refresh")
    measures = headline_measures(publication.path)
    chosen = cast(Mart, mart)
    dsn = settings.publish_dsn.get_secret_value() if settings.publish_dsn else None
    write_bundle(path, bundle(chosen, uri or mart_uri(chosen, settings.published, dsn), measures))
    return [measure["measure_id"] for measure in measures]
