"""The practices' register files, month by month, with the ways in which whole files go wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lda.synthetic.codes import ETHNIC_CODES, SEX_CODES, SEX_WORDS
from lda.synthetic.health_checks import LDHC_FIELDS, RegisterView
from lda.synthetic.layouts import FeedShape, landing_path, practice_file, practice_layout
from lda.synthetic.mess import Messer, Note
from lda.synthetic.population import People, Plan
from lda.synthetic.recipes import RawRow
from lda.synthetic.writers import CsvFile, Extract, TruthFiles, delivery

FEED = "gp_ld_register"
SPECIAL_STREAM = 90
# How a practice's month goes wrong, and how many months before the last.
SPECIALS = (
    ("missing_file", 0),
    ("late_file", 1),
    ("resubmission", 1),
    ("wrong_feed", 1),
    ("empty_file", 2),
    ("truncated_file", 2),
    ("same_bytes", 2),
    ("zero_bytes", 3),
)
REPLACED = frozenset({"resubmission", "wrong_feed", "empty_file", "truncated_file", "zero_bytes"})
NUMBER_TEXTS = ("", "0000000000", "9999999999", "")
READ_FOR_CUT = 200_000


@dataclass(frozen=True)
class Sent:
    """One practice's rows at one month end, with notes on unusable NHS numbers and people listed twice."""

    practice: int
    rows: list[RawRow]
    notes: list[Note]


class RegisterExtracts:
    """All register files of a sample, written block by block."""

    def __init__(self, plan: Plan, shape: FeedShape, landing: Path, truth: TruthFiles) -> None:
        self._plan, self._shape, self._landing, self._truth = plan, shape, landing, truth
        self._files: dict[tuple[int, int], CsvFile] = {}
        self.specials = self._choose_specials()

    @property
    def missing(self) -> dict[int, set[int]]:
        """Practices that send nothing, by month."""
        found: dict[int, set[int]] = {}
        for (practice, month), kind in self.specials.items():
            if kind == "missing_file":
                found.setdefault(month, set()).add(practice)
        return found

    def _choose_specials(self) -> dict[tuple[int, int], str]:
        if not self._plan.dirt:
            return {}
        random = self._plan.random(0, SPECIAL_STREAM)
        practices = random.choice(len(self._plan.geography.practices), len(SPECIALS), replace=False)
        last = len(self._plan.ends) - 1
        return {
            (int(practice), max(0, last - back)): kind
            for practice, (kind, back) in zip(practices, SPECIALS, strict=True)
        }

    def _extract(self, practice: int, month: int, version: int, days: int) -> Extract:
        geography, end = self._plan.geography, self._plan.ends[month]
        code = geography.practices[practice]
        name = practice_file(geography.suppliers[practice], code, end.isoformat()[:7], version)
        path = landing_path(self._landing, code, name)
        landed = path.relative_to(self._landing).as_posix()
        extract = Extract(path, landed, FEED, code, end, delivery(end, days))
        self._truth.extracts.append(extract)
        return extract

    def open_files(self) -> None:
        """Start every file."""
        for month in range(len(self._plan.ends)):
            for practice, supplier in enumerate(self._plan.geography.suppliers):
                kind = self.specials.get((practice, month), "")
                days = 45 if kind == "late_file" else 12 if kind in REPLACED else 3 + practice % 8
                extract = self._extract(practice, month, 2 if kind in REPLACED else 1, days)
                if kind:
                    extract.tags.add(kind)
                if kind == "missing_file":
                    extract.status, extract.landing_path = "missing", ""
                    continue
                layout = practice_layout(self._shape, supplier, practice)
                self._files[(practice, month)] = CsvFile(extract, self._shape, layout)

    def write_block(self, block: int, people: People, view: RegisterView, messer: Messer) -> None:
        """Write one block's rows of one month into every practice's file."""
        for sent in _sent(self._plan, block, people, view):
            key = (sent.practice, view.month)
            file = self._files.get(key)
            if file is None:
                continue
            if block == 0 and self.specials.get(key) == "resubmission":
                self._first_version(key, sent.rows)
            repeat = block == 0 and self._plan.dirt > 0 and sum(key) % 17 == 3
            file.write_rows(messer.rows(file, sent.rows, sent.notes, repeat_header=repeat))

    def _first_version(self, key: tuple[int, int], rows: list[RawRow]) -> None:
        """A resubmitted file's first version: every other person missing, and no checks."""
        extract = self._extract(*key, 1, 3)
        file = CsvFile(extract, self._shape, self._files[key].layout)
        check = self._shape.at("ahc_date")
        for row in rows[::2]:
            cells = list(row)
            cells[check] = 0
            for place in self._shape.dates:
                cells[place] = file.dates[int(cells[place])]
            file.write_rows([cells])
            extract.accepted += 1
        extract.tags.add("resubmission")
        extract.status = "superseded"
        file.close()

    def close(self) -> None:
        """Finish every file and write the bad first versions and copies."""
        dirty = self._plan.dirt > 0
        for (practice, month), file in self._files.items():
            file.close(dirty and (practice + month) % 11 == 4, dirty and (3 * practice + month) % 9 == 2)
        for key, kind in self.specials.items():
            if kind == "same_bytes":
                self._copy(key)
            elif kind in REPLACED and kind != "resubmission":
                self._rejected_version(key, kind)

    def _copy(self, key: tuple[int, int]) -> None:
        """The same bytes under another name."""
        extract = self._extract(*key, 2, 11)
        shutil.copyfile(self._files[key].extract.path, extract.path)
        extract.status = "same_bytes"
        extract.tags.add("same_bytes")
        extract.stamp()

    def _rejected_version(self, key: tuple[int, int], kind: str) -> None:
        extract = self._extract(*key, 1, 3)
        extract.status = "rejected"
        extract.tags.add("empty_file" if kind == "zero_bytes" else kind)
        good = self._files[key]
        if kind == "truncated_file":
            extract.path.write_bytes(_cut_short(good))
        elif kind == "zero_bytes":
            extract.path.write_bytes(b"")
        elif kind == "empty_file":
            CsvFile(extract, self._shape, good.layout)
        else:
            extract.path.write_text(_scheme_text(extract.partner), encoding="utf-8")
        extract.stamp()


