"""Carrying `vigil verify` out: what is asked, what is believed, and how far the hashing has come."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TextIO

from vigil.cli.verify_print import Json, Printer, Tally, Words, size
from vigil.clock import Clock, SystemClock
from vigil.errors import FormatError, VigilError
from vigil.segments.note import NoteKey
from vigil.store.disk import Disk
from vigil.store.marker import store_of
from vigil.store.verify import Verifier
from vigil.store.verify_identity import believe, identity_beside, read_identity
from vigil.store.verify_log import Asked, ask_journal, confront
from vigil.store.verify_paths import Target, choose

INTACT, FAILURE, USAGE = 0, 1, 2
"""Exit codes: all that was looked at is intact; something is not; the command could not be carried out."""
_TELL_EVERY_US = 200_000


def run(args: argparse.Namespace) -> int:
    """Verify what the arguments name; return the exit code."""
    # A terminal that knows few characters gets a question mark, not a traceback.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        target = choose(args.paths)
        pinned = _pinned(args.identity)
        journal = _journal(args.journal, target)
        _readable(args.checkpoint)
    except (VigilError, OSError) as error:
        print(f"vigil verify: {error}", file=sys.stderr)
        return USAGE
    printer: Printer = Json(sys.stdout) if args.json else Words(sys.stdout, quiet=args.quiet)
    shown = sys.stderr if sys.stderr.isatty() and not args.quiet else None
    progress = Progress(shown, SystemClock(), target.total_bytes)
    return _verify(target, pinned, journal, outside=args.checkpoint, printer=printer, progress=progress)


class Progress:
    """A line on the terminal that says how far the hashing has come. Without a terminal only the bytes are counted."""

    def __init__(self, out: TextIO | None, clock: Clock, total_bytes: int) -> None:
        self._out = out
        self._clock = clock
        self._total = total_bytes
        self._began_us = self._told_us = clock.steady_us()
        self._shown = False
        self.hashed_bytes = 0

    def read(self, count: int) -> None:
        """Note that `count` more bytes were hashed."""
        self.hashed_bytes += count
        now = self._clock.steady_us()
        if self._out is None or now - self._told_us < _TELL_EVERY_US:
            return
        self._told_us = now
        speed = self.hashed_bytes * 1_000_000 // max(1, now - self._began_us)
        part = f" of {size(self._total)} ({100 * self.hashed_bytes // self._total} %)" if self._total else ""
        print(f"\r{size(self.hashed_bytes)}{part}, {size(speed)}/s\x1b[K", end="", file=self._out, flush=True)
        self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._out and self._shown:
            print("\r\x1b[K", end="", file=self._out, flush=True)
            self._shown = False


def _verify(
    target: Target,
    pinned: NoteKey | None,
    journal: Path | None,
    *,
    outside: list[Path],
    printer: Printer,
    progress: Progress,
) -> int:
    disk, tally = Disk(), Tally()
    directories = sorted({one.directory for selection in target.selections for one in selection.segments})
    believed = believe(disk, pinned, identity_beside(target.video, directories))
    store = store_of(disk, target.video) if target.video and journal else None
    asked = ask_journal(disk, journal, believed.key, outside, store=store)
    troubles = [*([believed.trouble] if believed.trouble else []), *asked.troubles]
    if journal is None and not outside and target.whole_store:
        asked.notes.append("there is no journal here, so it cannot be told whether the newest segments were taken away")
    if not _anything(target, asked) and not troubles:
        print("vigil verify: there is not one recording here, and the journal knows of none", file=sys.stderr)
        return USAGE
    printer.begin(believed, asked)
    verifier = Verifier(disk, believed.key, asked.known, read=progress.read)
    for report in verifier.verify(target):
        tally.add(report)
        progress.clear()
        printer.report(report)
    progress.clear()
    tally.hashed_bytes = progress.hashed_bytes
    troubles += confront(disk, journal, verifier.named.values())
    printer.end(tally, troubles)
    return FAILURE if tally.failures or troubles else INTACT


def _anything(target: Target, asked: Asked) -> bool:
    known = asked.known.segments if asked.known else {}
    return any(selection.segments for selection in target.selections) or bool(known)


def _pinned(text: str | None) -> NoteKey | None:
    """Return the identity that was given as a key, or as a file that holds one."""
    if text is None:
        return None
    if "+" not in text or Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8")
    return read_identity(text)


def _journal(given: Path | None, target: Target) -> Path | None:
    """Return the journal's directory: the one given, or the one that belongs to the store."""
    if given is not None:
        if not given.is_dir():
            raise FormatError(f"there is no journal in {given}")
        return given
    beside = target.video.parent / "state" / "journal" if target.video else None
    return beside if beside and beside.is_dir() else None


def _readable(paths: list[Path]) -> None:
    for path in paths:
        if not path.is_file():
            raise FormatError(f"there is no checkpoint {path}")
