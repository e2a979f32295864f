"""
Verifying recordings where they lie: files, a day, a camera or a whole store.

Segment after segment is read once and let go, so that a store of any size takes
the same memory. Nothing is ever written.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vigil.segments.note import NoteKey
from vigil.segments.verify import nothing_read
from vigil.segments.verify_absent import Absence, Absent, account_for, runs
from vigil.segments.verify_account import Deleted
from vigil.segments.verify_chain import ChainCheck, Checked, Hole
from vigil.segments.verify_words import Finding, Verdict
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.verify_journal import Known, Named
from vigil.store.verify_paths import Selection, Target
from vigil.store.verify_segment import Judged, camera_of, judge, read_account


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """The verdict on one segment. `anchored` says that somebody outside vouches for it."""

    camera: str
    path: Path
    checked: Checked
    anchored: bool

    @property
    def failure(self) -> bool:
        """Whether it is not what was recorded, or nobody vouches for it."""
        return not self.checked.intact


@dataclass(frozen=True, slots=True)
class AbsentReport:
    """What became of segments that are not here."""

    camera: str
    absent: Absent

    @property
    def failure(self) -> bool:
        """Whether somebody has something to explain."""
        return self.absent.failure


Report = SegmentReport | AbsentReport


class Verifier:
    """Verifies selections one after the other, all by the same `identity` and `journal`."""

    def __init__(
        self,
        disk: Disk,
        identity: NoteKey | None,
        journal: Known | None,
        *,
        read: Callable[[int], None] = nothing_read,
    ) -> None:
        self._disk = disk
        self._identity = identity
        self._journal = journal or Known()
        self._read = read
        self._anchored_us: dict[str, int] = {}
        self.named: dict[str, Named] = {}
        """For each camera the newest checkpoint of the journal that its recorder had seen."""

    def verify(self, target: Target) -> Iterator[Report]:
        """Yield a report on every segment and every gap in the numbers; progress is told by `read`, in bytes hashed."""
        for selection in target.selections:
            for camera, segments in self._by_camera(selection):
                yield from self._chain(replace(selection, camera=camera, segments=segments), camera)
        if target.whole_store:
            seen = {one.camera for one in target.selections}
            for camera in sorted(self._journal.segments.keys() - seen):
                yield from self._unseen(camera, 0)

    def _by_camera(self, selection: Selection) -> Iterator[tuple[str, list[SegmentPath]]]:
        if selection.camera is not None:
            yield selection.camera, selection.segments
            return
        groups: dict[str, list[SegmentPath]] = {}
        for segment in selection.segments:
            groups.setdefault(camera_of(self._disk, segment) or "unknown", []).append(segment)
        yield from sorted(groups.items())

    def _chain(self, selection: Selection, camera: str) -> Iterator[Report]:
        chain = ChainCheck(certified=self._journal.certified, whole=selection.whole)
        paths: dict[int, Path] = {}
        newest = 0
        for seq, group in _in_order(selection):
            newest = seq
            path, judged = self._true_one(group, camera)
            yield from (_duplicate(camera, one, path) for one in group if one.seal != path)
            paths[seq] = path
            self._note_checkpoint(camera, seq, judged)
            for one in chain.feed(seq, judged.account, judged.finding):
                yield self._report(camera, paths.pop(one.seq), one)
        for one in chain.end():
            yield self._report(camera, paths.pop(one.seq), one)
        for absent in self._absent(selection, camera, chain):
            yield AbsentReport(camera, absent)
        if selection.whole:
            yield from self._unseen(camera, newest)

    def _note_checkpoint(self, camera: str, seq: int, judged: Judged) -> None:
        account = judged.account
        if account and account.opened and account.fault is None:
            note = account.opened.fields.get("checkpoint")
            if isinstance(note, str):
                self.named[camera] = Named(camera, seq, note)

    def _true_one(self, group: list[SegmentPath], camera: str) -> tuple[Path, Judged]:
        """Return the one of several segments with the same number whose name and statements agree, judged."""
        for segment in group:
            judged = judge(self._disk, segment, camera, self._identity, read=self._read)
            if judged.account is not None:
                break
        return segment.seal, judged

    def _report(self, camera: str, path: Path, one: Checked) -> SegmentReport:
        judged = replace(one, finding=self._journal.judge(camera, one, after_us=self._anchored_us.get(camera, 0)))
        anchored = self._journal.anchored(camera, judged)
        if anchored:
            self._anchored_us[camera] = judged.last_us
        return SegmentReport(camera, path, judged, anchored=anchored)

    def _absent(self, selection: Selection, camera: str, chain: ChainCheck) -> Iterator[Absent]:
        holes, deletions = chain.holes, chain.deletions()
        if not selection.whole:
            # Of a few files nobody expects that they follow one another; of a directory one does.
            if selection.directory is None or not holes:
                return
            others = [one for one in segments_of(selection.directory) if one not in selection.segments]
            holes = without(holes, {one.seq for one in others})
            if holes:
                deletions |= self._deletions_in([one for one in others if one.seq > holes[0].first])
        yield from account_for(
            holes,
            deletions,
            journal=self._journal.deleted.get(camera, {}),
            journal_whole=self._journal.whole,
            expected=self._journal.expected(camera),
        )

    def _deletions_in(self, segments: list[SegmentPath]) -> dict[int, Deleted]:
        """Return what sidecars outside the selection say was deleted."""
        certified, found = set(self._journal.certified), {}
        for segment in segments:
            account = read_account(self._disk, segment.seal, self._identity)
            if account and account.fault is None:
                certified |= account.certificates.keys()
                found.update({one.seq: one for one in account.deleted})
        return {seq: one for seq, one in found.items() if one.key in certified}

    def _unseen(self, camera: str, newest: int) -> Iterator[AbsentReport]:
        """Yield the segments behind the newest one here that the journal knows of."""
        for first, last in runs([seq for seq in self._journal.expected(camera) if seq > newest]):
            yield AbsentReport(
                camera, Absent(first, last, Absence.MISSING, "the journal knows of it, and of no deletion")
            )


def without(holes: Iterable[Hole], there: Collection[int]) -> list[Hole]:
    """Return `holes` less the segments that lie elsewhere."""
    left = []
    for hole in holes:
        at = hole.first
        for seq in sorted(seq for seq in there if hole.first <= seq <= hole.last):
            if at < seq:
                left.append(Hole(at, seq - 1, None))
            at = seq + 1
        if at <= hole.last:
            left.append(Hole(at, hole.last, hole.prev))
    return left


def _in_order(selection: Selection) -> Iterator[tuple[int, list[SegmentPath]]]:
    """
    Yield (seq, what is called so), ascending.

    While the store is being written, new segments come and old ones go, and
    the newest sidecar says which. So it is read last, and again looked for
    when everything before it was read.
    """
    done = 0
    while todo := [one for one in selection.segments if one.seq > done]:
        groups = [(seq, list(group)) for seq, group in itertools.groupby(todo, key=lambda one: one.seq)]
        for done, group in groups[:-1]:
            yield done, group
        if selection.whole and selection.directory:
            selection.segments = segments_of(selection.directory)
            if selection.segments and selection.segments[-1].seq > groups[-1][0]:
                continue
        yield groups[-1]
        done = groups[-1][0]


def _duplicate(camera: str, segment: SegmentPath, other: Path) -> SegmentReport:
    finding = Finding(Verdict.BROKEN, f"{other.stem} is called segment {segment.seq} as well")
    return SegmentReport(camera, segment.seal, Checked(seq=segment.seq, finding=finding), anchored=False)
