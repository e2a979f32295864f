"""One camera's recordings on a line of time: the pictures, what is missing between them and why, and what moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import SealError, StoreFault
from vigil.segments.sidecar import Statement, read_line
from vigil.store.browse import MOST_US, Recorded, Sidecar, State, around, read_sidecars
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.reasons import Gap, gap_between

MOTION = "motion"


@dataclass(frozen=True, slots=True)
class Moved:
    """Something moved (`MOTION`), or another cue called `name` lasted. `to_us` is None while it lasts."""

    name: str
    from_us: int
    to_us: int | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    What is known of one camera between two times, oldest first.

    `before` and `after` are the nearest recordings outside, `troubles`
    sentences about what could not be read.
    """

    camera: str
    recorded: tuple[Recorded, ...]
    gaps: tuple[Gap, ...]
    moved: tuple[Moved, ...]
    troubles: tuple[str, ...]
    before: Recorded | None
    after: Recorded | None


def look(disk: Disk, video: Path, camera: str, *, from_us: int = 0, to_us: int = MOST_US) -> Timeline:
    """Look at what lies in the store of `camera` between two times (wall clock, UTC)."""
    everything = [path for path in segments_of(video / camera) if path.seal.exists() or path.media.exists()]
    chosen = around(disk, everything, from_us, to_us)
    newer = everything[everything.index(chosen[-1]) + 1 :] if chosen else []
    missing = _missing(disk, chosen, newer)
    recorded: list[Recorded] = []
    gaps: list[Gap] = []
    moves = _Moves()
    troubles: list[str] = []
    last: Recorded | None = None
    since: list[Statement] = []
    for sidecar in read_sidecars(disk, camera, chosen):
        if sidecar.trouble:
            troubles.append(f"segment {sidecar.path.seq}: {sidecar.trouble}")
        moves.take(sidecar)
        since += sidecar.statements
        now = sidecar.recorded
        if now is None:
            continue
        if last and (gap := gap_between(last, now, since, missing)):
            gaps.append(gap)
        recorded.append(now)
        if last is None or last.boot != now.boot or now.steady_end_us > last.steady_end_us:
            last = now
        since = list(sidecar.statements)

    def inside(start_us: int, end_us: int) -> bool:
        return start_us < to_us and end_us > from_us

    return Timeline(
        camera,
        tuple(one for one in recorded if inside(one.from_us, max(one.to_us, one.from_us + 1))),
        tuple(gap for gap in gaps if inside(min(gap.from_us, gap.to_us), max(gap.from_us, gap.to_us))),
        tuple(one for one in moves.all() if inside(one.from_us, MOST_US if one.to_us is None else one.to_us)),
        tuple(troubles),
        next((one for one in reversed(recorded) if one.to_us <= from_us), None),
        next((one for one in recorded if one.from_us >= to_us), None),
    )


def _missing(disk: Disk, chosen: Sequence[SegmentPath], newer: Sequence[SegmentPath]) -> dict[int, str | None]:
    """Return the segments missing between the chosen ones: why each was deleted, None where no statement says so."""
    if not chosen:
        return {}
    missing: dict[int, str | None] = dict.fromkeys(range(chosen[0].seq, chosen[-1].seq))
    for path in chosen:
        missing.pop(path.seq, None)
    open_ = set(missing)
    for path in (*chosen, *newer):
        if not open_:
            break
        try:
            data = disk.read_bytes(path.seal)
        except StoreFault:
            continue  # read again, and told of, with the others
        for line in data.split(b"\n"):
            if b'"type":"deleted"' in line and (one := _read(line)) and one.fields["seq"] in open_:
                missing[one.fields["seq"]] = one.fields["why"]
                open_.remove(one.fields["seq"])
    return missing


def _read(line: bytes) -> Statement | None:
    try:
        return read_line(line)
    except SealError:
        return None


class _Moves:
    """Joins what began to what ended, over as many sidecars as it took."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._done: list[Moved] = []

    def take(self, sidecar: Sidecar) -> None:
        """Take in the marks of the next sidecar."""
        for one in sidecar.statements:
            if one.type in ("motion", "event"):
                name = one.fields["name"] if one.type == "event" else MOTION
                self._mark(name, one.fields.get("when_us", one.at_us), sidecar, began=one.fields["state"] == "began")
        if sidecar.recorded and sidecar.recorded.state is State.RECOVERED:
            # Whoever would have said that it ended was cut off.
            for name in list(self._open):
                self._mark(name, sidecar.recorded.to_us, sidecar, began=False)

    def all(self) -> list[Moved]:
        """Return all of it, in order of beginning."""
        lasting = [Moved(name, from_us, None) for name, from_us in self._open.items()]
        return sorted([*self._done, *lasting], key=lambda one: one.from_us)

    def _mark(self, name: str, when_us: int, sidecar: Sidecar, *, began: bool) -> None:
        if began:
            self._open.setdefault(name, when_us)
            return
        # What began before the first sidecar that was looked at began at the latest with it.
        from_us = self._open.pop(name, sidecar.statements[0].at_us)
        self._done.append(Moved(name, min(from_us, when_us), when_us))
