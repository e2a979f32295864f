"""Telling systemd how a process is: that it is ready, what it does, and that it is still alive."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping

from vigil.clock import Clock

_FIRST_PASSED = 3
"""SD_LISTEN_FDS_START: descriptors that systemd hands over begin here."""

_SHARE = 3
"""The watchdog is fed so many times in each of its spans, so that one late round does not cost a restart."""


class Notifier:
    """
    sd_notify(3) without its library. Where nobody listens, nothing is sent; nothing here ever raises or waits.

    `environment` holds what systemd passes on: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID.
    """

    def __init__(self, environment: Mapping[str, str], clock: Clock, *, pid: int) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._clock = clock
        self._every_us = watchdog_us(environment, pid) // _SHARE
        self._fed_us: int | None = None
        self._status = ""

    @classmethod
    def of_this_process(cls, clock: Clock) -> Notifier:
        """Return the one that systemd prepared for this process."""
        return cls(os.environ, clock, pid=os.getpid())

    def ready(self) -> None:
        """Say that the process does its work now."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Say that it is about to end, as asked."""
        self._send("STOPPING=1")

    def needs_longer(self, seconds: int) -> None:
        """Ask for so much more time from now on, in the midst of starting."""
        self._send(f"EXTEND_TIMEOUT_USEC={seconds * 1_000_000}")

    def status(self, words: str) -> None:
        """Say in a line what it does; the same words are sent once."""
        if words != self._status:
            self._status = words
            self._send("STATUS=" + " ".join(words.split()))

    def feed(self, hung: Callable[[], str]) -> None:
        """
        Feed the watchdog where that is due and `hung` has nothing to say; to be called every second or so.

        `hung` returns in words why the process does not do what it promised,
        or nothing. It is not fed then: systemd ends and restarts the process.
        """
        if not self._every_us:
            return
        now_us = self._clock.steady_us()
        if self._fed_us is not None and now_us - self._fed_us < self._every_us:
            return
        if why := hung():
            self.status(f"hung: {why}")
            return
        self._fed_us = now_us
        self._send("WATCHDOG=1")

    def _send(self, words: str) -> None:
        if not self._address:
            return
        # A full or missing socket must not keep anybody from recording.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(words.encode(), self._address)


def watchdog_us(environment: Mapping[str, str], pid: int) -> int:
    """Return the microseconds after which an unfed watchdog bites; 0 where there is none for this process."""
    try:
        if int(environment.get("WATCHDOG_PID", pid)) != pid:
            return 0
        return max(0, int(environment.get("WATCHDOG_USEC", 0)))
    except ValueError:
        return 0


def passed_socket(environment: Mapping[str, str], *, pid: int) -> socket.socket | None:
    """Return the first socket that systemd opened for this process (LISTEN_FDS), None where it opened none."""
    try:
        ours = int(environment["LISTEN_PID"]) == pid and int(environment["LISTEN_FDS"]) > 0
    except (KeyError, ValueError):
        return None
    return socket.socket(fileno=_FIRST_PASSED) if ours else None


def _address(name: str) -> str:
    """Return the address for the kernel: a name that begins with @ is one of the abstract kind."""
    return "\0" + name[1:] if name.startswith("@") else name
