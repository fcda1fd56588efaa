"""NHS MESH against the sandbox: chunks, several mailboxes, acknowledged when safe, undelivered messages told."""

from __future__ import annotations

import json
import random
import urllib.request
from types import SimpleNamespace

import pytest
from mesh_client import MeshClient, MeshError

from lda.channels import collect
from lda.channels.mesh import MeshSource, _sent

# Mailboxes and secrets of the sandbox.
OURS, OURS_TOO, THEIRS = "X26ABC1", "X26ABC2", "X26ABC3"
SHARED_KEY, PASSWORD = "TestKey", "password"
BODY = random.Random(7).randbytes(500_000)


@pytest.fixture
def channel(mesh_url, monkeypatch) -> dict[str, object]:
    monkeypatch.setenv("MESH_PASSWORD", PASSWORD)
    monkeypatch.setenv("MESH_SHARED_KEY", SHARED_KEY)
    for mailbox in (OURS, OURS_TOO):
        with client(mesh_url, mailbox) as box:
            for message_id in list(box.iterate_message_ids()):
                box.acknowledge_message(message_id)
    return {
        "kind": "mesh",
        "name": "mesh",
        "url": mesh_url,
        "mailboxes": [{"mailbox": box, "password": "MESH_PASSWORD"} for box in (OURS, OURS_TOO)],
        "shared_key": "MESH_SHARED_KEY",
        "senders": {THEIRS: "RT5"},
    }


def client(url: str, mailbox: str) -> MeshClient:
    return MeshClient(url, mailbox, PASSWORD, shared_key=SHARED_KEY.encode(), max_chunk_size=200_000)


def send(url: str, to: str, name: str, body: bytes = BODY) -> str:
    with client(url, THEIRS) as box:
        return box.send_message(to, body, workflow_id="LDA_TEST", filename=name)


def waiting(url: str, mailbox: str) -> list[str]:
    with client(url, mailbox) as box:
        return list(box.iterate_message_ids())


def test_messages_of_all_mailboxes_come_whole_and_are_acknowledged(settings, channels, channel, mesh_url):
    send(mesh_url, OURS, "mhsds_RT5_2026-03.zip")
    send(mesh_url, OURS_TOO, "../../mhsds_RT5_2026-02.zip", BODY[:10])
    channels(channel)
    report = collect(settings)
    assert report.problems == []
    assert {item.partner for item in report.collected} == {"RT5"}
    assert (settings.landing / "RT5" / "mhsds_RT5_2026-03.zip").read_bytes() == BODY
    assert (settings.landing / "RT5" / "mhsds_RT5_2026-02.zip").read_bytes() == BODY[:10]
    assert waiting(mesh_url, OURS) == waiting(mesh_url, OURS_TOO) == []


@pytest.mark.parametrize(
    ("error", "told"), [("Input/output error", "not acknowledged"), ("No space left on device", "The disk is full")]
)
def test_a_message_that_is_not_safe_yet_stays_in_the_mailbox(
    settings, channels, channel, mesh_url, monkeypatch, error, told
):
    message_id = send(mesh_url, OURS, "mhsds_RT5_2026-01.zip")
    channels(channel)
    with monkeypatch.context() as broken:

        def fail(*_):
            raise OSError(error)

        broken.setattr("lda.landing.discovery.archive_landed", fail)
        report = collect(settings)
    assert told in report.problems[0]
    assert waiting(mesh_url, OURS) == [message_id]
    assert len(collect(settings).collected) == 1
    assert waiting(mesh_url, OURS) == []


def test_a_message_seen_again_is_acknowledged_and_not_taken_twice(settings, channels, channel, mesh_url, monkeypatch):
    send(mesh_url, OURS, "mhsds_RT5_2026-01.zip")
    channels(channel)
    with monkeypatch.context() as broken:

        def cut_off(self, item):
            raise ConnectionError("cut off")

        broken.setattr(MeshSource, "done", cut_off)
        assert "cut off" in collect(settings).problems[0]
    again = collect(settings)
    assert (again.collected, again.known, again.problems) == ([], 1, [])
    assert waiting(mesh_url, OURS) == []


def test_an_undelivered_message_is_told_and_acknowledged(settings, channels, channel, mesh_url):
    report = {
        "mailbox_id": OURS,
        "code": "14",
        "description": "Message not collected by recipient after 5 days",
        "workflow_id": "LDA_TEST",
        "local_id": "feedback-17",
        "linked_message_id": "ABC123",
    }
    request = urllib.request.Request(
        f"{mesh_url}/messageexchange/admin/report",
        data=json.dumps(report).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    urllib.request.urlopen(request).close()
    channels(channel)
    result = collect(settings)
    assert result.collected == []
    assert "was not delivered" in result.notices[0]
    assert "not collected by recipient" in result.notices[0]
    assert waiting(mesh_url, OURS) == []


def test_a_wrong_password_is_a_clear_problem(settings, channels, channel, monkeypatch):
    monkeypatch.setenv("MESH_PASSWORD", "not the password")
    channels(channel)
    problem = collect(settings).problems[0]
    assert f"mailbox {OURS} could not be opened" in problem
    assert "not the password" not in problem


@pytest.mark.parametrize(("told", "expected"), [("20260101000000", 1_767_225_600_000_000_000), ("soon", 0), (None, 0)])
def test_a_message_keeps_the_time_it_was_sent(told, expected):
    assert _sent(SimpleNamespace(mex_header=lambda _: told)) == expected


def test_a_message_that_cannot_be_read_does_not_stop_the_others(settings, channels, channel, mesh_url, monkeypatch):
    bad = send(mesh_url, OURS, "mhsds_RT5_2025-11.zip", b"one")
    send(mesh_url, OURS, "mhsds_RT5_2025-12.zip", b"two")
    channels(channel)
    with monkeypatch.context() as broken:

        def retrieve(self, message_id, real=MeshClient.retrieve_message):
            if message_id == bad:
                raise MeshError("500")
            return real(self, message_id)

        broken.setattr(MeshClient, "retrieve_message", retrieve)
        report = collect(settings)
    assert [item.name for item in report.collected] == ["mhsds_RT5_2025-12.zip"]
    assert len(report.problems) == 1 and f"message {bad} could not be read" in report.problems[0]
    assert waiting(mesh_url, OURS) == [bad]
    assert [item.name for item in collect(settings).collected] == ["mhsds_RT5_2025-11.zip"]
