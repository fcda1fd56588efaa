"""NHS MESH: messages of our mailboxes, acknowledged one by one when their bytes are safe.

A message of type REPORT is no file: it says that a message of ours could not be delivered. It is told and acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from mesh_client import MeshClient, MeshError
from requests.exceptions import RequestException

from lda.channels.config import ChannelError, MeshChannel, secret
from lda.channels.source import NANOSECONDS, Item, is_wanted, safe_name

BLOCK = 1 << 20
REPORT = "REPORT"


class MeshSource:
    """The inboxes of all mailboxes of a channel. ``key`` of an item is ``mailbox/message id``."""

    may_grow = False

    def __init__(self, channel: MeshChannel) -> None:
        """Opens the mailboxes. Raises ChannelError when one does not let us in."""
        self._channel = channel
        self._stack = ExitStack()
        key = secret(channel.shared_key).encode()
        certificate: Any = tuple(secret(name) for name in (channel.certificate, channel.certificate_key) if name)
        authority = secret(channel.authority) if channel.authority else None
        self._clients: dict[str, Any] = {}
        try:
            for box in channel.mailboxes:
                client: Any = MeshClient(
                    channel.url,
                    box.mailbox,
                    secret(box.password),
                    shared_key=key,
                    cert=certificate or None,
                    verify=authority,
                )
                self._clients[box.mailbox] = self._stack.enter_context(client)
                client.handshake()
        except (MeshError, RequestException, OSError) as error:
            self.close()
            raise ChannelError(f"{channel.name}: mailbox {box.mailbox} could not be opened: {_why(error)}") from None

    def close(self) -> None:
        """End the sessions."""
        self._stack.close()

    def listing(self) -> list[Item]:
        """Messages waiting in all mailboxes, oldest first within each."""
        return [item for mailbox in self._clients for item in self._items(mailbox)]

    def _items(self, mailbox: str) -> Iterator[Item]:
        client = self._clients[mailbox]
        for message_id in client.iterate_message_ids(workflow_filter=self._channel.workflow):
            try:
                message = client.retrieve_message(message_id)
            except (MeshError, RequestException) as error:
                words = f"message {message_id} could not be read: {_why(error)}. It stays in the mailbox."
                yield Item(f"{mailbox}/{message_id}", message_id, "unknown", message_id, problem=words)
                continue
            try:
                sender = message.sender or "unknown"
                partner = self._channel.partner or self._channel.senders.get(sender, safe_name(sender))
                name = safe_name(message.filename or f"{message_id}.dat")
                notice = ""
                if (message.message_type or "").upper() == REPORT:
                    about = message.mex_header("linkedmsgid") or message.local_id or f"unknown, told by {message_id}"
                    words = message.mex_header("statusdescription") or "no reason given"
                    notice = f"A message we sent was not delivered (message {about}): {words}"
            finally:
                message.close()
            if notice or is_wanted(name, self._channel.files):
                yield Item(
                    f"{mailbox}/{message_id}", name, partner, message_id, notice=notice, modified_ns=_sent(message)
                )

    def fetch(self, item: Item, target: Path) -> None:
        """Download a message, chunk by chunk."""
        mailbox, message_id = item.key.split("/", 1)
        message = self._clients[mailbox].retrieve_message(message_id)
        try:
            with target.open("wb") as file:
                while block := message.read(BLOCK):
                    file.write(block)
        finally:
            message.close()

    def done(self, item: Item) -> None:
        """Acknowledge the message, which removes it from the mailbox."""
        mailbox, message_id = item.key.split("/", 1)
        self._clients[mailbox].acknowledge_message(message_id)


def _sent(message: Any) -> int:
    """When MESH took the message from its sender, in nanoseconds of UTC since 1970; 0 where it does not say."""
    try:
        at = datetime.strptime(f"{message.mex_header('statustimestamp')}+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        return 0
    return int(at.timestamp()) * NANOSECONDS


def _why(error: Exception) -> str:
    """The reason without the address of the request, which may hold more than a log should."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    return type(error).__name__
