"""The supervisor: the same rule for every process, with real processes and a clock moved by hand."""

from __future__ import annotations

import sys

from vigil.clock import HandClock
from vigil.processes.supervisor import Supervisor

DIES = [sys.executable, "-c", "raise SystemExit(3)"]
STAYS = [sys.executable, "-c", "import signal; signal.pause()"]
ENDS = [sys.executable, "-c", ""]
DEAF = [
    sys.executable, "-c",
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stdout.close(); signal.pause()",
]  # fmt: skip


def until_dead(supervisor: Supervisor) -> None:
    for child in supervisor.children:
        if child.process:
            child.process.wait(timeout=20)


def test_a_process_that_dies_is_started_again_after_growing_waits():
    clock = HandClock()
    supervisor = Supervisor(clock)
    supervisor.add("record@gate", DIES)
    child = supervisor.children[0]
    waits = []
    for _ in range(8):
        supervisor.look()
        until_dead(supervisor)
        supervisor.look()
        waits.append((child.retry_us - clock.steady_us()) / 1_000_000)
        clock.forward_us(child.retry_us - clock.steady_us())

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert child.restarts == 8
    assert child.last_exit == "code 3"


def test_it_is_not_started_before_its_time():
    clock = HandClock()
    supervisor = Supervisor(clock)
    supervisor.add("record@gate", DIES)
    supervisor.look()
    until_dead(supervisor)
    supervisor.look()
    supervisor.look()

    assert supervisor.children[0].process is None
    assert supervisor.children[0].restarts == 1


def test_a_process_that_ended_well_is_left_alone():
    supervisor = Supervisor(HandClock())
    supervisor.add("record@film", ENDS)
    supervisor.look()
    until_dead(supervisor)
    supervisor.look()
    supervisor.look()

    assert supervisor.children[0].done
    assert supervisor.children[0].restarts == 0


def test_a_killed_process_comes_back_with_its_reason_told():
    clock = HandClock()
    supervisor = Supervisor(clock)
    supervisor.add("guard", STAYS)
    supervisor.look()
    child = supervisor.children[0]
    assert child.process
    child.process.kill()
    until_dead(supervisor)
    supervisor.look()
    clock.sleep(1)
    supervisor.look()

    assert child.alive
    assert child.last_exit == "signal 9"
    supervisor.end(["guard"])
    assert not child.alive


def test_what_does_not_end_gently_is_killed():
    supervisor = Supervisor(HandClock())
    supervisor.add("deaf", DEAF)
    supervisor.look()
    supervisor.end(["deaf"], timeout_s=1)

    assert not supervisor.children[0].alive
