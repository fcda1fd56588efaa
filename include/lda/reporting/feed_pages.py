"""Pages about the feeds, made from the data contracts: columns, synonyms, what becomes of them, and every rule.

The rules and their words are those that intake judges by and partners read in their feedback; nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from lda.contracts import ColumnSpec, load_contracts, load_file_rules
from lda.settings import Settings

INDEX = "README.md"
PARTNER_WORDS = {"practice": "GP practice", "icb": "ICB", "council": "council", "trust": "NHS trust"}
SCOPE_WORDS = {
    "file": "the file is rejected",
    "row": "the row is quarantined",
    "warn": "the row is loaded and you are told",
}
LAKE_WORDS = {
    "nhs_number": "the person token",
    "birth_date": "`birth_month`",
    "postcode": "`postcode_lsoa_code`",
    "drop": "nothing: it stays in the vault",
}
CADENCE_WORDS = {1: "every month", 3: "every quarter", 12: "every year"}


def feed_pages(settings: Settings) -> dict[str, str]:
    """Markdown pages by file name: one for each feed, and ``README.md``, which lists them and the rules on files.

    Raises ContractError when a contract cannot be used.
    """
    contracts = load_contracts(settings)
    environment = _environment()
    one, index = environment.get_template("feed.md.j2"), environment.get_template("feeds.md.j2")
    pages = {
        f"{name}.md": one.render(
            feed=feed, cadence=CADENCE_WORDS.get(feed.cadence_months, f"every {feed.cadence_months} months")
        )
        for name, feed in sorted(contracts.items())
    }
    feeds = [contracts[name] for name in sorted(contracts)]
    pages[INDEX] = index.render(feeds=feeds, file_rules=load_file_rules(settings))
    return pages


def write_feed_pages(settings: Settings, folder: Path) -> list[Path]:
    """Write the pages into ``folder`` and remove pages of feeds that are no more; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = feed_pages(settings)
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    written = []
    for name, text in pages.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lda.reporting", "templates"),
        autoescape=False,  # noqa: S701 (Markdown made from our own contracts, not HTML)
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.globals.update(partner_words=PARTNER_WORDS, scope_words=SCOPE_WORDS)
    environment.filters.update(cell=_cell, code=_code, type_words=_type_words, lake_words=_lake_words)
    return environment


def _cell(text: str) -> str:
    """Text that stays within one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`"


def _type_words(column: ColumnSpec) -> str:
    """The type as partners know it, with the code list or the limits of its values."""
    kind = {"nhs_number": "NHS number", "postcode": "postcode"}.get(column.kind or "", column.logical_type)
    limits = []
    if column.code_list:
        limits.append(f"code list `{column.code_list}`")
    if column.value_words:
        limits.append(_cell(column.value_words))
    if column.minimum is not None or column.maximum is not None:
        limits.append(" ".join(_range_words(column)))
    return ", ".join([kind, *limits])


def _range_words(column: ColumnSpec) -> Iterable[str]:
    if column.minimum is not None:
        yield f"from {column.minimum:g}"
    if column.maximum is not None:
        yield f"up to {column.maximum:g}"


def _lake_words(column: ColumnSpec) -> str:
    """What of the column goes on from the vault."""
    if column.pseudonymise == "local_id":
        return f"`{column.name}_token`"
    return LAKE_WORDS.get(column.pseudonymise or "", f"`{column.name}`")
