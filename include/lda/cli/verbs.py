"""The verbs of the ``lda`` command."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated, get_args

import typer

from lda.cli import telling
from lda.cli.contract_verbs import contracts_app
from lda.cli.keeping_verbs import keeping_app
from lda.cli.output import Json, fail, one_of, plain_words, progress_bar, show
from lda.cli.publication_verbs import publications_app
from lda.cli.serving_verbs import serving_app

log = logging.getLogger("lda.cli")
app = typer.Typer(
    name="lda",
    help="The learning disability and autism data warehouse: from partners' files to a published mart.",
    epilog="Settings are LDA_* environment variables or .env (LDA_HOME: the data folder; LDA_SYSTEM: the system).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(publications_app, name="publications")
app.add_typer(contracts_app, name="contracts")
app.add_typer(serving_app)
app.add_typer(keeping_app)
app.command()(telling.feedback)
app.command("direct-care")(telling.direct_care)
app.command("take-care-list")(telling.take_care_list)


@app.callback()
def _log() -> None:
    """The learning disability and autism data warehouse: from partners' files to a published mart."""
    from lda.settings import Settings
    from lda.telemetry import configure_logs

    configure_logs(Settings())


def main() -> None:
    """Run the command; ends the process with 0, or with 1 when something is wrong."""
    try:
        app()
    except SystemExit as ended:
        sys.exit(1 if ended.code else 0)
    except Exception as error:
        words = plain_words(error)
        if not words:
            raise
        log.debug("What went wrong.", exc_info=error)
        fail(words)
        sys.exit(1)


@app.command()
def synthesise(
    system: Annotated[
        str | None, typer.Option(help="System to imitate, several by commas, or all; by default LDA_SYSTEM.")
    ] = None,
    months: Annotated[int, typer.Option(help="Months of extracts.")] = 24,
    end: Annotated[str, typer.Option(help="Last month, as YYYY-MM.")] = "2026-03",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    scale: Annotated[float, typer.Option(help="Size next to the real system; 50 is England.")] = 1.0,
    dirt: Annotated[float, typer.Option(help="Share of rows with mess in them.")] = 0.02,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing when landing already holds files.")] = False,
    as_json: Json = False,
) -> None:
    """Make sample extracts in landing, and the right answers in truth. Nobody in them is real."""
    from lda.settings import Settings

    settings = Settings(system=system) if system else Settings()
    from lda.reporting.render import counts, number
    from lda.synthetic import synthesise as make
    from lda.synthetic import why_no_sample

    if if_empty and (reason := why_no_sample(settings)):
        show({"made": False, "reason": reason}, lambda: reason, as_json)
        return

    with progress_bar(as_json) as progress:
        report = make(settings, settings.system, months, end, seed, scale, dirt, progress=progress)
    words = f"{number(report.files)} files ({counts(report.by_feed)}) in {settings.landing}, {report.seconds:.1f} s."
    show(report.as_dict(), lambda: words, as_json)


