"""Guesses when a camera's next picture will be here, so that nobody stands waiting for it. Pure."""

from __future__ import annotations

ASK_EVERY = 8
"""Every so many bursts we do wait for the next picture, to learn anew how late pictures come: clocks drift apart."""


class Rhythm:
    """
    One stream's beat: times of pictures (media time) against times of arrival, both in microseconds.

    Waiting for a picture wakes us for each of the dozen pieces it comes in.
    Knowing that the next one is not due yet, we need not begin to wait; and
    knowing how late pictures come, we can say of one read later when it came.
    """

    def __init__(self) -> None:
        self._bursts = 0
        self._last_us: int | None = None
        self._gap_us = 0
        self._late_us: int | None = None
        self._arrived_us = 0

    def came(self, media_us: int, now_us: int, *, waited: bool) -> int:
        """
        Note a picture that was read now; return when it arrived.

        Only when we `waited` for it are these the same; a picture found in the
        socket came as late after the last one as it was filmed after it.
        """
        if self._last_us is not None:
            self._gap_us = media_us - self._last_us
        self._last_us = media_us
        if waited or self._late_us is None:
            self._late_us = now_us - media_us if waited else None
            arrived_us = now_us
        else:
            arrived_us = min(now_us, media_us + self._late_us)
        self._arrived_us = max(self._arrived_us, arrived_us)
        return self._arrived_us

    def due(self, now_us: int) -> bool:
        """Say whether another picture may be here by now."""
        if self._last_us is None or self._late_us is None:
            return True
        if now_us >= self._last_us + self._gap_us + self._late_us:
            return True
        self._bursts += 1
        return self._bursts % ASK_EVERY == 0
