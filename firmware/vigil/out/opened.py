"""One segment, opened with the owner's key: its pictures between two times, and no chunk more than they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from vigil.errors import SealError, Truncated, WrongKey
from vigil.out.trim import Piece, Timed, from_key, until_again, up_to
from vigil.segments.age import Identity
from vigil.segments.mp4_boxes import ReadAt
from vigil.segments.mp4_read import Fragment, Init, read_fragments, read_init
from vigil.segments.stream import SEALED_CHUNK_BYTES
from vigil.segments.unseal import Unsealed, chunks_before, open_tail, plain_offset
from vigil.store.browse import CLOCKS_AGREE_US, Flushed, Recorded, read_flushes
from vigil.store.disk import Disk, DiskFile


@dataclass(frozen=True, slots=True)
class Shut:
    """Between `from_us` and `to_us` (wall clock) something does not open; `why` is a sentence."""

    from_us: int
    to_us: int
    why: str


@dataclass(frozen=True, slots=True)
class _Span:
    """What lies between two flushes, or in the tail: `begin` to `end` in the plaintext that `read_at` reads."""

    read_at: ReadAt
    begin: int
    end: int
    end_us: int
    signed: bool = True

    def read(self, offset: int, size: int) -> bytes:
        """Read it as though the file ended with it."""
        return self.read_at(offset, min(size, self.end - offset)) if offset < self.end else b""


@contextmanager
def opened(disk: Disk, recorded: Recorded, keys: Sequence[Identity], *, with_tail: bool) -> Iterator[OpenedSegment]:
    """Open a segment. Raises `StoreFault`, `WrongKey`, or another `SealError` where not even its beginning opens."""
    try:
        with disk.read(recorded.path.media if recorded.last else recorded.path.tail) as file:
            yield OpenedSegment(disk, recorded, keys, file, with_tail=with_tail)
    except WrongKey:
        raise WrongKey(
            f"segment {recorded.seq} of {recorded.camera} is sealed to {' and '.join(recorded.recipients)}; "
            f"the identity given is for {' and '.join(str(key.recipient) for key in keys)}"
        ) from None


class OpenedSegment:
    """A segment's plaintext, flush by flush. Use `opened`."""

    def __init__(
        self, disk: Disk, recorded: Recorded, keys: Sequence[Identity], file: DiskFile, *, with_tail: bool
    ) -> None:
        self._recorded = recorded
        size = file.size()
        flushes = [one for one in read_flushes(disk, recorded.path) if one.size_bytes <= size]
        # As though its last chunk, which is never asked for, were still to come: so an open segment, or a tail that
        # was the whole file, is read like any other.
        covered = flushes[-1].size_bytes if flushes else size
        self._plain = Unsealed(file.read_at, covered + SEALED_CHUNK_BYTES, keys)
        self.init: Init = read_init(self._plain.read)
        self.shut: list[Shut] = []
        """What could not be opened so far, although it was asked for."""
        self._spans = list(self._between(flushes))
        if with_tail and recorded.tail_bytes:
            self._spans += self._tail(disk, flushes)

    def first_picture(self) -> bytes:
        """Return the bytes of its first picture. Raises `SealError`."""
        for span in self._spans[:1]:
            for fragment in read_fragments(span.read, self.init.movie, offset=span.begin):
                if fragment.video:
                    return span.read(fragment.video[0].offset, fragment.video[0].size)
        raise Truncated("the segment has no picture")

    def pieces(self, from_us: int, to_us: int, *, again: bytes | None = None, again_us: int = 0) -> Iterator[Piece]:
        """
        Yield its pictures from the keyframe at or before `from_us` up to, not including, `to_us`.

        They end before the picture `again`, taken at about `again_us`, where
        it is among them. What cannot be opened is left out, and with it
        everything up to the next keyframe; `shut` tells of it.
        """
        first, key_us = self._begin(from_us)
        pieces = from_key(self._loaded(first), key_us)
        return up_to(until_again(pieces, again, again_us) if again else pieces, to_us)

    def _between(self, flushes: list[Flushed]) -> Iterator[_Span]:
        begin = self.init.end
        for one in flushes:
            end = plain_offset(one.size_bytes, self._plain.header_bytes)
            if end > begin:
                yield _Span(self._plain.read, begin, end, one.end_us)
                begin = end

    def _tail(self, disk: Disk, flushes: list[Flushed]) -> Iterator[_Span]:
        """Yield what age authenticates of the tail, although nobody signed it."""
        tail, before, begin = disk.read_bytes(self._recorded.path.tail), 0, 0
        if flushes:
            before = chunks_before(flushes[-1].size_bytes, self._plain.header_bytes)
        else:
            # Nothing was ever signed, so the whole file became the tail.
            tail, begin = tail[self._plain.header_bytes :], self.init.end
        chunks = []
        try:
            for chunk in open_tail(self._plain.key, before, tail):
                chunks.append(chunk)
        except SealError:
            pass  # torn, as the end of a tail may be: what came before it is good
        plain = b"".join(chunks)
        yield _Span(lambda offset, size: plain[offset : offset + size], begin, len(plain), 1 << 62, signed=False)

    def _begin(self, from_us: int) -> tuple[int, int | None]:
        """Return the span to begin with and when the keyframe was taken; None: with its first one."""
        if from_us <= self._recorded.from_us:
            return 0, None
        last = next((n for n, span in enumerate(self._spans) if span.end_us >= from_us), len(self._spans) - 1)
        for n in range(last, -1, -1):
            try:
                keys = [us for timed in self._fragments(self._spans[n]) for us in timed.keys_until(from_us)]
            except SealError:
                return n, None
            if keys:
                return n, keys[-1]
        return 0, None

    def _fragments(self, span: _Span) -> Iterator[Timed]:
        movie = self.init.movie
        sound = movie.audio.timescale if movie.audio else 1
        try:
            for fragment in read_fragments(span.read, movie, offset=span.begin):
                yield Timed(fragment, self._start_us(fragment), movie.video.timescale, sound)
        except Truncated:
            if span.signed:
                raise

    def _start_us(self, fragment: Fragment) -> int:
        """
        Return when presentation time 0 was, by the wall clock that held when `fragment` was recorded.

        Within a segment the camera's own clock counts: arrival jitters, and the first picture of a fragment may
        have arrived long before it is shown. Only where the wall clock was set meanwhile does arrival tell.
        """
        by_arrival = fragment.start_wall_us
        start_us = self._recorded.from_us
        return by_arrival if by_arrival is not None and abs(by_arrival - start_us) > CLOCKS_AGREE_US else start_us

    def _loaded(self, first: int) -> Iterator[Piece]:
        """Yield all fragments with their data. Where something does not open, the rest of its flush is left out."""
        broken, since_us = False, self._spans[first - 1].end_us if first else self._recorded.from_us
        for span in self._spans[first:]:
            try:
                for timed in self._fragments(span):
                    one = timed.fragment
                    data = span.read(one.offset, one.end - one.offset)
                    yield Piece(timed, one.offset, data, signed=span.signed, broken=broken)
                    broken = False
            except SealError as error:
                broken = True
                self.shut.append(Shut(since_us, span.end_us, str(error)))
            since_us = span.end_us
