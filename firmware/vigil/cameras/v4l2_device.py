"""
Opening a video device in such a way that a camera which hangs cannot hang us.

FFmpeg waits for pictures inside the kernel, where no time-out reaches it; a
camera that stops sending could then neither be closed nor opened again. So as
soon as FFmpeg has the device open, it is told not to wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from vigil.errors import CameraLost

LOOK_EVERY_S = 0.005

T = TypeVar("T")


class _Opening(Generic[T]):
    """An opening in a thread of its own; what comes too late is closed again."""

    def __init__(self, make: Callable[[], T], drop: Callable[[T], None]) -> None:
        self._make = make
        self._drop = drop
        self._lock = threading.Lock()
        self._given_up = False
        self.made: T | None = None
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._run, name="camera opening", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            made = self._make()
        except Exception as error:  # noqa: BLE001 (raised where it can be answered: by whoever opens)
            self.error = error
            return
        with self._lock:
            if not self._given_up:
                self.made = made
                return
        self._drop(made)

    def give_up(self) -> None:
        with self._lock:
            self._given_up = True


def open_device(device: str, make: Callable[[], T], drop: Callable[[T], None], *, timeout_s: float) -> T:
    """
    Return what `make` makes of `device`, which then does not block.

    Raises what `make` raises, and `CameraLost` after `timeout_s`; what is made
    later is handed to `drop`.
    """
    number = _number_of(device)
    opening = _Opening(make, drop)
    deadline = time.monotonic() + timeout_s
    blocks = True
    while opening.thread.is_alive() and time.monotonic() < deadline:
        blocks = blocks and not never_block(number)
        opening.thread.join(LOOK_EVERY_S)
    if blocks:
        never_block(number)
    opening.give_up()
    if opening.error is not None:
        raise opening.error
    if opening.made is None:
        raise CameraLost(f"{device} did not send a picture within {timeout_s:g} s")
    return opening.made


def never_block(number: int) -> bool:
    """Tell every file by which this process has the device open not to wait; return whether there was one."""
    found = False
    for fd in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        # Files come and go in other threads while we look.
        with contextlib.suppress(OSError):
            facts = os.fstat(fd)
            if stat.S_ISCHR(facts.st_mode) and facts.st_rdev == number:
                fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
                found = True
    return found


def _number_of(device: str) -> int:
    """Return the device's number, which tells it from all others, by whatever name it is called."""
    try:
        return Path(device).stat().st_rdev
    except OSError as error:
        raise CameraLost(f"{device} cannot be opened: {error.strerror}") from error
