"""Lineage by OpenLineage: which step read and wrote which dataset, from partners' files to the publication.

Off unless ``LDA_LINEAGE`` is true; where events go is OpenLineage's own setting (``OPENLINEAGE__TRANSPORT__TYPE``, an
``openlineage.yml`` …). Jobs and datasets are named by feed and table, never by file or person; what arrived is told in
counts and in how often which rule failed. An event that cannot be sent is logged and never stops a run.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from lda.settings import Settings
from lda.telemetry.identifiers import masked

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, OutputDataset

log = logging.getLogger(__name__)

NAMESPACE = "lda"
PRODUCER = "lda-warehouse"
START, COMPLETE, FAIL = "START", "COMPLETE", "FAIL"


@dataclass(frozen=True)
class Dataset:
    """Something read or written: its name (``landing/cld``, ``lake/cld``, ``warehouse/mart.dim_date``, ``published``),
    how many ``rows`` and ``files`` of it, its ``version``, and the ``failures`` of each rule it was judged by."""

    name: str
    rows: int | None = None
    files: int | None = None
    version: str | None = None
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One run of one step: its ``run`` names the run of the warehouse that it is a part of."""

    name: str
    run: str
    part: str = ""

    @property
    def uuid(self) -> str:
        """The id of this step's run; the same each time it is asked for."""
        return str(uuid5(NAMESPACE_URL, f"lda:{self.run}:{self.name}:{self.part}"))


def tell(
    settings: Settings,
    event: str,
    job: Job,
    inputs: Sequence[Dataset] = (),
    outputs: Sequence[Dataset] = (),
    at: datetime | None = None,
    problem: str = "",
) -> None:
    """Send one event about a step, when lineage is on. Never raises.

    :param event: START, COMPLETE or FAIL, the last with the ``problem``.
    :param at: when it happened; by default now.
    """
    if not settings.lineage:
        return
    try:
        _emit(event, job, inputs, outputs, at or datetime.now(UTC), problem)
    except Exception as error:
        log.warning("A lineage event could not be sent (%s). Nothing else is changed by that.", type(error).__name__)


@cache
def _client() -> OpenLineageClient:
    from openlineage.client import OpenLineageClient

    return OpenLineageClient()


def _emit(
    event: str, job: Job, inputs: Sequence[Dataset], outputs: Sequence[Dataset], at: datetime, problem: str
) -> None:
    from openlineage.client.event_v2 import Job as OpenJob
    from openlineage.client.event_v2 import Run, RunEvent, RunState
    from openlineage.client.facet_v2 import RunFacet, error_message_run, job_type_job, parent_run

    parent = Job("run", job.run)
    facets: dict[str, RunFacet] = {
        "parent": parent_run.ParentRunFacet(
            parent_run.Run(parent.uuid), parent_run.Job(NAMESPACE, job.run.split("-", 1)[0])
        )
    }
    if problem:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(masked(problem), "Python")
    kind = job_type_job.JobTypeJobFacet("BATCH", "DBT" if job.name.startswith("dbt/") else "PYTHON", jobType="TASK")
    _client().emit(
        RunEvent(
            eventTime=at.isoformat(),
            producer=PRODUCER,
            run=Run(job.uuid, facets),
            job=OpenJob(NAMESPACE, job.name, {"jobType": kind}),
            eventType=RunState[event],
            inputs=[_input(one) for one in inputs],
            outputs=[_output(one) for one in outputs],
        )
    )


def _input(one: Dataset) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import (
        InputDatasetFacet,
        data_quality_assertions_dataset,
        input_statistics_input_dataset,
    )

    facets: dict[str, InputDatasetFacet] = {}
    if one.rows is not None or one.files is not None:
        facets["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=one.rows, fileCount=one.files
        )
    if one.failures:
        facets["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            [
                data_quality_assertions_dataset.Assertion(rule, not failures, name=rule, actual=str(failures))
                for rule, failures in sorted(one.failures.items())
            ]
        )
    return InputDataset(NAMESPACE, one.name, inputFacets=facets)


def _output(one: Dataset) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import (
        DatasetFacet,
        OutputDatasetFacet,
        dataset_version_dataset,
        output_statistics_output_dataset,
    )

    facets: dict[str, DatasetFacet] = {}
    if one.version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(one.version)
    counts: dict[str, OutputDatasetFacet] = {}
    if one.rows is not None or one.files is not None:
        counts["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=one.rows, fileCount=one.files
        )
    return OutputDataset(NAMESPACE, one.name, facets=facets, outputFacets=counts)
