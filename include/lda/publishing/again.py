"""The report of a publication made again, in another folder: a publication itself is never written to."""

from __future__ import annotations

from pathlib import Path

from lda.publishing.folder import PublicationError, read_manifest
from lda.publishing.switch import Publication, current_publication, list_publications, public_database
from lda.reporting.report import write_report
from lda.settings import Settings


def rebuild_report(settings: Settings, folder: Path, publication_id: str | None = None) -> list[Path]:
    """Write the report of a publication, by default the one in force, into a folder outside the publications.

    :returns: the files written.
    :raises PublicationError: when there is no such publication, or the folder is inside one.
    """
    publication = _publication(settings, publication_id)
    if settings.published.resolve() in (folder.resolve(), *folder.resolve().parents):
        raise PublicationError(
            f"{folder} is inside {settings.published}, where nothing is changed. Name another folder."
        )
    database = public_database(publication)
    if database is None:
        raise PublicationError(f"{publication.path} holds no public figures any more, so no report can be made.")
    return write_report(database, publication.manifest, _before(settings, publication.publication_id), folder)


def _publication(settings: Settings, publication_id: str | None) -> Publication:
    if publication_id is None:
        current = current_publication(settings)
        if current is None:
            raise PublicationError("Nothing has been published yet. Run: lda refresh")
        return current
    path = settings.published / publication_id
    if Path(publication_id).name != publication_id or not path.is_dir():
        raise PublicationError(f"There is no publication {publication_id}. See: lda publications")
    return Publication(publication_id, path, read_manifest(path))


def _before(settings: Settings, publication_id: str) -> Path | None:
    """The public database of the newest publication made before a given one, if it is still there."""
    listed = [row["publication_id"] for row in list_publications(settings)]
    older = listed[listed.index(publication_id) + 1 :] if publication_id in listed else []
    for one in older:
        found = public_database(Publication(one, settings.published / one, {}))
        if found is not None:
            return found
    return None
