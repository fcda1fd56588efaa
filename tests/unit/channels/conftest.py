"""A home with a clean set of files to send, a real SFTP server and the MESH sandbox, both on loopback."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest
import yaml

from lda.settings import PROJECT_DIR, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of its own; a file counts as finished at once."""
    return Settings(home=tmp_path / "home", channel_quiet_seconds=0)


@pytest.fixture
def channels(settings: Settings):
    """Writes the file of channels."""

    def write(*entries: dict[str, object]) -> None:
        settings.home.mkdir(exist_ok=True)
        settings.channels_path.write_text(yaml.safe_dump({"channels": list(entries)}))

    return write


@dataclass
class SftpServer:
    """A running server: where it is, its host key, its folder, and the keys and passwords it lets in."""

    folder: Path
    port: int = 0
    host_key: str = ""
    user_key: str = ""
    reads: list[int] = field(default_factory=list)


class _Logins(asyncssh.SSHServer):
    def __init__(self, key: asyncssh.SSHKey) -> None:
        self._key = key

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("lda", "open sesame")

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "lda" and key.public_data == self._key.public_data


@pytest.fixture
def sftp_server(tmp_path: Path) -> Iterator[SftpServer]:
    folder = tmp_path / "sftp"
    (folder / "out").mkdir(parents=True)
    server = SftpServer(folder)
    host_key, user_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    server.host_key = host_key.export_public_key().decode().strip()
    server.user_key = user_key.export_private_key("openssh").decode()
    loop = asyncio.new_event_loop()

    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: asyncssh.SSHServerChannel) -> None:
            super().__init__(chan, chroot=os.fsencode(folder))

        def read(self, file_obj: object, offset: int, size: int) -> bytes:
            server.reads.append(offset)
            return super().read(file_obj, offset, size)

    async def serve() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[host_key], server_factory=lambda: _Logins(user_key), sftp_factory=Files
        )

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(serve(), loop).result(30)
    server.port = acceptor.get_port()
    yield server
    loop.call_soon_threadsafe(acceptor.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


@pytest.fixture(scope="session")
def mesh_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The MESH sandbox, from an environment of its own (`make setup-dev` makes it)."""
    uvicorn = PROJECT_DIR / ".venv-mesh" / "bin" / "uvicorn"
    if not uvicorn.exists():
        if os.environ.get("CI"):
            pytest.fail(".venv-mesh is missing: run make setup-dev")
        pytest.skip(".venv-mesh is missing: run make setup-dev")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("mesh")
    environment = {
        "PATH": os.environ["PATH"],
        "AUTH_MODE": "full",
        "STORE_MODE": "file",
        "SHARED_KEY": "TestKey",
        "MAILBOXES_DATA_DIR": str(folder),
    }
    command = [str(uvicorn), "mesh_sandbox.api:app", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command, env=environment, cwd=folder) as process:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
