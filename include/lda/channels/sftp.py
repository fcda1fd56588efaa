"""An SFTP server. Its host key is pinned: a server that shows another key is refused before we say who we are."""

from __future__ import annotations

import io
import logging
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import paramiko

from lda.channels.config import ChannelError, SftpChannel, secret
from lda.channels.source import LEFT, NANOSECONDS, Item, is_wanted

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30
BLOCK = 1 << 18
KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class SftpSource:
    """Files directly in the folder (of one partner), or in its folders named after partners. Links are left alone."""

    may_grow = True

    def __init__(self, channel: SftpChannel) -> None:
        """Connects. Raises ChannelError when the server is not the one expected or does not let us in."""
        self._channel, self._folder = channel, PurePosixPath(channel.folder)
        client = paramiko.SSHClient()
        kind, encoded, *_ = channel.host_key.split()
        host = channel.host if channel.port == 22 else f"[{channel.host}]:{channel.port}"
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{host} {kind} {encoded}")
        if entry is None or entry.key is None:
            raise ChannelError(f"{channel.name}: host_key cannot be read. Take the server's line from ssh-keyscan.")
        client.get_host_keys().add(host, kind, entry.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.connect(
                channel.host,
                channel.port,
                channel.user,
                password=secret(channel.password) if channel.password else None,
                pkey=_private_key(channel.private_key) if channel.private_key else None,
                allow_agent=False,
                look_for_keys=False,
                timeout=TIMEOUT_SECONDS,
                banner_timeout=TIMEOUT_SECONDS,
                auth_timeout=TIMEOUT_SECONDS,
            )
            self._sftp = client.open_sftp()
        except paramiko.BadHostKeyException:
            client.close()
            raise ChannelError(
                f"{channel.name}: {channel.host} shows another host key than the pinned one. Nothing was sent to it. "
                "Ask its owner whether the key was changed before you change host_key."
            ) from None
        except (paramiko.SSHException, OSError) as error:
            client.close()
            raise ChannelError(f"{channel.name}: {channel.host} could not be used: {error}") from error
        self._client = client

    def close(self) -> None:
        """End the connection."""
        self._sftp.close()
        self._client.close()

    def listing(self) -> list[Item]:
        """Files of the folder in order of path."""
        return sorted(self._items(), key=lambda item: item.key)

    def _items(self) -> Iterator[Item]:
        if self._channel.partner:
            yield from self._files(PurePosixPath(), self._channel.partner)
            return
        for entry in self._sftp.listdir_attr(str(self._folder)):
            if stat.S_ISDIR(entry.st_mode or 0) and not entry.filename.startswith("."):
                yield from self._files(PurePosixPath(entry.filename), entry.filename)

    def _files(self, below: PurePosixPath, partner: str) -> Iterator[Item]:
        for entry in self._sftp.listdir_attr(str(self._folder / below)):
            if stat.S_ISREG(entry.st_mode or 0) and is_wanted(entry.filename, self._channel.files):
                size = int(entry.st_size or 0)
                key, modified = str(below / entry.filename), (entry.st_mtime or 0) * NANOSECONDS
                yield Item(key, entry.filename, partner, _state(entry), size, modified_ns=modified)

    def fetch(self, item: Item, target: Path) -> None:
        """Download the file, from where an earlier download broke off."""
        have = target.stat().st_size if target.exists() else 0
        with self._sftp.open(str(self._folder / item.key), "rb") as remote, target.open("ab") as local:
            remote.seek(have)
            remote.prefetch(item.size)
            while block := remote.read(BLOCK):
                local.write(block)

    def done(self, item: Item) -> None:
        """Move or delete the file, or leave it; what came in its place since it was fetched is left."""
        path = self._folder / item.key
        if self._channel.afterwards == "leave":
            return
        if _state(self._sftp.lstat(str(path))) != item.state:
            log.warning(LEFT, self._channel.name)
        elif self._channel.afterwards == "delete":
            self._sftp.remove(str(path))
        else:
            target = self._folder / (self._channel.moved_to or "") / item.key
            self._make_folders(target.parent)
            self._sftp.rename(str(path), str(self._free(target)))

    def _make_folders(self, folder: PurePosixPath) -> None:
        for path in (*reversed(folder.parents), folder):
            if not self._exists(path):
                self._sftp.mkdir(str(path))

    def _free(self, target: PurePosixPath) -> PurePosixPath:
        number, path = 1, target
        while self._exists(path):
            number += 1
            path = target.with_name(f"{target.stem}~{number}{target.suffix}")
        return path

    def _exists(self, path: PurePosixPath) -> bool:
        try:
            self._sftp.stat(str(path))
        except FileNotFoundError:
            return False
        return True


def _state(attributes: paramiko.SFTPAttributes) -> str:
    """What changes when the file does: its size and the time of its last change, in seconds."""
    return f"{int(attributes.st_size or 0)}:{attributes.st_mtime}"


def _private_key(name: str) -> paramiko.PKey:
    text = secret(name)
    for kind in KEYS:
        try:
            return kind.from_private_key(io.StringIO(text + "\n"))
        except (paramiko.SSHException, ValueError):
            continue
    raise ChannelError(f"The secret {name} is not a private key that can be read (Ed25519, ECDSA or RSA).")
