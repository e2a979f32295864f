"""
The takes of one camera while they are written: packets in, files with pictures out.

It decides where segments and fragments end and when what waits is due to be
flushed; what any of it does to the disk is `media_segment.py` and `camera_store.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from vigil.clock import Clock, wall_at
from vigil.frames.packet import Packet
from vigil.segments import cutter as cuts
from vigil.segments.age import Recipient
from vigil.segments.cutter import Cutter
from vigil.segments.due import best_end, flush_due, look_at_us
from vigil.segments.mp4 import overhead_bytes
from vigil.segments.seal import padding_bytes
from vigil.store.camera_store import CameraStore
from vigil.store.layout import SegmentPath
from vigil.store.media_segment import Codecs, MediaSegment
from vigil.store.script import Opening


class TakeWriter:
    """
    Writes one take at a time.

    `trust` says how far the clock is trusted now. `durable` is told the last packet
    of every flush, and when its last picture arrived (steady clock). Any method that
    writes may raise `StoreError`; `abandon` then makes it ready for the next take.
    """

    def __init__(
        self,
        store: CameraStore,
        *,
        recipients: Sequence[Recipient],
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        segment_s: float,
        loss_s: float,
        trust: Callable[[], str],
        durable: Callable[[Packet, int], None],
    ) -> None:
        self._store = store
        self._recipients = recipients
        self._clock = clock
        self._random_bytes = random_bytes
        self._segment_s = segment_s
        self._loss_s = loss_s
        self._trust = trust
        self._durable = durable
        self.sealed: list[SegmentPath] = []
        """Files that were completed; whoever takes them empties it."""
        self._opening: Opening | None = None
        self._is_first_of_take = True
        self._cutter: Cutter | None = None
        self._codecs: Codecs | None = None
        self._begun_us = 0
        self._segment: MediaSegment | None = None

    @property
    def is_open(self) -> bool:
        """Whether a take has begun and not ended."""
        return self._opening is not None

    @property
    def file_bytes(self) -> int:
        """Return the bytes of the open segment's file."""
        return self._segment.file_bytes if self._segment else 0

    def open(self, opening: Opening) -> None:
        """Begin a take."""
        self._opening, self._is_first_of_take = opening, True
        self._cutter = Cutter(segment_s=self._segment_s, audio=self._codecs[1] if self._codecs else None)

    def push(self, packets: Sequence[Packet]) -> None:
        """Go on with the take."""
        assert self._cutter
        for packet in packets:
            if made := self._cutter.push(packet):
                self._cut(made)

    def end(self, why: str) -> None:
        """End the take: its file is completed."""
        if self._cutter:
            self._cut(self._cutter.finish(), why=why)
        self._opening, self._cutter = None, None

    def abandon(self) -> None:
        """Forget the take and what it holds in memory: the disk failed, and it will be played again."""
        self._cutter, self._segment, self._opening = None, None, None

    def due_us(self, now_us: int) -> int | None:
        """Return when to look again although nothing came (steady clock), None where nothing waits."""
        oldest_us = self._oldest_us()
        if oldest_us is None:
            return None
        return look_at_us(oldest_us=oldest_us, now_us=now_us, loss_s=self._loss_s, creates=not self.file_bytes)

    def flush_if_due(self, now_us: int) -> None:
        """Make durable what has waited long enough, up to where that costs least."""
        oldest_us = self._oldest_us()
        if oldest_us is None:
            return
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
            creates=not self.file_bytes,
        ):  # fmt: skip
            return
        if not stops:
            self._cut(self._cutter.tick(now_us))
        elif behind:
            self._cut(self._cutter.close_at(stops[best - len(ends)]))
        if self._segment:
            self._segment.flush()

    def flush(self) -> None:
        """Make durable all of which the end is known, also what no fragment holds yet."""
        if self._cutter and (stops := self._cutter.stops()):
            self._cut(self._cutter.close_at(stops[-1]))
        if self._segment:
            self._segment.flush()

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
            self._segment = self._new_segment(cut.packets)
        self._segment.add(cut)

    def _new_segment(self, packets: Sequence[Packet]) -> MediaSegment:
        assert self._codecs
        assert self._opening
        if self._store.open_for == "quiet":
            self._store.end_quiet(why="pictures are due")
        fields = self._opening.lasting | (self._opening.fields if self._is_first_of_take else {})
        segment = MediaSegment(
            self._store, packets, self._codecs, begun_us=self._begun_us, recipients=self._recipients,
            random_bytes=self._random_bytes, wall_us=partial(wall_at, self._clock), durable=self._durable,
            why=self._opening.why, trust=self._trust(), fields=fields,
        )  # fmt: skip
        self._is_first_of_take = False
        return segment

    def _seal(self, why: str) -> None:
        segment, self._segment = self._segment, None
        if segment:
            self.sealed.append(segment.seal(why))

    def _oldest_us(self) -> int | None:
        """Return when the oldest picture came that is not durable, or was asked for (steady clock)."""
        if self._segment and self._segment.oldest_us is not None:
            return self._segment.oldest_us
        held_us = self._cutter.oldest_us if self._cutter else None
        return None if held_us is None else max(held_us, self._begun_us)
