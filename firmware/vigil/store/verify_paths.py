"""From the paths somebody wants verified to the segments they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from vigil.errors import FormatError
from vigil.store.layout import IDENTITY, MARKER, SegmentPath, cameras_in, parse_path, segments_of

_DAY = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}")


@dataclass(slots=True)
class Selection:
    """
    Segments of one camera, oldest first.

    `camera` is None where only their statements can tell whose they are.
    `whole` says that they are all there is in `directory`, the camera's own.
    """

    camera: str | None
    directory: Path | None
    segments: list[SegmentPath]
    whole: bool


@dataclass(slots=True)
class Target:
    """What is to be verified, and the store it lies in (`video`), where it lies in one."""

    video: Path | None = None
    selections: list[Selection] = field(default_factory=list)

    @property
    def whole_store(self) -> bool:
        """Whether every camera of the store is selected."""
        if self.video is None:
            return False
        chosen = {one.camera for one in self.selections if one.whole}
        return chosen >= set(cameras_in(self.video))

    @property
    def total_bytes(self) -> int:
        """Return how many bytes there are to hash."""
        paths = (file for one in self.selections for path in one.segments for file in (path.media, path.tail))
        return sum(path.stat().st_size for path in paths if path.exists())


def choose(paths: Iterable[Path]) -> Target:
    """Return what `paths` mean: a data directory, a store, a camera, a day, or files. Raises `FormatError`."""
    target = Target()
    loose: set[SegmentPath] = set()
    for given in paths:
        path = Path(given).absolute()
        if not path.exists():
            raise FormatError(f"{given} does not exist")
        video = _store_at(path)
        if video is not None:
            _in_store(target, video)
            target.selections += [_whole(video / camera) for camera in cameras_in(video)]
        elif path.is_dir() and segments_of(path):
            _in_store(target, path.parent)
            target.selections.append(_whole(path))
        else:
            loose |= _found(path)
    _add_loose(target, loose)
    return target


def camera_directory(segment: SegmentPath) -> Path | None:
    """Return the camera's directory that `segment` lies in, None where it lies elsewhere."""
    up = segment.directory.parents
    if len(up) < 3 or not _DAY.fullmatch(segment.directory.relative_to(up[2]).as_posix()):
        return None
    return up[2]


def _store_at(path: Path) -> Path | None:
    """Return the store that `path` is, or that the data directory `path` holds."""
    for video in (path, path / "video"):
        marked = any((video / name).is_file() for name in (IDENTITY, MARKER))
        if marked or any(segments_of(video / camera) for camera in cameras_in(video)):
            return video
    return None


def _in_store(target: Target, video: Path) -> None:
    if target.video not in (None, video):
        raise FormatError(f"{target.video} and {video} are two stores: verify one after the other")
    target.video = video


def _whole(directory: Path) -> Selection:
    return Selection(directory.name, directory, _with_statements_or_pictures(segments_of(directory)), whole=True)


def _found(path: Path) -> set[SegmentPath]:
    if path.is_dir():
        found = {segment for file in path.rglob("*") if (segment := parse_path(file))}
        if not found:
            raise FormatError(f"there are no recordings in {path}")
        return found
    segment = parse_path(path)
    if segment is None:
        raise FormatError(f"{path} is not a recording: they are called like 00000042-20261122T141503Z.mp4.age")
    return {segment}


def _add_loose(target: Target, loose: set[SegmentPath]) -> None:
    by_directory: dict[Path | None, list[SegmentPath]] = {}
    for segment in loose:
        by_directory.setdefault(camera_directory(segment), []).append(segment)
    for directory, segments in sorted(by_directory.items(), key=lambda item: str(item[0])):
        if directory is not None:
            _in_store(target, directory.parent)
        name = directory.name if directory else None
        target.selections.append(
            Selection(name, directory, _with_statements_or_pictures(sorted(segments)), whole=False)
        )


def _with_statements_or_pictures(segments: list[SegmentPath]) -> list[SegmentPath]:
    # A hold may outlive what it held; alone it is no segment.
    return [one for one in segments if any(file.exists() for file in (one.seal, one.media, one.tail))]
