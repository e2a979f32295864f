"""Reading the table of contents of an MP4 file: which tracks it has, in which codecs, from when on."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.errors import FormatError
from vigil.frames.packet import AudioCodec, VideoCodec
from vigil.segments.mp4_boxes import Fields, child, inner, needed
from vigil.segments.mp4_entries import Entry, read_entries

LARGEST_MOOV = 64 << 20


@dataclass(frozen=True, slots=True)
class TrackHead:
    """
    A track as `moov` states it.

    `timescale` is ticks a second. A sample with media time `start` plays at 0
    (edit list: what comes before is for the decoder, or waits for another
    track). `stbl` are its tables.
    """

    number: int
    handler: bytes
    timescale: int
    start: int
    entries: list[Entry | None]
    stbl: memoryview
    defaults: tuple[int, ...] = (0, 0, 0)

    @property
    def video(self) -> VideoCodec | None:
        """The first video codec, None where there is none that we know."""
        return next((e.codec for e in self.entries if e and isinstance(e.codec, VideoCodec)), None)

    @property
    def audio(self) -> AudioCodec | None:
        """The first sound codec, None where there is none that we know."""
        return next((e.codec for e in self.entries if e and isinstance(e.codec, AudioCodec)), None)


@dataclass(frozen=True, slots=True)
class Movie:
    """The track of pictures and that of sound: the first of each whose codec we know."""

    video: TrackHead
    audio: TrackHead | None
    fragmented: bool


def read_movie(moov: memoryview) -> Movie:
    """Read the content of a `moov` box. Raises `FormatError`; so does a file without H.264 or H.265."""
    movie_timescale = _timescale(needed(moov, b"mvhd"))
    mvex = child(moov, b"mvex")
    defaults = dict(_trex(content) for kind, content in inner(mvex or memoryview(b"")) if kind == b"trex")
    tracks = [_track(content, movie_timescale, defaults) for kind, content in inner(moov) if kind == b"trak"]
    video = next((t for t in tracks if t.handler == b"vide" and any(t.entries)), None)
    audio = next((t for t in tracks if t.handler == b"soun" and t.audio), None)
    if video is None:
        raise FormatError("the file has no track of H.264 or H.265")
    return Movie(video, audio, mvex is not None)


def _trex(content: memoryview) -> tuple[int, tuple[int, ...]]:
    number, _, *defaults = Fields(content, 4).take(">5I")
    return number, tuple(defaults)


def _track(trak: memoryview, movie_timescale: int, defaults: dict[int, tuple[int, ...]]) -> TrackHead:
    header = Fields(needed(trak, b"tkhd"))
    version, _ = header.head()
    number = header.take(">QQI" if version else ">III")[2]
    handler = bytes(needed(trak, b"mdia", b"hdlr")[8:12])
    timescale = _timescale(needed(trak, b"mdia", b"mdhd"))
    elst = child(trak, b"edts", b"elst")
    start = _start(elst, timescale, movie_timescale) if elst is not None else 0
    stbl = needed(trak, b"mdia", b"minf", b"stbl")
    entries = read_entries(needed(stbl, b"stsd")) if handler in (b"vide", b"soun") else []
    return TrackHead(number, handler, timescale, start, entries, stbl, defaults.get(number, (0, 0, 0)))


def _timescale(header: memoryview) -> int:
    """Return the timescale of an `mvhd` or `mdhd` box, whose fields begin alike."""
    fields = Fields(header)
    version, _ = fields.head()
    timescale = fields.take(">QQI" if version else ">III")[2]
    if timescale == 0:
        raise FormatError("a timescale is 0")
    return timescale


def _start(elst: memoryview, timescale: int, movie_timescale: int) -> int:
    """
    Return the media time that plays at 0 (8.6.6): empty edits push it back, the first real one names it.

    Later edits (parts left out or shown twice) are ignored: a recorder wants every picture, once.
    """
    fields = Fields(elst)
    version, _ = fields.head()
    wait = 0
    for _ in range(fields.one(">I")):
        duration, media_time, _rate = fields.take(">QqI" if version else ">IiI")
        if media_time != -1:
            return media_time - wait * timescale // movie_timescale
        wait += duration
    return 0
