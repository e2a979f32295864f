"""
Holds and stars of time ranges: they keep what was recorded in that time, and what will be.

A range is a file in the camera's directory whose name says from when to when,
so that it binds whatever became of its content. Each segment of that time gets
a `.keep` of its own, as though somebody had held it; what is recorded later
gets it from guard, or from whoever would delete it (docs/spec/store.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from vigil.store.disk import Disk, named
from vigil.store.holds import KEEP_LOCK, Holds
from vigil.store.keeps import ACTS, How, Span, Word, act_line, checked, span_named
from vigil.store.lasting import lasted
from vigil.store.layout import SegmentPath, segments_of


@dataclass(frozen=True, slots=True)
class Range:
    """A time range of a camera that is kept: how, and who says so and why."""

    span: Span
    how: How
    who: str
    why: str
    at_us: int


class Ranges:
    """The ranges of one camera; `directory` is the camera's."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory
        self._holds = Holds(disk, directory)

    def all(self) -> list[Range]:
        """Return the ranges that are kept, the earliest first. Raises `StoreFault` where the disk cannot say."""
        with named(self._directory, "list"):
            try:
                spans = sorted(span for entry in self._directory.iterdir() if (span := span_named(entry.name)))
            except FileNotFoundError:
                spans = []
        return [
            Range(span, how, word.who, word.why, word.at_us)
            for span in spans
            for how in How
            if (word := self._holds.read_keep(self._directory / span.name).word(how))
        ]

    def place(self, span: Span, *, who: str, why: str, at_us: int, how: How = How.HOLD) -> list[SegmentPath]:
        """
        Keep all of the camera's recordings in `span`, later ones too; return the segments kept from now on.

        Durable when this returns. Raises `StoreError`: where not even the
        range was durable nothing is kept; else it is, and the same call may be
        made again.
        """
        word = checked(who, why, at_us)
        self._disk.make_directory(self._directory)
        with self._disk.locked(self._directory / KEEP_LOCK):
            path = self._directory / span.name
            keep = self._holds.read_keep(path)
            if keep.word(how):
                self._disk.sync_directory(self._directory)
            else:
                self._holds.put(path, keep.with_word(how, word))
                self._holds.log(act_line(ACTS[how][0], None, replace(word, span=span)))
        there = (one for one in segments_of(self._directory) if one.seal.exists())
        return [one for one in there if self._reaches(span, one) and self.bind(one, span, how)]

    def bind(self, segment: SegmentPath, span: Span, how: How) -> bool:
        """Keep `segment` on account of `span`, where that is kept still. False where it was kept already, or went."""
        with self._disk.locked(self._directory / KEEP_LOCK):
            return self._bind_locked(segment, span, how)

    def bind_locked(self, segment: SegmentPath) -> None:
        """Keep `segment`, which somebody is about to delete, where a range says so; for who has the lock."""
        for one in self.all():
            if not self._holds.keep_of(segment).word(one.how) and self._reaches(one.span, segment):
                self._bind_locked(segment, one.span, one.how)

    def release(self, span: Span, *, who: str, why: str, at_us: int, how: How = How.HOLD) -> list[SegmentPath] | None:
        """
        Let `span` go, and every segment that it alone keeps; return those. None where it keeps nothing.

        Raises `StoreError`; then the same call may be made again.
        """
        word = checked(who, why, at_us, span)
        with self._disk.locked(self._directory / KEEP_LOCK):
            path = self._directory / span.name
            keep = self._holds.read_keep(path)
            if stood := bool(keep.word(how)):
                self._holds.log(act_line(ACTS[how][1], None, word))
                self._holds.put(path, keep.with_word(how, None))
        ours = [one.segment for one in self._holds.held(how) if one.span == span]
        gone = [one for one in ours if self._let_go(one, word, how)]
        return gone if stood or ours else None

    def _let_go(self, segment: SegmentPath, word: Word, how: How) -> bool:
        """Release one segment of a range that is no longer kept, unless another range keeps it; say whether it goes."""
        with self._disk.locked(self._directory / KEEP_LOCK):
            before = self._holds.keep_of(segment).word(how)
            if before is None or before.span != word.span:
                return False
            for other in self.all():
                if other.how is how and self._reaches(other.span, segment):
                    instead = Word(other.who, other.why, word.at_us, other.span)
                    self._holds.log(act_line(ACTS[how][0], segment.seq, instead))
                    self._holds.put(segment.keep, self._holds.keep_of(segment).with_word(how, instead))
                    return False
            self._holds.release_locked(segment, word, how)
            return True

    def _bind_locked(self, segment: SegmentPath, span: Span, how: How) -> bool:
        word = self._holds.read_keep(self._directory / span.name).word(how)
        if word is None or not segment.seal.exists():
            return False
        return self._holds.place_locked(segment, replace(word, span=span), how)

    def _reaches(self, span: Span, segment: SegmentPath) -> bool:
        """Say whether a segment lies in `span`; one that nobody can date does, to be careful."""
        times = lasted(self._disk, segment)
        return times is None or span.covers(*times)
