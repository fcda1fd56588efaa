"""Tell BI tools about the publication in force: put it into Postgres, then make Superset's caches look again.

Both are off until their settings are given. Whatever fails here, the publication in files stays as it is, and the same
call later does what is missing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lda.publishing import current_publication, one_writer
from lda.serving.errors import ServingError
from lda.serving.postgres import PostgresReport, serve_postgres
from lda.serving.superset import SupersetReport, tell_superset
from lda.settings import Settings
from lda.vault import private_folder


@dataclass(frozen=True)
class ServingReport:
    """What was done for BI tools; None where it is switched off."""

    publication_id: str | None
    postgres: PostgresReport | None = None
    superset: SupersetReport | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def serving_is_on(settings: Settings) -> bool:
    """True when there is anything to serve to."""
    return settings.publish_dsn is not None or settings.superset_url is not None


def serve(settings: Settings, *, again: bool = False) -> ServingReport:
    """Serve the publication in force. Safe to repeat: what is done already is left alone, unless ``again``.

    :raises ServingError: when nothing is published yet, or a service could not be brought up to date.
    """
    if not serving_is_on(settings):
        return ServingReport(None)
    with one_writer(settings):
        publication = current_publication(settings)
        if publication is None:
            raise ServingError("Nothing has been published yet, so there is nothing to serve. Run: lda refresh")
        postgres = None
        if settings.publish_dsn is not None:
            private_folder(settings.warehouse)
            postgres = serve_postgres(
                settings.publish_dsn.get_secret_value(),
                publication.path,
                publication.publication_id,
                settings.warehouse,
                settings.publish_lock_seconds,
                again=again,
            )
    superset = None
    if settings.superset_url is not None:
        if settings.superset_password is None:
            raise ServingError("LDA_SUPERSET_URL is set but LDA_SUPERSET_PASSWORD is not; expected both.")
        superset = tell_superset(
            settings.superset_url,
            settings.superset_username,
            settings.superset_password.get_secret_value(),
            publication.publication_id,
        )
    return ServingReport(publication.publication_id, postgres, superset)
