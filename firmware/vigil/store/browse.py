"""
Looking through a store as it lies there: what was recorded, sidecar by sidecar.

The disk is the truth: neither guard nor index nor any key is asked, and
nothing is written. A recorder may be at work meanwhile; of the segment it has
open, what its last flush covers is seen. `vigil verify` judges; this believes
statements whose signature fits the key they name, and takes the byte offsets
of flushes as they are: whoever opens the pictures finds out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vigil.errors import FormatError, SealError, StoreFault
from vigil.frames.packet import TICKS_PER_S
from vigil.segments.sidecar import FINAL, Statement, read_line, whole_bytes
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.keeps import Keep
from vigil.store.layout import SegmentPath
from vigil.store.sidecar_file import sizes

MOST_US = 1 << 62
_FLUSHED = b'"type":"flushed"'
_END_WINDOW_BYTES = 65_536
CLOCKS_AGREE_US = 2_000_000
"""Within a segment, media time and arrival differ by less; where they do not, the wall clock was set meanwhile."""


class State(StrEnum):
    """How a segment ended."""

    SEALED = "sealed"
    RECOVERED = "recovered"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Flushed:
    """The first `size_bytes` bytes of the file are durable and hold pictures up to `end_us` (wall clock)."""

    size_bytes: int
    frames: int
    media: int
    end_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """
    One segment with pictures, from `from_us` to the end of its last picture at `to_us` (wall clock, UTC).

    `steady_us` is when its first picture arrived, by the steady clock of
    `boot`: by it two segments of one boot can be told apart whatever the wall
    clock did. `rate` is ``full`` or ``keyframes``. `last` covers all pictures
    that are signed; None where there are only unsigned ones in the tail.
    `size_bytes` is what the segment takes on the disk. `damaged`: the recorder
    itself found the file cut short.
    """

    camera: str
    path: SegmentPath
    from_us: int
    to_us: int
    boot: str
    steady_us: int
    state: State
    why: str
    rate: str
    trust: str
    frames: int
    size_bytes: int
    tail_bytes: int
    damaged: bool
    held: bool
    starred: bool = False
    recipients: tuple[str, ...]
    last: Flushed | None

    @property
    def seq(self) -> int:
        """Its number."""
        return self.path.seq

    @property
    def steady_end_us(self) -> int:
        """Where its pictures end on the steady clock."""
        return self.steady_us + (_us(self.last.media) if self.last else 0)


@dataclass(frozen=True, slots=True)
class Sidecar:
    """
    What one sidecar says; of its flushes only the last.

    `recorded` is None where it speaks of no pictures. `trouble` is a sentence
    where something in it could not be read.
    """

    path: SegmentPath
    statements: tuple[Statement, ...]
    recorded: Recorded | None
    trouble: str = ""


def read_sidecars(disk: Disk, camera: str, paths: Sequence[SegmentPath]) -> Iterator[Sidecar]:
    """Read the sidecars of `camera` at `paths`. What is deleted meanwhile is left out."""
    for path in paths:
        try:
            data = disk.read_bytes(path.seal)
        except StoreFault as fault:
            if path.seal.exists():
                yield Sidecar(path, (), None, f"its statements cannot be read: {fault}")
            elif path.media.exists():
                yield Sidecar(path, (), None, "there are pictures here without a statement")
        else:
            yield _parse(camera, path, data, Holds(disk, path.directory).keep_of(path))


def read_flushes(disk: Disk, path: SegmentPath) -> list[Flushed]:
    """Return the flushes of a segment, oldest first, signatures not looked at. Raises `StoreFault`, `FormatError`."""
    try:
        lines = [line for line in _lines(disk.read_bytes(path.seal)) if _FLUSHED in line]
        return [_flushed(said) for line in lines if (said := json.loads(line))["type"] == "flushed"]
    except (ValueError, KeyError, TypeError):
        raise FormatError(f"a flush that {path.seal.name} states is not what it must be") from None


def around(disk: Disk, paths: Sequence[SegmentPath], from_us: int, to_us: int) -> Sequence[SegmentPath]:
    """
    Return the run of `paths` (one camera's, oldest first) that may tell of the time from `from_us` to `to_us`.

    On both sides it reaches to a sidecar with pictures: a gap is explained by
    what follows it. Only the ends of sidecars are looked at, and where these
    say nothing the sidecar is taken along.
    """
    ends = [_ends(disk, path) for path in paths]
    begin = next((n for n, end in enumerate(ends) if end.newest_us >= from_us), len(ends))
    last = next((n for n in reversed(range(len(ends))) if ends[n].oldest_us <= to_us), -1)
    begin, last = min(begin, last + 1), max(begin - 1, last)
    while begin > 0 and not (begin < len(ends) and ends[begin].media and ends[begin].oldest_us <= from_us):
        begin -= 1
    while last < len(ends) - 1 and not (last >= 0 and ends[last].media and ends[last].newest_us >= to_us):
        last += 1
    return paths[begin : last + 1]


@dataclass(frozen=True, slots=True)
class _Ends:
    media: bool
    oldest_us: int
    newest_us: int


def _ends(disk: Disk, path: SegmentPath) -> _Ends:
    """Look at the first and the last line, asking for no signature: good enough to leave a sidecar aside."""
    try:
        with disk.read(path.seal) as file:
            size = file.size()
            head = file.read_at(0, _END_WINDOW_BYTES)
            tail = head if size <= len(head) else file.read_at(size - _END_WINDOW_BYTES, _END_WINDOW_BYTES)
        first = json.loads(head.partition(b"\n")[0])
        last = json.loads(tail[: whole_bytes(tail)].split(b"\n")[-2])
        names = [(first, "at_us"), (first, "start_us"), (last, "at_us"), (last, "end_us")]
        times = [said[name] for said, name in names if said.get(name)]
        return _Ends(first["kind"] == "media", min(times), max(times))
    except (StoreFault, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return _Ends(media=True, oldest_us=0, newest_us=MOST_US)


def _parse(camera: str, path: SegmentPath, data: bytes, keep: Keep) -> Sidecar:
    """Read a sidecar; each second's flush is taken without its signature, all else with it."""
    statements: list[Statement] = []
    trouble = ""
    lines = _lines(data)
    # There is one a second; of these, only the last says something that the next one does not.
    newest = max((n for n, line in enumerate(lines) if _FLUSHED in line), default=0)
    for number, line in enumerate(lines):
        if number and number != newest and _FLUSHED in line:
            continue
        try:
            statements.append(read_line(line))
        except SealError as error:
            trouble = trouble or f"line {number} of its statements is not right: {error}"
    opened = statements[0] if statements and statements[0].type == "opened" else None
    if opened is None:
        trouble = trouble or "it has not one whole statement"
    recorded = _recorded(camera, path, opened, statements, keep) if opened else None
    return Sidecar(path, tuple(statements), recorded, trouble)


def _lines(data: bytes) -> list[bytes]:
    return data[: whole_bytes(data)].split(b"\n")[:-1]


def _flushed(fields: Mapping[str, Any]) -> Flushed:
    return Flushed(*(fields[name] for name in ("bytes", "frames", "media", "end_us")))


def _recorded(
    camera: str, path: SegmentPath, opened: Statement, statements: list[Statement], keep: Keep
) -> Recorded | None:
    said = opened.fields
    end = statements[-1].fields if statements[-1].type in FINAL else {}
    last = next((_flushed(one.fields) for one in reversed(statements) if one.type == "flushed"), None)
    tail_bytes = int(end.get("tail_bytes", 0))
    if said["kind"] != "media" or not (last or tail_bytes):
        return None
    return Recorded(
        camera=camera,
        path=path,
        from_us=said["start_us"],
        to_us=_end_us(said["start_us"], last),
        boot=said["boot"],
        steady_us=opened.steady_us + said["start_us"] - opened.at_us,
        state=State(statements[-1].type) if end else State.OPEN,
        why=said["why"],
        rate="keyframes" if said.get("rate") == "keyframes" else "full",
        trust=said["clock"],
        frames=last.frames if last else 0,
        size_bytes=sizes(path.media) + sizes(path.tail) + sizes(path.seal),
        tail_bytes=tail_bytes,
        damaged=bool(end.get("damaged")),
        held=keep.hold is not None,
        starred=keep.star is not None,
        recipients=tuple(map(str, said["recipients"])),
        last=last,
    )


def _end_us(from_us: int, last: Flushed | None) -> int:
    """Return when the last picture ends: by media time, unless the wall clock was set meanwhile."""
    if last is None:
        return from_us
    by_media = from_us + _us(last.media)
    return by_media if abs(by_media - last.end_us) <= CLOCKS_AGREE_US else last.end_us


def _us(ticks: int) -> int:
    return ticks * 1_000_000 // TICKS_PER_S
