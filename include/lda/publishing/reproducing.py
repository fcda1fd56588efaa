"""A publication made again from what its ``publication.json`` says, and compared with what was published.

It is rebuilt apart from everything: the publication, the candidates and the ledger are only read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from lda.gates import Previous, Unit, judge_candidate
from lda.ledger import CANNOT_BE_MADE_AGAIN, Ledger
from lda.publishing.folder import PUBLIC, RESTRICTED, PublicationError, databases, verify_folder
from lda.publishing.manifest import sha256, withheld_units
from lda.publishing.tables import write_database, write_figures
from lda.settings import Settings
from lda.warehouse import (
    Candidate,
    CandidateError,
    build_candidate,
    code_version,
    in_force,
    inputs_hash,
    known_periods,
)
from lda.warehouse import rules_fingerprint as fingerprint_now
from lda.warehouse.candidate import quoted

FIGURES_FILE = "measures.csv"
MART_DATABASE = "lda_mart.duckdb"
NAMED = 5


@dataclass
class Reproduction:
    """A publication beside itself made again: the checksums of its figures, and tables of which rows differ.

    ``tables`` counts rows by ``file: schema.table``; ``differences`` says what is not the same, in words.
    """

    publication_id: str
    code_version: str
    published_sha256: str
    reproduced_sha256: str
    tables: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """True when the figures are equal byte by byte and no row of any table differs."""
        return self.published_sha256 == self.reproduced_sha256 and not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"is_equal": self.is_equal}


def reproduce(settings: Settings, publication_id: str) -> Reproduction:
    """Build a publication again, from the submissions in force as of its moment, and compare every figure.

    :raises PublicationError: when it cannot be made again: there is no such publication, it is damaged, the code or
        the rules are others than it was made with, or a submission or an earlier publication is not there any more.
    """
    folder = settings.published / publication_id
    if Path(publication_id).name != publication_id or not folder.is_dir():
        raise PublicationError(f"There is no publication {publication_id}. See: lda publications")
    manifest = verify_folder(folder)
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        _not_past_retention(ledger, publication_id)
        # The systems it is of, whichever are served now.
        settings = settings.model_copy(update={"system": manifest["system_code"]})
        _same_code(settings, manifest)
        previous = _compared_with(settings, manifest)
        _same_inputs(settings, ledger, manifest)
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".reproduce-", dir=settings.home) as scratch:
            return _rebuild(_apart(settings, Path(scratch)), ledger, folder, manifest, previous)
    except CandidateError as error:
        raise PublicationError(f"{publication_id} cannot be made again. {error}") from error
    finally:
        ledger.close()


def _not_past_retention(ledger: Ledger, publication_id: str) -> None:
    """Refuse when rows that it was made of were removed because their time was over."""
    for line in ledger.trail("pruned"):
        if line["subject"] == publication_id and CANNOT_BE_MADE_AGAIN in (line["detail"] or ""):
            raise PublicationError(
                f"{publication_id} {line['detail']} as published. They went on {line['at']:%Y-%m-%d}; only a backup of "
                "before, put back elsewhere, has them (docs/runbooks/restore-from-backup.md)."
            )


def _same_code(settings: Settings, manifest: Mapping[str, Any]) -> None:
    """Refuse when another version of the code, or of the rules, stands here.

    The version alone does not say enough: a checkout that somebody edits keeps its name.
    """
    known, here = manifest["code_version"], code_version(settings)
    name = manifest["publication_id"]
    if known != here:
        raise PublicationError(
            f"{name} was made with version {known} of the code; this is {here}. "
            f"Check out {known.removesuffix('-dirty')} with its locked dependencies, then try again."
        )
    if "rules_fingerprint" not in manifest:
        raise PublicationError(f"{name} was made before publications recorded all they depend on (rules_fingerprint).")
    if manifest["rules_fingerprint"] != fingerprint_now(settings):
        raise PublicationError(
            f"Contracts, systems, reference data, SQL or publishing code are not those that {name} was made with, "
            f"although both are called version {known}. Put them back as they were: check out the commit without edits."
        )


def _compared_with(settings: Settings, manifest: Mapping[str, Any]) -> list[Previous]:
    """The earlier publications whose figures decided what was hidden and withheld, in the same order."""
    found = [
        Previous(settings.published / name / RESTRICTED / MART_DATABASE, frozenset(map(Unit.of, units)))
        for name, units in manifest["compared_with"].items()
    ]
    gone = [one.publication_id for one in found if not one.path.exists()]
    if gone:
        raise PublicationError(
            f"{manifest['publication_id']} was protected against comparison with {', '.join(gone)}, which is not there "
            "any more. Restore it from a backup (docs/runbooks/restore-from-backup.md)."
        )
    return found


def _same_inputs(settings: Settings, ledger: Ledger, manifest: Mapping[str, Any]) -> None:
    """Refuse when what was in force as of the publication's moment is not what it was made from."""
    moment, periods = datetime.fromisoformat(manifest["as_of"]), known_periods(manifest)
    inputs = in_force(settings, ledger, moment, periods)
    if inputs_hash(inputs, periods, manifest["rules_fingerprint"]) == manifest["inputs_hash"]:
        return
    used = {(feed, one) for feed, known in manifest["files_in"].items() for one in known.get("file_ids", [])}
    listed = {feed for feed, known in manifest["files_in"].items() if "file_ids" in known}
    now = {(one.feed, one.file_id) for one in inputs if one.feed in listed}
    words = [
        f"{len(some)} {how}: " + ", ".join(f"{feed} {file_id[:12]}" for feed, file_id in sorted(some)[:NAMED])
        for some, how in ((used - now, "missing"), (now - used, "that were not in it"))
        if some
    ]
    found = "; ".join(words) or "the same files, judged again since, with rows erased, or with another opt-out list"
    raise PublicationError(
        f"The submissions in force as of {moment} are not those that {manifest['publication_id']} was made from "
        f"({found}). See: lda files <file id>; restore the ledger and lake from a backup."
    )


