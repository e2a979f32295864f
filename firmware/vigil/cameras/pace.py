"""Taking so many pictures a second out of a stream that has more. Pure."""

from __future__ import annotations


class Pace:
    """Says which pictures to take so that on the whole one is taken each `interval`, in whatever unit times come."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next: float | None = None

    def due(self, at: int) -> bool:
        """Say whether the picture at `at` (rising) is to be taken, and count it as taken if so."""
        # A tenth early is on time: cameras jitter, and waiting for the next picture would halve the rate.
        if self._next is not None and at < self._next - self._interval / 10:
            return False
        # Steps of the interval rather than from this picture on, lest 5 a second of 12 become 4.
        self._next = at + self._interval if self._next is None else max(self._next + self._interval, at)
        return True
