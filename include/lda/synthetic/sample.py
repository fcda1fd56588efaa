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

import numpy as np

from lda.settings import PRIVATE_FOLDER, Settings
from lda.synthetic.calendar import last_day
from lda.synthetic.council_extracts import CouncilExtracts
from lda.synthetic.council_returns import sent_rows
from lda.synthetic.council_truth import CouncilTruth
from lda.synthetic.geography import Geography
from lda.synthetic.health_checks import LDHC_FIELDS, make_health_events, register_views, scheme_return
from lda.synthetic.hospital import Stay, make_stays
from lda.synthetic.hospital_truth import add_inpatient_measures
from lda.synthetic.icb_extracts import IcbExtracts
from lda.synthetic.layouts import load_shapes
from lda.synthetic.mess import Messer
from lda.synthetic.mortality import Review, add_review_measures, make_reviews
from lda.synthetic.population import Plan, make_people, make_plan
from lda.synthetic.register_extracts import RegisterExtracts
from lda.synthetic.social_care import make_clients, others_needed
from lda.synthetic.trust_history import make_trust_history
from lda.synthetic.trust_returns import TrustExtracts
from lda.synthetic.trust_truth import TrustTruth
from lda.synthetic.truth import (
    Truth,
    add_population,
    add_register_measures,
    add_scheme_measure,
    register_in_force,
)
from lda.synthetic.writers import TruthFiles

Progress = Callable[[str, int, int], None]
FILES_OF_OUR_OWN = "files.csv"


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

    The same arguments make the same bytes. ``scale`` is the size next to the real system; above 1 the population is
    made and written in that many blocks, so memory does not grow with it. ``dirt`` is the share of messy rows; 0 also
    leaves out the mishaps of whole files. Files of an earlier sample are removed first; no other file is touched.

    Raises ValueError for arguments that make no sample and SettingsError for an unknown system.
    """
    if months < 1 or scale <= 0 or not 0 <= dirt <= 0.3:
        raise ValueError("expected months of 1 or more, scale above 0 and dirt from 0 to 0.3")
    started = time.monotonic()
    report = SynthesisReport(system, months, last_day(end).isoformat(), seed, scale, dirt)
    plan = make_plan(Geography(settings, system), last_day(end), months, seed, scale, dirt)
    settings.landing.mkdir(parents=True, exist_ok=True)
    settings.landing.chmod(PRIVATE_FOLDER)
    folder = settings.home / "truth"
    _remove_earlier(settings)
    with TruthFiles(folder) as files:
        truth = _Sample(settings, plan, files, report, progress or _silent).make()
    report.truth_cells = truth.write(folder / "measures.csv")
    files.write_files()
    _count(report, files)
    made = {name: value for name, value in report.as_dict().items() if name != "seconds"}
    (folder / "sample.json").write_text(json.dumps(made, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    report.seconds = round(time.monotonic() - started, 2)
    return report


class _Sample:
    """One run of the generator."""

    def __init__(
        self, settings: Settings, plan: Plan, files: TruthFiles, report: SynthesisReport, progress: Progress
    ) -> None:
        shapes = load_shapes(settings)
        self.plan, self.files, self.report, self.progress = plan, files, report, progress
        self.settings = settings
        self.blocks = max(1, round(plan.scale))
        self.block_scale = plan.scale / self.blocks
        self.truth = Truth(plan.geography)
        self.registers = RegisterExtracts(plan, shapes["gp_ld_register"], settings.landing, files)
        self.councils = CouncilExtracts(plan, shapes["cld"], settings.landing, files)
        self.icb = IcbExtracts(plan, shapes, settings.landing, files, Messer(plan, self.blocks, files))
        self.scheme = [np.zeros((len(plan.geography.practices), len(LDHC_FIELDS)), dtype=np.int64) for _ in plan.ends]
        self.stays: list[Stay] = []
        self.reviews: list[Review] = []

    def make(self) -> Truth:
        """Write every file and return the right answers."""
        steps = self.blocks + 2
        self.registers.open_files()
        self.councils.open_files()
        for block in range(self.blocks):
            self.progress("people and their history", block, steps)
            self._block(block)
        self.progress("monthly files of the ICB", self.blocks, steps)
        self.registers.close()
        self.councils.close()
        self.icb.scheme_returns(self.scheme)
        self.icb.censuses(self.stays)
        self.icb.reviews(self.reviews)
        self.icb.unclaimed()
        trusts = self._trusts()
        self.progress("right answers", self.blocks + 1, steps)
        first_day = self.plan.ends[0].replace(day=1).toordinal()
        for month, end in enumerate(self.plan.ends):
            add_scheme_measure(self.truth, end, self.scheme[month])
            add_population(self.truth, end)
            add_inpatient_measures(self.truth, self.stays, end, first_day, self.plan.geography.inpatient_baseline)
            add_review_measures(self.truth, self.reviews, end)
            for trust in trusts:
                trust.add_month(end)
        self.progress("done", steps, steps)
        return self.truth

    def _trusts(self) -> list[TrustTruth]:
        """Write every trust's submissions; returns what answers for them."""
        answers = []
        for trust in self.plan.geography.trusts:
            history = make_trust_history(self.plan, self.stays, trust)
            TrustExtracts(self.plan, trust, self.settings.landing, self.files).submissions(history)
            answers.append(TrustTruth(self.truth, history, self.plan.ends[0].replace(day=1).toordinal()))
        return answers

    def _block(self, block: int) -> None:
        """Make one block of people, write their rows and add up their part of the truth."""
        plan = self.plan
        people = make_people(plan, block, self.block_scale, others_needed(plan, self.block_scale))
        self.report.people += len(people.nhs)
        messer = Messer(plan, block, self.files)
        views = register_views(plan, people, make_health_events(plan, block, people))
        for view in views:
            self.registers.write_block(block, people, view, messer)
            self.scheme[view.month] += scheme_return(plan, people, view)
        add_register_measures(self.truth, plan, people, register_in_force(plan, views, self.registers.missing))
        self.stays += make_stays(plan, block, people, self.block_scale)
        self.reviews += make_reviews(plan, block, people)
        clients = make_clients(plan, block, people, self.block_scale)
        known = CouncilTruth()
        for quarter, end in enumerate(plan.quarters):
            sent = list(sent_rows(plan, people, clients, quarter))
            self.councils.write_block(block, people, quarter, sent, messer)
            known.take(quarter, sent)
            known.add_measures(self.truth, end)


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
