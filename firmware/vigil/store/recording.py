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

from vigil.clock import Clock
from vigil.errors import StoreError, StoreFault, StoreFull
from vigil.frames.packet import Packet
from vigil.segments import cutter as cuts
from vigil.segments.age import Recipient
from vigil.segments.cutter import Cutter
from vigil.segments.due import best_end, flush_due, look_at_us
from vigil.segments.mp4 import overhead_bytes
from vigil.segments.seal import padding_bytes
from vigil.store.camera_store import CameraStore, is_full
from vigil.store.disk import named
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.media_segment import Codecs, MediaSegment
from vigil.store.room import Room
from vigil.store.script import Deleting, Ending, Entry, Opening, Saying, Script

QUIET_MOST_US = 3600 * 1_000_000
_LOOK_US = 1_000_000
_RETRY_MOST_S = 30.0


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
        self.sealed: list[SegmentPath] = []
        self._room = room
        self._recipients = recipients
        self._clock = clock
        self._random_bytes = random_bytes
        self._segment_s = segment_s
        self._loss_s = loss_s
        self._script = Script(limit_bytes)
        self._taking: Opening | None = None
        self._first_of_take = True
        self._cutter: Cutter | None = None
        self._codecs: Codecs | None = None
        self._begun_us = 0
        self._segment: MediaSegment | None = None
        self._quiet_since_us = 0
        self._full = False
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
            self._guarded(lambda: self._push(packets))

    def end(self, why: str) -> None:
        """End the take: its file is completed."""
        if self._recipients:
            self._ask(Ending(why))

    def say(self, type_: str, **fields: Any) -> None:
        """Make a statement, in the open sidecar or a quiet one."""
        self._ask(Saying(type_, fields))

    def delete(self, seq: int, why: str) -> None:
        """Delete a segment, stating it first."""
        self._ask(Deleting(seq, why))

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
        oldest_us = self._oldest_us()
        if oldest_us is None:
            return now_us + _LOOK_US
        return look_at_us(oldest_us=oldest_us, now_us=now_us, loss_s=self._loss_s, creates=self._creates)

    def close(self, why: str) -> None:
        """End everything properly and let the store go."""
        for _ in range(2):  # What fails while it is ended is played again at once: nobody comes later.
            if self.fault:
                self._guarded(self._again, even_after_a_fault=True)
            if self._taking:
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

        def work() -> None:
            self._need_sidecar()
            self._room.make(self.store, why=why)

        self._guarded(work)

    @property
    def segment_bytes(self) -> int:
        """Return the bytes of the open segment's file."""
        return self._segment.file_bytes if self._segment else 0

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
            self._push([entry])
        elif isinstance(entry, Opening):
            self._open_take(entry)
        elif isinstance(entry, Ending):
            self._end_take(entry)
        elif not entry.done:
            self._say(entry) if isinstance(entry, Saying) else self._delete(entry)
            entry.done = True

    def _open_take(self, opening: Opening) -> None:
        self._taking, self._first_of_take = opening, True
        self._cutter = Cutter(segment_s=self._segment_s, audio=self._codecs[1] if self._codecs else None)

    def _end_take(self, ending: Ending) -> None:
        if self._cutter:
            self._cut(self._cutter.finish(), why=ending.why)
        self._taking, self._cutter = None, None
        self._script.through(ending)

    def _push(self, packets: Sequence[Packet]) -> None:
        assert self._cutter
        for packet in packets:
            if made := self._cutter.push(packet):
                self._cut(made)

    def _cut(self, made: Sequence[cuts.Cut], *, why: str = "") -> None:
        for cut in made:
            if isinstance(cut, cuts.Begin):
                self._codecs = cut.codec, cut.audio_codec
                self._begun_us = self._clock.steady_us()
            elif isinstance(cut, cuts.Fragment):
                self._fragment(cut)
            else:
                self._seal(why or str(cut.why))

    def _fragment(self, cut: cuts.Fragment) -> None:
        if self._segment is None:
            self._segment = self._open_segment(cut.packets)
        self._segment.add(cut)

    def _open_segment(self, packets: Sequence[Packet]) -> MediaSegment:
        assert self._codecs
        assert self._taking
        if self.store.open_for == "quiet":
            self.store.end_quiet(why="pictures are due")
        fields = self._taking.lasting | (self._taking.fields if self._first_of_take else {})
        segment = MediaSegment(
            self.store, packets, self._codecs, begun_us=self._begun_us, recipients=self._recipients,
            random_bytes=self._random_bytes, wall_us=self._wall_us, durable=self._is_durable, why=self._taking.why,
            trust=self.trust, fields=fields,
        )  # fmt: skip
        self._first_of_take = False
        return segment

    def _is_durable(self, last: Packet, end_at_us: int) -> None:
        self.durable_at_us = end_at_us
        self._script.durable_until(last)

    def _seal(self, why: str) -> None:
        segment, self._segment = self._segment, None
        if segment:
            self.sealed.append(segment.seal(why))

    # Statements and deletions

    def _say(self, saying: Saying) -> None:
        self._need_sidecar()
        self.store.say(saying.type, **saying.fields)

    def _delete(self, order: Deleting) -> None:
        found = next((s for s in segments_of(self.store.directory) if s.seq == order.seq), None)
        if found:
            self._need_sidecar()
            self.store.delete(found, why=order.why)

    def _need_sidecar(self) -> None:
        now_us = self._clock.steady_us()
        if self.store.open_for == "quiet" and now_us - self._quiet_since_us > QUIET_MOST_US:
            self.store.end_quiet(why="an hour has passed")
        if not self.store.open_for:
            self.store.begin("quiet", why="no pictures are due", trust=self.trust)
            self._quiet_since_us = now_us

    def _due(self, now_us: int) -> None:
        if (oldest_us := self._oldest_us()) is not None:
            self._flush_if_due(now_us, oldest_us)
        self.store.say_certificate()

    def _oldest_us(self) -> int | None:
        """Return when the oldest picture came that is not durable, or was asked for (steady clock)."""
        if self._segment and self._segment.oldest_us is not None:
            return self._segment.oldest_us
        held_us = self._cutter.oldest_us if self._cutter else None
        return None if held_us is None else max(held_us, self._begun_us)

    @property
    def _creates(self) -> bool:
        """Whether the next flush is the first of its file."""
        return not (self._segment and self._segment.file_bytes)

    def _flush_if_due(self, now_us: int, oldest_us: int) -> None:
        assert self._cutter
        stops = self._cutter.stops()
        written = self._segment.waiting_bytes if self._segment else 0
        unfilled = self._segment.unfilled if self._segment else 0
        # Where nothing waits but what the cutter holds, something of that must go.
        ends = [0] if written else []
        ends += [overhead_bytes(stop.pictures, stop.packets - stop.pictures) + stop.size_bytes for stop in stops]
        best = best_end(ends, unfilled=unfilled) if ends else 0
        behind = ends[best] if ends else 0
        if not flush_due(
            oldest_us=oldest_us, now_us=now_us, loss_s=self._loss_s,
            pending_bytes=written + (ends[-1] if ends else 0), padding=padding_bytes(unfilled + behind),
            creates=self._creates,
        ):  # fmt: skip
            return
        if not stops:
            self._cut(self._cutter.tick(now_us))
        elif behind:
            self._cut(self._cutter.close_at(stops[best - len(ends)]))
        if self._segment:
            self._segment.flush()

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
        self._cutter, self._segment, self._taking = None, None, None
        again = self.fault is not None
        self._delay_s = min(_RETRY_MOST_S, max(1.0, 2 * self._delay_s)) if again else 0.0
        self._full = self._full or isinstance(error, StoreFull) or (isinstance(error, StoreFault) and is_full(error))
        self._retry_us = self._clock.steady_us() + round(self._delay_s * 1_000_000)
        self.fault = error

    def _again(self) -> None:
        if self._full:
            self._room.open_reserve()
        self.store.open()
        if self._full:
            self._need_sidecar()
            self._room.make(self.store, why="the disk is full", waiting_bytes=self._script.bytes)
            self._full = False
        if lost := self._script.dropped:
            self._need_sidecar()
            self.store.say(
                "gap", from_us=self._wall_us(lost.from_us), to_us=self._wall_us(lost.to_us),
                why=f"the disk failed for longer than memory could hold: {self.fault}"[:300], pictures=lost.pictures,
            )  # fmt: skip
            self._script.dropped = None
        if taking := self._script.taking:
            self._open_take(Opening("recording goes on after a fault", taking.lasting))
        for entry in self._script:
            self._play(entry)
        # What waited through the fault has been in danger for long enough, also what no fragment holds yet.
        self._cut(self._cutter.close_at(stops[-1]) if self._cutter and (stops := self._cutter.stops()) else ())
        if self._segment:
            self._segment.flush()
        self._script.settle()
        self.fault, self._delay_s = None, 0.0

    def _wall_us(self, at_us: int) -> int:
        return max(0, at_us + self._clock.wall_us() - self._clock.steady_us())
