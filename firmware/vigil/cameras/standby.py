"""
Empties a connection whose reader is held up, so that the camera can go on sending: a card that stalls costs no picture.

As long as the reader comes in time nobody here wakes up: the kernel calls only
when more has come than a reader in time would ever find (`SO_RCVLOWAT`).
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable

_GLANCE_S = 60.0


class Standby:
    """
    Calls `rescue` when `descriptor` has much to be read, until that returns False or `close`.

    `rescue` runs in a thread of our own; it empties the connection.
    """

    def __init__(self, descriptor: int, rescue: Callable[[], bool], *, name: str) -> None:
        self._descriptor = descriptor
        self._rescue = rescue
        self._closed = False
        threading.Thread(target=self._run, name=f"stand by {name}", daemon=True).start()

    def close(self) -> None:
        """End. The thread does so when the connection is shut down, which its owner must do."""
        self._closed = True

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while not self._closed:
            if poll.poll(_GLANCE_S * 1000) and not self._closed and not self._rescue():
                return
