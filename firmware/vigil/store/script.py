"""What has been asked of a camera's files and is not yet durable: played again when the disk failed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vigil.frames.packet import Packet


@dataclass(slots=True)
class Opening:
    """A take begins; `lasting` goes into the `opened` statement of each of its segments, `fields` into the first."""

    why: str
    lasting: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Ending:
    """A take ends."""

    why: str


@dataclass(slots=True)
class Saying:
    """A statement. `done` once it is durable, so that it is not said twice."""

    type: str
    fields: dict[str, Any]
    done: bool = False


@dataclass(slots=True)
class Deleting:
    """Delete a segment, even if a star keeps it where `star_too`."""

    seq: int
    why: str
    star_too: bool = False
    done: bool = False


Entry = Packet | Opening | Ending | Saying | Deleting


@dataclass(frozen=True, slots=True)
class Dropped:
    """Pictures that no longer fitted into memory while the disk was away: from, to (steady clock) and how many."""

    from_us: int
    to_us: int
    pictures: int


class Script:
    """
    The entries that would have to be played again, bounded in bytes.

    It always begins with the opening of a take, or at a keyframe of the take
    that `taking` names, or at something that belongs to no take.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._entries: deque[Entry] = deque()
        self.bytes = 0
        self.dropped: Dropped | None = None
        self.taking: Opening | None = None
        """The take in which the first entry stands, None where it stands in none."""

    def add(self, entry: Entry) -> None:
        """Remember `entry`; an order or an idle statement that waits already is not kept twice."""
        self._replace_waiting(entry)
        self._entries.append(entry)
        if isinstance(entry, Packet):
            self.bytes += len(entry.data)

    def _replace_waiting(self, entry: Entry) -> None:
        # Guard repeats orders that were not obeyed, and nothing is due for days: neither may fill the memory meanwhile.
        if isinstance(entry, Deleting):
            same: list[Entry] = [
                one for one in self._entries if isinstance(one, Deleting) and one.seq == entry.seq and not one.done
            ]
        elif isinstance(entry, Saying) and entry.type == "idle":
            same = [one for one in self._entries if isinstance(one, Saying) and one.type == "idle" and not one.done]
        else:
            return
        for one in same:
            self._entries.remove(one)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def durable_until(self, packet: Packet) -> None:
        """
        Forget what a flush that ended with `packet` made durable.

        Kept is everything from the last keyframe at or before `packet`: the
        pictures behind it cannot be decoded without it.
        """
        keep = last = 0
        for index, entry in enumerate(self._entries):
            if isinstance(entry, Packet) and entry.key and not entry.audio:
                keep = index
            if entry is packet:
                last = index
                break
        else:
            return
        if keep <= last:
            self._forget(keep)

    def through(self, entry: Entry) -> None:
        """Forget `entry` and everything before it: the files that held it are whole."""
        for index, other in enumerate(self._entries):
            if other is entry:
                self._forget(index + 1)
                return

    def settle(self) -> None:
        """Forget what is done at the front."""
        while self._entries and isinstance(first := self._entries[0], Saying | Deleting) and first.done:
            self._entries.popleft()

    def bound(self) -> None:
        """Drop the oldest pictures, whole groups of them, until the rest fits. What was dropped is added up."""
        while self.bytes > self._limit_bytes and (group := self._first_group()):
            front = [self._entries.popleft() for _ in range(group)]
            self._entries.extendleft(reversed([entry for entry in front if not isinstance(entry, Packet)]))
            for entry in front:
                if isinstance(entry, Packet):
                    self._drop(entry)

    def _first_group(self) -> int | None:
        """Return where the first group of pictures ends: at the next keyframe, or with its take."""
        pictures = 0
        for index, entry in enumerate(self._entries):
            ends = isinstance(entry, Ending) or (isinstance(entry, Packet) and entry.key and not entry.audio)
            if pictures and ends:
                return index
            pictures += isinstance(entry, Packet)
        return None

    def _drop(self, packet: Packet) -> None:
        self.bytes -= len(packet.data)
        old = self.dropped
        pictures = 0 if packet.audio else 1
        self.dropped = Dropped(
            old.from_us if old else packet.at_us, packet.at_us, (old.pictures if old else 0) + pictures
        )

    def _forget(self, count: int) -> None:
        for _ in range(count):
            entry = self._entries.popleft()
            if isinstance(entry, Packet):
                self.bytes -= len(entry.data)
            elif isinstance(entry, Opening):
                self.taking = entry
            elif isinstance(entry, Ending):
                self.taking = None
