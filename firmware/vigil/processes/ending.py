"""Being asked to end: by systemd, by whoever presses Ctrl-C, by a terminal that is closed."""

from __future__ import annotations

import signal
import threading

ASKED = (signal.SIGTERM, signal.SIGINT)


def set_when_asked(*more: signal.Signals) -> threading.Event:
    """Return an event that SIGTERM, SIGINT and `more` set; they do nothing else. To be called in the main thread."""
    stop = threading.Event()
    for number in (*ASKED, *more):
        signal.signal(number, lambda *_: stop.set())
    return stop
