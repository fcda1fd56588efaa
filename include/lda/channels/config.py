"""What the channels are: one file of channels, checked, with secrets named in it and never written in it.

A secret is named by its environment variable. In a container its value may be a file instead: then the variable's
name with ``_FILE`` holds the path, as is usual there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from lda.settings import Settings

PARTNER = r"^[A-Za-z0-9_-]{1,20}$"


class ChannelError(Exception):
    """A channel cannot be used, or one of its files not be had; the message says what was expected and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Channel(_Strict):
    """What every kind of channel has."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$", description="Its own short name, used in the ledger and in logs.")
    partner: str | None = Field(None, pattern=PARTNER, description="Whose files these are.")
    files: str = Field("*", description="Which file names are taken, as a shell pattern.")
    decrypt_with: str | None = Field(None, description="Name of the secret that holds our OpenPGP private key.")


class _FileChannel(_Channel):
    """A channel that is a folder somewhere. Without a partner, its first level of folders is named after partners."""

    folder: str = Field(description="Folder to take files from.")
    afterwards: Literal["leave", "move", "delete"] = Field("leave", description="What becomes of a file that is safe.")
    moved_to: str | None = Field(None, description="Folder for files that are safe, when they are moved.")

    @model_validator(mode="after")
    def _moved_somewhere(self) -> _FileChannel:
        if (self.afterwards == "move") != (self.moved_to is not None):
            raise ValueError("moved_to belongs to afterwards: move, and to nothing else")
        return self


class FolderChannel(_FileChannel):
    """A shared folder of this machine."""

    kind: Literal["folder"]


class SftpChannel(_FileChannel):
    """An SFTP server, known by its host key."""

    kind: Literal["sftp"]
    host: str
    port: int = 22
    user: str
    host_key: str = Field(description="The server's public key as in known_hosts: ssh-ed25519 AAAA…")
    password: str | None = Field(None, description="Name of the secret that holds the password.")
    private_key: str | None = Field(None, description="Name of the secret that holds our private key (PEM or OpenSSH).")

    @field_validator("host_key")
    @classmethod
    def _a_public_key(cls, key: str) -> str:
        if not re.fullmatch(r"(ssh-|ecdsa-)\S+ [A-Za-z0-9+/=]+( .*)?", key.strip()):
            raise ValueError("expected a public key line such as: ssh-ed25519 AAAA… (see ssh-keyscan)")
        return key.strip()

    @model_validator(mode="after")
    def _one_way_in(self) -> SftpChannel:
        if (self.password is None) == (self.private_key is None):
            raise ValueError("expected either password or private_key, as the name of a secret")
        return self


class Mailbox(_Strict):
    """One MESH mailbox of ours."""

    mailbox: str
    password: str = Field(description="Name of the secret that holds the mailbox's password.")


class MeshChannel(_Channel):
    """NHS MESH (Message Exchange for Social Care and Health): one or several mailboxes."""

    kind: Literal["mesh"]
    url: str
    mailboxes: list[Mailbox] = Field(min_length=1)
    shared_key: str = Field(description="Name of the secret that holds the environment's shared key.")
    workflow: str | None = Field(None, description="Only messages of this workflow id.")
    senders: dict[str, str] = Field(default_factory=dict, description="Partner code by sender mailbox.")
    certificate: str | None = Field(None, description="Name of the secret that holds the path of our certificate.")
    certificate_key: str | None = Field(None, description="Name of the secret that holds the path of its key.")
    authority: str | None = Field(None, description="Name of the secret that holds the path of the CA certificates.")


Channel = Annotated[FolderChannel | SftpChannel | MeshChannel, Field(discriminator="kind")]


class _ChannelFile(_Strict):
    channels: list[Channel] = Field(default_factory=list)

    @field_validator("channels")
    @classmethod
    def _names_used_once(cls, channels: list[Channel]) -> list[Channel]:
        names = [channel.name for channel in channels]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"expected each name once; found twice: {', '.join(twice)}")
        return channels


def load_channels(settings: Settings) -> list[Channel]:
    """The channels of ``settings.channels_file``; none when there is no such file.

    Raises ChannelError naming every fault of the file.
    """
    path = settings.channels_path
    if not path.exists():
        return []
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return TypeAdapter(_ChannelFile).validate_python(document).channels
    except yaml.YAMLError as error:
        raise ChannelError(f"{path.name} is not YAML: {str(error).splitlines()[0]}") from error
    except ValidationError as error:
        faults = [f"{path.name}: {_place(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise ChannelError("\n".join(faults)) from None


def secret(name: str) -> str:
    """The value of a secret by its name: an environment variable, or the file that ``<name>_FILE`` names.

    Raises ChannelError when there is neither.
    """
    if value := os.environ.get(name):
        return value
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ChannelError(f"The secret {name} could not be read from its file ({type(error).__name__}).") from None
    raise ChannelError(f"The secret {name} is not set. Set the variable {name}, or {name}_FILE to a file with it.")


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location) or "the file"
