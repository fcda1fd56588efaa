"""Opens again what came encrypted or packed and could not be opened then: the key, or a limit, has been put right."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path, PurePosixPath

from lda.channels.config import ChannelError, load_channels
from lda.channels.decrypt import SUFFIXES
from lda.channels.unwrap import unwrap
from lda.contracts import FeedContract, load_contracts
from lda.landing import archive_path, landed_as
from lda.ledger import FileRecord, Ledger, utc_now
from lda.ledger.records import UNRECOGNISED
from lda.settings import PRIVATE_FILE, Settings
from lda.vault import private_folder

WRAPPED = (*SUFFIXES, ".zip")


def reopen(settings: Settings) -> list[str]:
    """Try every unrecognised file that is wrapped once more, with its channel's key of today.

    The bytes come from the archive, so nobody has to send them again. What could be opened lies in landing for the next
    ingest, and the wrapped file is superseded. Returns the paths in landing. One that still cannot be opened stays.
    """
    ledger = Ledger(settings.ledger_address)
    opened: list[str] = []
    try:
        ledger.create()
        contracts, keys = load_contracts(settings), _keys(settings)
        for record in ledger.files(status=UNRECOGNISED):
            name = PurePosixPath(record.landing_path).name
            if not name.lower().endswith(WRAPPED) or not archive_path(settings, record.archived_as).exists():
                continue
            channel = ledger.channel_of(record.landing_path)
            every = sorted({key for key in keys.values() if key})
            tried: list[str | None] = [keys.get(channel)] if channel else [*every, None]
            for key in tried:
                landed = _open(settings, contracts, record, name, key)
                if landed:
                    ledger.mark_opened(record.file_id, f"Opened as {', '.join(landed)}.", utc_now())
                    opened += landed
                    break
    finally:
        ledger.close()
    return opened


def _keys(settings: Settings) -> dict[str, str | None]:
    return {channel.name: channel.decrypt_with for channel in load_channels(settings)}


def _open(
    settings: Settings, contracts: Mapping[str, FeedContract], record: FileRecord, name: str, key: str | None
) -> list[str]:
    """Paths in landing of what was in the file; empty when it cannot be opened, or has no wrapping that is ours."""
    folder = private_folder(settings.landing / PurePosixPath(record.landing_path).parent)
    scratch = private_folder(folder / f".{record.file_id[:16]}.open")
    source = archive_path(settings, record.archived_as)
    try:
        found = unwrap(settings, contracts, key, name, source, scratch)
        if any(path == source for _, path in found):
            return []
        return [landed_as(settings.landing, _put(path, folder / inside, record)) for inside, path in found]
    except ChannelError:
        return []
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _put(source: Path, target: Path, record: FileRecord) -> Path:
    """Move a file to its place in landing in one step, with the time its wrapping was delivered."""
    sent = record.delivered_at.replace(tzinfo=UTC).timestamp()
    source.chmod(PRIVATE_FILE)
    os.utime(source, (sent, sent))
    os.replace(source, target)  # noqa: PTH105 (the one atomic step)
    return target
