"""Work that may never end, since the card may have stalled: done aside, and waited for only so long."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Aside:
    """A thread for one piece of work at a time. What waits for a dead card is left behind."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], None], *, patience_s: float) -> bool:
        """
        Do `work`, which raises nothing, and wait for it at most so long; return whether it was done.

        While earlier work has not ended, none is begun.
        """
        if self._thread is not None and self._thread.is_alive():
            return False
        self._thread = threading.Thread(target=work, name="aside", daemon=True)
        self._thread.start()
        self._thread.join(patience_s)
        return not self._thread.is_alive()
