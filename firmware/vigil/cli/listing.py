"""`vigil list`: what was recorded, what is missing and why; no key is needed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from vigil.cli.places import CANNOT, add_data, chosen_cameras, find_store
from vigil.cli.times import add_range, lasting, read_range, shown
from vigil.cli.verify_print import size
from vigil.clock import SystemClock
from vigil.errors import VigilError
from vigil.frames.packet import TICKS_PER_S
from vigil.store.browse import MOST_US, Recorded
from vigil.store.disk import Disk
from vigil.store.reasons import Gap
from vigil.store.timeline import MOTION, Moved, Timeline, look

OK = 0


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `list`; it sets `run`, a function from the arguments to an exit code."""
    words = "list what was recorded, and the gaps with their reasons; needs no key"
    command = subparsers.add_parser("list", help=words, description=words)
    add_data(command)
    command.add_argument("--camera", metavar="C", help="only this camera")
    add_range(command)
    command.add_argument("--json", action="store_true", help="print it as JSON")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List what the arguments name; return the exit code."""
    try:
        lines = list(_lines(args))
    except VigilError as error:
        print(f"vigil list: {error}", file=sys.stderr)
        return CANNOT
    if args.json:
        print(json.dumps({"cameras": [as_json(one) for one in lines]}, indent=1, ensure_ascii=False))
        return OK
    total = Total()
    for number, one in enumerate(lines):
        print("\n" * bool(number) + "\n".join(table(one)))
        total.add(one)
    if len(lines) > 1:
        print(f"\nall {len(lines)} cameras: {total}")
    return OK


def _lines(args: argparse.Namespace) -> Iterator[Timeline]:
    from_us, to_us = read_range(args.from_, args.to, SystemClock().wall_us())
    store = find_store(args.data)
    begin_us, end_us = 0 if from_us is None else from_us, MOST_US if to_us is None else to_us
    for camera in chosen_cameras(store, args.camera):
        yield look(Disk(), store.video, camera, from_us=begin_us, to_us=end_us)


@dataclass(slots=True)
class Total:
    """What is added up below a table."""

    segments: int = 0
    frames: int = 0
    us: int = 0
    bytes: int = 0
    gaps: int = 0
    missing_us: int = 0
    held: int = 0
    starred: int = 0

    def add(self, one: Timeline) -> None:
        """Count what is in a timeline."""
        self.segments += len(one.recorded)
        self.frames += sum(each.frames for each in one.recorded)
        self.us += sum(length_us(each) for each in one.recorded)
        self.bytes += sum(each.size_bytes for each in one.recorded)
        unwanted = [gap for gap in one.gaps if not gap.expected]
        self.gaps += len(unwanted)
        self.missing_us += sum(max(0, gap.missing_us) for gap in unwanted)
        self.held += sum(each.held for each in one.recorded)
        self.starred += sum(each.starred for each in one.recorded)

    def __str__(self) -> str:
        parts = [f"{count(self.segments, 'segment')}, {count(self.frames, 'picture')}, {lasting(self.us)}"]
        parts.append(size(self.bytes))
        if self.held:
            parts.append(f"{self.held} held")
        if self.starred:
            parts.append(f"{self.starred} starred")
        if self.gaps:
            parts.append(f"{count(self.gaps, 'gap')} ({lasting(self.missing_us)}) that nobody wanted")
        else:
            parts.append("no gaps but those you wanted")
        return ", ".join(parts)


def table(one: Timeline) -> list[str]:
    """Return the lines about one camera."""
    lines = [f"camera {one.camera}"]
    if not one.recorded:
        lines.append(f"  nothing was recorded in this time{nearest(one)}")
    else:
        lines.append("  segment   start (UTC)          length      pictures  size     state      notes")
    trusts = {each.trust for each in one.recorded}
    rows = [(each.seq, 0, _row(each, one.moved, trust=len(trusts) > 1)) for each in one.recorded]
    rows += [(gap.seq, 1, f"            {gap_words(gap)}") for gap in one.gaps]
    lines += [row for _, _, row in sorted(rows)]
    lines += [f"  ✗ {trouble}; `vigil check` says more" for trouble in one.troubles]
    if one.recorded:
        total = Total()
        total.add(one)
        lines.append(f"  {total}")
    if len(trusts) == 1 and trusts != {"synced"}:
        lines.append(f"  the clock was {trusts.pop()}: these times may be off")
    return lines


def gap_words(gap: Gap) -> str:
    """Return a gap as a clause."""
    if gap.missing_us == 0:
        return f"· {'; '.join(gap.reasons)}"
    mark = "·" if gap.expected else "✗ gap:"
    return f"{mark} {lasting(gap.missing_us)} without pictures: {'; '.join(gap.reasons)}"


def length_us(one: Recorded) -> int:
    """Return how long the pictures of a segment last."""
    return one.last.media * 1_000_000 // TICKS_PER_S if one.last else 0


def moving_us(one: Recorded, moved: Sequence[Moved]) -> int:
    """Return for how long something moved while this was recorded."""
    ends = ((each.from_us, one.to_us if each.to_us is None else each.to_us) for each in moved if each.name == MOTION)
    return sum(max(0, min(end_us, one.to_us) - max(from_us, one.from_us)) for from_us, end_us in ends)


def count(number: int, noun: str) -> str:
    """Return ``1 gap``, ``2 gaps``."""
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _row(one: Recorded, moved: Sequence[Moved], *, trust: bool) -> str:
    length, state = lasting(length_us(one)), str(one.state)
    return (
        f"  {one.seq:08d}  {shown(one.from_us)}  {length:10}  {one.frames:8}  {size(one.size_bytes):7}  {state:9}"
        f"  {'; '.join(_notes(one, moved, trust=trust))}"
    ).rstrip()


def _notes(one: Recorded, moved: Sequence[Moved], *, trust: bool) -> Iterator[str]:
    if one.held:
        yield "held"
    if one.starred:
        yield "starred"
    if (us := moving_us(one, moved)) >= 50_000:
        yield f"moving for {lasting(us)}"
    if one.rate == "keyframes":
        yield "keyframes only"
    if one.tail_bytes:
        yield f"{size(one.tail_bytes)} behind its end are not signed"
    if one.damaged:
        yield "its file was found cut short"
    if trust:
        yield f"clock {one.trust}"


def nearest(one: Timeline) -> str:
    """Say in brackets what lies next to a time in which there is nothing; empty where there is nothing at all."""
    words = [f"the last before it ends at {shown(one.before.to_us)}"] if one.before else []
    words += [f"the first after it begins at {shown(one.after.from_us)}"] if one.after else []
    return f" ({'; '.join(words)} UTC)" if words else ""


def as_json(one: Timeline) -> dict[str, object]:
    """Return what is known of a camera, for programs. Times are microseconds since 1970 (UTC)."""
    return {
        "camera": one.camera,
        "segments": [
            {
                "segment": each.seq, "path": str(each.path.media), "from_us": each.from_us, "to_us": each.to_us,
                "length_us": length_us(each), "frames": each.frames, "bytes": each.size_bytes, "state": each.state,
                "rate": each.rate, "why": each.why, "clock": each.trust, "moving_us": moving_us(each, one.moved),
                "held": each.held, "starred": each.starred, "tail_bytes": each.tail_bytes, "damaged": each.damaged,
            }
            for each in one.recorded
        ],
        "gaps": [asdict(gap) for gap in one.gaps],
        "marks": [asdict(each) for each in one.moved],
        "troubles": list(one.troubles),
    }  # fmt: skip
