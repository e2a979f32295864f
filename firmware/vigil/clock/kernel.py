"""Asking the kernel how it feels about the time: a thin door, all judgement is in `trust.py`."""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path

from vigil.clock import Clock
from vigil.clock.trust import Hands

TIME_ERROR = 5
"""What adjtimex(2) returns while the clock is not synchronised (STA_UNSYNC, or a clock hardware fault)."""

TOGETHER_US = 20_000
TRIES = 5


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def synchronised() -> bool:
    """
    Return whether the kernel says that something (an NTP or PTP daemon) keeps its clock right.

    The kernel takes it back by itself when nobody has confirmed the time for
    so long that its own error bound has grown past 16 s. Where the call is
    not to be had, the answer is no.
    """
    # With `modes` (the first member) zero nothing is set and no privilege is needed. The state is what the call
    # returns, so the rest of struct timex (208 bytes at most) need not be known here.
    state: int = _libc().adjtimex(ctypes.create_string_buffer(512))
    return 0 <= state < TIME_ERROR


def boot_id() -> str:
    """Return the kernel's random name of this boot; the steady clock starts anew with each."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def look(clock: Clock, *, boot: str, synced: bool) -> Hands:
    """
    Read both hands of `clock` at the same moment, as nearly as it can be done.

    Between two readings the program may be stopped for seconds (a stalled
    card), which would look like a step; so the wall hand is read between two
    readings of the steady one, again if those are far apart.
    """
    best: tuple[int, int, int] | None = None
    for _ in range(TRIES):
        before_us, wall_us, after_us = clock.steady_us(), clock.wall_us(), clock.steady_us()
        apart_us = after_us - before_us
        if best is None or apart_us < best[0]:
            best = apart_us, wall_us, before_us + apart_us // 2
        if apart_us <= TOGETHER_US:
            break
    assert best is not None
    return Hands(wall_us=best[1], steady_us=best[2], boot=boot, synced=synced)
