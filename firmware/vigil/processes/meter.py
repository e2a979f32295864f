"""How fast pictures arrive: for people to look at, and for knowing that they do."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from vigil.clock import Clock
from vigil.frames.packet import Packet

_WINDOW_US = 3_000_000


class Meter:
    """Pictures and bytes of the last three seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: deque[tuple[int, int, int]] = deque()
        self.pictures = 0

    def count(self, packets: Sequence[Packet]) -> None:
        """Take in what arrived."""
        pictures = sum(not packet.audio for packet in packets)
        self.pictures += pictures
        self._counts.append((packets[-1].at_us, pictures, sum(len(packet.data) for packet in packets)))

    def rates(self) -> tuple[float, int]:
        """Return pictures a second and bits a second, now."""
        now_us = self._clock.steady_us()
        while self._counts and now_us - self._counts[0][0] > _WINDOW_US:
            self._counts.popleft()
        seconds = _WINDOW_US / 1_000_000
        pictures = sum(count[1] for count in self._counts)
        return pictures / seconds, round(sum(count[2] for count in self._counts) * 8 / seconds)
