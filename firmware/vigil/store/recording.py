"""
The writing half of one camera: packets and statements become durable, whatever the disk does.

Without a recipient no picture is written: the box is nobody's yet.
`begin`, `append`, `end`, `say` and `delete` never raise and never wait for a
disk that failed: what is asked is remembered (`script.py`), and played again
by `tick` when the disk works. The order of every write is docs/spec/store.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vigil.clock import Clock, wall_at
from vigil.errors import StoreError, StoreFault, StoreFull
from vigil.frames.packet import Packet
from vigil.segments.age import Recipient
from vigil.store.camera_store import CameraStore, is_full
from vigil.store.disk import named
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.room import Room
from vigil.store.script import Deleting, Ending, Entry, Opening, Saying, Script
from vigil.store.take_writer import TakeWriter

QUIET_MOST_US = 3600 * 1_000_000
_LOOK_US = 1_000_000
_RETRY_MOST_S = 30.0
GUARD_ACTS_WITHIN_US = 5_000_000
"""So long a full disk waits for guard, who knows all cameras and enters what it deletes into the journal first."""


class Recording:
    """Turns what `frames/take.py` decided into files."""

    def __init__(
        self,
        store: CameraStore,
        room: Room,
        *,
        recipients: Sequence[Recipient],
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        segment_s: float = 60,
        loss_s: float = 2,
        limit_bytes: int = 32 << 20,
    ) -> None:
        self.store = store
        self.trust = "unsynced"
        self.fault: StoreError | None = None
        self.durable_at_us: int | None = None
        self._room = room
        self._recipients = recipients
        self._clock = clock
        self._script = Script(limit_bytes)
        self._takes = TakeWriter(
            store, recipients=recipients, clock=clock, random_bytes=random_bytes, segment_s=segment_s, loss_s=loss_s,
            trust=lambda: self.trust, durable=self._is_durable,
        )  # fmt: skip
        self._quiet_since_us = 0
        self.guard_is_there = False
        """Whether somebody else makes room, so that a full disk may wait a moment for that."""
        self._full_since_us: int | None = None
        self._delay_s, self._retry_us = 0.0, 0

    # What the recorder asks for

    def open(self) -> None:
        """Open the store; a fault is met as every other one."""
        self._guarded(self.store.open)

    def begin(self, why: str, packets: Sequence[Packet], *, rate: str = "full", **fields: Any) -> None:
        """
        Begin a take with `packets`, the first of which is a keyframe.

        `rate` is stated with each of its segments, `fields` with the first.
        """
        if self._recipients:
            self._ask(Opening(why, {"rate": rate}, fields))
            self.append(packets)

    def append(self, packets: Sequence[Packet]) -> None:
        """Go on with the take."""
        if not self._recipients:
            return
        for packet in packets:
            self._script.add(packet)
        if self.fault:
            self._script.bound()
        else:
            self._guarded(lambda: self._takes.push(packets))

    def end(self, why: str) -> None:
        """End the take: its file is completed."""
        if self._recipients:
            self._ask(Ending(why))

    def say(self, type_: str, **fields: Any) -> None:
        """Make a statement, in the open sidecar or a quiet one."""
        self._ask(Saying(type_, fields))

    def delete(self, seq: int, why: str, *, star_too: bool = False) -> None:
        """Delete a segment, stating it first; one that only a star keeps where `star_too`."""
        self._ask(Deleting(seq, why, star_too))

    def tick(self) -> None:
        """Do what is due by time: flush, try again after a fault. To be called at `due_us` at the latest."""
        now_us = self._clock.steady_us()
        if self.fault:
            if now_us >= self._retry_us:
                self._guarded(self._again, even_after_a_fault=True)
        else:
            self._guarded(lambda: self._due(now_us))

    def due_us(self, now_us: int) -> int:
        """Return when `tick` is due although nothing came (steady clock)."""
        if self.fault:
            return self._retry_us
        due_us = self._takes.due_us(now_us)
        return now_us + _LOOK_US if due_us is None else due_us

    def close(self, why: str) -> None:
        """End everything properly and let the store go."""
        for _ in range(2):  # What fails while it is ended is played again at once: nobody comes later.
            if self.fault:
                self._guarded(self._again, even_after_a_fault=True)
            if self._takes.is_open:
                self.end(why)
        if self.store.open_for == "quiet" and not self.fault:
            self._guarded(lambda: self.store.end_quiet(why=why))
        self.store.close()

    def is_short(self) -> bool:
        """Say whether the disk is nearly full; a probe that fails is a fault, not free space."""
        try:
            return self._room.is_short()
        except StoreError as error:
            self._failed(error)
            return False

    def make_room(self, why: str) -> None:
        """Delete our own oldest segments, since nobody else does."""

        self._guarded(lambda: self._room.make(self.store, why=why, ready=self._need_sidecar))

    @property
    def sealed(self) -> list[SegmentPath]:
        """The files that were completed; whoever takes them empties it."""
        return self._takes.sealed

    @property
    def segment_bytes(self) -> int:
        """Return the bytes of the open segment's file."""
        return self._takes.file_bytes

    @property
    def waiting_bytes(self) -> int:
        """Return the bytes of pictures in memory that would be played again after a fault."""
        return self._script.bytes

    # Playing what was asked

    def _ask(self, entry: Entry) -> None:
        self._script.add(entry)
        self._guarded(lambda: self._play(entry))
        self._script.settle()

    def _play(self, entry: Entry) -> None:
        if isinstance(entry, Packet):
            self._takes.push([entry])
        elif isinstance(entry, Opening):
            self._takes.open(entry)
        elif isinstance(entry, Ending):
            self._end_take(entry)
        elif not entry.done:
            self._say(entry) if isinstance(entry, Saying) else self._delete(entry)
            entry.done = True

    def _end_take(self, ending: Ending) -> None:
        self._takes.end(ending.why)
        self._script.through(ending)

    def _is_durable(self, last: Packet, end_at_us: int) -> None:
        self.durable_at_us = end_at_us
        self._script.durable_until(last)

    # Statements and deletions

    def _say(self, saying: Saying) -> None:
        self._need_sidecar()
        self.store.say(saying.type, **saying.fields)

    def _delete(self, order: Deleting) -> None:
        found = next((s for s in segments_of(self.store.directory) if s.seq == order.seq), None)
        if found:
            self._need_sidecar()
            self.store.delete(found, why=order.why, star_too=order.star_too)

    def _need_sidecar(self) -> None:
        now_us = self._clock.steady_us()
        if self.store.open_for == "quiet" and now_us - self._quiet_since_us > QUIET_MOST_US:
            self.store.end_quiet(why="an hour has passed")
        if not self.store.open_for:
            self.store.begin("quiet", why="no pictures are due", trust=self.trust)
            self._quiet_since_us = now_us

    def _due(self, now_us: int) -> None:
        self._takes.flush_if_due(now_us)
        self.store.say_certificate()

    # Faults

    def _guarded(self, work: Callable[[], object], *, even_after_a_fault: bool = False) -> None:
        if self.fault and not even_after_a_fault:
            self._script.bound()
            return
        try:
            # What asks the operating system past `Disk` (is it there? how large is it?) can meet a dying disk, too.
            with named(self.store.directory, "use"):
                work()
        except StoreError as error:
            self._failed(error)

    def _failed(self, error: StoreError) -> None:
        self.store.abandon()
        self._takes.abandon()
        again = self.fault is not None
        self._delay_s = min(_RETRY_MOST_S, max(1.0, 2 * self._delay_s)) if again else 0.0
        now_us = self._clock.steady_us()
        self._retry_us = now_us + round(self._delay_s * 1_000_000)
        if isinstance(error, StoreFull) or (isinstance(error, StoreFault) and is_full(error)):
            self._full_since_us = now_us if self._full_since_us is None else self._full_since_us
            if now_us < (patience_us := self._full_since_us + GUARD_ACTS_WITHIN_US):
                self._retry_us = min(self._retry_us, patience_us)
        self.fault = error

    def _again(self) -> None:
        if self._full_since_us is not None:
            self._room.open_reserve()
        self.store.open()
        if self._full_since_us is not None:
            self._find_room(self._full_since_us)
            self._full_since_us = None
        if lost := self._script.dropped:
            self._need_sidecar()
            self.store.say(
                "gap", from_us=wall_at(self._clock, lost.from_us), to_us=wall_at(self._clock, lost.to_us),
                why=f"the disk failed for longer than memory could hold: {self.fault}"[:300], pictures=lost.pictures,
            )  # fmt: skip
            self._script.dropped = None
        if taking := self._script.taking:
            self._takes.open(Opening("recording goes on after a fault", taking.lasting))
        for entry in self._script:
            self._play(entry)
        # What waited through the fault has been in danger for long enough, also what no fragment holds yet.
        self._takes.flush()
        self._script.settle()
        self.fault, self._delay_s = None, 0.0

    def _find_room(self, full_since_us: int) -> None:
        """Go on where the reserve made room enough; else give guard its moment, then make room ourselves."""
        waiting_bytes = self._script.bytes
        if not self._room.lacks(waiting_bytes):
            return
        if self.guard_is_there and self._clock.steady_us() - full_since_us < GUARD_ACTS_WITHIN_US:
            raise StoreFull("the disk is full; guard is given a moment to make room")
        self._room.make(self.store, why="the disk is full", waiting_bytes=waiting_bytes, ready=self._need_sidecar)
