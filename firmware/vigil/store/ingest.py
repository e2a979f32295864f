"""
From sidecars to journal: what the statements of the recorders say, as entries.

The cursor, how far each camera's sidecars were taken in, is in the entries
themselves (`camera`, `stated_in`, `line`), so it cannot disagree with them.
What is entered stands for ever, so nothing is entered that could still be
lost with the disk it stands on (docs/spec/journal.md, *Taking in*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vigil.errors import SealError, StoreFault
from vigil.segments.age import b64
from vigil.segments.sidecar import Statement, read_line, whole_bytes
from vigil.store.disk import Disk
from vigil.store.keeps import ACTS, Act, Span
from vigil.store.layout import SegmentPath, segments_of

Happened = tuple[str, dict[str, Any]]
Cursor = tuple[int, int]
"""The newest sidecar (`seq`) and line in it that was taken in; (0, -1) before the first."""
Line = tuple[SegmentPath, int, bytes]
"""A line of a sidecar: where it stands, its number from 0, and itself without LF."""
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


KINDS_OF_ACTS = tuple(f"{whose}.{act}" for whose in ("segment", "range") for pair in ACTS.values() for act in pair)
"""What entries are called that were made from lines of a `.keep-log`."""


def entry_of_act(camera: str, act: Act) -> Happened:
    """Return the entry that follows from a line of the camera's `.keep-log`."""
    said: dict[str, Any] = {"camera": camera} if act.seq is None else {"camera": camera, "segment": act.seq}
    said |= {"who": act.who, "why": act.why, "stated_us": act.at_us, "keep_line": act.line}
    said |= {"from_us": act.span.from_us, "to_us": act.span.to_us} if act.span else {}
    return f"{'range' if act.seq is None else 'segment'}.{act.act}", said


def act_of_entry(kind: str, fields: Mapping[str, Any]) -> Act | None:
    """Return the line of a `.keep-log` that an entry was made from; None where it was made from none."""
    whose, _, act = kind.partition(".")
    try:
        seq = int(fields["segment"]) if whose == "segment" else None
        span = Span(int(fields["from_us"]), int(fields["to_us"])) if "from_us" in fields else None
        line, at_us = (int(fields[name]) for name in ("keep_line", "stated_us"))
        return Act(line, act, seq, str(fields["who"]), str(fields["why"]), at_us, span)
    except (KeyError, TypeError, ValueError):
        return None


def new_statements(
    disk: Disk,
    video: Path,
    camera: str,
    cursor: Cursor,
    *,
    is_durable: Callable[[Line], bool],
    on_bad: Callable[[SegmentPath, int, str], None],
) -> Iterator[Happened]:
    """
    Yield the entries that `camera`'s sidecars hold behind `cursor`, and that nobody can take back.

    A line that another one follows is durable: its writer goes on only behind
    what is. Of the very last one `is_durable` is asked; where it says no, the
    line is left for the next time.
    A line that is not right is reported once to `on_bad` and left out; the
    rest of its sidecar is read all the same.
    """
    opened: Statement | None = None
    for place, is_last in _with_the_last(_lines(disk, video / camera, cursor[0], on_bad)):
        segment, number, line = place
        is_new = (segment.seq, number) > cursor
        opened = None if number == 0 else opened
        # One a second, and none of them is an entry: leave the signature to the verifier.
        if (number > 0 and not is_new) or (number > 0 and b'"type":"flushed"' in line):
            continue
        try:
            statement = read_line(line)
        except SealError as error:
            if is_new:
                on_bad(segment, number, str(error))
            continue
        opened = statement if statement.type == "opened" else opened
        if not is_new:
            continue
        made = entry_of(camera, segment, str((segment.directory / segment.stem).relative_to(video)), opened, statement)
        if made and (not is_last or is_durable(place)):
            yield from made


def _lines(
    disk: Disk, directory: Path, from_seq: int, on_bad: Callable[[SegmentPath, int, str], None]
) -> Iterator[Line]:
    """Yield the whole lines of a camera's sidecars from sidecar `from_seq` on."""
    for segment in segments_of(directory):
        if segment.seq < from_seq or not segment.seal.exists():
            continue
        try:
            data = disk.read_bytes(segment.seal)
        except StoreFault as fault:
            on_bad(segment, 0, str(fault))
            continue
        for number, line in enumerate(data[: whole_bytes(data)].split(b"\n")[:-1]):
            yield segment, number, line


def _with_the_last(items: Iterator[Line]) -> Iterator[tuple[Line, bool]]:
    """Yield each item, and whether it is the last one."""
    before: Line | None = None
    for item in items:
        if before:
            yield before, False
        before = item
    if before:
        yield before, True
