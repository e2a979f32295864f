"""The process `upkeep`: watches over the box, and restarts it where nothing else helps."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from vigil.clock import SystemClock
from vigil.processes.notify import Notifier

_LOOK_S = 5


def main(_data: Path) -> int:
    """Watch until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    notifier = Notifier.of_this_process(SystemClock())
    notifier.ready()
    while not stop.wait(_LOOK_S):
        notifier.feed(lambda: "")
    return 0
