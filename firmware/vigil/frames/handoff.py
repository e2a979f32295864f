"""Between the thread that reads the camera and the one that records: neither ever waits for the other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from vigil.frames.packet import Luma, Packet


@dataclass(frozen=True, slots=True)
class Hole:
    """Pictures that did not fit on their way: when the first and the last of them came (steady clock), and how many."""

    from_us: int
    to_us: int
    pictures: int


class Handoff:
    """
    Packets and pictures on their way, in order, bounded in bytes.

    When the recorder does not come for so long that the bound is reached (a
    disk that hangs), everything is dropped up to the next keyframe that finds
    room, oldest first kept: what is taken stays decodable, and `hole` tells.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._items: list[Packet | Luma] = []
        self._bytes = 0
        self._blocked = False
        self._lock = threading.Lock()
        self._hole: Hole | None = None

    def put(self, items: Sequence[Packet | Luma]) -> None:
        """Hand over what was read."""
        with self._lock:
            for item in items:
                if isinstance(item, Packet):
                    self._packet(item)
                elif self._bytes < self._limit_bytes:
                    self._items.append(item)

    def take(self) -> list[Packet | Luma]:
        """Return everything that waits, without waiting."""
        with self._lock:
            items, self._items, self._bytes = self._items, [], 0
        return items

    def hole(self, *, so_far: bool = False) -> Hole | None:
        """Return what was dropped since the last call (once that is over, or `so_far`); None where nothing was."""
        with self._lock:
            if self._blocked and not so_far:
                return None
            hole, self._hole = self._hole, None
        return hole

    def _packet(self, packet: Packet) -> None:
        if self._blocked and packet.key and not packet.audio and self._bytes < self._limit_bytes // 2:
            self._blocked = False
        if self._blocked or self._bytes + len(packet.data) > self._limit_bytes:
            self._blocked = True
            old = self._hole
            self._hole = Hole(
                old.from_us if old else packet.at_us, packet.at_us, (old.pictures if old else 0) + (not packet.audio)
            )
            return
        self._items.append(packet)
        self._bytes += len(packet.data)
