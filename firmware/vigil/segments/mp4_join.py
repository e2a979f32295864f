"""
Making one film that any player opens out of the fragments of many segments.

The film is an ordinary MP4 file with its table of contents at the end, not a
fragmented one: editors, television sets and old players know its length and
can jump in it. Nothing is encoded anew. It is written front to back, one
`mdat` for each fragment, so that it can go into a pipe or an HTTP answer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from vigil.errors import FormatError, Truncated
from vigil.frames.packet import TICKS_PER_S
from vigil.segments.mp4_boxes import ReadAt
from vigil.segments.mp4_entries import audio_entry, video_entry
from vigil.segments.mp4_lane import Lane
from vigil.segments.mp4_moov import AUDIO_TRACK, VIDEO_TRACK, Edit, Track, ftyp, moov
from vigil.segments.mp4_read import LARGEST_FRAGMENT, Fragment, Init, Sample

SEAMLESS_US = 500_000
"""
Two segments that lie closer than this on the wall clock follow each other without a gap.

Their times of arrival jitter; the camera's own clock, by which the last
picture of a segment lasts exactly until the next segment, does not.
"""


@dataclass(frozen=True, slots=True)
class Seam:
    """
    Where two segments do not follow each other.

    `film_us` is the place in the film, `gap_us` how much time is missing
    (negative: that much is shown twice, or the clock was set back), `shown_us`
    how long the film stands still there.
    """

    film_us: int
    wall_us: int
    gap_us: int
    shown_us: int


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of it. `pictures_skipped` came before a keyframe, where no player can begin."""

    pictures: int
    pictures_skipped: int
    duration_us: int
    size_bytes: int
    seams: list[Seam]


@dataclass(slots=True)
class _Part:
    """
    The segment being added.

    `origin` is the place of its presentation time 0 in the film, once known,
    `shown_from` that of its first picture. `in_band` goes before every keyframe.
    """

    init: Init
    start_wall_us: int
    in_band: bytes
    origin: int | None = None
    shown_from: int = 0


@dataclass(frozen=True, slots=True)
class _Placed:
    """A slice of sound and its place on the film's sound track, in samples."""

    sample: Sample
    at: int
    duration: int


