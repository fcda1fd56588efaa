"""Two publications beside each other, for a terminal and as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from lda.reporting.render import grid, number

SHOWN = 40
CHANGES = {
    "new": "are new",
    "gone": "are gone",
    "hidden": "are hidden now",
    "shown": "are shown now",
    "restated": "have other numbers",
}


def diff_view(diff: Mapping[str, Any]) -> RenderableType:
    """The comparison drawn: how many figures changed how, the submissions behind it, and the first restated figures."""
    if not diff["counts"]:
        return Text(f"Every figure of {diff['after']} is the same in {diff['before']}.")
    said = ", ".join(f"{number(count)} {CHANGES[change]}" for change, count in diff["counts"].items())
    inputs = grid("", "feed", "partner", "period", ">rows", title="Submissions in only one of them")
    for one in diff["inputs"][:SHOWN]:
        inputs.add_row(one["change"], one["feed"], one["partner_code"], str(one["period_end"]), number(one["rows"]))
    figures = grid("", "measure", "place", "of", "period", ">before", ">after", title="Restated figures")
    for one in diff["figures"][:SHOWN]:
        of = "" if one["breakdown_type"] == "all" else f"{one['breakdown_type']}: {one['breakdown_value']}"
        where = f"{one['geography_type']} {one['geography_code']}"
        period, before, after = str(one["period_end"]), _figure(one, "before"), _figure(one, "after")
        figures.add_row(one["change"], one["measure_id"], where, of, period, before, after)
    parts: list[RenderableType] = [Text(f"From {diff['before']} to {diff['after']}: {said}.")]
    for table, found in ((inputs, diff["inputs"]), (figures, diff["figures"])):
        if found:
            parts += [Text(""), table]
        if len(found) > SHOWN:
            parts.append(Text(f"… and {number(len(found) - SHOWN)} more; --json or --to FILE has all."))
    return Group(*parts)


def reproduction_view(result: Mapping[str, Any]) -> RenderableType:
    """Whether a publication made again is what was published, and what differs when it is not."""
    tables, rows = len(result["tables"]), number(sum(result["tables"].values()))
    if result["is_equal"]:
        words = f"measures.csv is the same to the byte (SHA-256 {result['published_sha256'][:12]}…)"
        return Text(
            f"{result['publication_id']} was made again: {words}, and so is every row of {tables} tables ({rows})."
        )
    lines = list(result["differences"])
    if result["published_sha256"] != result["reproduced_sha256"]:
        lines.insert(0, "measures.csv is not the same to the byte.")
    return Text(f"{result['publication_id']} was made again and is NOT the same.\n" + "\n".join(lines))


def write_diff(diff: Mapping[str, Any], path: Path) -> None:
    """Write the restated figures as CSV, a line each; numbers that are hidden or were not there are empty."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        if not diff["figures"]:
            return
        writer = csv.DictWriter(file, list(diff["figures"][0]))
        writer.writeheader()
        writer.writerows(diff["figures"])


def _figure(one: Mapping[str, Any], side: str) -> str:
    """A figure with its parts, as far as they are known."""
    value, above, below = (one[f"{name}_{side}"] for name in ("value", "numerator", "denominator"))
    if value is None and above is None:
        return "–"
    whole = "" if value is None else f"{value:.4g}"
    return whole if above is None or below is None else f"{whole} ({above:g}/{below:g})"
