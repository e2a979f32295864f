"""Finding the pictures in our own segments again: from a file, from a running stream, or from the middle of either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vigil.errors import FormatError, Truncated
from vigil.frames.packet import TICKS_PER_S, AudioCodec, VideoCodec
from vigil.segments.mp4_boxes import (
    Fields,
    Found,
    ReadAt,
    child,
    content_of,
    inner,
    needed,
    require,
    top_level,
    wall_us,
)
from vigil.segments.mp4_tracks import LARGEST_MOOV, Movie, TrackHead, read_movie

LARGEST_MOOF = 1 << 20
LARGEST_FRAGMENT = 64 << 20
MOST_SAMPLES = 65_536
"""In one fragment; ours have one for each picture of half a second."""


@dataclass(frozen=True, slots=True)
class Sample:
    """
    Where a picture or a slice of sound lies in the plaintext, and when it plays.

    Times are ticks of its track (`Init.movie`), counted from the start of the
    segment's presentation: `pts` of the first picture is 0, `dts` may be
    negative.
    """

    offset: int
    size: int
    dts: int
    pts: int
    duration: int
    key: bool


@dataclass(frozen=True, slots=True)
class Init:
    """What stands before the first fragment. `end` is the offset behind it."""

    video: VideoCodec
    audio: AudioCodec | None
    movie: Movie
    end: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """
    Half a second. `offset` and `end` bound it in the plaintext (`prft`, `moof`, `mdat`).

    `wall_us` is when the picture with `wall_pts` (90 kHz) arrived, UTC; None
    where the fragment does not say.
    """

    sequence: int
    offset: int
    end: int
    wall_us: int | None
    wall_pts: int
    video: list[Sample]
    audio: list[Sample]

    @property
    def start_wall_us(self) -> int | None:
        """When presentation time 0 of the segment arrived, as this fragment has it."""
        return None if self.wall_us is None else self.wall_us - self.wall_pts * 1_000_000 // TICKS_PER_S


class Stream:
    """
    Lets a stream that comes in chunks be read as though it were a file.

    Only from where `forget` says on, and at most `LARGEST_FRAGMENT` ahead of it.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._start = 0
        self._held = bytearray()

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only where the stream ends."""
        if offset < self._start:
            raise ValueError(f"offset {offset} of the stream was forgotten")
        end = offset + size - self._start
        if end > LARGEST_FRAGMENT:
            raise FormatError(f"a fragment is larger than {LARGEST_FRAGMENT} bytes")
        while len(self._held) < end and (chunk := next(self._chunks, None)) is not None:
            self._held += chunk
        return bytes(self._held[offset - self._start : end])

    def forget(self, before: int) -> None:
        """Let go of what lies before an offset."""
        count = min(before - self._start, len(self._held))
        if count > 0:
            del self._held[:count]
            self._start += count


def read_init(read_at: ReadAt) -> Init:
    """Read `ftyp` and `moov` at the start of a segment. Raises `FormatError` or `Truncated`."""
    for found in top_level(read_at):
        if found.kind == b"moov":
            movie = read_movie(memoryview(content_of(read_at, found, LARGEST_MOOV)))
            if not movie.video.video:
                raise FormatError("the file does not say how to begin decoding")
            return Init(movie.video.video, movie.audio.audio if movie.audio else None, movie, found.end)
        if found.kind == b"moof":
            break
        require(read_at, found)
    raise Truncated("the file ends before it says what is in it")


def read_fragments(source: ReadAt | Stream, movie: Movie, *, offset: int) -> Iterator[Fragment]:
    """
    Yield the fragments from `offset` to the end.

    `movie` comes from `read_init`. `offset` is where any box begins:
    `Init.end`, or, to begin in the middle, the end of a fragment or a flush.
    Everything whole is yielded; then, where the source ends within a box,
    `Truncated` is raised. `free` and unknown boxes are skipped. The data of a
    sample is ``read_at(sample.offset, sample.size)``; of a `Stream` that is
    possible until the next fragment is asked for.
    """
    stream = source if isinstance(source, Stream) else None
    read_at = source.read_at if isinstance(source, Stream) else source
    parser = _Parser(movie)
    begin: int | None = None
    for found in top_level(read_at, offset):
        if begin is None:
            begin = found.offset
            if stream:
                stream.forget(begin)
        match found.kind:
            case b"prft":
                parser.prft(content_of(read_at, found, 64))
            case b"moof":
                parser.moof(content_of(read_at, found, LARGEST_MOOF), found)
            case b"mdat" if parser.waiting:
                require(read_at, found)
                yield parser.mdat(begin, found)
                begin = None
            case _:
                require(read_at, found)
                if not parser.waiting:
                    begin = None
    if begin is not None:
        raise Truncated(f"the file ends within the fragment at offset {begin}")


class _Parser:
    """Collects the boxes of one fragment."""

    def __init__(self, movie: Movie) -> None:
        self._tracks = {track.number: track for track in (movie.video, movie.audio) if track}
        self._video = movie.video.number
        self._next_dts = dict.fromkeys(self._tracks, 0)
        self._wall: tuple[int, int] | None = None
        self._sequence = 0
        self._samples: dict[int, list[Sample]] = {}
        self.waiting = False

    def prft(self, content: bytes) -> None:
        """Take the time of arrival (8.16.5)."""
        fields = Fields(memoryview(content))
        version, _ = fields.head()
        number, ntp_time, media_time = fields.take(">IQQ" if version else ">IQI")
        if track := self._tracks.get(number):
            self._wall = wall_us(ntp_time), (media_time - track.start) * TICKS_PER_S // track.timescale

    def moof(self, content: bytes, found: Found) -> None:
        """Take the table of a fragment (8.8.4)."""
        moof = memoryview(content)
        self._sequence = Fields(needed(moof, b"mfhd"), 4).one(">I")
        self._samples = {number: [] for number in self._tracks}
        for kind, traf in inner(moof):
            if kind == b"traf":
                self._traf(traf, found.offset)
        self.waiting = True

    def mdat(self, begin: int, found: Found) -> Fragment:
        """Take the place of the data; return the fragment."""
        for samples in self._samples.values():
            for sample in samples:
                if sample.offset < found.content or sample.offset + sample.size > found.end:
                    raise FormatError(f"fragment {self._sequence} points to data outside itself")
        wall, self._wall, self.waiting = self._wall, None, False
        video = self._samples.pop(self._video)
        sound = next(iter(self._samples.values()), [])
        at_us, at_pts = wall or (None, 0)
        return Fragment(self._sequence, begin, found.end, at_us, at_pts, video, sound)

    def _traf(self, traf: memoryview, moof_offset: int) -> None:
        fields = Fields(needed(traf, b"tfhd"))
        _, flags = fields.head()
        number = fields.one(">I")
        track = self._tracks.get(number)
        if track is None:
            return
        base = fields.one(">Q") if flags & 1 else moof_offset
        if flags & 2:
            fields.one(">I")
        usual = zip((8, 16, 32), track.defaults, strict=True)
        defaults = tuple(fields.one(">I") if flags & bit else value for bit, value in usual)
        tfdt = child(traf, b"tfdt")
        if tfdt is not None:
            time = Fields(tfdt)
            version, _ = time.head()
            self._next_dts[number] = time.one(">Q" if version else ">I")
        offset = base
        for kind, content in inner(traf):
            if kind == b"trun":
                offset = self._trun(track, content, base, offset, defaults)

    def _trun(self, track: TrackHead, trun: memoryview, base: int, offset: int, defaults: tuple[int, ...]) -> int:
        """Take one run of samples (8.8.8), for which `tfhd` and `trex` say what they do not; return its end."""
        fields = Fields(trun)
        version, flags = fields.head()
        count = fields.one(">I")
        samples = self._samples[track.number]
        if count + len(samples) > MOST_SAMPLES:
            raise FormatError(f"a fragment says it has more than {MOST_SAMPLES} samples")
        if flags & 1:
            offset = base + fields.one(">i")
        first_flags = fields.one(">I") if flags & 4 else None
        dts = self._next_dts[track.number]
        for n in range(count):
            duration = fields.one(">I") if flags & 0x100 else defaults[0]
            size = fields.one(">I") if flags & 0x200 else defaults[1]
            bits = fields.one(">I") if flags & 0x400 else defaults[2]
            if n == 0 and first_flags is not None:
                bits = first_flags
            shift = fields.one(">i" if version else ">I") if flags & 0x800 else 0
            at = dts - track.start
            samples.append(Sample(offset, size, at, at + shift, duration, not bits & 0x1_0000))
            offset, dts = offset + size, dts + duration
        self._next_dts[track.number] = dts
        return offset
