"""Opening a film that somebody brings along, so that it can stand in for a camera."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from vigil.errors import FormatError, Truncated
from vigil.frames.nal import AnnexBReader
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet, VideoCodec
from vigil.segments.mp4_boxes import ReadAt, content_of, top_level
from vigil.segments.mp4_read import read_fragments
from vigil.segments.mp4_tables import Place, places
from vigil.segments.mp4_tracks import LARGEST_MOOV, Movie, TrackHead, read_movie

LARGEST_SAMPLE = 64 << 20
READ_BYTES = 96 << 10
"""Less than what the C library asks the system for anew each time (M_MMAP_THRESHOLD, 128 KiB)."""


class _Due(NamedTuple):
    """A sample and when it is due: 90 kHz."""

    dts: int
    pts: int
    place: Place
    track: TrackHead


class Mp4File:
    """
    An MP4 file (ISO/IEC 14496-12, whole or fragmented) with H.264 or H.265, and AAC where it has sound.

    `read_at` reads the file, `size` is its length in bytes. Raises
    `FormatError` when it is not such a file, `Truncated` when it ends before
    its table of contents does. `video` is None until the first packet where
    parameter sets are in the pictures alone (`avc3`, `hev1`).
    """

    def __init__(self, read_at: ReadAt, size: int) -> None:
        self._read_at = read_at
        self._size = size
        self._held, self._held_from = b"", 0
        self._movie, self._first_fragment = self._contents()
        self.video: VideoCodec | None = self._movie.video.video
        self.audio: AudioCodec | None = self._movie.audio.audio if self._movie.audio else None

    def packets(self) -> Iterator[Packet]:
        """
        Yield pictures and sound in the order of decoding, from the start, as a camera would send them.

        `at_us` is when the packet is due, counted from the first one. What an
        edit list leaves out is there all the same, at a time before 0. Keys
        are what our own reading of the stream says, not `stss`. Raises
        `FormatError` or `Truncated` where the file breaks off.
        """
        readers: dict[int, AnnexBReader] = {}
        first: int | None = None
        last = -1 << 62
        for due in self._due():
            place = due.place
            first = due.dts if first is None else first
            at_us = (due.dts - first) * 1_000_000 // TICKS_PER_S
            data = self._data(place)
            if due.track is self._movie.audio:
                yield Packet(data, due.pts, due.dts, at_us, True, self._sound_codec(place.entry), audio=True)
                continue
            reader = readers.get(place.entry) or readers.setdefault(place.entry, self._reader(place.entry))
            entry = due.track.entries[place.entry]
            data, key, codec = reader.lengths(data, entry.length_size if entry else 4)
            if data and codec:
                self.video = self.video or codec
                last = max(due.dts, last + 1)
                yield Packet(data, due.pts, last, at_us, key, codec)

    def _contents(self) -> tuple[Movie, int]:
        for found in top_level(self._read_at):
            if found.kind == b"moov":
                return read_movie(memoryview(content_of(self._read_at, found, LARGEST_MOOV))), found.end
            if found.end > self._size:
                raise Truncated(f"the file ends at {self._size}, within a box that reaches to {found.end}")
        raise Truncated("the file has no table of contents (moov): it was not finished, or is not MP4")

    def _due(self) -> Iterator[_Due]:
        movie = self._movie
        if movie.fragmented:
            return self._fragments()
        tracks = [self._timed(track, places(track)) for track in (movie.video, movie.audio) if track]
        return tracks[0] if len(tracks) == 1 else heapq.merge(*tracks, key=_dts)

    def _fragments(self) -> Iterator[_Due]:
        movie = self._movie
        for fragment in read_fragments(self._read_at, movie, offset=self._first_fragment):
            yield from heapq.merge(
                *(
                    self._timed(track, (Place(s.offset, s.size, s.dts, s.pts, 0) for s in samples))
                    for track, samples in ((movie.video, fragment.video), (movie.audio, fragment.audio))
                    if track
                ),
                key=_dts,
            )

    def _timed(self, track: TrackHead, samples: Iterator[Place]) -> Iterator[_Due]:
        scale = track.timescale
        for place in samples:
            yield _Due(place.dts * TICKS_PER_S // scale, place.pts * TICKS_PER_S // scale, place, track)

    def _data(self, place: Place) -> bytes:
        if place.size > LARGEST_SAMPLE:
            raise FormatError(f"a sample of {place.size} bytes is larger than {LARGEST_SAMPLE}")
        if place.offset + place.size > self._size:
            raise Truncated(f"the file ends before the sample at offset {place.offset} does")
        begin = place.offset - self._held_from
        if not 0 <= begin <= len(self._held) - place.size:
            # Samples lie one behind the other: one read serves many.
            self._held_from, begin = place.offset, 0
            self._held = self._read_at(place.offset, max(place.size, min(READ_BYTES, self._size - place.offset)))
        return self._held[begin : begin + place.size]

    def _reader(self, number: int) -> AnnexBReader:
        entries = self._movie.video.entries
        entry = entries[number] if 0 <= number < len(entries) else None
        if entry is None:
            raise FormatError(f"sample entry {number + 1} is not H.264 or H.265")
        reader = AnnexBReader(entry.name)
        if isinstance(entry.codec, VideoCodec):
            reader.learn(entry.codec.parameter_sets)
        return reader

    def _sound_codec(self, number: int) -> AudioCodec:
        entries = self._movie.audio.entries if self._movie.audio else []
        entry = entries[number] if 0 <= number < len(entries) else None
        if entry is None or not isinstance(entry.codec, AudioCodec):
            raise FormatError(f"sample entry {number + 1} is not AAC")
        return entry.codec


def _dts(due: _Due) -> int:
    return due.dts
