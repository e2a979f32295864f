"""
The cases in `tests/vectors/segment/`, and how each is made.

Run as a program, this writes them anew: `PYTHONPATH=firmware:tests python -m fakes.segment_vector_cases`.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyrage

from fakes.segment_vectors import EXPECT, VECTORS
from fakes.store_builder import BoxBuilder, CameraBuilder
from vigil.segments.age import unb64
from vigil.segments.sidecar import read_line
from vigil.segments.stream import SEALED_CHUNK_BYTES


class Writer:
    """Writes the cases that share one base."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.box = BoxBuilder(top / "good", seed="vectors")
        self.front = self.box.camera()
        self._keys: list[str] = []

    def good(self) -> None:
        """Write the base: a quiet file, a deleted one, a sealed one, a recovered one, an old and a late certificate."""
        front, box = self.front, self.box
        front.quiet()
        front.media()
        front.media(1000, 1000)
        front.media(end="recovered", tail=b"torn by a power cut" * 5)
        front.quiet()
        front.restart(box.session(certified=False))
        front.media(certify_late=True)
        front.quiet(deletes=[2])
        checkpoint = self.top / "good" / "checkpoint"
        checkpoint.write_text(box.enter())
        (box.journal / "lock").unlink()
        self._keys = [f"identity: {box.identity.key.text()}", "journal: state/journal", "checkpoint: checkpoint"]
        verdicts = [f"verdict: front {seq} {self._of(seq)}" for seq in (1, 3, 4, 5, 6, 7)]
        self._expect("good", [
            "comment: what nobody touched, with every kind of ending", *self._keys, f"age: {box.owner.text()}",
            *verdicts, "absent: front 2 2 deleted", *(f"anchored: front {seq}" for seq in (1, 3, 4, 5, 6, 7)),
            *(f"plaintext: {self.path(seq, 'mp4.age')} {self._plaintext(seq)}" for seq in (3, 4, 6)), "intact: yes",
        ])  # fmt: skip

    def path(self, seq: int, suffix: str, *, named: int | None = None) -> str:
        """Return where a file of segment `seq` lies, or would lie as segment `named`."""
        segment = self.front.segments[seq]
        stem = segment.stem.replace(f"{seq:08d}", f"{named or seq:08d}")
        return (segment.directory / f"{stem}.{suffix}").relative_to(self.box.root).as_posix()

    def bad(
        self, name: str, comment: str, *lines: str, files: dict[str, bytes] | None = None, alone: bool = False
    ) -> None:
        """Write a case: what is done to the base, and what a reader says. `alone`: without journal and checkpoint."""
        for path, data in (files or {}).items():
            target = self.top / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        keys = self._keys[:1] if alone else self._keys
        end = [] if any(line.startswith("intact") for line in lines) else ["intact: no"]
        self._expect(name, [f"comment: {comment}", "base: good", *keys, *lines, *end])

    def lines(self, seq: int) -> list[bytes]:
        """Return the lines of a sidecar."""
        return self.front.segments[seq].seal.read_bytes().splitlines(keepends=True)

    def chunk(self, seq: int, number: int) -> int:
        """Return where a chunk begins in the file of a segment."""
        size = self.front.segments[seq].media.stat().st_size
        return (size - 24) % SEALED_CHUNK_BYTES + number * SEALED_CHUNK_BYTES

    def _of(self, seq: int) -> str:
        return "recovered" if seq == 4 else "ok"

    def _plaintext(self, seq: int) -> str:
        owner = pyrage.x25519.Identity.from_str(self.box.owner.text())
        return hashlib.sha256(pyrage.decrypt(self.front.segments[seq].media.read_bytes(), [owner])).hexdigest()

    def _expect(self, name: str, lines: list[str]) -> None:
        (self.top / name).mkdir(exist_ok=True)
        (self.top / name / EXPECT).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_all(top: Path) -> None:
    """Write every case below `top`. The same bytes each time."""
    w = Writer(top)
    w.good()
    _pictures(w)
    _statements(w)
    _segments(w)
    _keys(w)
    _outside(w)


