"""What is said to systemd, heard at the other end of a real socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from fakes.box import Box, end
from vigil.clock import HandClock
from vigil.processes.notify import Notifier, passed_socket, watchdog_us
from vigil.processes.run import prepare
from vigil.store.disk import Disk

S = 1_000_000


@pytest.fixture
def systemd(tmp_path):
    """The end that systemd holds."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ear:
        ear.bind(str(tmp_path / "notify"))
        yield ear


def heard(ear):
    said = []
    while True:
        try:
            said.append(ear.recv(4096).decode())
        except BlockingIOError:
            return said


def notifier(ear, clock, **more):
    return Notifier({"NOTIFY_SOCKET": ear.getsockname(), **more}, clock, pid=7)


def test_ready_status_and_stopping_arrive_as_systemd_reads_them(systemd):
    one = notifier(systemd, HandClock())

    one.ready()
    one.status("records gate,\nwell")
    one.status("records gate,\nwell")
    one.stopping()

    assert heard(systemd) == ["READY=1", "STATUS=records gate, well", "STOPPING=1"]


def test_an_abstract_address_is_understood():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ear:
        ear.bind(f"\0vigil-test-{os.getpid()}")
        Notifier({"NOTIFY_SOCKET": f"@vigil-test-{os.getpid()}"}, HandClock(), pid=7).ready()

        assert heard(ear) == ["READY=1"]


def test_the_watchdog_is_fed_three_times_in_its_span(systemd):
    clock = HandClock()
    one = notifier(systemd, clock, WATCHDOG_USEC=str(60 * S))

    for _ in range(60):
        one.feed(lambda: "")
        clock.sleep(1)

    assert heard(systemd) == ["WATCHDOG=1"] * 3


def test_who_hangs_is_not_fed_and_says_why(systemd):
    clock = HandClock()
    one = notifier(systemd, clock, WATCHDOG_USEC=str(60 * S), WATCHDOG_PID="7")

    for _ in range(120):
        one.feed(lambda: "gate: nothing became durable for 91 s")
        clock.sleep(1)

    assert heard(systemd) == ["STATUS=hung: gate: nothing became durable for 91 s"]


def test_who_comes_round_again_is_fed_at_once(systemd):
    one = notifier(systemd, HandClock(), WATCHDOG_USEC=str(60 * S))
    one.feed(lambda: "the disk hangs")
    heard(systemd)

    one.feed(lambda: "")

    assert heard(systemd) == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, 0),
        ({"WATCHDOG_USEC": "30000000"}, 30 * S),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30 * S),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 0),
        ({"WATCHDOG_USEC": "soon"}, 0),
        ({"WATCHDOG_USEC": "-5"}, 0),
    ],
)
def test_only_a_watchdog_of_this_process_counts(environment, expected):
    assert watchdog_us(environment, 7) == expected


def test_without_systemd_nothing_is_said_and_nothing_fails(tmp_path):
    def hung():
        raise AssertionError("nobody asked")

    one = Notifier({}, HandClock(), pid=7)
    one.ready()
    one.status("well")
    one.feed(hung)
    one.stopping()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}, HandClock(), pid=7).ready()

    assert not (tmp_path / "gone").exists()


def test_a_socket_that_systemd_opened_is_listened_on(tmp_path):
    """A process of its own, since the descriptor has a fixed number."""
    program = (
        "import os, sys; from vigil.processes.notify import passed_socket\n"
        "os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid())\n"
        "found = passed_socket(os.environ, pid=os.getpid()); print(found.getsockname(), found.type.name)"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "passed"))
        done = subprocess.run(
            [sys.executable, "-c", program, str(listener.fileno())], pass_fds=[listener.fileno()],
            env={**os.environ, "LISTEN_FDS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip

    assert done.stdout.split() == [str(tmp_path / "passed"), "SOCK_SEQPACKET"]


@pytest.mark.parametrize("environment", [{}, {"LISTEN_PID": "8", "LISTEN_FDS": "1"}, {"LISTEN_PID": "7"}])
def test_a_socket_for_somebody_else_is_left_alone(environment):
    assert passed_socket(environment, pid=7) is None


BENCH = '[[camera]]\nid = "bench"\nsource = "synthetic"\nwidth = 64\nheight = 64\nfps = 5\nbit_rate_kbps = 64\n'


@pytest.mark.parametrize(
    "command", [("record", "--camera", "bench"), ("guard",), ("signer",)], ids=lambda said: said[0]
)
def test_each_process_tells_systemd_that_it_is_ready_alive_and_ending(systemd, tmp_path, monkeypatch, command):
    box = Box(tmp_path / "box", BENCH)
    prepare(box.data, Disk())
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", str(3 * S))
    systemd.setblocking(True)
    systemd.settimeout(60)

    process = box.start(*command)
    try:
        assert systemd.recv(4096) == b"READY=1"
        if command[0] != "signer":
            assert systemd.recv(4096) == b"WATCHDOG=1"
        process.terminate()
        said = [systemd.recv(4096)]
        while said[-1] != b"STOPPING=1":
            said.append(systemd.recv(4096))
        assert process.wait(60) == 0
    finally:
        end(process)

    assert set(said[:-1]) <= {b"WATCHDOG=1"}