class Joiner:
    """
    Writes a film: `begin` each segment, `add` its fragments in order, then `finish`.

    Where time is missing between two segments, the last picture stands still
    for as long as is missing, but at most `longest_still_s`: nobody watches a
    frozen night. The `Joined` says where and how much. Where a segment overlaps
    the one before it, it simply follows; leaving out what should not be shown
    twice is the caller's choice.

    A change of resolution or of parameter sets is a second sample entry; from
    there on every keyframe carries its sets as well, for the many players that
    never look at another entry than the first. H.264 and H.265 cannot be in
    one film (`accepts`). Memory grows with the tables alone, 8 to 24 bytes a
    picture.
    """

    def __init__(self, write: Callable[[bytes], None], *, longest_still_s: float = 5.0) -> None:
        if not 0 <= longest_still_s <= 3600:
            raise ValueError(f"longest_still_s is {longest_still_s}, not 0 to 3600")
        self._write = write
        self._longest_still_us = round(longest_still_s * 1_000_000)
        self._size_bytes = 0
        self._made_us = 0
        self._part: _Part | None = None
        self._before: _Part | None = None
        self._video = Lane(TICKS_PER_S)
        self._audio: Lane | None = None
        self._sound_from = 0  # the first sound's place in the film, in samples of its track
        self._seams: list[Seam] = []
        self._skipped = 0

    def accepts(self, init: Init) -> bool:
        """Say whether a segment can be in the film that was begun."""
        return self._part is None or self._part.init.video.name == init.video.name

    def begin(self, init: Init, *, start_wall_us: int) -> None:
        """
        Go on with another segment, or with another stretch of the same one.

        `start_wall_us` is the UTC time at which its presentation time 0 arrived:
        `wall_us` of any of its fragments, less that fragment's `wall_pts`.
        """
        if not self.accepts(init):
            raise FormatError(f"a film cannot go on in {init.video.name}: begin another one")
        if not self._size_bytes:
            self._made_us = start_wall_us
            self._put(ftyp(b"isom", b"isom", b"iso2", b"mp41"))
        if self._part and self._part.origin is not None:
            self._before = self._part
        self._video.use(video_entry(init.video))
        sets = init.video.parameter_sets if len(self._video.entries) > 1 else ()
        self._part = _Part(init, start_wall_us, b"".join(len(unit).to_bytes(4, "big") + unit for unit in sets))
        if init.audio:
            self._audio = self._audio or Lane(init.audio.sample_rate)
            self._audio.use(audio_entry(init.audio))

    def add(self, fragment: Fragment, read_at: ReadAt) -> None:
        """Add a fragment of the segment that was begun; `read_at` reads that segment's plaintext."""
        assert self._part, "begin() comes before add()"
        part, video = self._part, fragment.video
        if part.origin is None:
            first = next((n for n, sample in enumerate(video) if sample.key), len(video))
            self._skipped += first
            video = video[first:]
            if not video:
                return
            part.origin = self._origin(part, video[0])
            part.shown_from = part.origin + _ticks(part, video[0].pts)
        sound = self._placed(part, part.origin, fragment.audio)
        samples = [*video, *(placed.sample for placed in sound)]
        if not samples:
            return
        begin = min(sample.offset for sample in samples)
        data = memoryview(self._read(read_at, begin, max(sample.offset + sample.size for sample in samples)))
        pieces: list[bytes | memoryview] = []
        for n, sample in enumerate(samples):
            if n < len(video) and sample.key:
                pieces.append(part.in_band)
            pieces.append(data[sample.offset - begin :][: sample.size])
        offset = self._size_bytes + 8
        self._put(b"".join((struct.pack(">I4s", 8 + sum(map(len, pieces)), b"mdat"), *pieces)))
        self._add_video(part, part.origin, video, offset)
        self._add_sound(sound, self._size_bytes - sum(placed.sample.size for placed in sound))

    def finish(self) -> Joined:
        """Write the table of contents. Raises `FormatError` when there is not one picture."""
        video = self._video
        if not video.count:
            raise FormatError("there is not one picture to make a film of")
        tracks = [self._video_track()]
        if self._audio and self._audio.count:
            tracks.append(self._sound_track(self._audio))
        self._put(moov(tracks, wall_us=self._made_us, fragmented=False))
        duration_us = _us(video.end_pts - video.first_pts)
        return Joined(video.count, self._skipped, duration_us, self._size_bytes, self._seams)

    def _origin(self, part: _Part, first: Sample) -> int:
        """Return where presentation time 0 of a segment lies in the film, and note the seam before it."""
        video, dts, pts = self._video, _ticks(part, first.dts), _ticks(part, first.pts)
        before = self._before
        if before is None or before.origin is None:
            return -dts
        end_wall_us = before.start_wall_us + _us(video.end_pts - before.origin)
        gap_us = part.start_wall_us + _us(pts) - end_wall_us
        shown_us = 0
        if abs(gap_us) > SEAMLESS_US:
            shown_us = min(max(gap_us, 0), self._longest_still_us)
            film_us = _us(video.end_pts - video.first_pts)
            self._seams.append(Seam(film_us, end_wall_us, gap_us, shown_us))
        # Decoding goes on where it ended, unless that would show the first picture before the last one is over.
        at = max(video.end_dts, video.end_pts - (pts - dts))
        return at + shown_us * TICKS_PER_S // 1_000_000 - dts

    def _read(self, read_at: ReadAt, begin: int, end: int) -> bytes:
        if end - begin > LARGEST_FRAGMENT:
            raise FormatError(f"a fragment of {end - begin} bytes is larger than {LARGEST_FRAGMENT}")
        data = read_at(begin, end - begin)
        if len(data) < end - begin:
            raise Truncated("the segment ends within a fragment")
        return data

    def _placed(self, part: _Part, origin: int, sound: list[Sample]) -> list[_Placed]:
        """Return the sound that the film does not have yet, not before the segment's first picture."""
        lane, track = self._audio, part.init.movie.audio
        if lane is None or track is None:
            return []
        any_yet, last, due = bool(lane.count), lane.last_dts, lane.end_dts
        placed = []
        for sample in sound:
            at = origin * lane.timescale // TICKS_PER_S + sample.dts * lane.timescale // track.timescale
            if at * TICKS_PER_S < part.shown_from * lane.timescale:
                continue
            if not any_yet:
                self._sound_from = at
            at -= self._sound_from
            if abs(at - due) <= 2:  # two roundings
                at = due
            if any_yet and at <= last:
                continue
            duration = sample.duration * lane.timescale // track.timescale
            placed.append(_Placed(sample, at, duration))
            any_yet, last, due = True, at, at + duration
        return placed

    def _add_video(self, part: _Part, origin: int, samples: list[Sample], offset: int) -> None:
        if samples:
            self._video.chunk(offset)
        for sample in samples:
            self._video.add(
                size=sample.size + (len(part.in_band) if sample.key else 0),
                dts=origin + _ticks(part, sample.dts),
                pts=origin + _ticks(part, sample.pts),
                duration=_ticks(part, sample.duration),
                key=sample.key,
            )

    def _add_sound(self, sound: list[_Placed], offset: int) -> None:
        if self._audio and sound:
            self._audio.chunk(offset)
            for placed in sound:
                self._audio.add(
                    size=placed.sample.size, dts=placed.at, pts=placed.at, duration=placed.duration, key=True
                )

    def _video_track(self) -> Track:
        video = self._video
        assert self._part
        codec = self._part.init.video
        shown = Edit(duration=video.end_pts - video.first_pts, media_time=video.start)
        return Track(
            number=VIDEO_TRACK,
            entries=video.entries,
            timescale=video.timescale,
            width=codec.width,
            height=codec.height,
            duration=video.end_dts,
            edits=[shown] if video.start else [],
            tables=video.tables(every_is_key=False),
        )

    def _sound_track(self, audio: Lane) -> Track:
        wait = self._sound_from - self._video.first_pts * audio.timescale // TICKS_PER_S
        lasts = audio.end_dts * TICKS_PER_S // audio.timescale
        edits = [
            Edit(duration=wait * TICKS_PER_S // audio.timescale, media_time=-1),
            Edit(duration=lasts, media_time=0),
        ]
        return Track(
            number=AUDIO_TRACK,
            entries=audio.entries,
            timescale=audio.timescale,
            duration=audio.end_dts,
            edits=edits if wait > 0 else [],
            tables=audio.tables(every_is_key=True),
        )

    def _put(self, data: bytes) -> None:
        self._write(data)
        self._size_bytes += len(data)


def _ticks(part: _Part, time: int) -> int:
    return time * TICKS_PER_S // part.init.movie.video.timescale


def _us(ticks: int) -> int:
    return ticks * 1_000_000 // TICKS_PER_S