def _apart(settings: Settings, scratch: Path) -> Settings:
    """Settings of a home of its own that reads the lake and the ledger of the real one."""
    (scratch / "lake").symlink_to(settings.lake, target_is_directory=True)
    return settings.model_copy(update={"home": scratch, "ledger_url": settings.ledger_address})


def _rebuild(
    settings: Settings, ledger: Ledger, folder: Path, manifest: Mapping[str, Any], previous: list[Previous]
) -> Reproduction:
    periods, moment = known_periods(manifest), datetime.fromisoformat(manifest["as_of"])
    paths = [one.path for one in previous]
    made = build_candidate(settings, ledger, manifest["run_id"], periods, moment, paths)
    candidate = replace(made, compared_with=dict(manifest["compared_with"]))
    report = judge_candidate(settings, candidate, previous, manifest["accepted_measures"])
    withheld = withheld_units(manifest)
    again = settings.home / "again"
    for part in (PUBLIC, RESTRICTED):
        (again / part).mkdir(parents=True)
    write_figures(again / PUBLIC, candidate.path, report.withheld)
    known = manifest["files_out"][f"{PUBLIC}/{FIGURES_FILE}"]["sha256"]
    result = Reproduction(
        manifest["publication_id"], manifest["code_version"], known, sha256(again / PUBLIC / FIGURES_FILE)
    )
    if set(report.withheld) != set(withheld):
        then, now = (", ".join(map(str, units)) or "nothing" for units in (withheld, report.withheld))
        both = f"{then} was withheld, and now {now}"
        result.differences.append(f"The gates decided otherwise: {both}.")
    _compare_tables(result, folder, again, candidate, report.withheld)
    return result


def _compare_tables(
    result: Reproduction, folder: Path, again: Path, candidate: Candidate, withheld: Collection[Unit]
) -> None:
    """Compare every table of both databases row by row, as bags: rows of a table have no order."""
    for path, schemas in databases(again).items():
        write_database(path, candidate.path, schemas, withheld, {})
        published = folder / path.relative_to(again)
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH {quoted(str(published))} AS published_then (READ_ONLY)")
            connection.execute(f"ATTACH {quoted(str(path))} AS made_again (READ_ONLY)")
            then, now = (_tables(connection, name) for name in ("published_then", "made_again"))
            for table in sorted(then ^ now):
                result.differences.append(f"{path.name}: {table} is in one of the two only.")
            for table in sorted(then & now):
                rows, differing = _differing(connection, table)
                result.tables[f"{path.name}: {table}"] = rows
                if differing:
                    result.differences.append(f"{path.name}: {differing} rows of {table} differ.")


def _tables(connection: duckdb.DuckDBPyConnection, catalogue: str) -> set[str]:
    rows = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ?", [catalogue]
    ).fetchall()
    return {f'{schema}."{name}"' for schema, name in rows}


def _differing(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    """Rows of a table, and rows that only one of the two has."""
    then, now = f"FROM published_then.{table}", f"FROM made_again.{table}"
    row = connection.execute(
        f"SELECT (SELECT count(*) {then}), (SELECT count(*) FROM (({then} EXCEPT ALL {now}) "
        f"UNION ALL ({now} EXCEPT ALL {then})))"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