def _cut_short(good: CsvFile) -> bytes:
    """The beginning of a file, cut in the middle of a row."""
    with good.extract.path.open("rb") as file:
        lines = file.read(READ_FOR_CUT).split(good.layout.newline.encode())
    keep = max(1, min(good.extract.accepted, len(lines) - 2) * 6 // 10)
    return good.layout.newline.encode().join([*lines[:keep], lines[keep][: len(lines[keep]) // 3]])


def _scheme_text(practice: str) -> str:
    """A health check scheme return, as sent by mistake."""
    lines = ["QUALITY_SERVICE,ORG_CODE,ACH_DATE,IND_CODE,FIELD_NAME,VALUE,APPROVED"]
    lines += [f"LDHC,{practice},20260331,{indicator},{field},1,Y" for indicator, field in LDHC_FIELDS]
    return "\n".join(lines) + "\n"


def _sent(plan: Plan, block: int, people: People, view: RegisterView) -> Iterator[Sent]:
    """Each practice's rows of a view, in the contract's column order then the extra ones."""
    geography, run_on = plan.geography, plan.ends[view.month].isoformat()
    view = view.only(np.argsort(view.practice, kind="stable").astype(np.int64))
    bounds = np.searchsorted(view.practice, np.arange(len(geography.practices) + 1)).tolist()
    columns = {name: getattr(view, name).tolist() for name in view.columns()}
    births, sexes = people.birth.tolist(), people.sex.tolist()
    for practice, code in enumerate(geography.practices):
        systmone = geography.suppliers[practice] == "systmone"
        words, flags = (SEX_WORDS, ("No", "Yes")) if systmone else (SEX_CODES, ("N", "Y"))
        rows: list[RawRow] = []
        notes = []
        for at in range(bounds[practice], bounds[practice + 1]):
            person = columns["person"][at]
            form = int(people.number_known[person])
            if form in {1, 2}:
                notes.append(Note(len(rows), "sentinel_nhs_number"))
            elif columns["duplicate"][at]:
                notes.append(Note(len(rows), "duplicate_between_files"))
            postcode, lsoa = _address(plan, people, person, columns["area"][at], systmone)
            rows.append((
                NUMBER_TEXTS[form] if form else people.nhs[person], f"{block + 1}-{person}", births[person],
                words[sexes[person]], ETHNIC_CODES[people.ethnicity[person]], postcode, lsoa, code,
                columns["register_day"][at], columns["removal_day"][at], columns["autism_day"][at],
                columns["check"][at], columns["decline"][at], columns["plan"][at], flags[person % 3 == 0],
                columns["death_day"][at], run_on, f"Dr O’Neill – list {person % 4 + 1}",
            ))  # fmt: skip
        yield Sent(practice, rows, notes)


def _address(plan: Plan, people: People, person: int, area_index: int, systmone: bool) -> tuple[str, str]:
    """Postcode and LSOA as sent: one supplier sends postcodes only, the other sometimes an LSOA alone."""
    if not people.address_known[person]:
        return ("tba" if systmone else "", "")
    area = plan.geography.areas[area_index]
    postcode = area.postcodes[people.postcode[person]]
    if systmone:
        return postcode, ""
    return ("" if person % 11 == 0 else f"{postcode[:-3]} {postcode[-3:]}"), area.code
