"""Where the threads of a camera leave what they have, and the recorder picks it up: bounded, and never waited for."""

from __future__ import annotations

import threading
from collections import deque

from vigil.frames.packet import Luma, Packet

MOST_BYTES = 16 << 20
"""About half a minute at 4 Mbit/s: longer than a card stalls, small enough for a board of 512 MiB."""

MOST_LUMA = 16
"""Old grey pictures are of no use: motion wants the newest."""


class Inbox:
    """
    A queue from the camera's threads to the recorder's.

    When it is full, what is held stays, since it continues what was taken
    before; what comes is left out until a keyframe finds room, since nothing
    after a hole can be decoded without one.
    """

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: deque[Packet | Luma] = deque()
        self._bytes = 0
        self._grey = 0
        self._broken = False
        self._error: Exception | None = None
        self._closed = False
        self._changed = threading.Condition()
        self.left_out = 0
        """How many packets found no room."""

    def packet(self, packet: Packet) -> None:
        """Leave a packet."""
        with self._changed:
            full = self._bytes + len(packet.data) > self._most_bytes
            if full or (self._broken and not packet.key):
                self._broken = True
                self.left_out += 1
                return
            self._broken = False
            self._bytes += len(packet.data)
            self._hold(packet)

    def luma(self, luma: Luma) -> None:
        """Leave a grey picture; too many push out the oldest."""
        with self._changed:
            if self._grey >= MOST_LUMA:
                self._held.remove(next(item for item in self._held if isinstance(item, Luma)))
                self._grey -= 1
            self._grey += 1
            self._hold(luma)

    def fail(self, error: Exception) -> None:
        """End it: `take` gives what is still held, and then raises the first error told."""
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def close(self) -> None:
        """Let a waiting `take` return; what is held is dropped."""
        with self._changed:
            self._closed = True
            self._held.clear()
            self._changed.notify_all()

    def take(self, timeout_s: float) -> list[Packet | Luma]:
        """Return all that is held, in order, waiting at most `timeout_s` for the first."""
        with self._changed:
            if not self._held and self._error is None and not self._closed:
                self._changed.wait(timeout_s)
            items = list(self._held)
            self._held.clear()
            self._bytes = self._grey = 0
            if not items and self._error is not None and not self._closed:
                raise self._error
            return items

    def _hold(self, item: Packet | Luma) -> None:
        if not self._closed:
            self._held.append(item)
            self._changed.notify_all()
