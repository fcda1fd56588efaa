"""The pages about the feeds say what the contracts say, and the checked-in ones are in step with them."""

from __future__ import annotations

import re
from pathlib import Path

from lda.contracts import load_contracts, load_file_rules
from lda.reporting.feed_pages import INDEX, feed_pages, write_feed_pages
from lda.settings import PROJECT_DIR, Settings

CHECKED_IN = PROJECT_DIR / "docs" / "feeds"


def test_every_rule_and_column_is_told(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    pages = feed_pages(settings)
    for name, feed in load_contracts(settings).items():
        page = pages[f"{name}.md"]
        for table in feed.tables:
            for rule in table.rules:
                assert f"| `{rule.code}` |" in page
            for column in table.columns:
                assert f"| `{column.name}` |" in page
        assert f"({name}.md)" in pages[INDEX]
    for rule in load_file_rules(settings):
        assert f"`{rule.code}`" in pages[INDEX]


# What a regular expression has and no sentence: classes, repetitions, anchors, escapes.
REGULAR_EXPRESSION = re.compile(r"\[[^\]]*[A-Za-z0-9]-[A-Za-z0-9][^\]]*\]|\{\d+(,\d*)?\}|\^\(|\\[dws]|\(\?|\)\$")


def test_no_partner_is_told_a_regular_expression(tmp_path: Path) -> None:
    """Rules' words are what feedback pages, workbooks and these pages show."""
    settings = Settings(home=tmp_path)
    contracts = [one for newest in load_contracts(settings).values() for one in (newest, *newest.earlier)]
    patterns = {
        column.pattern for one in contracts for table in one.tables for column in table.columns if column.pattern
    }
    assert len(patterns) > 10
    assert all(REGULAR_EXPRESSION.search(pattern) for pattern in patterns - {"^[ACDP]$"})
    told = [
        text
        for one in contracts
        for table in one.tables
        for rule in table.rules
        for text in (rule.message, rule.remedy)
    ]
    told += [text for rule in load_file_rules(settings) for text in (rule.message, rule.remedy)]
    rows = [line for page in feed_pages(settings).values() for line in page.splitlines() if line.startswith("| `")]
    for text in (*told, *rows):
        assert not any(pattern in text for pattern in patterns), text
        assert not REGULAR_EXPRESSION.search(text), text


def test_table_rows_have_as_many_cells_as_their_header(tmp_path: Path) -> None:
    for name, page in feed_pages(Settings(home=tmp_path)).items():
        width = 0
        for line in page.splitlines():
            cells = line.replace("\\|", "").count("|")
            if line.startswith("|---"):
                width = cells
            elif line.startswith("|") and width:
                assert cells == width, f"{name}: {line}"
            elif not line.startswith("|"):
                width = 0


def test_checked_in_pages_are_in_step_with_the_contracts(tmp_path: Path) -> None:
    expected = feed_pages(Settings(home=tmp_path))
    found = {path.name: path.read_text(encoding="utf-8") for path in CHECKED_IN.glob("*.md")}
    assert found == expected, "docs/feeds is not what the contracts say: run `lda contracts document`"


def test_pages_of_feeds_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "old_feed.md").write_text("gone")
    written = write_feed_pages(Settings(home=tmp_path), tmp_path)
    assert not (tmp_path / "old_feed.md").exists()
    assert {path.name for path in written} == set(feed_pages(Settings(home=tmp_path)))
