"""How a process that runs for months asks the C library for memory: no more of it than it needs."""

from __future__ import annotations

import ctypes
import os

# mallopt(3); the numbers are glibc's own.
_TRIM_THRESHOLD, _ARENA_MAX = -1, -8

# mlockall(2). "On fault": pages that were never used cost nothing.
_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4

TRIM_BYTES = 512 * 1024


def spare() -> None:
    """
    Let all threads share one heap, and give back what is free at its end. Call before the first thread starts.

    numpy is told, too, to start none: its linear algebra would have one for each
    core, and nobody here uses it. Loading it takes half the time without them.

    glibc gives each thread a heap of its own, so that none waits for another;
    ours wait for each other anyway. And it learns from the first large picture
    that is freed to keep as much for ever.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_TRIM_THRESHOLD, TRIM_BYTES)


def hold() -> bool:
    """
    Keep in memory what this process has used, from now on; return whether the system allows that.

    The program itself lies on the card. Who has to act when the card no longer
    answers must not have to read a page of itself from there.
    """
    mlockall = getattr(ctypes.CDLL(None), "mlockall", None)
    return mlockall is not None and mlockall(_CURRENT | _FUTURE | _ON_FAULT) == 0
