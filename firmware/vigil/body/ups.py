"""
The UPS, as NUT's upsd tells of it: asked over and over by a thread of its own, for upsd may hang.

Whatever goes wrong becomes a reading that says so; nothing of it is an
exception to whoever wants to know. Why this is not `nut2`:
docs/design/power.md.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from vigil.body.upsd_words import LINE_BYTES, check_answer, read_line, read_variables, reading
from vigil.clock import Clock
from vigil.config.model_ups import Ups as Settings
from vigil.errors import FormatError, UpsLost
from vigil.events import Ups

log = logging.getLogger(__name__)
ANSWER_S = 5.0
"""For connecting, and for each whole answer, however slowly it drips."""

ON_BATTERY_S = 5
_MOST_BYTES = 65_536


class Upsd:
    """One connection to upsd. All of it may raise `UpsLost`; then it is closed."""

    def __init__(self, connection: socket.socket, clock: Clock, *, answer_s: float = ANSWER_S) -> None:
        self._socket = connection
        self._clock = clock
        self._answer_us = round(answer_s * 1_000_000)
        self._read = b""

    def sign_in(self, ups: str, user: str, password: str) -> None:
        """Sign in as one of those whom this UPS feeds, so that a primary elsewhere waits for us."""
        for line in (f"USERNAME {user}", f"PASSWORD {password}", f"LOGIN {ups}"):
            if not self._ask(line).startswith("OK"):
                raise UpsLost("garbage", "what answers at upsd's port is no upsd")

    def look(self, ups: str) -> Ups:
        """Return how the UPS is."""
        began = f"LIST VAR {ups}"
        try:
            if self._ask(began) != f"BEGIN {began}":
                raise FormatError("another answer than was asked for")
            lines: list[str] = []
            while (line := self._line()) != f"END {began}":
                lines.append(line)
            return reading(read_variables(lines, ups))
        except FormatError as error:
            raise UpsLost("garbage", f"what upsd says is not understood: {error}") from error

    def close(self) -> None:
        """Leave."""
        with suppress(OSError):
            self._socket.close()

    def _ask(self, line: str) -> str:
        # Of an answer that came too late nothing may be left over.
        self._read = b""
        self._until_us = self._clock.steady_us() + self._answer_us
        self._left_bytes = _MOST_BYTES
        try:
            self._socket.settimeout(self._remaining_s())
            self._socket.sendall(line.encode() + b"\n")
        except OSError as error:
            raise _silent(error) from error
        return check_answer(self._line())

    def _line(self) -> str:
        while b"\n" not in self._read:
            if len(self._read) > LINE_BYTES or self._left_bytes <= 0:
                raise UpsLost("garbage", "what upsd says has no end")
            self._read += self._more()
        line, _, self._read = self._read.partition(b"\n")
        return read_line(line)

    def _more(self) -> bytes:
        try:
            self._socket.settimeout(self._remaining_s())
            data = self._socket.recv(4096)
        except OSError as error:
            raise _silent(error) from error
        if not data:
            raise UpsLost("silent", "upsd closed the connection")
        self._left_bytes -= len(data)
        return data

    def _remaining_s(self) -> float:
        remaining_us = self._until_us - self._clock.steady_us()
        if remaining_us <= 0:
            raise TimeoutError("it takes too long")
        return remaining_us / 1_000_000


def connect(settings: Settings, clock: Clock, *, answer_s: float = ANSWER_S) -> Upsd:
    """Connect to upsd, and sign in where the settings name a user. Raises `UpsLost`."""
    try:
        connection = socket.create_connection((settings.nut_host, settings.nut_port), timeout=answer_s)
    except (OSError, UnicodeError) as error:
        raise _silent(error) from error
    upsd = Upsd(connection, clock, answer_s=answer_s)
    try:
        if settings.nut_user:
            upsd.sign_in(settings.ups_name, settings.nut_user, settings.nut_password)
    except (UpsLost, FormatError) as error:
        upsd.close()
        raise UpsLost("garbage", str(error)) if isinstance(error, FormatError) else error from error
    return upsd


def _silent(error: Exception) -> UpsLost:
    return UpsLost("silent", f"upsd does not answer: {error}")


class UpsWatch:
    """Looks at the UPS every so often, in a thread; `taken` gives what was seen since it was last asked."""

    def __init__(
        self, settings: Settings, clock: Clock, *, connect: Callable[[Settings, Clock], Upsd] = connect
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._connect = connect
        self._upsd: Upsd | None = None
        self._seen: deque[Ups] = deque(maxlen=16)

    def start(self, stop: threading.Event) -> threading.Thread:
        """Watch until `stop`; the thread keeps nobody from ending, even while upsd hangs."""
        thread = threading.Thread(target=self._watch, args=(stop,), name="ups", daemon=True)
        thread.start()
        return thread

    def taken(self) -> list[Ups]:
        """Return what was seen, oldest first, and forget it."""
        seen: list[Ups] = []
        while self._seen:
            seen.append(self._seen.popleft())
        return seen

    def look(self) -> Ups:
        """Look once, now."""
        try:
            if self._upsd is None:
                self._upsd = self._connect(self._settings, self._clock)
            return self._upsd.look(self._settings.ups_name)
        except UpsLost as error:
            log.debug("ups: %s", error)
            self.close()
            return Ups(trouble=error.trouble, words=str(error)[:200])

    def _watch(self, stop: threading.Event) -> None:
        wait_s = 0.0
        while not stop.wait(wait_s):
            seen = self.look()
            self._seen.append(seen)
            wait_s = self._settings.poll_interval_s
            if seen.trouble or "OB" in seen.status:
                wait_s = min(wait_s, ON_BATTERY_S)
        self.close()

    def close(self) -> None:
        """Leave; the next look connects again."""
        if self._upsd:
            self._upsd.close()
            self._upsd = None
