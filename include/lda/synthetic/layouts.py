"""How each sender lays out a feed: its columns, what it calls them, separators, encodings and date styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from lda.settings import Settings

# Columns that practices send besides the contract's, after them in every row: the run date makes each file its own.
RUN_DATE, USUAL_GP = "run_date", "usual_gp"
EXTRA_COLUMNS = (RUN_DATE, USUAL_GP)


@dataclass(frozen=True)
class FeedShape:
    """A feed's columns in the contract's order, which of them are dates, the prefix of its rule codes, and the greatest
    share of a file's rows that may be quarantined before the whole file is rejected."""

    feed: str
    prefix: str
    columns: tuple[str, ...]
    date_columns: tuple[str, ...]
    headers: tuple[str, ...]
    quarantine_share: float

    @cached_property
    def dates(self) -> tuple[int, ...]:
        """Positions of the date columns."""
        return tuple(self.columns.index(name) for name in self.date_columns)

    def at(self, column: str) -> int:
        """Position of a column."""
        return self.columns.index(column)

    @property
    def number(self) -> int | None:
        """Position of the NHS number, if the feed has one."""
        return self.columns.index("nhs_number") if "nhs_number" in self.columns else None


def load_shapes(settings: Settings) -> dict[str, FeedShape]:
    """The shape of every contract, by feed. ``headers`` are each column's first synonym, or its name."""
    shapes = {}
    for path in sorted(settings.contracts_dir.glob("*.odcs.yaml")):
        contract = yaml.safe_load(path.read_text(encoding="utf-8"))
        properties: list[dict[str, Any]] = contract["schema"][0]["properties"]
        shapes[contract["id"]] = FeedShape(
            feed=contract["id"],
            prefix=_custom(contract, "rulePrefix"),
            columns=tuple(column["name"] for column in properties),
            date_columns=tuple(column["name"] for column in properties if column["logicalType"] == "date"),
            headers=tuple(str((_custom(column, "synonyms") or [column["name"]])[0]) for column in properties),
            quarantine_share=float(_custom(contract, "maxQuarantineShare")),
        )
    return shapes


def _custom(thing: dict[str, Any], name: str) -> Any:
    return next((item["value"] for item in thing.get("customProperties", []) if item["property"] == name), None)


@dataclass(frozen=True)
class Layout:
    """How one sender writes a CSV file: positions of the columns it sends, their headings and the text format."""

    columns: tuple[int, ...]
    headings: tuple[str, ...]
    date_style: str
    delimiter: str = ","
    newline: str = "\n"
    encoding: str = "utf-8"
    tags: tuple[str, ...] = ()


SYSTMONE_COLUMNS = (
    ("practice_code", "Organisation Code"),
    ("nhs_number", "NHS Number"),
    ("local_patient_id", "Patient ID"),
    (USUAL_GP, "Usual GP"),
    ("birth_date", "Date of Birth"),
    ("sex", "Gender"),
    ("ethnic_category", "Ethnicity"),
    ("postcode", "Post Code"),
    ("register_date", "LD Register Date"),
    ("removal_date", "LD Removal Date"),
    ("deceased_date", "Deceased Date"),
    ("ahc_date", "Annual Health Check Date"),
    ("hap_date", "Health Action Plan Date"),
    ("ahc_declined_date", "Health Check Declined"),
    ("autism_diagnosis_date", "Autism Code Date"),
    ("reasonable_adjustment_flag", "Reasonable Adjustments"),
    (RUN_DATE, "Report Run On"),
)
FORMAT_TAGS = {"\r\n": "crlf", ";": "semicolons", "utf-8-sig": "bom", "cp1252": "windows_1252"}
DATE_TAGS = {"iso": "dates_iso", "uk": "dates_uk", "mon": "dates_month_name", "compact": "dates_compact"}


