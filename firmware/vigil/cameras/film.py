"""Films that can stand in for a camera: whatever holds encoded pictures and can be played from its start again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from vigil.cameras.container import Container
from vigil.clock import Clock
from vigil.errors import CameraEnded, FormatError
from vigil.frames.nal import KINDS, AnnexBReader
from vigil.frames.packet import TICKS_PER_S, Packet

CHUNK_BYTES = 1 << 20

RAW_SUFFIXES = {".h264": "h264", ".264": "h264", ".h265": "h265", ".265": "h265", ".hevc": "h265"}
"""Files that are nothing but a byte stream (Annex B), and their codec."""

MP4_SUFFIXES = (".mp4", ".m4v", ".mov")

_START = b"\0\0\1"


class Playable(Protocol):
    """What has packets to play."""

    def packets(self) -> Iterator[Packet]:
        """Yield pictures and sound in the order of decoding, from the start."""


class Film(Playable, Protocol):
    """A film that is open."""

    def close(self) -> None:
        """Let the file go."""


OpenMp4 = Callable[[Callable[[int, int], bytes], int], Playable]
"""Opens an MP4 file given a function that reads `size` bytes at `offset`, and its length: no FFmpeg needed."""


class Mp4Film:
    """An MP4 file, read by whoever `open_mp4` brings."""

    def __init__(self, path: Path, open_mp4: OpenMp4) -> None:
        self._file = path.open("rb")
        try:
            self._movie = open_mp4(self._read_at, path.stat().st_size)
        except BaseException:
            self._file.close()
            raise

    def _read_at(self, offset: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, offset)

    def packets(self) -> Iterator[Packet]:
        """Yield what the file holds. Raises `FormatError` or `Truncated` where it breaks off."""
        return self._movie.packets()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class RawFilm:
    """
    A bare byte stream of H.264 or H.265 without any times: `fps` says how fast it is shown.

    Pictures are shown in the order they are stored: such a file with B
    pictures does not say when to show them, so keep those in an MP4.
    """

    def __init__(self, path: Path, *, fps: float) -> None:
        self._path = path
        self._fps = fps
        self._name = RAW_SUFFIXES[path.suffix.lower()]

    def packets(self) -> Iterator[Packet]:
        """Yield one packet a picture, from the first keyframe on. Raises `FormatError` for what is no byte stream."""
        reader = AnnexBReader(self._name)
        count = 0
        with self._path.open("rb") as file:
            for units in access_units(_nal_units(iter(lambda: file.read(CHUNK_BYTES), b"")), self._name):
                data, key, codec = reader.units(units)
                if data and codec is not None and (count or key):
                    at = round(count * TICKS_PER_S / self._fps)
                    yield Packet(data, at, at, 0, key, codec)
                    count += 1

    def close(self) -> None:
        """Nothing stays open while nothing is played."""


class ContainerFilm:
    """Any file that FFmpeg can open."""

    def __init__(self, path: Path, clock: Clock, *, called: str, audio: bool) -> None:
        self._path = path
        self._clock = clock
        self._called = called
        self._audio = audio
        self._first: Container | None = self._open()

    def _open(self) -> Container:
        advice = f"convert it: ffmpeg -i {self._path.name} -c:v libx264 {self._path.stem}-h264.mp4"
        return Container(str(self._path), self._clock, called=self._called, audio=self._audio, advice=advice)

    def packets(self) -> Iterator[Packet]:
        """Yield what the file holds. Raises `CameraLost` when it cannot be read any more."""
        container, self._first = self._first or self._open(), None
        try:
            while True:
                yield from container.read()
        except CameraEnded:
            return
        finally:
            container.close()

    def close(self) -> None:
        """Close the file, if it was never played."""
        if self._first is not None:
            self._first.close()


def open_film(path: Path, clock: Clock, *, called: str, audio: bool, fps: float, open_mp4: OpenMp4 | None) -> Film:
    """Open a file by what it is, with the least that can read it. Raises `CameraLost` and `FormatError`."""
    suffix = path.suffix.lower()
    if suffix in RAW_SUFFIXES:
        return RawFilm(path, fps=fps)
    if open_mp4 is not None and suffix in MP4_SUFFIXES:
        return Mp4Film(path, open_mp4)
    return ContainerFilm(path, clock, called=called, audio=audio)


def access_units(units: Iterable[bytes], name: str) -> Iterator[list[bytes]]:
    """
    Gather NAL units into pictures: a new one begins where the standards say that it can.

    H.264 7.4.1.2.3, H.265 7.4.2.4.4, as far as single-layer streams need them:
    with the first slice of a picture, or with what may only stand before one.
    """
    kinds = KINDS[name]
    first_slice = _first_slice_h264 if name == "h264" else _first_slice_h265
    before = frozenset({6, 7, 8, 9}) if name == "h264" else frozenset({32, 33, 34, 35, 39})
    gathered: list[bytes] = []
    picture = False
    for unit in units:
        kind = (unit[0] >> kinds.shift) & kinds.mask
        slice_of_picture = kind in kinds.pictures
        if picture and (kind in before or (slice_of_picture and first_slice(unit))):
            yield gathered
            gathered, picture = [], False
        gathered.append(unit)
        picture = picture or slice_of_picture
    if gathered:
        yield gathered


def _first_slice_h264(unit: bytes) -> bool:
    return len(unit) > 1 and unit[1] & 0x80 != 0  # first_mb_in_slice, ue(v): one bit says nought


def _first_slice_h265(unit: bytes) -> bool:
    return len(unit) > 2 and unit[2] & 0x80 != 0  # first_slice_segment_in_pic_flag


def _nal_units(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        held += chunk
        begin = held.find(_START)
        if begin < 0 or held.count(0, 0, begin) != begin:
            raise FormatError("it does not begin with a start code")
        while (end := held.find(_START, begin + 3)) >= 0:
            if unit := held[begin + 3 : end].rstrip(b"\0"):
                yield unit
            begin = end
        held = held[begin:]
    if unit := held[3:].rstrip(b"\0"):
        yield unit
