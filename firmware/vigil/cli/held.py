"""Which recordings are meant: segments by their numbers, a time, an event, or everything of a camera."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from vigil.cli.listing import nearest
from vigil.cli.places import Store
from vigil.cli.times import add_range, read_range, read_time, shown, span, typed
from vigil.errors import ConfigError
from vigil.store.disk import Disk
from vigil.store.keeps import FOREVER_US, Span
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.timeline import Moved, look

_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_AROUND_US = 10_000_000
"""An event is kept with what led to it and what came of it."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Recordings of one camera: single segments (`span` None), or all of a time, with the segments that are there."""

    segments: tuple[SegmentPath, ...]
    span: Span | None


def add_meant(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which recordings are meant."""
    parser.add_argument("--camera", metavar="C", help="the camera; may be left out where there is only one")
    parser.add_argument(
        "--segment", metavar="N", type=int, action="append", default=[],
        help="a segment, by its number; may be given more than once",
    )  # fmt: skip
    add_range(parser)
    parser.add_argument("--event", metavar="TIME", help="the motion or other event that lasted at this time")
    parser.add_argument("--all", action="store_true", help="everything of the camera, for ever")


def meant(disk: Disk, store: Store, camera: str, args: argparse.Namespace, now_us: int) -> Meant:
    """Return the recordings that the arguments name. Raises `ConfigError` where that is nothing, or not clear."""
    from_us, to_us = read_range(args.from_, args.to, now_us)
    ways = [bool(args.segment), from_us is not None or to_us is not None, args.event is not None, args.all]
    if sum(ways) != 1:
        raise ConfigError(["which recordings? Give --from and --to, or --segment, or --event, or --all"])
    if args.segment:
        return Meant(tuple(_numbered(store, camera, args.segment)), None)
    if args.all:
        return Meant(tuple(one for one in segments_of(store.video / camera) if one.seal.exists()), Span(0, FOREVER_US))
    if args.event is not None:
        return _event(disk, store, camera, read_time("--event", args.event, now_us), now_us)
    if from_us is None or to_us is None:
        raise ConfigError(["give both --from and --to, so that no more is meant than you think"])
    if not 0 <= from_us < to_us <= FOREVER_US:
        raise ConfigError([f"{span(from_us, to_us)} is not a time of this world: give years from 1970 to 2255"])
    line = look(disk, store.video, camera, from_us=from_us, to_us=to_us)
    if not line.recorded and to_us <= now_us:
        raise ConfigError([f"{camera} recorded nothing from {span(from_us, to_us)} UTC{nearest(line)}"])
    return Meant(tuple(one.path for one in line.recorded), Span(from_us, to_us))


def span_words(one: Span) -> str:
    """Return a range as a person reads it."""
    if one.to_us == FOREVER_US:
        return f"from {shown(one.from_us)} UTC on, for ever" if one.from_us else "everything, for ever"
    return f"{span(one.from_us, one.to_us)} UTC"


def span_options(one: Span) -> str:
    """Return the options that mean this range, as one types them."""
    return "--all" if one == Span(0, FOREVER_US) else f"--from {typed(one.from_us)} --to {typed(one.to_us)}"


def _numbered(store: Store, camera: str, numbers: Sequence[int]) -> list[SegmentPath]:
    there = {one.seq: one for one in segments_of(store.video / camera) if one.seal.exists()}
    if gone := [seq for seq in numbers if seq not in there]:
        raise ConfigError([f"{camera} has no segment {gone[0]}: see `vigil list`"])
    return sorted({there[seq] for seq in numbers})


def _event(disk: Disk, store: Store, camera: str, at_us: int, now_us: int) -> Meant:
    line = look(disk, store.video, camera, from_us=at_us - _HOUR_US, to_us=at_us + _HOUR_US)
    lasting = [one for one in line.moved if one.from_us <= at_us <= _end_us(one, now_us)]
    if not lasting:
        near = min(line.moved, key=lambda one: abs(one.from_us - at_us), default=None)
        words = f"; the nearest event began at {shown(near.from_us)} UTC" if near else ""
        raise ConfigError([f"there was no event of {camera} at {shown(at_us)} UTC{words}"])
    # Whole seconds, so that what is shown of it can be typed.
    first_us = max(0, min(one.from_us for one in lasting) - _AROUND_US) // _SECOND_US * _SECOND_US
    last_us = -(-(max(_end_us(one, now_us) for one in lasting) + _AROUND_US) // _SECOND_US) * _SECOND_US
    inside = [one.path for one in line.recorded if one.from_us < last_us and one.to_us >= first_us]
    return Meant(tuple(inside), Span(first_us, last_us))


def _end_us(one: Moved, now_us: int) -> int:
    return now_us if one.to_us is None else one.to_us
