"""A program that shows the view of a run that does well, until Ctrl-C. Its argument is the data directory."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from fakes.watching import NOTE, health, status
from vigil import logs
from vigil.cli.view import View
from vigil.processes.place import Place


def main(data: Path) -> None:
    """Say something each second, draw four times in it."""
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    logs.set_up("info")
    view = View(Place(data), [NOTE])
    logging.getLogger("vigil.keeper").warning("the camera was lost for a moment", extra={"camera": "demo"})
    rounds = 0
    while True:
        if rounds % 4 == 0:
            view.take(status())
            view.take(health())
        view.draw()
        rounds += 1
        if stop.wait(0.25):
            break
    view.ending()
    view.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
