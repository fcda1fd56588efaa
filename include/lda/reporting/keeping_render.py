"""What keeping the warehouse has done, drawn for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from lda.ledger import Hold
from lda.reporting.render import grid, number

# Things listed by name in one place.
MOST = 20


def megabytes(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / 1_000_000:,.1f} MB"


def backup_view(report: Mapping[str, Any]) -> RenderableType:
    """Where the backup is and what it cost."""
    parts = [
        Text(f"{number(report['files'])} files, {megabytes(report['size_bytes'])}, in {report['folder']}"),
        Text(f"New since the backup before: {number(report['new_files'])} files, {megabytes(report['new_bytes'])}."),
    ]
    parts += [Text(f"Removed the old backup {name}.") for name in report["removed"]]
    parts.append(Text("The pseudonym key is not in it. Keep the key apart; nothing can be put back without it."))
    return Group(*parts)


def restore_view(report: Mapping[str, Any], home: Path) -> RenderableType:
    """What was put back, and what to do next."""
    words = f"{number(report['files'])} files, {megabytes(report['size_bytes'])}, of {report['made_at']} UTC put back."
    return Group(Text(words), Text(f"In {home}. Next: lda check-archive, then lda refresh"))


def erasure_view(report: Mapping[str, Any]) -> RenderableType:
    """What was or would be erased, in numbers; what cannot be searched and what goes later."""
    done = "Erased" if report["applied"] else "Would be erased"
    words = f"{done}: {number(report['rows'])} rows in {number(report['files'])} files of {len(report['feeds'])} feeds"
    parts = [
        Text(f"{words} ({', '.join(report['feeds']) or 'none'}); {report['archived_files']} archived files rewritten.")
    ]
    if report["not_searchable"]:
        parts.append(
            Text("Archived files that cannot be searched (encrypted or damaged): look at each yourself.", "yellow")
        )
        parts += [Text(f"  lda files {content_hash[:16]}") for content_hash in report["not_searchable"]]
    if report["publications"]:
        told = ", ".join(report["publications"])
        parts.append(Text(f"Under a token in the restricted mart of {told}: they go by retention (lda prune)."))
    next_step = "Next: lda refresh restates the figures." if report["applied"] else "Erase with: --apply"
    return Group(*parts, Text(next_step))


def rotation_view(report: Mapping[str, Any], *, by_hand: bool) -> RenderableType:
    """What was made again under the new key, and what is left to do."""
    parts = [
        Text(f"{number(report['tokens'])} tokens in {number(report['files'])} files made again under the new key.")
    ]
    if report["carried"]:
        words = f"{number(report['carried'])} of them had no identifiers any more and were carried over."
        parts.append(Text(words, "yellow"))
    if by_hand:
        parts.append(Text("Now set LDA_PSEUDONYM_KEY to the new key and remove LDA_NEXT_PSEUDONYM_KEY, everywhere."))
    parts.append(Text("Then make a backup: those made before need the old key."))
    return Group(*parts)


def retention_view(report: Mapping[str, Any]) -> RenderableType:
    """What went or would go, place by place, and why the rest stays."""
    table = grid("place", "days", "what", "why")
    word = "removed" if report["applied"] else "would be removed"
    for name, place in report["places"].items():
        days = str(place["days"])
        if days == "keep" and not place["going"] and not place["staying"]:
            table.add_row(name, days, "", "everything stays")
        for thing, why in list(place["going"].items())[:MOST]:
            table.add_row(name, days, thing, Text(f"{word}: {why}", style="yellow"))
        if len(place["going"]) > MOST:
            table.add_row(name, days, f"and {number(len(place['going']) - MOST)} more", word)
        for why, count in place["staying"].items():
            table.add_row(name, days, number(count), f"stay: {why}")
    for name in report["publications"]["removed"]:
        table.add_row("publications", "", name, Text(word, style="yellow"))
    for name, why in report["publications"]["kept"].items():
        table.add_row("publications", "", name, f"stays: {why}")
    for name in report["cannot_be_made_again"]:
        words = "its figures stay; it cannot be made again: rows it was made of are past their feed's retention"
        table.add_row("publications", "", name, Text(words, style="yellow"))
    words = f"{megabytes(report['size_bytes'])}. "
    return Group(table, Text(words if report["applied"] else f"{words}Remove them with: lda prune --apply"))


def house_view(report: Mapping[str, Any]) -> RenderableType:
    """What housekeeping did, and what people have to do."""
    removed = ", ".join(f"{number(count)} {name}" for name, count in report["removed"].items()) or "nothing"
    backup = report["last_backup"] or "none"
    parts = [
        Text(f"{number(report['archived_files'])} archived files hashed again."),
        Text(f"Removed {removed}; {megabytes(report['freed_bytes'])} free. Last backup: {backup}."),
    ]
    if report["finished_erasure"]:
        parts.append(Text("An erasure that had been stopped was finished."))
    return Group(*parts, *(Text(f"✗ {problem}", style="red") for problem in report["problems"]))


def holds_view(found: Sequence[Hold]) -> RenderableType:
    """Legal holds as a table."""
    if not found:
        return "No legal hold stands."
    table = grid("hold", "what", "reason", "placed", "lifted")
    for one in found:
        lifted = f"{one.lifted_at:%Y-%m-%d} {one.lifted_by}" if one.lifted_at else ""
        table.add_row(str(one.hold_id), one.words, one.reason, f"{one.placed_at:%Y-%m-%d} {one.placed_by}", lifted)
    return table
