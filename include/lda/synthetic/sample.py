"""Makes a whole sample: people, their history, the partners' files and the right answers."""

from __future__ import annotations

import csv
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from lda.settings import PRIVATE_FOLDER, Settings
from lda.synthetic.calendar import last_day
from lda.synthetic.families import FAMILIES, Block, Made
from lda.synthetic.geography import Geography
from lda.synthetic.health_checks import make_health_events, register_views
from lda.synthetic.icb_extracts import IcbExtracts
from lda.synthetic.layouts import load_shapes
from lda.synthetic.mess import Messer
from lda.synthetic.population import Plan, make_people, make_plan
from lda.synthetic.social_care import others_needed
from lda.synthetic.truth import Truth, write_truth
from lda.synthetic.writers import TruthFiles

Progress = Callable[[str, int, int], None]
FILES_OF_OUR_OWN = "files.csv"
# What was made, in the folder of right answers.
SAMPLE = "sample.json"


class SampleError(ValueError):
    """A sample cannot be made as asked; the message says what to ask instead."""


@dataclass
class SynthesisReport:
    """What was made: the arguments, the counts and how long it took."""

    system: str
    months: int
    end: str
    seed: int
    scale: float
    dirt: float
    people: int = 0
    files: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    by_feed: dict[str, int] = field(default_factory=dict)
    by_status: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    tagged_rows: int = 0
    truth_cells: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """The report as plain values."""
        return asdict(self)


def synthesise(
    settings: Settings,
    system: str = "llr",
    months: int = 24,
    end: str | date = "2026-03",
    seed: int = 7,
    scale: float = 1.0,
    dirt: float = 0.02,
    progress: Progress | None = None,
) -> SynthesisReport:
    """Write ``months`` months of files up to ``end`` into ``home/landing``, and the right answers into ``home/truth``.

    ``system`` may be several by commas, or all: each is made as it would be alone, people, files and answers.

    The same arguments make the same bytes. ``scale`` is the size next to the real system; above 1 the population is
    made and written in that many blocks, so memory does not grow with it. ``dirt`` is the share of messy rows; 0 also
    leaves out the mishaps of whole files. Files of an earlier sample are removed first; no other file is touched.

    Raises SampleError in production, where nobody invented may stand beside real people, and for arguments that make
    no sample; SettingsError for an unknown system.
    """
    if settings.environment == "production":
        raise SampleError("A sample is for trying the warehouse: LDA_ENVIRONMENT is production. Nothing was made.")
    if months < 1 or scale <= 0 or not 0 <= dirt <= 0.3:
        raise SampleError("A sample needs months of 1 or more, scale above 0 and dirt from 0 to 0.3. Nothing was made.")
    last = _last_month(end)
    started = time.monotonic()
    systems = settings.model_copy(update={"system": system}).systems
    report = SynthesisReport(",".join(systems), months, last.isoformat(), seed, scale, dirt)
    areas = [Geography(settings, code) for code in systems]
    settings.landing.mkdir(parents=True, exist_ok=True)
    settings.landing.chmod(PRIVATE_FOLDER)
    folder = settings.home / "truth"
    _remove_earlier(settings)
    with TruthFiles(folder) as files:
        truths = [
            _Sample(
                settings, make_plan(area, last, months, seed, scale, dirt), files, report, progress or _silent
            ).make()
            for area in areas
        ]
    report.truth_cells = write_truth(folder / "measures.csv", truths)
    files.write_files()
    _count(report, files)
    made = {name: value for name, value in report.as_dict().items() if name != "seconds"}
    (folder / SAMPLE).write_text(json.dumps(made, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    report.seconds = round(time.monotonic() - started, 2)
    return report


def _last_month(end: str | date) -> date:
    try:
        return last_day(end)
    except ValueError:
        raise SampleError(f"The last month {str(end)!r} is not a month. Write it like 2026-03.") from None


def why_no_sample(settings: Settings) -> str:
    """Why none is made where one is only to be made for want of files; empty when it is to be made.

    Landing is emptied by retention and filled by channels: that it is empty does not mean that nobody ever sent a file.
    """
    if settings.environment == "production":
        return "This is production: no sample was made."
    if _holds_files(settings.landing):
        return f"{settings.landing} already holds files; no sample was made."
    if _holds_files(settings.archive) and not (settings.home / "truth" / SAMPLE).exists():
        return f"{settings.landing} is empty, but partners' files came before; no sample was made."
    return ""


def _holds_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


class _Sample:
    """One run of the generator."""

    def __init__(
        self, settings: Settings, plan: Plan, files: TruthFiles, report: SynthesisReport, progress: Progress
    ) -> None:
        self.plan, self.files, self.report, self.progress = plan, files, report, progress
        self.blocks = max(1, round(plan.scale))
        block_scale = plan.scale / self.blocks
        shapes = load_shapes(settings)
        icb = IcbExtracts(plan, shapes, settings.landing, files, Messer(plan, self.blocks, files))
        self.made = Made(plan, shapes, settings.landing, files, Truth(plan.geography), block_scale, icb)
        self.families = [family(self.made) for family in FAMILIES]

    def make(self) -> Truth:
        """Write every file and return the right answers."""
        steps = self.blocks + 2
        for number in range(self.blocks):
            self.progress("people and their history", number, steps)
            block = self._block(number)
            for family in self.families:
                family.take_block(block)
        self.progress("files of all people together", self.blocks, steps)
        for family in self.families:
            family.write()
        self.made.icb.unclaimed()
        self.progress("right answers", self.blocks + 1, steps)
        for end in self.plan.ends:
            for family in self.families:
                family.add_month(end)
        self.progress("done", steps, steps)
        return self.made.truth

    def _block(self, number: int) -> Block:
        """One block of people and what GP registers show of them."""
        plan, scale = self.plan, self.made.block_scale
        people = make_people(plan, number, scale, others_needed(plan, scale))
        self.report.people += len(people.nhs)
        homes = people.areas_on(plan.last)
        self.made.opt_outs.take(
            (number, plan.geography.areas[home].place) for number, home in zip(people.nhs, homes, strict=True)
        )
        views = register_views(plan, people, make_health_events(plan, number, people))
        return Block(number, people, views, Messer(plan, number, self.files))


def _silent(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def _remove_earlier(settings: Settings) -> None:
    """Remove the files that an earlier sample listed as its own."""
    listed = settings.home / "truth" / FILES_OF_OUR_OWN
    if not listed.exists():
        return
    with listed.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["landing_path"]:
                (settings.landing / row["landing_path"]).unlink(missing_ok=True)


def _count(report: SynthesisReport, files: TruthFiles) -> None:
    """Fill in the report's totals."""
    present = [extract for extract in files.extracts if extract.status != "missing"]
    report.files = len(present)
    report.by_feed = dict(sorted(Counter(extract.feed or "none" for extract in present).items()))
    report.by_status = dict(sorted(Counter(extract.status for extract in files.extracts).items()))
    report.tags = dict(sorted(Counter(tag for extract in files.extracts for tag in extract.tags).items()))
    report.tagged_rows = files.tagged_rows
    counted = [extract.truth() for extract in files.extracts]
    names = ("received", "accepted", "quarantined", "repeated")
    report.rows = {name: math.floor(sum(int(row[6 + at]) for row in counted)) for at, name in enumerate(names)}
