"""When pictures arrived that were found in a heap: each as late after it was filmed as the promptest lately. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

WINDOW = 64
"""So many heaps back counts; clocks that drift apart by 100 ppm are 1 ms further apart by then."""


class Arrival:
    """
    One stream's arrivals; nothing came before `since_us` (steady clock).

    Whoever reads five times a second finds pictures up to a fifth of a second
    old. Among many heaps some end with a picture that had only just come, and
    that shows how late pictures really are.
    """

    def __init__(self, since_us: int) -> None:
        self._lateness: deque[int] = deque(maxlen=WINDOW)
        self._last_us = since_us

    def date(self, media_us: Sequence[int], now_us: int) -> list[int]:
        """Return when each picture of a heap found at `now_us` came; `media_us` are the times it was filmed at."""
        if not media_us:
            return []
        self._lateness.append(now_us - max(media_us))
        least_us = min(self._lateness)
        dated = []
        for filmed_us in media_us:
            self._last_us = max(self._last_us, min(now_us, filmed_us + least_us))
            dated.append(self._last_us)
        return dated
