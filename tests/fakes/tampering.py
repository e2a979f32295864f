"""A store with everything in it that ends well, and hands that tamper with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fakes.store_builder import BoxBuilder
from fakes.verifying import Outcome, verified
from vigil.segments.note import NoteKey
from vigil.store.layout import SegmentPath, segments_of

TEN = {
    "front/1": "ok", "front/3": "ok", "front/4": "recovered", "front/5": "ok", "front/6": "ok", "front/7": "ok",
    "front/8": "ok", "front/9": "ok", "yard/1": "ok", "yard/2": "ok",
}  # fmt: skip


@dataclass
class Store:
    """A store to be tampered with. `early` and `late` are checkpoints that somebody outside holds."""

    root: Path
    identity: NoteKey
    early: Path
    late: Path

    def at(self, seq: int, camera: str = "front") -> SegmentPath:
        """Where a segment lies."""
        return next(one for one in segments_of(self.root / "video" / camera) if one.seq == seq)

    @property
    def journal(self) -> Path:
        """Where the journal lies."""
        return self.root / "state/journal"

    @property
    def log(self) -> Path:
        """Where its only log lies."""
        return next(path for path in self.journal.iterdir() if path.is_dir())

    def alone(self) -> Outcome:
        """What somebody finds out who has the video store and nothing else."""
        return verified(self.root)

    def with_journal(self) -> Outcome:
        """What somebody finds out who has the recorder's disks and knows its identity."""
        return verified(self.root, identity=self.identity, journal=self.journal)

    def with_checkpoint(self) -> Outcome:
        """What somebody finds out who holds a checkpoint, too."""
        return verified(self.root, identity=self.identity, journal=self.journal, checkpoints=[self.late])


def make_store(top: Path) -> Store:
    """Make a store below `top` in which everything occurs that ends well; `top/then` is how it was before."""
    box = BoxBuilder(top / "box")
    front, yard = box.camera(), box.camera("yard")
    front.quiet()
    front.media()
    yard.media()
    front.media(1000, 70_000)
    front.media(1000, end="recovered", tail=b"torn" * 20_000)
    front.media()
    front.media()
    early = top / "early"
    early.write_text(box.enter())
    shutil.copytree(box.root, top / "then")
    front.restart(box.session(certified=False))
    front.media(certify_late=True)
    front.restart(box.session())
    front.quiet(deletes=[2])
    front.media()
    yard.media()
    late = top / "late"
    late.write_text(box.enter())
    box.clock.sleep(3600)
    return Store(box.root, box.identity.key, early, late)


def copied(made: Store, root: Path) -> Store:
    """Return a copy of the store at `root`, to be tampered with."""
    shutil.copytree(made.root, root)
    return Store(root, made.identity, made.early, made.late)


def flip(path: Path, bit: int) -> None:
    """Invert one bit, counted from the start of the file, and on from there where it ends."""
    data = bytearray(path.read_bytes())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    path.write_bytes(data)


def edit_lines(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Let `change` have its way with the lines of a file."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def swap(a: SegmentPath, b: SegmentPath, *suffixes: str) -> None:
    """Let files of two segments change places."""
    for one, two in ((getattr(a, name), getattr(b, name)) for name in suffixes):
        data = one.read_bytes()
        one.write_bytes(two.read_bytes())
        two.write_bytes(data)


def remove(path: SegmentPath) -> None:
    """Take all files of a segment away."""
    for file in (path.media, path.tail, path.seal):
        file.unlink(missing_ok=True)


def copy(path: SegmentPath, seq: int, directory: Path, *, at: str | None = None) -> None:
    """Copy a segment to `directory`, under the number `seq` and with another time in its name."""
    stem = f"{seq:08d}-{at or path.stem.partition('-')[2]}"
    directory.mkdir(parents=True, exist_ok=True)
    to = SegmentPath(seq, directory, stem)
    for old, new in ((path.media, to.media), (path.seal, to.seal)):
        shutil.copyfile(old, new)


def rename(path: SegmentPath, *, at: str) -> None:
    """Give a segment another time in its name."""
    copy(path, path.seq, path.directory, at=at)
    remove(path)


def move(path: SegmentPath, directory: Path) -> None:
    """Move a segment to another directory."""
    copy(path, path.seq, directory)
    remove(path)


def shorten(path: SegmentPath) -> None:
    """Leave of a segment only that it was opened."""
    edit_lines(path.seal, lambda lines: lines[:1])
    path.media.unlink()


def hollow(path: SegmentPath) -> None:
    """Leave of a segment an empty sidecar."""
    path.seal.write_bytes(b"")
    path.media.unlink()
