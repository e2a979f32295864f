"""`vigil hold`: segments that nobody deletes, why, and letting them go."""

from __future__ import annotations

import argparse
import getpass
import sys

from vigil.cli.listing import count, nearest
from vigil.cli.places import CANNOT, Store, add_data, chosen_cameras, find_store, one_camera
from vigil.cli.times import add_range, read_range, shown, span
from vigil.clock import SystemClock
from vigil.errors import ConfigError, VigilError
from vigil.store.disk import Disk
from vigil.store.holds import Hold, Holds
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.timeline import look

OK = 0


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `hold` and its commands; each sets `run`, a function from the arguments to an exit code."""
    hold = subparsers.add_parser("hold", help="keep recordings from being deleted")
    commands = hold.add_subparsers(metavar="COMMAND", required=True)
    for name, words in (
        ("place", "hold recordings: from when this says so, nothing deletes them until they are released"),
        ("release", "let held recordings go: they may be deleted like all others"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        add_data(command)
        command.add_argument("--camera", metavar="C", help="the camera; may be left out where there is only one")
        command.add_argument(
            "--segment", metavar="N", type=int, action="append", default=[],
            help="a segment, by its number; may be given more than once",
        )  # fmt: skip
        add_range(command)
        command.add_argument("--reason", metavar="TEXT", required=True, help="why; it is kept, for the journal too")
        command.set_defaults(run=run_place if name == "place" else run_release)
    words = "list what is held, by whom and why"
    listing = commands.add_parser("list", help=words, description=words)
    add_data(listing)
    listing.add_argument("--camera", metavar="C", help="only this camera")
    listing.set_defaults(run=run_list)


def run_place(args: argparse.Namespace) -> int:
    """Hold what the arguments name."""
    return _change(args, placing=True)


def run_release(args: argparse.Namespace) -> int:
    """Release what the arguments name."""
    return _change(args, placing=False)


def run_list(args: argparse.Namespace) -> int:
    """List the holds, oldest segment first."""
    try:
        store = find_store(args.data)
        held = [(camera, one) for camera in chosen_cameras(store, args.camera) for one in _holds(store, camera).held()]
    except VigilError as error:
        return _cannot(error)
    for camera, one in held:
        print(f"{camera}  {one.segment.stem}  {_words(one)}")
    print(f"{count(len(held), 'segment')} held." if held else "Nothing is held.")
    return OK


def _change(args: argparse.Namespace, *, placing: bool) -> int:
    disk, clock = Disk(), SystemClock()
    changed = []
    try:
        store = find_store(args.data)
        camera = one_camera(store, args.camera)
        segments = _named(disk, store, camera, args, clock.wall_us())
        holds = _holds(store, camera)
        if not placing and not any(segment.keep.exists() for segment in segments):
            raise ConfigError([f"none of the {count(len(segments), 'segment')} named is held: see `vigil hold list`"])
        act = holds.place if placing else holds.release
        for segment in segments:
            if act(segment, who=_who(), why=args.reason, at_us=clock.wall_us()):
                changed.append(segment)
            elif placing:
                print(f"held already: {segment.stem}  {_words(holds.read(segment))}")
    except VigilError as error:
        if changed:
            print(f"done before it failed: {', '.join(one.stem for one in changed)}", file=sys.stderr)
        return _cannot(error)
    for segment in changed:
        print(f"{'held' if placing else 'released'}: {segment.stem}")
    print(f"{count(len(changed), 'segment')} of {camera} {'held' if placing else 'released'}.")
    return OK


def _named(disk: Disk, store: Store, camera: str, args: argparse.Namespace, now_us: int) -> list[SegmentPath]:
    """Return the segments that the arguments name: by number, or by time. Raises `ConfigError` where there is none."""
    from_us, to_us = read_range(args.from_, args.to, now_us)
    if bool(args.segment) == (from_us is not None or to_us is not None):
        raise ConfigError(["which recordings? Give --from and --to, or --segment"])
    if args.segment:
        there = {one.seq: one for one in segments_of(store.video / camera) if one.seal.exists()}
        if gone := [seq for seq in args.segment if seq not in there]:
            raise ConfigError([f"{camera} has no segment {gone[0]}: see `vigil list`"])
        return sorted({there[seq] for seq in args.segment})
    if from_us is None or to_us is None:
        raise ConfigError(["give both --from and --to, so that no more is meant than you think"])
    line = look(disk, store.video, camera, from_us=from_us, to_us=to_us)
    if not line.recorded:
        raise ConfigError([f"{camera} recorded nothing from {span(from_us, to_us)} UTC{nearest(line)}"])
    return [one.path for one in line.recorded]


def _holds(store: Store, camera: str) -> Holds:
    return Holds(Disk(), store.video / camera)


def _words(one: Hold) -> str:
    who = f"by {one.who} since {shown(one.at_us)} UTC: " if one.who else ""
    return f"{who}{one.why}"


def _who() -> str:
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def _cannot(error: VigilError) -> int:
    print(f"vigil hold: {error}", file=sys.stderr)
    return CANNOT
