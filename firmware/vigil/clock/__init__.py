"""Where the program gets its time, so that tests can own it."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Two hands: one that people read and one that only ever goes forward. Both in microseconds."""

    def wall_us(self) -> int:
        """Return microseconds since 1970 (UTC), as the box believes them. May step."""

    def steady_us(self) -> int:
        """Return microseconds since boot, suspended time included. Never steps."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def wall_at(clock: Clock, at_us: int) -> int:
    """Return what the wall hand would show where the steady one stands at `at_us`; never before 1970."""
    return max(0, at_us + clock.wall_us() - clock.steady_us())


class SystemClock:
    """The machine's own clocks."""

    def wall_us(self) -> int:
        """Return `CLOCK_REALTIME` in microseconds."""
        return time.time_ns() // 1000

    def steady_us(self) -> int:
        """Return `CLOCK_BOOTTIME` in microseconds."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)


class HandClock:
    """A clock moved by hand. `sleep` returns at once; only the hands have moved."""

    def __init__(self, *, wall_us: int = 1_770_000_000_000_000, steady_us: int = 1_000_000) -> None:
        self._wall_us = wall_us
        self._steady_us = steady_us
        self._lock = threading.Lock()

    def wall_us(self) -> int:
        """Return the wall hand."""
        with self._lock:
            return self._wall_us

    def steady_us(self) -> int:
        """Return the steady hand."""
        with self._lock:
            return self._steady_us

    def sleep(self, seconds: float) -> None:
        """Move both hands forward."""
        self.forward_us(round(seconds * 1_000_000))

    def forward_us(self, microseconds: int) -> None:
        """Move both hands forward."""
        with self._lock:
            self._wall_us += microseconds
            self._steady_us += microseconds

    def step(self, seconds: float) -> None:
        """Move only the wall hand, as NTP or a person does."""
        with self._lock:
            self._wall_us += round(seconds * 1_000_000)
