"""Keeping processes alive: started, watched, started again with growing waits, and ended in order."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vigil.clock import Clock

log = logging.getLogger(__name__)
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STABLE_US = 60 * 1_000_000


@dataclass(slots=True)
class Child:
    """One process we look after. `done` once it ended by itself and well: then it is left alone."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    since_us: int = 0
    restarts: int = 0
    wait_s: float = FIRST_WAIT_S
    retry_us: int = 0
    done: bool = False
    last_exit: str = field(default="")

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.poll() is None


Start = Callable[[Sequence[str]], "subprocess.Popen[bytes]"]


def spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process of its own group, so that Ctrl-C reaches only us and we end the others in order."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


class Supervisor:
    """The same rule for every process: back at once, then after 0.5, 1, 2 … 30 s; a stable minute forgives."""

    def __init__(self, clock: Clock, *, start: Start = spawn) -> None:
        self._clock = clock
        self._start = start
        self.children: list[Child] = []

    def add(self, name: str, command: Sequence[str]) -> None:
        """Look after one more process; it is started by the next `look`."""
        self.children.append(Child(name, command))

    def look(self) -> None:
        """Start what is due, notice what died."""
        now_us = self._clock.steady_us()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, now_us)
            if child.process is None and not child.done and now_us >= child.retry_us:
                child.process = self._start(child.command)
                child.since_us = now_us

    def end(self, names: Sequence[str], *, timeout_s: float = 15.0) -> None:
        """End the processes whose names begin with one of `names`, gently; what does not go in time is killed."""
        going = [child for child in self.children if child.name.startswith(tuple(names))]
        for child in going:
            child.done = True
            if child.process and child.process.poll() is None:
                child.process.terminate()
        for child in going:
            if child.process is None:
                continue
            try:
                child.process.wait(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                log.error("%s did not end within %g s and is killed", child.name, timeout_s)
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()

    def _ended(self, child: Child, now_us: int) -> None:
        assert child.process
        code = child.process.returncode
        child.process = None
        child.last_exit = f"signal {-code}" if code < 0 else f"code {code}"
        if code == 0 or child.done:
            child.done = True
            return
        if now_us - child.since_us >= STABLE_US:
            child.wait_s = FIRST_WAIT_S
        child.restarts += 1
        child.retry_us = now_us + round(child.wait_s * 1_000_000)
        log.warning("%s ended with %s; it is started again in %g s", child.name, child.last_exit, child.wait_s)
        child.wait_s = min(LONGEST_WAIT_S, 2 * child.wait_s)