@app.command()
def collect(
    channel: Annotated[list[str] | None, typer.Option(help="Only this channel; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """Bring partners' files into landing: from shared folders, SFTP servers and NHS MESH mailboxes."""
    from lda.channels import collect as run
    from lda.reporting.render import collect_view
    from lda.settings import Settings

    settings = Settings()
    with progress_bar(as_json) as progress:
        report = run(settings, only=channel or (), progress=progress).as_dict()
    if report["notices"]:
        from lda.reporting.alerts import send_digest

        send_digest(settings)
    show(report, lambda: collect_view(report, settings.channels_path), as_json)
    if report["problems"]:
        raise typer.Exit(1)


@app.command()
def ingest(
    feed: Annotated[list[str] | None, typer.Option(help="Only this feed; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """Read, judge, pseudonymise and load what is new in landing."""
    from lda.receive import receive as run
    from lda.reporting.render import ingest_view
    from lda.settings import Settings

    with progress_bar(as_json) as progress:
        report = run(Settings(), feeds=feed or None, progress=progress).as_dict()
    show(report, lambda: ingest_view(report), as_json)
    if report["problems"]:
        raise typer.Exit(1)


@app.command()
def redrive(
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    file_id: Annotated[str | None, typer.Option("--file", help="Only this file: its id, or how it begins.")] = None,
    as_sent: Annotated[
        str | None,
        typer.Option(help="Why this file (--file) is taken though it is empty or lost many people; noted for good."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge rejected files and quarantined rows again, after a contract or reference data was put right."""
    from lda.receive import redrive as run
    from lda.reporting.render import ingest_view
    from lda.settings import Settings

    with progress_bar(as_json) as progress:
        report = run(Settings(), feed, file_id, progress, as_sent).as_dict()
    show(report, lambda: ingest_view(report, "Judged again: every verdict is what it was."), as_json)
    if report["problems"]:
        raise typer.Exit(1)


@app.command()
def refresh(
    period: Annotated[str | None, typer.Option(help="Month to report, as YYYY-MM; by default the latest sent.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Only what was known at this moment (UTC); by default now.")] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Publish this measure (or system/measure) though it moved far or has low coverage."),
    ] = None,
    make_current: Annotated[
        bool, typer.Option("--make-current", help="Put an earlier month in force, instead of beside the newest.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ingest what is new, build and judge a candidate, publish it. Changes nothing when nothing is new."""
    from lda.asked import asked_measures
    from lda.refresh import STOPPED
    from lda.refresh import refresh as run
    from lda.reporting.render import refresh_view
    from lda.settings import Settings

    def say(words: str) -> None:
        if not as_json:
            typer.echo(f"▸ {words}", err=True)

    settings = Settings()
    asked_measures(settings, accept or ())
    with progress_bar(as_json) as progress:
        report = run(
            settings, period, as_of, accept=accept or (), make_current=make_current, progress=progress, say=say
        )
    show(report.as_dict(), lambda: refresh_view(report.summary), as_json)
    if report.serving_problem:
        fail(report.serving_problem)
    if report.status == STOPPED or report.serving_problem or (report.summary.get("ingest") or {}).get("problems"):
        raise typer.Exit(1)


@app.command()
def status(
    everyone: Annotated[bool, typer.Option("--all", help="Every partner, not only those that need attention.")] = False,
    last_run: Annotated[bool, typer.Option("--last-run", help="The summary of the last refresh instead.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also write the board as a page: partners by period.")] = None,
    as_json: Json = False,
) -> None:
    """Who has sent what, who is late, what was rejected and why."""
    from lda.reporting import last_run_summary, status_board
    from lda.reporting.render import board_view, refresh_view
    from lda.settings import Settings

    settings = Settings()
    if last_run:
        summary = last_run_summary(settings)
        show(summary, lambda: refresh_view(summary), as_json)
        return
    from lda.publishing import readable_publication

    current = readable_publication(settings)
    board = status_board(settings, publication_id=current.publication_id if current else None)
    if html is not None:
        from lda.reporting.status_page import write_status_page

        write_status_page(board, html)
    show(board.as_dict(), lambda: board_view(board, everyone), as_json)


@app.command()
def files(
    which: Annotated[str | None, typer.Argument(help="A file id (or its beginning) or a part of its path.")] = None,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    partner: Annotated[str | None, typer.Option(help="Only this partner's code.")] = None,
    status: Annotated[
        str | None, typer.Option(help="received, unrecognised, rejected, accepted or superseded.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List files; or tell one file's story: its rows, the rules that failed, its history, what to do next."""
    from lda.contracts import load_contracts
    from lda.ledger.records import Status
    from lda.reporting import find_files, list_files
    from lda.reporting.render import files_table, story_view
    from lda.settings import Settings

    settings = Settings()
    one_of("--status", status, get_args(Status))
    if feed is not None:
        one_of("--feed", feed, sorted(load_contracts(settings)))
    if which is None:
        found = list_files(settings, feed, partner, status)
        show(found, lambda: files_table(found), as_json)
        return
    stories = find_files(settings, which)
    if not stories:
        fail(f"No file's id begins with {which!r} and no path holds it. List files with: lda files")
        raise typer.Exit(1)
    if len(stories) == 1:
        show(stories[0].as_dict(), lambda: story_view(stories[0]), as_json)
    else:
        lines = [{**story.as_dict(), **(story.account or {})} for story in stories]
        show(lines, lambda: files_table(lines), as_json)


@app.command("check-archive")
def check_archive(as_json: Json = False) -> None:
    """Hash every archived file again: is all there that was ever received, and unchanged?"""
    from lda.landing import check_archive as run
    from lda.ledger import Ledger
    from lda.reporting.render import archive_view
    from lda.settings import Settings

    settings = Settings()
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    with progress_bar(as_json) as progress:
        report = run(settings, ledger, progress).as_dict()
    ledger.close()
    show(report, lambda: archive_view(report), as_json)
    if not report["sound"]:
        raise typer.Exit(1)


@app.command()
def rollback(
    to: Annotated[str | None, typer.Argument(help="Publication id; by default the one before.")] = None,
    as_json: Json = False,
) -> None:
    """Put an earlier publication in force again, in one step. It stands until something new is published."""
    from lda.publishing import rollback as run
    from lda.serving import serve as serve_again
    from lda.settings import Settings

    settings = Settings()
    publication = run(settings, to)
    done = {"publication_id": publication.publication_id, "path": str(publication.path)}
    show(done, lambda: f"In force: {publication.publication_id}. See: lda publications", as_json)
    serve_again(settings)


@app.command("audit-trail")
def audit_trail(as_json: Json = False) -> None:
    """Who released, rolled back, redrove or had an identifiable list made, and when."""
    from lda.ledger import Ledger
    from lda.reporting.render import trail_table
    from lda.settings import Settings

    ledger = Ledger(Settings().ledger_address)
    ledger.create()
    lines = ledger.trail()
    ledger.close()
    show(lines, lambda: trail_table(lines), as_json)


@app.command("report")
def report_again(
    to: Annotated[Path, typer.Option(help="Folder to write it into; never that of a publication.")] = Path("report"),
    publication: Annotated[str | None, typer.Option(help="Publication id; by default the one in force.")] = None,
    as_json: Json = False,
) -> None:
    """Make the report of a publication again, for boards and the public: pages that need no server."""
    from lda.publishing import rebuild_report
    from lda.settings import Settings

    written = rebuild_report(Settings(), to, publication)
    pages = sum(path.suffix == ".html" for path in written)
    done = {"folder": str(to), "pages": pages, "files": len(written)}
    show(done, lambda: f"{pages} pages in {to}. Open {to / 'index.html'} in a browser.", as_json)


@app.command("audit-disclosure")
def audit_disclosure(
    publication: Annotated[str | None, typer.Option(help="Publication id; by default the one in force.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Interval arithmetic only, as the gate does it.")] = False,
    as_json: Json = False,
) -> None:
    """Attack a publication: list every hidden figure that can be worked out from it and the ones before it."""
    from lda.publishing import audit_publication
    from lda.reporting.render import audit_view
    from lda.settings import Settings

    audited, report = audit_publication(Settings(), publication, exact=not quick)
    found = {"publication_id": audited, **report.as_dict()}
    show(found, lambda: audit_view(found), as_json)
    if not report.safe:
        raise typer.Exit(1)


@app.command()
def bench(
    rows: Annotated[int, typer.Option(help="Rows of the CLD file.")] = 2_000_000,
    files: Annotated[int, typer.Option(help="Small GP files.")] = 3_000,
    repeats: Annotated[int, typer.Option(help="Runs of each reading; the median counts.")] = 3,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this part: intake, files, dbt, gates, bi or airflow.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure intake, dbt, gates, BI queries and Airflow against named baselines, in a folder of its own."""
    from lda.cli.bench import run_bench
    from lda.cli.bench_report import bench_view

    with progress_bar(as_json) as progress:
        measured = run_bench(rows=rows, files=files, repeats=repeats, only=only or [], progress=progress)
    show(measured, lambda: bench_view(measured), as_json)