def _pictures(w: Writer) -> None:
    media, ends = w.path(3, "mp4.age"), [w.chunk(3, n) for n in range(3)]
    spans = [
        f"span: front 3 0 {ends[1]}",
        f"span: front 3 {ends[1]} {ends[2]}",
        f"span: front 3 {ends[2]} {ends[2] + 24}",
    ]
    where = {
        "header": (30, 0), "stanza": (100, 0), "mac": (150, 0), "nonce": (ends[0] - 5, 0), "chunk": (ends[1] + 99, 1),
        "tag": (ends[1] - 3, 0), "closer": (ends[2] + 3, 2),
    }  # fmt: skip
    for name, (at, span) in where.items():
        w.bad(f"flip-{name}", f"one bit in the {name} of an age file", f"flip: {media} {at} 3",
              "verdict: front 3 damaged", spans[span])  # fmt: skip
    w.bad("chunk-dropped", "the first chunk is gone", f"drop: {media} {ends[0]} {SEALED_CHUNK_BYTES}",
          "verdict: front 3 truncated")  # fmt: skip
    w.bad("chunks-swapped", "two chunks changed places", f"swap: {media} {ends[0]} {ends[1]} {SEALED_CHUNK_BYTES}",
          "verdict: front 3 damaged", spans[0])  # fmt: skip
    for n, size in enumerate([*ends, ends[0] + 7, ends[1] + 7, ends[2] + 7]):
        place = (
            f"behind chunk {n - 1}" if n in (1, 2) else "before the first chunk" if n == 0 else f"inside chunk {n - 3}"
        )
        w.bad(f"cut-{n}", f"the file ends {place}", f"cut: {media} {size}", "verdict: front 3 truncated")
    closer = closer_of_line(w.lines(3)[1])
    w.bad("cut-to-flush-and-closed", "cut at a flush and completed with its closer: whole to age, not to a reader",
          f"cut: {media} {ends[1]}", f"append: {media} {closer.hex()}", "verdict: front 3 truncated")  # fmt: skip
    w.bad("extended", "bytes behind the end", f"append: {media} 00", "verdict: front 3 extended")
    w.bad("pictures-removed", "the pictures are gone, the statements are not", f"remove: {media}",
          "verdict: front 3 missing")  # fmt: skip
    tail = w.path(4, "tail")
    w.bad("flip-tail", "one bit of what was found behind the end", f"flip: {tail} 9 0", "verdict: front 4 damaged")
    w.bad("tail-removed", "what was found behind the end is gone", f"remove: {tail}", "verdict: front 4 missing")


def _statements(w: Writer) -> None:
    seal, lines = w.path(3, "seal"), w.lines(3)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]
    for n, line in enumerate(lines):
        at = line.index(b'"at_us":') + 10
        w.bad(f"line-{n}-edited", f"one digit of line {n} is another", f"flip: {seal} {starts[n] + at} 0",
              "verdict: front 3 forged", f"line: front 3 {n}")  # fmt: skip
    w.bad("line-unreadable", "a line is no JSON any more", f"flip: {seal} {starts[1]} 0", "verdict: front 3 broken",
          "line: front 3 1")  # fmt: skip
    w.bad("line-removed", "a line in the middle is gone", f"drop: {seal} {starts[1]} {len(lines[1])}",
          "verdict: front 3 broken", "line: front 3 1")  # fmt: skip
    w.bad("last-line-removed", "the end of a sidecar is gone: the next one does not follow",
          f"cut: {seal} {starts[-2]}", "verdict: front 3 unfinished", "verdict: front 4 broken", "line: front 4 0",
          alone=True)  # fmt: skip
    w.bad("line-repeated", "the last line stands there twice", f"append: {seal} {lines[-1].hex()}",
          "verdict: front 3 broken", f"line: front 3 {len(lines)}")  # fmt: skip
    w.bad("line-replayed", "a line of an older segment is slipped in", f"append: {seal} {w.lines(1)[1].hex()}",
          "verdict: front 3 broken", f"line: front 3 {len(lines)}")  # fmt: skip
    w.bad("line-torn", "the last line of the newest sidecar lacks its LF",
          f"cut: {w.path(7, 'seal')} {_size(w, 7) - 1}", "verdict: front 7 unfinished", "intact: yes",
          alone=True)  # fmt: skip
    end = _size(w, 7) - len(w.lines(7)[-1])
    w.bad("room-for-lines", "the newest sidecar is being written: zeros are room for lines to come",
          f"cut: {w.path(7, 'seal')} {end}", f"append: {w.path(7, 'seal')} {'00' * 64}", "verdict: front 7 unfinished",
          "intact: yes", alone=True)  # fmt: skip
    w.bad("zero-byte", "a space became a zero byte, and whole lines follow it",
          f"flip: {seal} {lines[0].index(b' ')} 5", "verdict: front 3 broken", "line: front 3 0")  # fmt: skip
    w.bad("newest-shortened", "the newest sidecar lacks its last line, which the journal knows",
          f"cut: {w.path(7, 'seal')} {_size(w, 7) - len(w.lines(7)[-1])}", "verdict: front 7 broken")  # fmt: skip


