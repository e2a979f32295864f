"""Being asked to end: by systemd, by whoever presses Ctrl-C, by a terminal that is closed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

ASKED = (signal.SIGTERM, signal.SIGINT)


def set_when_asked(*more: signal.Signals, wake: Callable[[], object] = lambda: None) -> threading.Event:
    """
    Return an event that SIGTERM, SIGINT and `more` set; they do nothing else. To be called in the main thread.

    Python goes on waiting where a signal interrupted it: `wake` is called to end that.
    """
    stop = threading.Event()

    def asked(*_: object) -> None:
        stop.set()
        wake()

    for number in (*ASKED, *more):
        signal.signal(number, asked)
    return stop
