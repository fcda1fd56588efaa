"""The verbs of ``lda contracts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lda.cli.output import Json, show

contracts_app = typer.Typer(help="The data contracts of the feeds.", no_args_is_help=True)


@contracts_app.command("check")
def contracts_check(as_json: Json = False) -> None:
    """Check every data contract, file rule and system file; list what is wrong, where, and what was expected."""
    from lda.contracts import check_contracts, load_contracts
    from lda.settings import Settings

    settings = Settings()
    problems = [str(problem) for problem in check_contracts(settings)]
    if problems:
        show({"problems": problems}, lambda: "\n".join(f"✗ {problem}" for problem in problems), as_json)
        raise typer.Exit(1)
    contracts = load_contracts(settings)
    rules = sum(len(contract.rules) for contract in contracts.values())
    show({"problems": []}, lambda: f"{len(contracts)} contracts with {rules} rules are sound.", as_json)


@contracts_app.command("document")
def contracts_document(
    to: Annotated[Path, typer.Option(help="Folder of the pages.")] = Path("docs/feeds"),
    as_json: Json = False,
) -> None:
    """Write a page about each feed from its contract: columns, synonyms and every rule with its words."""
    from lda.reporting.feed_pages import write_feed_pages
    from lda.settings import Settings

    written = [str(path) for path in write_feed_pages(Settings(), to)]
    show({"written": written}, lambda: f"{len(written)} pages in {to}.", as_json)
