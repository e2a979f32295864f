"""
The invariants of a store (docs/spec/store.md), as a program.

Every statement is read and its signature checked; the pictures are only
measured: whether they are still what was signed is for `vigil verify` to say.
No key is needed. A recorder may be at work: what looks wrong is looked at
again, and only what is still wrong then is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from vigil.errors import StoreError, StoreFault
from vigil.segments.sidecar import CHAIN_START
from vigil.segments.verify_absent import runs
from vigil.segments.verify_account import Account, read_sidecar
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.keeps import ACTS, Act, How, Span
from vigil.store.layout import SegmentPath, cameras_in, segments_of
from vigil.store.marker import check_marker
from vigil.store.sidecar_file import sizes

INVARIANTS = {
    0: "the store bears its marker",
    1: "for every file of pictures there is a sidecar",
    2: "only the newest sidecar of a camera may be unfinished",
    3: "every statement is signed and follows the one before it",
    4: "every file is as long as its last statement says",
    5: "no number is missing without a statement that says why",
    6: "what is held is not deleted",
    7: "the newest sidecar of a camera is not deleted",
}
"""In the words of docs/spec/store.md, shortened; 0 is what *Open* asks for before anything is written."""

Told = Callable[[int], None]


def nothing_told(_: int) -> None:
    """Do nothing: for those who do not ask for progress."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Where the store is not as it must be: `says` what is wrong, `todo` what to do about it."""

    invariant: int
    camera: str
    seq: int | None
    says: str
    todo: str


@dataclass(slots=True)
class Checked:
    """What was looked at, and what is wrong."""

    cameras: int = 0
    segments: int = 0
    statements: int = 0
    held: int = 0
    problems: list[Problem] = field(default_factory=list)


def check_store(disk: Disk, video: Path, *, told: Told) -> Checked:
    """Check the store in `video`; `told` hears how many more segments were looked at."""
    all_ = Checked()
    try:
        check_marker(disk, video, None)
    except StoreError as error:
        all_.problems.append(Problem(0, "", None, str(error), "nothing is recorded here until that is done"))
    for camera in cameras_in(video):
        found = _CameraCheck(disk, camera, video / camera).run(told)
        if found.problems:
            # A recorder seals, begins and deletes while we read; nothing of that looks wrong twice in the same way.
            again = _CameraCheck(disk, camera, video / camera).run(nothing_told)
            found.problems = [one for one in again.problems if one in found.problems]
        all_.cameras += 1
        all_.segments += found.segments
        all_.statements += found.statements
        all_.held += found.held
        all_.problems += found.problems
    return all_


