"""Which pictures of a fragment belong into a film: from a keyframe on, and up to a moment. Deciding only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from vigil.out.plan import NEAR_US
from vigil.segments.mp4_read import Fragment, Sample


@dataclass(frozen=True, slots=True)
class Timed:
    """A fragment, and how the ticks of its tracks count on the wall clock."""

    fragment: Fragment
    start_wall_us: int
    timescale: int
    sound_timescale: int

    def shown_us(self, sample: Sample) -> int:
        """Return when a picture was taken (wall clock, UTC)."""
        return self.start_wall_us + sample.pts * 1_000_000 // self.timescale

    def decoded_us(self, sample: Sample) -> int:
        """Return the moment before which no picture that follows was taken."""
        return self.start_wall_us + sample.dts * 1_000_000 // self.timescale

    def keys_until(self, at_us: int) -> list[int]:
        """Return when the keyframes were taken that are not later than `at_us`."""
        return [us for sample in self.fragment.video if sample.key and (us := self.shown_us(sample)) <= at_us]

    def reaches(self, at_us: int) -> bool:
        """Say whether it has pictures of `at_us` or later."""
        return any(self.shown_us(sample) >= at_us for sample in self.fragment.video)

    def is_past(self, at_us: int) -> bool:
        """Say whether everything behind it is of `at_us` or later."""
        return any(self.decoded_us(sample) >= at_us for sample in self.fragment.video)

    def from_key(self, at_us: int | None) -> Timed | None:
        """Return it from the keyframe taken at `at_us` on (None: from its first one); None where it has none."""
        video = self.fragment.video
        for n, sample in enumerate(video):
            if sample.key and (at_us is None or self.shown_us(sample) >= at_us):
                return self._part(video[n:], from_us=self.shown_us(sample))
        return None

    def until(self, count: int, to_us: int) -> Timed:
        """Return its first `count` pictures, and sound up to `to_us`."""
        return self._part(self.fragment.video[:count], to_us=to_us)

    def _part(self, video: list[Sample], *, from_us: int | None = None, to_us: int | None = None) -> Timed:
        sound = [
            one
            for one in self.fragment.audio
            if (from_us is None or self._heard_us(one) >= from_us) and (to_us is None or self._heard_us(one) < to_us)
        ]
        return replace(self, fragment=replace(self.fragment, video=video, audio=sound))

    def _heard_us(self, sample: Sample) -> int:
        return self.start_wall_us + sample.dts * 1_000_000 // self.sound_timescale


@dataclass(frozen=True, slots=True)
class Piece:
    """
    A fragment, or what was asked for of it, with its data: the plaintext from `offset` on.

    `signed` is False for what a recovery found behind the last signed byte,
    `broken` says that something right before it could not be opened.
    """

    timed: Timed
    offset: int
    data: bytes
    signed: bool
    broken: bool

    def read_at(self, offset: int, size: int) -> bytes:
        """Read the plaintext, where this piece has it."""
        return self.data[offset - self.offset : offset - self.offset + size]

    def picture(self, at: int) -> bytes:
        """Return the bytes of its picture number `at`."""
        sample = self.timed.fragment.video[at]
        return self.read_at(sample.offset, sample.size)


def from_key(pieces: Iterable[Piece], key_us: int | None) -> Iterator[Piece]:
    """
    Yield `pieces` from the keyframe taken at `key_us` on, None for the first one.

    Behind a break it takes another keyframe to go on.
    """
    begun = broken = False
    for piece in pieces:
        broken = piece.broken or broken
        if begun and not broken:
            yield piece
        elif (part := piece.timed.from_key(None if begun else key_us)) is not None:
            yield replace(piece, timed=part, broken=broken)
            begun, broken = True, False


def until_again(pieces: Iterable[Piece], again: bytes, at_us: int) -> Iterator[Piece]:
    """
    Yield `pieces` up to the picture `again`, with which the recording goes on elsewhere.

    It is a keyframe taken at about `at_us`. Where it is not among them, nothing
    is there twice, and all of them are yielded.
    """
    held: list[Piece] = []
    for piece in pieces:
        if held or piece.timed.reaches(at_us - NEAR_US):
            held.append(piece)
        else:
            yield piece
    places = [
        (abs(piece.timed.shown_us(sample) - at_us), n, at)
        for n, piece in enumerate(held)
        for at, sample in enumerate(piece.timed.fragment.video)
        if sample.key and sample.size == len(again)
    ]
    # A picture of nothing that moves may look like an earlier one to the bit, so the nearest counts.
    found = next(((n, at) for _, n, at in sorted(places) if held[n].picture(at) == again), None)
    yield from _cut(held, *found, at_us) if found else held


def up_to(pieces: Iterable[Piece], to_us: int) -> Iterator[Piece]:
    """
    Yield `pieces` up to, not including, `to_us`.

    Pictures are kept in the order of decoding up to the last one that was
    taken before `to_us`, so that each has what it is decoded from.
    """
    held: list[Piece] = []
    for piece in pieces:
        if not held and not piece.timed.reaches(to_us):
            yield piece
            continue
        held.append(piece)
        if piece.timed.is_past(to_us):
            break
    last = [
        (n, at)
        for n, piece in enumerate(held)
        for at, sample in enumerate(piece.timed.fragment.video)
        if piece.timed.shown_us(sample) < to_us
    ]
    if last:
        yield from _cut(held, last[-1][0], last[-1][1] + 1, to_us)


def _cut(held: Sequence[Piece], n: int, count: int, to_us: int) -> Iterator[Piece]:
    yield from held[:n]
    if count:
        yield replace(held[n], timed=held[n].timed.until(count, to_us))
