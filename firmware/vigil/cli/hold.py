"""`vigil hold`, `vigil star` and `vigil release`: recordings that are not deleted, why, and letting them go."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypedDict

from vigil.cli.held import Meant, add_meant, meant, span_options, span_words
from vigil.cli.listing import count
from vigil.cli.places import CANNOT, add_data, chosen_cameras, find_store, one_camera
from vigil.cli.times import shown
from vigil.clock import SystemClock
from vigil.errors import ConfigError, VigilError
from vigil.store.disk import Disk
from vigil.store.hold_ranges import Range, Ranges
from vigil.store.holds import Hold, Holds
from vigil.store.keeps import How, Word
from vigil.store.layout import SegmentPath

OK = 0
_PAST = {How.HOLD: "held", How.STAR: "starred"}


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `hold`, `star` and `release`; each command sets `run`, a function from the arguments to an exit code."""
    for how, words in (
        (How.HOLD, "keep recordings from being deleted, until somebody releases them"),
        (How.STAR, "keep recordings, until room is short and the configuration gives stars up then"),
    ):
        commands = subparsers.add_parser(how, help=words).add_subparsers(metavar="COMMAND", required=True)
        _command(commands, "place", "keep recordings, those of a time to come too", how, _Deed.place)
        _command(
            commands, "release", f"let {_PAST[how]} recordings go: they are deleted in their turn", how, _Deed.release
        )
        what = f"list what is {_PAST[how]}, by whom and why"
        listing = commands.add_parser("list", help=what, description=what)
        add_data(listing)
        listing.add_argument("--camera", metavar="C", help="only this camera")
        listing.set_defaults(run=partial(run_list, how=how))
    _command(subparsers, "release", "let held recordings go, as `vigil hold release` does", How.HOLD, _Deed.release)


class _Deed:
    """Keeping or releasing what is meant of one camera. `done` are the segments, `told` what to say of it."""

    def __init__(self, directory: Path, what: Meant, *, how: How, why: str, at_us: int) -> None:
        self._ranges = Ranges(Disk(), directory)
        self._holds = Holds(Disk(), directory)
        self._camera = directory.name
        self._what = what
        self._how = how
        self._word: _Said = {"who": _who(), "why": why, "at_us": at_us, "how": how}
        self.done: list[SegmentPath] = []
        self.told: list[str] = []

    def place(self) -> None:
        """Keep it. Raises `StoreError`."""
        span = self._what.span
        if span:
            stood = [one for one in self._ranges.all() if (one.span, one.how) == (span, self._how)]
            self.told += [f"{_PAST[self._how]} already as a whole: {span_words(span)}  {_words(one)}" for one in stood]
            self.done = self._ranges.place(span, **self._word)
        for segment in self._what.segments:
            if not span and self._holds.place(segment, **self._word):
                self.done.append(segment)
            elif segment not in self.done:
                self.told.append(f"{_PAST[self._how]} already: {segment.stem}  {self._words_of(segment)}")
        self._tell(_PAST[self._how])
        if not (self.done or self.told):
            self.told.append(f"There is nothing yet of {self._camera} in that time.")
        if span:
            if span.to_us > self._word["at_us"]:
                self.told.append(
                    f"What is recorded later of {self._camera}, {span_words(span)}, is {_PAST[self._how]} too."
                )
            release = f"vigil {self._how} release --camera {self._camera} {span_options(span)}"
            self.told.append(f"It is released as a whole: {release}")

    def release(self) -> None:
        """Let it go. Raises `ConfigError` where none of it is kept, or something else keeps it; `StoreError`."""
        span = self._what.span
        standing = [one for one in self._ranges.all() if one.how is self._how]
        ours = [one for one in standing if span and span.from_us <= one.span.from_us and one.span.to_us <= span.to_us]
        self._check_that_nothing_else_keeps(standing, ours)
        found = bool(ours)
        # A range that a cut left half released is not among those that stand.
        for each in dict.fromkeys([*(one.span for one in ours), *([span] if span else [])]):
            gone = self._ranges.release(each, **self._word)
            found = found or gone is not None
            self.done += gone or []
        self.done += [one for one in self._what.segments if self._holds.release(one, **self._word)]
        if not (found or self.done):
            raise ConfigError([f"{self._nothing()} is {_PAST[self._how]}: see `vigil {self._how} list`"])
        self._tell("released")
        # A time that is over has nothing to come.
        self.told += [
            f"What is recorded later, {span_words(one.span)}, is {_PAST[self._how]} no more."
            for one in ours
            if one.span.to_us > self._word["at_us"] or not self.done
        ]

    def _check_that_nothing_else_keeps(self, standing: Sequence[Range], ours: Sequence[Range]) -> None:
        """A range is released as a whole: what it keeps would else be kept again at the next look."""
        span, others = self._what.span, {one.span: one for one in standing if one not in ours}
        for one in others.values():
            if span and span.from_us < one.span.to_us and one.span.from_us < span.to_us:
                words = f"{span_words(one.span)} is {_PAST[self._how]} as a whole, by {one.who}: {one.why}"
                options = span_options(one.span)
                raise ConfigError([f"{words}; release that ({options}), and keep what you still need"])
        for segment in self._what.segments:
            word = self._holds.keep_of(segment).word(self._how)
            if word and word.span in others:
                words = f"segment {segment.seq} is {_PAST[self._how]} with all of {span_words(word.span)}"
                raise ConfigError([f"{words}: release that ({span_options(word.span)})"])

    def _tell(self, past: str) -> None:
        self.told += [f"{past}: {segment.stem}" for segment in self.done]
        if self.done:
            self.told.append(f"{count(len(self.done), 'segment')} of {self._camera} {past}.")

    def _nothing(self) -> str:
        match self._what.segments:
            case ():
                return "nothing of that time"
            case (one,):
                return f"nothing of segment {one.seq}"
            case several:
                return f"none of these {len(several)} segments"

    def _words_of(self, segment: SegmentPath) -> str:
        word = self._holds.keep_of(segment).word(self._how)
        return _words(word) if word else ""