class _CameraCheck:
    """One pass over one camera, oldest segment first. Memory grows with the deletions stated, no more."""

    def __init__(self, disk: Disk, camera: str, directory: Path) -> None:
        self._disk = disk
        self._camera = camera
        self._directory = directory
        self._found = Checked(cameras=1)
        self._deleted: dict[int, str] = {}
        self._there: list[int] = []
        self._behind_holes: list[tuple[int, str]] = []
        self._lost_pictures: list[tuple[int, int]] = []
        self._last: tuple[int, str | None] = (0, CHAIN_START)

    def run(self, told: Told) -> Checked:
        paths = segments_of(self._directory)
        seals = [path for path in paths if path.seal.exists()]
        newest = seals[-1] if seals else None
        for _, same in groupby(paths, key=lambda path: path.seq):
            first, *others = same
            for other in others:
                self._problem(
                    5, other.seq, f"{other.stem} bears the same number as {first.stem}",
                    "one of them was copied here: `vigil verify` says which one is in the chain; move the other away",
                )  # fmt: skip
            self._segment(first, is_newest=first == newest)
            told(1)
        self._absent()
        return self._found

    def _segment(self, path: SegmentPath, *, is_newest: bool) -> None:
        self._found.held += path.keep.exists() and bool(Holds(self._disk, self._directory).keep_of(path).hold)
        if not path.seal.exists():
            self._without_statements(path)
            return
        try:
            account = read_sidecar(self._disk.read_bytes(path.seal), None)
        except StoreFault as fault:
            if path.seal.exists():
                self._problem(3, path.seq, f"its statements cannot be read: {fault}", _DYING)
                # A recorder that could not read it either began a new chain behind it.
                self._there.append(path.seq)
                self._last = path.seq, None
            return
        self._found.segments += 1
        self._found.statements += account.lines
        self._there.append(path.seq)
        self._deleted.update({one.seq: one.last for one in account.deleted})
        self._finished(path, account, is_newest=is_newest)
        self._chained(path, account)
        self._measured(path, account)
        self._last = path.seq, account.last

    def _without_statements(self, path: SegmentPath) -> None:
        what = "pictures are" if path.media.exists() else "a tail is" if path.tail.exists() else ""
        if what:
            self._problem(
                1, path.seq, f"{what} here, the sidecar that signs them is not",
                "somebody removed the sidecar; nobody can verify these pictures without it, `age` still opens them",
            )  # fmt: skip
        elif path.keep.exists():
            self._problem(
                6, path.seq, "it is held, and it is gone",
                "somebody deleted it by hand, for no recorder does; look for a copy, then remove the .keep file",
            )  # fmt: skip

    def _finished(self, path: SegmentPath, account: Account, *, is_newest: bool) -> None:
        if is_newest or account.fault or (account.end and not account.torn_bytes):
            return
        what = "its last line is torn" if account.torn_bytes else "it has no last line"
        self._problem(
            2, path.seq, f"{what}, although newer segments follow it",
            "something other than a recorder cut it short; `vigil verify` says what of it is whole",
        )  # fmt: skip

    def _chained(self, path: SegmentPath, account: Account) -> None:
        if account.fault:
            self._problem(3, path.seq, account.fault.why, _ALTERED)
        if account.opened is None:
            return
        seq, last = self._last
        if seq + 1 < path.seq:
            self._behind_holes.append((path.seq, account.opened.prev))
        elif last not in (None, account.opened.prev):
            before = f"the last line of segment {seq}" if seq else "the beginning of the camera"
            self._problem(3, path.seq, f"its first line does not follow {before}", _ALTERED)

    def _measured(self, path: SegmentPath, account: Account) -> None:
        covered, size = account.covered_bytes, sizes(path.media)
        if covered and not path.media.exists():
            self._lost_pictures.append((path.seq, covered))
        elif size < covered:
            self._problem(4, path.seq, f"its file ends after {size} of {covered} bytes", _DYING)
        elif account.end and size > covered:
            self._problem(4, path.seq, f"its file has {size - covered} bytes that nobody signed", _ALTERED)
        tail = account.end.fields.get("tail_bytes", 0) if account.end else 0
        if sizes(path.tail) < tail:
            self._problem(4, path.seq, f"its .tail has {sizes(path.tail)} of {tail} bytes", _DYING)

    def _absent(self) -> None:
        """Say what is wrong about what is not here: for that, every deletion must have been heard of."""
        newest_deleted = max(self._deleted, default=0)
        newest = self._there[-1] if self._there else 0
        for seq, covered in self._lost_pictures:
            if seq not in self._deleted:  # then it is being deleted, or the next start finishes it
                self._problem(4, seq, f"its {covered} bytes of pictures are gone", _ALTERED)
        there = set(self._there)
        # What is older than a deleted sidecar may have been named by that one.
        lost = [seq for seq in range(newest_deleted + 1, newest) if seq not in there]
        for first, last in runs(lost):
            which = "it is" if first == last else f"{last - first + 1} segments, up to {last}, are"
            self._problem(5, first, f"{which} not here, and nobody says it was deleted", _ALTERED)
        for seq, prev in self._behind_holes:
            if self._deleted.get(seq - 1) not in (None, "", prev):
                self._problem(3, seq, f"its first line does not follow the deleted segment {seq - 1}", _ALTERED)
        for path in segments_of(self._directory):
            if path.seq in self._deleted and path.keep.exists() and path.seal.exists():
                self._problem(
                    6, path.seq, "a statement says it is deleted, and it is held",
                    "it stays; somebody placed the hold by hand, past `vigil hold`",
                )  # fmt: skip
        for seq_or_none, says, again in self._let_go_unsaid():
            self._problem(6, seq_or_none, says, f"{again}, or it will be deleted in its turn")
        if newest_deleted >= newest > 0:
            self._problem(
                7, newest_deleted, "it was the newest, and a statement says it was deleted",
                "newer sidecars were taken away; `vigil verify` with the journal says which",
            )  # fmt: skip

    def _let_go_unsaid(self) -> list[tuple[int | None, str, str]]:
        """Return what was held or starred, not released, and is not so any more: each with what to do about it."""
        holds = Holds(self._disk, self._directory)
        newest: dict[tuple[int | None, Span | None, How], Act] = {}
        try:
            for act in holds.acts():
                how = next(how for how, words in ACTS.items() if act.act in words)
                newest[act.seq, act.span if act.seq is None else None, how] = act
        except StoreFault:
            return []  # what cannot be read says nothing of a hold, and `.keep` binds without it
        found: list[tuple[int | None, str, str]] = []
        lasting = {key: act for key, act in newest.items() if act.act == ACTS[key[2]][0]}
        there = {path.seq: path for path in segments_of(self._directory) if path.seal.exists()}
        for seq, span, how in lasting:
            verb, past = ("hold", "held") if how is How.HOLD else ("star", "starred")
            if seq is None and span and not holds.read_keep(self._directory / span.name).word(how):
                what = (
                    f"somebody {past} all from {span.from_us} to {span.to_us} µs, nobody released it, and that is gone"
                )
            elif seq in there and seq not in self._deleted and not holds.keep_of(there[seq]).word(how):
                what = f"somebody {past} it, nobody released it, and its {verb} is gone"
            else:
                continue
            found.append((seq, what, f"{verb} it again with `vigil {verb} place`"))
        return found

    def _problem(self, invariant: int, seq: int | None, says: str, todo: str) -> None:
        self._found.problems.append(Problem(invariant, self._camera, seq, says, todo))


_ALTERED = "somebody altered the store by hand; `vigil verify` says what can still be believed"
_DYING = "the disk lost what it had confirmed: copy the recordings away and replace it"
