"""Attack a publication as a reader could who kept the ones before it."""

from __future__ import annotations

from lda.disclosure import AuditReport, audit
from lda.publishing.folder import PUBLIC, RESTRICTED, PublicationError
from lda.publishing.switch import current_publication, list_publications
from lda.settings import Settings


def audit_publication(
    settings: Settings, publication_id: str | None = None, *, exact: bool = True
) -> tuple[str, AuditReport]:
    """Audit a publication, by default the one in force, together with those before it.

    :param exact: go beyond interval arithmetic.
    :returns: its id and what the attack told.
    :raises PublicationError: when there is no such publication.
    """
    current = current_publication(settings)
    wanted = publication_id or (current.publication_id if current else None)
    known = [one["publication_id"] for one in list_publications(settings) if one["complete"]]
    if wanted is None or wanted not in known:
        raise PublicationError(f"There is no publication {wanted or 'yet'}. See: lda publications")
    earlier = known[known.index(wanted) + 1 :][: settings.audit_publications]
    folder = settings.published / wanted
    report = audit(
        folder / PUBLIC / "lda_public.duckdb",
        [settings.published / one / RESTRICTED / "lda_mart.duckdb" for one in earlier],
        mart=folder / RESTRICTED / "lda_mart.duckdb",
        reference=settings.reference_dir,
        exact=exact,
        threads=settings.duckdb_threads,
    )
    return wanted, report
