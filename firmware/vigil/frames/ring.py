"""The last few seconds, kept in memory so that a recording can begin before its cause."""

from __future__ import annotations

from collections import deque
from itertools import chain

from vigil.frames.packet import Packet

NEVER_US = 1 << 62


class Group:
    """A keyframe and everything that arrived until the next one."""

    __slots__ = ("packets", "size_bytes", "start_us")

    def __init__(self, key: Packet) -> None:
        self.packets = [key]
        self.size_bytes = len(key.data)
        self.start_us = key.at_us


class Ring:
    """
    The newest packets, always starting at a video keyframe.

    Once `span_s` has passed since the first keyframe, the ring holds at least
    `span_s` and at most `span_s` plus one keyframe distance, unless that takes
    more than `limit_bytes`; then it holds what fits and `squeezed` is true.
    Whole groups are dropped, never parts of one: a decoder cannot begin
    without its keyframe. Time is `Packet.at_us`. Sound rides in the group
    during which it arrived. What comes before the first keyframe is dropped.
    """

    __slots__ = ("_drop_us", "_groups", "_limit_bytes", "_newest_us", "_span_us", "size_bytes", "squeezed")

    def __init__(self, *, span_s: float, limit_bytes: int) -> None:
        if span_s < 0 or limit_bytes < 0:
            raise ValueError(f"a ring cannot hold {span_s} s in {limit_bytes} bytes; give numbers from 0 up")
        self._span_us = round(span_s * 1_000_000)
        self._limit_bytes = limit_bytes
        self._groups: deque[Group] = deque()
        self._drop_us = NEVER_US
        self._newest_us = 0
        self.size_bytes = 0
        self.squeezed = False

    def push(self, packet: Packet) -> None:
        """Add the newest packet and drop the groups that it makes superfluous."""
        groups = self._groups
        if packet.key and not packet.audio:
            groups.append(Group(packet))
            if len(groups) == 2:
                self._drop_us = packet.at_us + self._span_us
        elif groups:
            group = groups[-1]
            group.packets.append(packet)
            group.size_bytes += len(packet.data)
        else:
            return
        self.size_bytes += len(packet.data)
        self._newest_us = packet.at_us
        if packet.at_us >= self._drop_us or self.size_bytes > self._limit_bytes:
            self._drop()

    def since(self, at_us: int) -> list[Packet]:
        """
        Return the packets from the last keyframe at or before `at_us` on.

        All that is held where the ring does not reach back so far; nothing
        where no keyframe is held.
        """
        first = 0
        for n, group in enumerate(self._groups):
            if group.start_us > at_us:
                break
            first = n
        return list(chain.from_iterable(group.packets for group in list(self._groups)[first:]))

    def clear(self) -> None:
        """Forget everything, as when the camera is opened again or the owner pauses it."""
        self._groups.clear()
        self._drop_us = NEVER_US
        self._newest_us = 0
        self.size_bytes = 0
        self.squeezed = False

    @property
    def held_s(self) -> float:
        """Seconds between the oldest and the newest packet held."""
        return (self._newest_us - self._groups[0].start_us) / 1_000_000 if self._groups else 0.0

    def _drop(self) -> None:
        groups = self._groups
        # The group that straddles the edge of the span stays until its successor covers the span alone.
        while self._newest_us >= self._drop_us:
            self._drop_oldest()
            self.squeezed = False
        while self.size_bytes > self._limit_bytes and groups:
            # A single group larger than the limit goes too: its end alone is of no use to a decoder.
            self._drop_oldest()
            self.squeezed = True

    def _drop_oldest(self) -> None:
        self.size_bytes -= self._groups.popleft().size_bytes
        self._drop_us = self._groups[1].start_us + self._span_us if len(self._groups) > 1 else NEVER_US
