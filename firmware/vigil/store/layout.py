"""Where a segment lies: names that people can read and that programs order by `seq` alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vigil.store.disk import named

MARKER = ".vigil-store"
IDENTITY = "identity"
LAST_KNOWN = "last-known"
RESERVE = ".reserve"
LOCK = ".lock"
"""In a camera's directory: who holds it is the camera's only writer."""
_NAME = re.compile(r"([0-9]{8,})-([0-9]{8}T[0-9]{6}Z)\.(mp4\.age|seal|tail|keep)")
_YEAR, _TWO_DIGITS = re.compile("[0-9]{4}"), re.compile("[0-9]{2}")
_CAMERA = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, order=True)
class SegmentPath:
    """All files of one segment: they share `stem`. Ordered by `seq`."""

    seq: int
    directory: Path
    stem: str

    @property
    def media(self) -> Path:
        """The sealed pictures."""
        return self.directory / f"{self.stem}.mp4.age"

    @property
    def seal(self) -> Path:
        """The sidecar."""
        return self.directory / f"{self.stem}.seal"

    @property
    def tail(self) -> Path:
        """What was found behind the last signed byte."""
        return self.directory / f"{self.stem}.tail"

    @property
    def keep(self) -> Path:
        """The hold."""
        return self.directory / f"{self.stem}.keep"


def segment_path(camera_directory: Path, seq: int, start_us: int) -> SegmentPath:
    """Return where segment `seq`, opened at `start_us` (wall clock), is put."""
    # A clock before 1970 or behind 9999 still gives a name; the order never depends on it.
    at = datetime.fromtimestamp(min(max(start_us, 0) // 1_000_000, 253_402_300_799), UTC)
    return SegmentPath(seq, camera_directory / f"{at:%Y/%m/%d}", f"{seq:08d}-{at:%Y%m%dT%H%M%SZ}")


def segments_of(camera_directory: Path) -> list[SegmentPath]:
    """
    Return every segment of a camera of which any file exists, oldest (lowest `seq`) first.

    Raises `StoreFault` where the disk cannot say: that must never look like a
    camera without segments.
    """
    found: dict[tuple[int, str], SegmentPath] = {}
    for day in _days(camera_directory):
        for entry in _entries(day):
            if match := _NAME.fullmatch(entry.name):
                stem = f"{match[1]}-{match[2]}"
                found.setdefault((int(match[1]), str(entry.parent / stem)), SegmentPath(int(match[1]), day, stem))
    return sorted(found.values())


def parse_path(path: Path) -> SegmentPath | None:
    """Return the segment that the file `path` belongs to, None where its name is not one of ours."""
    match = _NAME.fullmatch(path.name)
    return SegmentPath(int(match[1]), path.parent, f"{match[1]}-{match[2]}") if match else None


def cameras_in(video: Path) -> list[str]:
    """Return the cameras that have a directory in the store, by name. Raises `StoreFault` where the disk cannot say."""
    return sorted(entry.name for entry in _entries(video) if _CAMERA.fullmatch(entry.name) and entry.is_dir())


def _days(camera_directory: Path) -> Iterator[Path]:
    for year in _entries(camera_directory):
        if _YEAR.fullmatch(year.name):
            for month in _entries(year):
                if _TWO_DIGITS.fullmatch(month.name):
                    yield from (day for day in _entries(month) if _TWO_DIGITS.fullmatch(day.name))


def _entries(directory: Path) -> list[Path]:
    """Return what is in `directory`; nothing where it does not exist (days go when their last segment does)."""
    with named(directory, "list"):
        try:
            return list(directory.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
