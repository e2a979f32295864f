"""`vigil export`: a time range of one camera as an MP4 that any player opens, with every gap said in words."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from vigil.cli.identity import find_identity, read_identity_file
from vigil.cli.listing import count, nearest
from vigil.cli.places import CANNOT, Store, add_data, find_store, one_camera
from vigil.cli.progress import Progress
from vigil.cli.times import add_range, lasting, read_range, shown, span
from vigil.cli.verify_print import size
from vigil.clock import SystemClock
from vigil.errors import ConfigError, VigilError
from vigil.out.clip import Clip, ClipMaker
from vigil.out.gaps import Missing, missing
from vigil.out.plan import Stretch, plan
from vigil.out.whole_file import whole_file
from vigil.segments.verify_words import Verdict
from vigil.store.browse import MOST_US
from vigil.store.disk import Disk
from vigil.store.timeline import Timeline, look

WHOLE, FLAWED = 0, 1
"""Exit codes: the film is written and nothing is wrong; it is written, and something in it is. 2: there is no film."""
_GOOD = (Verdict.OK, Verdict.RECOVERED, Verdict.UNFINISHED)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `export`; it sets `run`, a function from the arguments to an exit code."""
    words = "make an MP4 of what one camera recorded in a time range"
    command = subparsers.add_parser(
        "export", help=words, description=f"{words[0].upper()}{words[1:]}. Nothing is encoded anew; gaps are told of.",
        epilog="Exit code: 0 written; 1 written, but something in it is wrong; 2 nothing was written.",
    )  # fmt: skip
    add_data(command)
    command.add_argument(
        "--identity", metavar="FILE", type=Path,
        help="the owner's age identity, - for standard input (DIR/owner.agekey, or the one sealed by a password)",
    )  # fmt: skip
    command.add_argument("--camera", metavar="C", help="the camera; may be left out where there is only one")
    add_range(command)
    command.add_argument("-o", "--output", metavar="FILE", type=Path, help="the film (CAMERA-TIME.mp4)")
    command.add_argument("--force", action="store_true", help="replace the film if it exists")
    command.add_argument(
        "--with-tail", action="store_true", help="show also what a power cut left unsigned; only age vouches for it"
    )
    command.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported. A time is None where nobody asked for one."""

    store: Store
    camera: str
    from_us: int | None
    to_us: int | None
    with_tail: bool


def run(args: argparse.Namespace) -> int:
    """Export what the arguments name; return the exit code."""
    disk, clock = Disk(), SystemClock()
    try:
        from_us, to_us = read_range(args.from_, args.to, clock.wall_us())
        store = find_store(args.data)
        order = Order(store, one_camera(store, args.camera), from_us, to_us, args.with_tail)
        line, stretches = _look(disk, order)
        begin_us, end_us = _bounds(order, stretches)
        path = args.output or Path(f"{order.camera}-{shown(begin_us).translate(_FILE_NAME)}Z.mp4")
        identity = find_identity(args.identity, args.data)
        if args.identity is None:
            print(f"opening with {identity}", file=sys.stderr)
        keys = read_identity_file(identity)
        bar = Progress(sys.stderr if sys.stderr.isatty() else None, clock, begin_us, end_us)
        with _stopped_well(), bar, whole_file(path, replace=args.force) as write:
            maker = ClipMaker(
                disk, keys, write, identity=store.identity(disk), with_tail=order.with_tail, tell=bar.tell
            )
            clip = maker.make(stretches)
    except VigilError as error:
        print(f"vigil export: {error}", file=sys.stderr)
        return CANNOT
    troubles = [*line.troubles, *(one.why for one in clip.troubles)]
    return _tell(path, clip, missing(clip, line, from_us, to_us), troubles, order)


_FILE_NAME = str.maketrans({" ": "T", "-": None, ":": None})


def _look(disk: Disk, order: Order) -> tuple[Timeline, list[Stretch]]:
    """Return what is there of the time asked for, and what to take of it."""
    from_us = 0 if order.from_us is None else order.from_us
    to_us = MOST_US if order.to_us is None else order.to_us
    line = look(disk, order.store.video, order.camera, from_us=from_us, to_us=to_us)
    found = [one for one in plan(line.recorded, from_us, to_us) if one.recorded.last or order.with_tail]
    if not found:
        tail = "; what was found behind a power cut is shown with --with-tail" if line.recorded else ""
        raise ConfigError([f"{order.camera} recorded nothing in this time{nearest(line)}{tail}"])
    return line, found


def _bounds(order: Order, stretches: Sequence[Stretch]) -> tuple[int, int]:
    begin_us, end_us = stretches[0].recorded.from_us, stretches[-1].recorded.to_us
    return max(begin_us, order.from_us or 0), min(end_us, MOST_US if order.to_us is None else order.to_us)


@contextmanager
def _stopped_well() -> Iterator[None]:
    """Let a polite kill end the command like any other failure: what was begun is taken back."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(path: Path, clip: Clip, gaps: list[Missing], troubles: list[str], order: Order) -> int:
    """Say what is in the film and what is not; return the exit code."""
    assert clip.joined
    for gap in gaps:
        print(f"gap: {gap_words(gap)}", file=sys.stderr)
    for trouble in troubles:
        print(f"✗ {trouble}", file=sys.stderr)
    bad = [(one, found) for one, found in clip.used if found.verdict not in _GOOD]
    for one, found in bad:
        print(f"✗ segment {one.seq} is {found.verdict}: {found.why}", file=sys.stderr)
    if clip.unsigned:
        print(
            f"note: {count(clip.unsigned, 'picture')} behind a power cut are not signed; only age vouches for them",
            file=sys.stderr,
        )
    parts = [
        count(clip.joined.pictures, "picture"), f"{span(clip.from_us, clip.to_us)} UTC",
        f"{lasting(clip.joined.duration_us)} to watch", size(clip.joined.size_bytes),
        f"{count(len(gaps), 'gap')} ({lasting(sum(gap.missing_us for gap in gaps))} missing)" if gaps else "no gaps",
    ]  # fmt: skip
    if clip.keyframes:
        parts.insert(1, f"{clip.keyframes} of them from times when only keyframes were kept")
    print(f"{path}: {', '.join(parts)}.")
    print(_checked(clip, order, bad=len(bad)))
    return FLAWED if bad or troubles else WHOLE


def gap_words(gap: Missing) -> str:
    """Return a gap as a sentence."""
    still = f" (the film stands still for {lasting(gap.still_us)} there)" if gap.still_us else ""
    return f"{span(gap.from_us, gap.to_us)} UTC, {lasting(gap.missing_us)}: {gap.why}{still}"


def _checked(clip: Clip, order: Order, *, bad: int) -> str:
    """Say what was compared with what was signed, and what was not."""
    assert clip.joined
    used = count(len(clip.used), "segment")
    command = f"vigil verify {order.store.video}"
    rest = f"Not checked: whose signatures these are, and whether anything was taken away; `{command}` does."
    if bad:
        return f"NOT INTACT: {bad} of {used} {'is' if bad == 1 else 'are'} not what was signed. {rest}"
    if clip.unsigned == clip.joined.pictures:
        return "Nothing in it is signed: that it is what was recorded, only age vouches for."
    but = f", all but the {clip.unsigned} unsigned ones," if clip.unsigned else ""
    return f"Checked: the pictures of {used}{but} are byte for byte what was signed as they were recorded. {rest}"
