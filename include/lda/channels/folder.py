"""A shared folder of this machine."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from lda.channels.config import ChannelError, FolderChannel
from lda.channels.source import LEFT, Item, is_wanted

log = logging.getLogger(__name__)


class FolderSource:
    """Files directly in the folder (of one partner), or in its folders named after partners.

    Links and what is hidden are left alone.
    """

    may_grow = True

    def __init__(self, channel: FolderChannel) -> None:
        self._channel, self._folder = channel, Path(channel.folder)
        if not self._folder.is_dir():
            raise ChannelError(f"{channel.name}: expected a folder at {channel.folder}; there is none. Is it mounted?")

    def listing(self) -> list[Item]:
        """Files of the folder in order of path."""
        return list(self._items())

    def _items(self) -> Iterator[Item]:
        pattern = "*" if self._channel.partner else "*/*"
        for path in sorted(self._folder.glob(pattern)):
            if path.is_symlink() or not path.is_file() or not is_wanted(path.name, self._channel.files):
                continue
            key = path.relative_to(self._folder).as_posix()
            if key.startswith("."):
                continue
            if self._channel.moved_to and path.is_relative_to(self._moved_to()):
                continue
            stat = path.stat()
            partner = self._channel.partner or path.parent.name
            yield Item(key, path.name, partner, _state(stat), stat.st_size, modified_ns=stat.st_mtime_ns)

    def fetch(self, item: Item, target: Path) -> None:
        """Copy the file."""
        shutil.copyfile(self._folder / item.key, target)

    def done(self, item: Item) -> None:
        """Move or delete the file, or leave it; what came in its place since it was fetched is left."""
        path = self._folder / item.key
        if self._channel.afterwards == "leave" or not os.path.lexists(path):
            return
        if _state(path.lstat()) != item.state:
            log.warning(LEFT, self._channel.name)
        elif self._channel.afterwards == "delete":
            path.unlink(missing_ok=True)
        else:
            target = self._moved_to() / item.key
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, _free(target))

    def _moved_to(self) -> Path:
        return self._folder / (self._channel.moved_to or "")


def _state(stat: os.stat_result) -> str:
    """What changes when the file does: its size and the time of its last change."""
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _free(target: Path) -> Path:
    """A path that nothing stands at: the wanted one, or the next with a number."""
    number, path = 1, target
    while os.path.lexists(path):
        number += 1
        path = target.with_name(f"{target.stem}~{number}{target.suffix}")
    return path
