"""The table of contents of an MP4 file: `ftyp` and `moov`, for our segments and for exported films."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from vigil.frames.packet import TICKS_PER_S
from vigil.segments.mp4_boxes import MP4_EPOCH_S, box, full_box

MOVIE_TIMESCALE = TICKS_PER_S
VIDEO_TRACK = 1
AUDIO_TRACK = 2

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)
_UNDETERMINED = 0x55C4  # the language "und", five bits a letter

EMPTY_TABLES = b"".join(
    (
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
)
"""The sample tables of a file whose samples are all in fragments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One entry of the edit list: `media_time` -1 shows nothing. Durations count in `MOVIE_TIMESCALE`."""

    duration: int
    media_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """
    What `moov` says about a track.

    `width` 0 makes it a sound track. `duration` counts in `timescale`, 0 where
    the fragments say it. `tables` are the boxes of `stbl` behind `stsd`.
    """

    number: int
    entries: Sequence[bytes]
    timescale: int
    width: int = 0
    height: int = 0
    duration: int = 0
    edits: Sequence[Edit] = ()
    tables: bytes = EMPTY_TABLES

    @property
    def shown(self) -> int:
        """How long the track plays, in `MOVIE_TIMESCALE`."""
        if self.edits:
            return sum(edit.duration for edit in self.edits)
        return -(-self.duration * MOVIE_TIMESCALE // self.timescale)


def ftyp(*brands: bytes) -> bytes:
    """Return the box that says what kind of file this is; the first brand is the major one."""
    return box(b"ftyp", brands[0], struct.pack(">I", 0x200), *brands)


def moov(tracks: Sequence[Track], *, wall_us: int, fragmented: bool) -> bytes:
    """Return the `moov` box of a file made at `wall_us`."""
    made = max(0, wall_us // 1_000_000 + MP4_EPOCH_S)
    header = struct.pack(
        ">QQIQ IH 10x 36s 24x I",
        made, made, MOVIE_TIMESCALE, max(track.shown for track in tracks), 0x10000, 0x100, _MATRIX,
        1 + max(track.number for track in tracks),
    )  # fmt: skip
    parts = [full_box(b"mvhd", 1, 0, header), *(_trak(track, made) for track in tracks)]
    if fragmented:
        parts.append(box(b"mvex", *(_trex(track) for track in tracks)))
    return box(b"moov", *parts)


def _trex(track: Track) -> bytes:
    """Defaults for fragments: every slice of sound is a place to begin, pictures say it each for themselves."""
    flags = 0x0101_0000 if track.width else 0x0200_0000
    return full_box(b"trex", 0, 0, struct.pack(">5I", track.number, 1, 0, 0, flags))


def _trak(track: Track, made: int) -> bytes:
    header = struct.pack(
        ">QQI4xQ 8x hhH2x 36s II",
        made, made, track.number, track.shown, 0, 0, 0 if track.width else 0x100, _MATRIX,
        track.width << 16, track.height << 16,
    )  # fmt: skip
    # Enabled and in the movie (8.3.2).
    parts = [full_box(b"tkhd", 1, 3, header)]
    if track.edits:
        parts.append(box(b"edts", _elst(track.edits)))
    parts.append(_mdia(track, made))
    return box(b"trak", *parts)


def _elst(edits: Sequence[Edit]) -> bytes:
    entries = b"".join(struct.pack(">QqI", edit.duration, edit.media_time, 0x10000) for edit in edits)
    return full_box(b"elst", 1, 0, struct.pack(">I", len(edits)), entries)


def _mdia(track: Track, made: int) -> bytes:
    handler, name = (b"vide", b"video\0") if track.width else (b"soun", b"sound\0")
    media = full_box(b"vmhd", 0, 1, bytes(8)) if track.width else full_box(b"smhd", 0, 0, bytes(4))
    here = full_box(b"url ", 0, 1)  # the samples are in this very file
    header = struct.pack(">QQIQHH", made, made, track.timescale, track.duration, _UNDETERMINED, 0)
    return box(
        b"mdia",
        full_box(b"mdhd", 1, 0, header),
        full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name),
        box(
            b"minf",
            media,
            box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), here)),
            box(b"stbl", full_box(b"stsd", 0, 0, struct.pack(">I", len(track.entries)), *track.entries), track.tables),
        ),
    )