def _layout(columns: tuple[int, ...], headings: tuple[str, ...], style: str, text: tuple[str, str, str]) -> Layout:
    delimiter, newline, encoding = text
    tags = tuple(FORMAT_TAGS[mark] for mark in text if mark in FORMAT_TAGS)
    return Layout(columns, headings, style, delimiter, newline, encoding, (*tags, DATE_TAGS[style]))


def practice_layout(shape: FeedShape, supplier: str, index: int) -> Layout:
    """The register layout of a practice: the contract's from one supplier, other names and order from the other."""
    columns = (*shape.columns, *EXTRA_COLUMNS)
    if supplier == "systmone":
        encoding = "cp1252" if index % 3 else "utf-8-sig"
        layout = _layout(
            tuple(columns.index(name) for name, _ in SYSTMONE_COLUMNS),
            tuple(heading for _, heading in SYSTMONE_COLUMNS),
            "compact" if index % 7 == 3 else "mon",
            (",", "\r\n", encoding),
        )
        return _tagged(layout, "renamed_headers", "reordered_headers", "unknown_column")
    sent = len(shape.columns) + 1
    text = (
        ";" if index % 13 == 5 else ",",
        "\r\n" if index % 4 == 2 else "\n",
        "utf-8-sig" if index % 3 == 0 else "utf-8",
    )
    style = "uk" if index % 5 == 0 else "iso"
    return _tagged(_layout(tuple(range(sent)), columns[:sent], style, text), "unknown_column")


def scheme_layout(shape: FeedShape) -> Layout:
    """The scheme return's layout: the national upper-case headings and YYYYMMDD dates."""
    return _layout(tuple(range(len(shape.columns))), shape.headers, "compact", (",", "\r\n", "utf-8"))


def council_layout(shape: FeedShape, council: int, release_1: bool) -> Layout:
    """A council's layout; Release 1 files have headings with spaces."""
    layout = sender_layout(shape, council)
    if not release_1:
        return _tagged(layout, "release_2")
    spaced = replace(layout, headings=tuple(heading.replace("_", " ") for heading in shape.headers))
    return _tagged(spaced, "release_1", "renamed_headers")


def sender_layout(shape: FeedShape, sender: int, without: Sequence[str] = ()) -> Layout:
    """How one of several senders writes a file: the feed's own headings, and encodings and dates of its own; optional
    columns named ``without`` are left out."""
    texts = ((",", "\n", "utf-8-sig"), (",", "\r\n", "cp1252"), (",", "\r\n", "utf-8"))
    style = ("iso", "uk", "mon")[sender % 3]
    sent = tuple(at for at, name in enumerate(shape.columns) if name not in without)
    layout = _layout(sent, tuple(shape.headers[at] for at in sent), style, texts[sender % 3])
    return _tagged(layout, "optional_column_missing") if without else layout


def _tagged(layout: Layout, *tags: str) -> Layout:
    return Layout(**{**vars(layout), "tags": (*layout.tags, *tags)})


def practice_file(supplier: str, code: str, period: str, version: int) -> str:
    """File name of a practice's register for ``YYYY-MM``, as its supplier names files."""
    if supplier == "systmone":
        return f"LD Register Export {code} {period.replace('-', '')}{f' v{version}' if version > 1 else ''}.csv"
    return f"gp_ld_register_{code}_{period}{_suffix(version)}.csv"


def icb_file(feed: str, code: str, period: str, version: int) -> str:
    """File name of an ICB's monthly file."""
    return f"{feed}_{code}_{period}{_suffix(version)}.{'csv' if feed == 'ldhc' else 'xlsx'}"


def council_file(code: str, day: str, version: int, release_1: bool) -> str:
    """File name of a council's quarterly file for the quarter that ends on ``YYYYMMDD``."""
    return f"cld{'_r1' if release_1 else ''}_{code}_{day}{_suffix(version)}.csv"


def _suffix(version: int) -> str:
    return f"_v{version}" if version > 1 else ""


def landing_path(landing: Path, partner: str, name: str) -> Path:
    """Where a partner's file lands."""
    return landing / partner / name
