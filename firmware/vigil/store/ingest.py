"""
From sidecars to journal: what the statements of the recorders say, as entries.

The cursor, how far each camera's sidecars were taken in, is in the entries
themselves (`camera`, `stated_in`, `line`), so it cannot disagree with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vigil.errors import SealError, StoreFault
from vigil.segments.age import b64
from vigil.segments.sidecar import Statement, read_line, whole_bytes
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of

Happened = tuple[str, dict[str, Any]]
Cursor = tuple[int, int]
"""The newest sidecar (`seq`) and line in it that was taken in; (0, -1) before the first."""
BATCH = 500


def entry_of(camera: str, segment: SegmentPath, path: str, opened: Statement | None, one: Statement) -> list[Happened]:
    """Return the entries that follow from one statement; none for those that belong to the segment alone."""
    f = one.fields
    said = {"camera": camera, "segment": segment.seq, "stated_in": segment.seq, "line": one.n, "stated_us": one.at_us}
    made: list[Happened] = []
    if f.get("cert") and one.type in ("opened", "certified"):
        made.append(("session.certified", {**said, "session": b64(one.key), "cert": f["cert"]}))
    if one.type == "opened":
        started = {"path": path, "started_us": f.get("start_us", one.at_us), "media": f["kind"] == "media"}
        made.append(("segment.opened", {**said, **started, "reason": f["why"]}))
    elif one.type in ("sealed", "recovered"):
        started_us = opened.fields.get("start_us", opened.at_us) if opened else one.at_us
        ends = {"bytes": f["bytes"], "frames": f["frames"], "started_us": started_us, "ended_us": f["end_us"]}
        kept = {name: f[name] for name in ("sha256", "tail_bytes", "damaged") if name in f}
        made.append((f"segment.{one.type}", {**said, **ends, **kept, "last": one.digest}))
    elif one.type == "deleted":
        made.append(("segment.deleted", {**said, "segment": f["seq"], "reason": f["why"]}))
    elif one.type in ("motion", "event") and f["state"] in ("began", "ended"):
        name = {"name": f["name"]} if one.type == "event" else {}
        made.append((f"{one.type}.{f['state']}", {**said, **name, "when_us": f.get("when_us", one.at_us)}))
    elif one.type in _PLAIN:
        kind, names = _PLAIN[one.type]
        made.append((kind, {**said, **{name: f[name] for name in names if name in f}}))
    return made


_PLAIN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "gap": ("gap", ("from_us", "to_us", "why", "pictures")),
    "clock": ("clock.stepped", ("step_us", "trust")),
    "paused": ("recording.paused", ("who",)),
    "resumed": ("recording.resumed", ("who",)),
    "marked": ("segment.marked", ("seq", "why")),
}


def new_statements(
    disk: Disk, video: Path, camera: str, cursor: Cursor, *, on_bad: Callable[[SegmentPath, int, str], None]
) -> Iterator[Happened]:
    """
    Yield the entries that `camera`'s sidecars hold behind `cursor`.

    A line that is not right is reported once to `on_bad` and left out; the
    rest of its sidecar is read all the same.
    """
    seq, line = cursor
    for segment in segments_of(video / camera):
        if segment.seq < seq or not segment.seal.exists():
            continue
        try:
            data = disk.read_bytes(segment.seal)
        except StoreFault as fault:
            on_bad(segment, 0, str(fault))
            continue
        after = line if segment.seq == seq else -1
        yield from _of_sidecar(camera, segment, video, data, after=after, on_bad=on_bad)


def _of_sidecar(
    camera: str,
    segment: SegmentPath,
    video: Path,
    data: bytes,
    *,
    after: int,
    on_bad: Callable[[SegmentPath, int, str], None],
) -> Iterator[Happened]:
    path = str((segment.directory / segment.stem).relative_to(video))
    opened: Statement | None = None
    for number, line in enumerate(data[: whole_bytes(data)].split(b"\n")[:-1]):
        if number <= after and opened:
            continue
        if number > 0 and b'"type":"flushed"' in line:
            # One a second, and none of them is an entry: leave the signature to the verifier.
            continue
        try:
            statement = read_line(line)
        except SealError as error:
            if number > after:
                on_bad(segment, number, str(error))
            continue
        opened = opened or (statement if statement.type == "opened" else None)
        if number > after:
            yield from entry_of(camera, segment, path, opened, statement)