class _Said(TypedDict):
    who: str
    why: str
    at_us: int
    how: How


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    how: How,
    act: Callable[[_Deed], None],
) -> None:
    command = commands.add_parser(name, help=words, description=words)
    add_data(command)
    add_meant(command)
    command.add_argument("--reason", metavar="TEXT", required=True, help="why; it is kept, for the journal too")
    command.set_defaults(run=partial(run_change, how=how, act=act))


def run_list(args: argparse.Namespace, *, how: How) -> int:
    """List what is kept, times first, then segments, the oldest first."""
    ranges = segments = 0
    try:
        store = find_store(args.data)
        for camera in chosen_cameras(store, args.camera):
            for one in Ranges(Disk(), store.video / camera).all():
                if one.how is how:
                    print(f"{camera}  {span_words(one.span)}, also what is recorded later  {_words(one)}")
                    ranges += 1
            for held in Holds(Disk(), store.video / camera).held(how):
                print(f"{camera}  {held.segment.stem}  {_words(held)}")
                segments += 1
    except VigilError as error:
        return _cannot(how, error)
    times = f"{count(ranges, 'time')} and " if ranges else ""
    print(f"{times}{count(segments, 'segment')} {_PAST[how]}." if ranges or segments else f"Nothing is {_PAST[how]}.")
    return OK


def run_change(args: argparse.Namespace, *, how: How, act: Callable[[_Deed], None]) -> int:
    """Keep or release what the arguments name."""
    from vigil.processes.group import as_unit_of_ours

    deed = None
    if os.geteuid() == 0:
        # What root keeps, guard must be able to enter into the journal, and a recorder to let go.
        as_unit_of_ours()
    try:
        store, clock = find_store(args.data), SystemClock()
        camera = one_camera(store, args.camera)
        what = meant(Disk(), store, camera, args, clock.wall_us())
        deed = _Deed(store.video / camera, what, how=how, why=args.reason, at_us=clock.wall_us())
        act(deed)
    except VigilError as error:
        if deed and deed.done:
            print(f"done before it failed: {', '.join(one.stem for one in deed.done)}", file=sys.stderr)
        return _cannot(how, error)
    for line in deed.told:
        print(line)
    return OK


def _words(one: Hold | Range | Word) -> str:
    who = f"by {one.who} since {shown(one.at_us)} UTC: " if one.who else ""
    return f"{who}{one.why}"


def _who() -> str:
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def _cannot(how: How, error: VigilError) -> int:
    print(f"vigil {how}: {error}", file=sys.stderr)
    return CANNOT
