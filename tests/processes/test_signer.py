"""The signer: one answer to one question, and nothing for strangers."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading

import pytest

from vigil.clock import HandClock
from vigil.errors import ConfigError, FormatError, PeerError
from vigil.processes import signer
from vigil.processes.place import Place
from vigil.segments.age import b64
from vigil.segments.session import Session, device_id, open_certificate
from vigil.store.disk import Disk


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def running(place):
    yield from _running(place, {os.getuid(): ""})


@pytest.fixture
def running_for_others(place):
    yield from _running(place, {os.getuid() + 1: ""})


def _running(place, users, passed=None):
    stop, end = socket.socketpair()
    thread = threading.Thread(
        target=signer.serve,
        args=(place,),
        kwargs={"users": users, "clock": HandClock(), "stop": stop, "passed": passed},
    )
    thread.start()
    while thread.is_alive() and not place.signer.exists():
        pass
    yield
    end.send(b"x")
    thread.join()
    stop.close()
    end.close()


def test_it_certifies_the_session_of_a_known_peer(place, running):
    session = Session(os.urandom)
    identity = signer.ask(place, session, "record@gate", "unsynced")

    assert session.certificate
    found = open_certificate(session.certificate, identity)
    assert (found.public, found.peer, found.clock) == (session.public, "record@gate", "unsynced")
    assert found.device == device_id(identity.public)


def test_the_identity_stays_the_same_and_nobody_else_can_read_it(place, running):
    first = signer.ask(place, Session(os.urandom), "guard", "synced")

    assert signer.load_identity(Disk(), place.identity_key).key == first
    assert stat.S_IMODE(place.identity_key.stat().st_mode) & 0o077 == 0


def test_another_user_gets_nothing(place, running_for_others):
    with pytest.raises(PeerError):
        signer.ask(place, Session(os.urandom), "record@gate", "synced")


def test_while_it_is_away_the_asker_is_told(place):
    with pytest.raises(PeerError, match="does not answer"):
        signer.ask(place, Session(os.urandom), "record@gate", "synced")


@pytest.mark.parametrize(
    "change",
    [{"peer": "thief"}, {"peer": "record@Gate"}, {"peer": 5}, {"key": "AAAA"}, {"key": 1}, {"clock": "late"}],
)
def test_a_request_by_nobody_known_is_refused(place, change):
    identity = signer.load_identity(Disk(), place.identity_key)
    request = {"key": b64(bytes(32)), "peer": "guard", "clock": "synced", **change}

    with pytest.raises(FormatError):
        signer.answer(identity, json.dumps(request).encode(), clock=HandClock(), boot="b", root="none")
    with pytest.raises(FormatError):
        signer.answer(identity, b"[]", clock=HandClock(), boot="b", root="none")


@pytest.mark.parametrize("request_", [b"", b"[]", b"null", b"\xff", b"[" * 2000, b'{"key": []}'])
def test_noise_is_refused_and_does_not_end_the_signer(place, request_):
    identity = signer.load_identity(Disk(), place.identity_key)

    with pytest.raises(FormatError):
        signer.answer(identity, request_, clock=HandClock(), boot="b", root="none")


def test_a_user_certifies_only_peers_of_its_own_name(place):
    identity = signer.load_identity(Disk(), place.identity_key)
    request = {"key": b64(bytes(32)), "peer": "guard", "clock": "synced"}

    with pytest.raises(FormatError, match="not what this user"):
        signer.answer(identity, json.dumps(request).encode(), clock=HandClock(), boot="b", root="none", may="record@")


def test_who_is_answered_is_named_by_user():
    assert signer.users_of(["root:record@", "nobody:guard"]) == {0: "record@", 65534: "guard"}
    assert signer.users_of([]) == {os.getuid(): ""}
    with pytest.raises(ConfigError, match="there is no user vigil-nobody"):
        signer.users_of(["vigil-nobody:guard"])


def test_it_answers_on_the_socket_that_systemd_made_and_leaves_it(place):
    place.signer.parent.mkdir(parents=True)
    passed = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    passed.bind(str(place.signer))
    passed.listen()
    running = _running(place, {os.getuid(): ""}, passed)
    next(running)

    assert signer.ask(place, Session(os.urandom), "guard", "synced")
    list(running)
    assert place.signer.exists()


def test_the_key_is_taken_from_systemds_hand(place, tmp_path, monkeypatch):
    handed = signer.load_identity(Disk(), tmp_path / "credentials/identity.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    running = _running(place, {os.getuid(): ""})
    next(running)

    assert signer.ask(place, Session(os.urandom), "guard", "synced") == handed.key
    assert not place.identity_key.exists()
    list(running)
