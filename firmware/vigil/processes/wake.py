"""Sleeping until there is something to do: pictures that came, a word from guard, or a time."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Sequence


class Wake:
    """
    One sleeper, woken by `poke` from any thread, by sockets with something to read, or by time.

    A recorder that looks ten times a second whether anything came pays more
    for waking up than for recording: its caches are cold each time.
    """

    def __init__(self) -> None:
        self._poked = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def poke(self) -> None:
        """Wake the sleeper, or let its next `wait` return at once. Many pokes wake it once."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_write(self._poked, 1)

    def wait(self, sockets: Sequence[int], timeout_s: float, *, deaf_s: float = 0.0) -> set[int]:
        """
        Sleep until poked, until one of `sockets` (descriptors; -1 is none) can be read, or for `timeout_s`.

        Returns those that can be read.

        For the first `deaf_s` nobody's poke ends the wait: several cameras must
        not have it end once each. What pokes meanwhile is answered when that is over.
        """
        began = time.monotonic()
        poll = select.poll()
        poll.register(self._poked, select.POLLIN)
        for number in sockets:
            if number >= 0:
                poll.register(number, select.POLLIN)
        found = {number for number, _ in poll.poll(timeout_s * 1000)}
        if self._poked not in found:
            return found
        left_s = min(deaf_s, timeout_s) - (time.monotonic() - began)
        if len(found) == 1 and left_s > 0:
            poll.unregister(self._poked)
            found |= {number for number, _ in poll.poll(left_s * 1000)}
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._poked)
        return found - {self._poked}

    def close(self) -> None:
        """Give the descriptor back; nobody pokes or waits any more."""
        os.close(self._poked)
