"""Waiting for hardware, which takes its time: as long as it may take anywhere, and no longer than it does here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE_S = 30.0
"""What an emulated board may need that a real one does in a blink."""


def until(question: Callable[[], bool], *, within_s: float = PATIENCE_S, look_every_s: float = 0.1) -> bool:
    """Ask until the answer is yes, and return True; or False once `within_s` have passed."""
    nothing = threading.Event()
    deadline = time.monotonic() + within_s
    while not question():
        if time.monotonic() > deadline:
            return False
        nothing.wait(look_every_s)
    return True