def _segments(w: Writer) -> None:
    def removed(seq: int) -> list[str]:
        segment = w.front.segments[seq]
        files = (file for file in (segment.seal, segment.media) if file.exists())
        return [f"remove: {file.relative_to(w.box.root).as_posix()}" for file in files]

    w.bad("statements-removed", "the pictures are there, their statements are not", f"remove: {w.path(3, 'seal')}",
          "verdict: front 3 missing")  # fmt: skip
    w.bad("middle-removed", "a segment is gone", *removed(3), "absent: front 3 3 missing", alone=True)
    w.bad("oldest-removed", "the oldest segment is gone; its statement might have gone with the deleted one",
          *removed(1), "absent: front 1 1 not-proved", "intact: yes", alone=True)  # fmt: skip
    w.bad("oldest-removed-journal", "the oldest segment is gone, and the journal knows better", *removed(1),
          "absent: front 1 1 missing")  # fmt: skip
    w.bad("newest-removed", "the newest segment is gone: only the journal knows", *removed(7),
          "absent: front 7 7 missing", "absent: front 2 2 deleted")  # fmt: skip
    copies = [f"copy: {w.path(3, suffix)} {w.path(3, suffix, named=8)}" for suffix in ("seal", "mp4.age")]
    w.bad("duplicated", "a segment is there twice, under another number", *copies, "verdict: front 8 broken")
    a, b = w.path(3, "seal"), w.path(6, "seal")
    w.bad("reordered", "two segments changed names", f"copy: {a} x", f"copy: {b} {a}", f"copy: x {b}", "remove: x",
          "verdict: front 3 broken", "verdict: front 6 broken", alone=True)  # fmt: skip
    w.bad("session-replayed", "the statements of an older session stand in for the newest",
          f"copy: {w.path(5, 'seal')} {w.path(7, 'seal')}", "verdict: front 7 broken")  # fmt: skip


def _keys(w: Writer) -> None:
    with _scratch() as scratch:
        stranger = BoxBuilder(scratch, seed="stranger")
        theirs = CameraBuilder(stranger, "front", stranger.session())
        theirs.seq, theirs.last[6] = 6, w.front.last[6]
        theirs.restart(stranger.session())
        seal = theirs.quiet().seal.read_bytes()
        w.bad("another-box", "the newest sidecar is by another box", "verdict: front 7 forged", "line: front 7 0",
              files={w.path(7, "seal"): seal})  # fmt: skip
        theirs.seq = 6
        theirs.restart(stranger.session(certified=False))
        nobody = theirs.quiet().seal.read_bytes()
        w.bad("nobodys-key", "the newest sidecar is by a key that nobody certified", "verdict: front 7 uncertified",
              "absent: front 2 2 missing", files={w.path(7, "seal"): nobody}, alone=True)  # fmt: skip
        w.bad("another-identity", "the identity beside the recordings is another than the one given",
              "trouble: identity", files={"video/identity": stranger.identity.key.text().encode() + b"\n"})  # fmt: skip


def _outside(w: Writer) -> None:
    entries = next(path for path in w.box.journal.rglob("00000000.jsonl")).relative_to(w.box.root).as_posix()
    data = (w.box.root / entries).read_bytes()
    lines = data.splitlines(keepends=True)
    start = sum(map(len, lines[:3]))
    w.bad("entry-edited", "one digit of a journal entry is another",
          f"flip: {entries} {start + lines[3].index(b'at_us') + 9} 0", "trouble: journal")  # fmt: skip
    w.bad("entry-dropped", "a journal entry is gone", f"drop: {entries} {start} {len(lines[3])}", "trouble: journal")
    with _scratch() as scratch:
        shutil.copytree(w.box.root, scratch, dirs_exist_ok=True)
        again = BoxBuilder(scratch, seed="vectors")
        again.random = BoxBuilder(scratch / "x", seed="later").random
        again.clock.sleep(7200)
        again.happened.append(("fault.cleared", {}))
        later = again.enter().encode()
        w.bad("checkpoint-ahead", "the journal was rolled back behind a checkpoint that somebody holds",
              "trouble: journal", files={"checkpoint": later})  # fmt: skip
        thief = BoxBuilder(scratch, seed="vectors")
        thief.random = BoxBuilder(scratch / "x", seed="thief").random
        side = CameraBuilder(thief, "side", thief.session())
        path = side.quiet().seal
        forged = {path.relative_to(scratch).as_posix(): path.read_bytes()}
        w.bad("back-dated", "a session certified with the stolen identity key, from before the checkpoint",
              "verdict: side 1 forged", files={**forged, "checkpoint": later, **_journal_of(scratch)})  # fmt: skip
        w.bad("back-dated-not-anchored", "the same without a checkpoint from outside: signed, and not anchored",
              "verdict: side 1 ok", "intact: yes", files=forged, alone=True)  # fmt: skip


def _journal_of(root: Path) -> dict[str, bytes]:
    found = (path for path in (root / "state").rglob("*") if path.is_file() and path.name != "lock")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def _size(w: Writer, seq: int) -> int:
    return w.front.segments[seq].seal.stat().st_size


def closer_of_line(line: bytes) -> bytes:
    """Return the closer in a `flushed` line."""
    return unb64(read_line(line[:-1]).fields["closer"])


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


if __name__ == "__main__":
    for old in VECTORS.glob(f"*/{EXPECT}"):
        shutil.rmtree(old.parent)
    VECTORS.mkdir(parents=True, exist_ok=True)
    write_all(VECTORS)
    sys.stdout.write(f"{sum(1 for _ in VECTORS.glob(f'*/{EXPECT}'))} vectors\n")
