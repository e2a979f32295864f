"""Which pictures of a fragment belong into a film: from a keyframe on, and up to a moment. Deciding only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from vigil.segments.mp4_read import Fragment, Sample

NEAR_US = 2_000_000
"""Arrival jitters: a picture that is recorded twice lies at most so far from where the clocks say."""


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

    `signed` is False for what a recovery found behind the last signed byte.
    `broken` says why what comes before it could not be opened, empty where
    nothing is missing.
    """

    timed: Timed
    offset: int
    data: bytes
    signed: bool
    broken: str

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
    begun, broken = False, ""
    for piece in pieces:
        broken = piece.broken or broken
        if begun and not broken:
            yield piece
        elif (part := piece.timed.from_key(None if begun else key_us)) is not None:
            yield replace(piece, timed=part, broken=broken)
            begun, broken = True, ""


def up_to(pieces: Iterable[Piece], to_us: int, again: bytes | None) -> Iterator[Piece]:
    """
    Yield `pieces` up to, not including, `to_us`.

    Pictures are kept in the order of decoding up to the last one that was
    taken before `to_us`, so that each has what it is decoded from. With
    `again` the recording goes on elsewhere with that keyframe, which may be
    here too: then they end before it. Where it is not found they end by time,
    half a picture's duration early.
    """
    near_us = NEAR_US if again is not None else 0
    held: list[Piece] = []
    for piece in pieces:
        if not held and not piece.timed.reaches(to_us - near_us):
            yield piece
            continue
        held.append(piece)
        if piece.timed.is_past(to_us + near_us):
            break
    place = _again(held, to_us, again) if again is not None else None
    n, count = place or _by_time(held, to_us, tolerant=again is not None)
    yield from held[:n]
    if count:
        yield replace(held[n], timed=held[n].timed.until(count, to_us))


def _again(held: Sequence[Piece], to_us: int, again: bytes) -> tuple[int, int] | None:
    places = [
        (abs(piece.timed.shown_us(sample) - to_us), n, at)
        for n, piece in enumerate(held)
        for at, sample in enumerate(piece.timed.fragment.video)
        if sample.key and sample.size == len(again) and abs(piece.timed.shown_us(sample) - to_us) <= NEAR_US
    ]
    return next(((n, at) for _, n, at in sorted(places) if held[n].picture(at) == again), None)


def _by_time(held: Sequence[Piece], to_us: int, *, tolerant: bool) -> tuple[int, int]:
    for n in reversed(range(len(held))):
        timed = held[n].timed
        for at in reversed(range(len(timed.fragment.video))):
            sample = timed.fragment.video[at]
            spare_us = sample.duration * 500_000 // timed.timescale if tolerant else 0
            if timed.shown_us(sample) + spare_us < to_us:
                return n, at + 1
    return 0, 0
