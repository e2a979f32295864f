"""The hub: nobody can make anybody else wait."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vigil.errors import PeerError
from vigil.events import Answer, Hello, LogLevel, Written
from vigil.processes.hub import HubClient, HubServer


@pytest.fixture
def hub(tmp_path):
    server = HubServer(tmp_path / "run/hub.sock")
    yield server
    server.close()


def heard(hub: HubServer, count: int) -> list:
    got: list = []
    for _ in range(50):
        got += [message for _, message in hub.wait(0.1)]
        if len(got) >= count:
            break
    return got


def test_a_client_is_known_by_its_name_and_by_what_the_kernel_says(hub, tmp_path):
    client = HubClient(tmp_path / "run/hub.sock", "record@gate")
    assert client.connect()
    client.send(Written(camera="gate", store="", segment=3, line=9))

    assert heard(hub, 2) == [Hello(peer="record@gate"), Written(camera="gate", store="", segment=3, line=9)]
    peer = hub.named("record@gate")
    assert peer and (peer.pid, peer.uid) == (os.getpid(), os.getuid())
    client.close()


def test_a_reader_who_sleeps_costs_nobody_anything(hub, tmp_path):
    client = HubClient(tmp_path / "run/hub.sock", "run")
    client.connect()
    heard(hub, 1)
    peer = hub.named("run")
    assert peer

    sent = sum(peer.send(Answer(ok=True, words="x" * 50_000)) for _ in range(100))

    assert 0 < sent < 100
    assert peer.lost == 100 - sent
    client.close()


def test_nonsense_sends_only_its_speaker_away(hub, tmp_path):
    good = HubClient(tmp_path / "run/hub.sock", "record@gate")
    good.connect()
    bad = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    bad.connect(str(tmp_path / "run/hub.sock"))
    bad.send(b"\x00\xff not a message")
    heard(hub, 2)

    assert [peer.name for peer in hub.peers] == ["record@gate"]
    assert bad.recv(10) == b""
    bad.close()
    good.close()


def test_a_client_comes_back_when_guard_does(tmp_path):
    path = tmp_path / "run/hub.sock"
    client = HubClient(path, "record@gate")
    assert not client.connect()
    first = HubServer(path)
    assert client.connect()
    first.close()
    while client.connected:
        client.receive()
    second = HubServer(path)

    assert client.connect()
    assert heard(second, 1) == [Hello(peer="record@gate")]
    client.close()
    second.close()


def test_asking_while_nobody_is_there_says_so(tmp_path):
    with pytest.raises(PeerError, match="is Vigil running"):
        HubClient(tmp_path / "hub.sock", "cli").ask(LogLevel(level="debug"))


@pytest.mark.parametrize("answers", [True, False])
def test_an_answer_is_waited_for_whatever_else_is_said_before_it(hub, tmp_path, answers):
    client = HubClient(tmp_path / "run/hub.sock", "cli")
    assert client.connect()
    assert heard(hub, 1) == [Hello(peer="cli")]
    (asker,) = hub.peers

    def guard():
        # Everybody is told of another level, whoever asked for it too.
        assert asker.send(LogLevel(level="debug"))
        assert heard(hub, 1) == [LogLevel(level="debug")]
        if answers:
            assert asker.send(Answer(ok=True, words="yes"))
        else:
            hub.close()

    with ThreadPoolExecutor(1) as aside:
        done = aside.submit(guard)
        if answers:
            assert client.ask(LogLevel(level="debug")) == [Answer(ok=True, words="yes")]
        else:
            with pytest.raises(PeerError, match="before it had answered: ask again"):
                client.ask(LogLevel(level="debug"))
        done.result()
    client.close()


def test_a_directory_with_a_very_long_name_is_no_obstacle(tmp_path):
    deep = tmp_path / Path(*["a-directory-with-a-rather-long-name"] * 5)
    server = HubServer(deep / "run/hub.sock")
    client = HubClient(deep / "run/hub.sock", "run")

    assert client.connect()
    assert heard(server, 1) == [Hello(peer="run")]
    client.close()
    server.close()
