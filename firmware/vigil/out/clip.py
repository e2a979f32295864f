"""Making one film out of sealed segments, for whoever holds the key: every picture once, nothing encoded anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vigil.errors import FormatError, SealError, StoreFault, WrongKey
from vigil.out.opened import OpenedSegment, Shut, opened
from vigil.out.plan import Stretch
from vigil.out.trim import Piece
from vigil.segments.age import Identity
from vigil.segments.mp4_join import Joined, Joiner
from vigil.segments.note import NoteKey
from vigil.segments.verify_words import Finding
from vigil.store.browse import Recorded
from vigil.store.disk import Disk
from vigil.store.verify_segment import judge

Tell = Callable[[int], None]


@dataclass(slots=True)
class Clip:
    """
    What became of a film.

    It shows `from_us` to `to_us` (wall clock). `used` are the segments in it
    with the verdict on each, `unsigned` counts pictures out of tails,
    `keyframes` those of stretches where only keyframes were recorded,
    `troubles` are what could not be opened.
    """

    joined: Joined | None = None
    from_us: int = 1 << 62
    to_us: int = 0
    used: list[tuple[Recorded, Finding]] = field(default_factory=list)
    unsigned: int = 0
    keyframes: int = 0
    troubles: list[Shut] = field(default_factory=list)


class ClipMaker:
    """
    Writes a film front to back through `write`.

    Each segment that is used is first hashed and compared with what the
    recorder signed (`identity` is whose certificates count), then opened with
    `keys`. What does not open is left out and told of. `tell` hears how far it
    has come, as the wall clock in the pictures. Memory grows with the film's
    tables alone, some 20 bytes a picture.
    """

    def __init__(
        self,
        disk: Disk,
        keys: Sequence[Identity],
        write: Callable[[bytes], None],
        *,
        identity: NoteKey | None,
        with_tail: bool,
        tell: Tell,
    ) -> None:
        self._disk = disk
        self._keys = keys
        self._joiner = Joiner(write)
        self._identity = identity
        self._with_tail = with_tail
        self._tell = tell
        self._clip = Clip()

    def make(self, stretches: Sequence[Stretch]) -> Clip:
        """
        Write the film of `stretches`, in their order.

        Raises `WrongKey`, or `FormatError` where there is not one picture in them.
        """
        for stretch in stretches:
            self._add(stretch)
        if not self._clip.used:
            raise FormatError(
                "; ".join(one.why for one in self._clip.troubles) or "there is not one picture in that time"
            )
        self._clip.joined = self._joiner.finish()
        return self._clip

    def _add(self, stretch: Stretch) -> None:
        recorded = stretch.recorded
        if recorded.last is None and not self._with_tail:
            return
        again = self._first_picture(stretch.again) if stretch.again else None
        try:
            with opened(self._disk, recorded, self._keys, with_tail=self._with_tail) as segment:
                begun = False
                for piece in segment.pieces(stretch.from_us, stretch.to_us, again=again, again_us=stretch.again_us):
                    if not begun or piece.broken:
                        self._begin(recorded, segment, piece, first=not begun)
                        begun = True
                    self._put(recorded, piece)
                for one in segment.shut:
                    self._trouble(recorded, one.why, one.from_us, one.to_us)
        except WrongKey:
            raise
        except (SealError, StoreFault) as error:
            self._trouble(recorded, str(error), recorded.from_us, recorded.to_us)

    def _begin(self, recorded: Recorded, segment: OpenedSegment, piece: Piece, *, first: bool) -> None:
        if first:
            found = judge(self._disk, recorded.path, recorded.camera, self._identity, read=lambda _: None).finding
            self._clip.used.append((recorded, found))
        self._joiner.begin(segment.init, start_wall_us=piece.timed.start_wall_us)

    def _put(self, recorded: Recorded, piece: Piece) -> None:
        timed, clip = piece.timed, self._clip
        self._joiner.add(timed.fragment, piece.read_at)
        for sample in timed.fragment.video:
            shown_us = timed.shown_us(sample)
            clip.from_us = min(clip.from_us, shown_us)
            clip.to_us = max(clip.to_us, shown_us + sample.duration * 1_000_000 // timed.timescale)
        count = len(timed.fragment.video)
        clip.unsigned += 0 if piece.signed else count
        clip.keyframes += count if recorded.rate == "keyframes" else 0
        self._tell(clip.to_us)

    def _first_picture(self, recorded: Recorded) -> bytes | None:
        try:
            with opened(self._disk, recorded, self._keys, with_tail=self._with_tail) as segment:
                return segment.first_picture()
        except (SealError, StoreFault):
            return None  # told of when its turn comes

    def _trouble(self, recorded: Recorded, why: str, from_us: int, to_us: int) -> None:
        self._clip.troubles.append(Shut(from_us, to_us, f"segment {recorded.seq}: {why}"))
