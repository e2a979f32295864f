"""Judging a journal: is every entry the one that was written, and who else can confirm it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vigil import errors
from vigil.errors import Forged, FormatError, LogDamaged, LogFork, VigilError
from vigil.segments.checkpoint import Checkpoint, open_checkpoint
from vigil.segments.note import NoteKey
from vigil.store.disk import Disk
from vigil.store.entry import number_of, read_entry
from vigil.store.journal_read import LogReader
from vigil.store.log_files import PER_FILE, find_logs, log_id_of
from vigil.store.merkle import Frontier, leaf_hash

MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written; `error` names the class of error, `seq` the first entry it concerns."""

    error: str
    seq: int | None
    text: str

    def exception(self) -> VigilError:
        """Return it as the error to raise."""
        kind: type[VigilError] = getattr(errors, self.error)
        return kind(self.text)


@dataclass(slots=True)
class LogVerdict:
    """
    What was found in one log.

    `size` entries, of which `unseen` have no body any more; `checkpoints` notes
    of its own verified, the largest of which is `signed`. `anchored` is the
    largest checkpoint from elsewhere that the log agrees with: nothing before
    it was altered since somebody else got it. None means *not anchored*.
    """

    log_id: str
    origin: str = ""
    size: int = 0
    root: bytes = b""
    unseen: int = 0
    checkpoints: int = 0
    signed: Checkpoint | None = None
    anchored: Checkpoint | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong with what is here (which says nothing about what somebody rewrote whole)."""
        return not self.problems

    @property
    def first_bad(self) -> int | None:
        """The first entry that something is wrong with."""
        return min((each.seq for each in self.problems if each.seq is not None), default=None)

    def raise_first(self) -> None:
        """Raise the first problem, if there is one."""
        if self.problems:
            raise self.problems[0].exception()

    def add(self, error: type[VigilError], seq: int | None, text: str) -> None:
        """Note a problem; after a hundred only the first ones are kept."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(error.__name__, seq, text))


def check_journal(
    directory: Path, keys: Iterable[NoteKey], outside: Iterable[Checkpoint] = (), *, disk: Disk | None = None
) -> list[LogVerdict]:
    """
    Judge every log in the journal at `directory`.

    `keys` sign checkpoints; `outside` are checkpoints that somebody else kept.
    One of a log that is not here gives a verdict of its own.
    """
    keys, outside = list(keys), list(outside)
    verdicts = [check_log(files.directory, keys, outside, disk=disk) for files in find_logs(directory)]
    here = {verdict.log_id for verdict in verdicts}
    for origin in sorted({each.origin for each in outside if log_id_of(each.origin) not in here}):
        verdict = LogVerdict(log_id_of(origin), origin)
        verdict.add(LogFork, None, f"there is a checkpoint of the log {origin} elsewhere, and it is not here")
        verdicts.append(verdict)
    return verdicts


def check_log(
    directory: Path, keys: Iterable[NoteKey], outside: Iterable[Checkpoint] = (), *, disk: Disk | None = None
) -> LogVerdict:
    """Judge one log, reading all of it (docs/spec/journal.md, *What a reader checks*)."""
    verdict = LogVerdict(directory.name)
    try:
        reader = LogReader(directory, disk=disk)
        verdict.origin = reader.origin
        _Check(reader, verdict, list(keys), list(outside)).run()
    except (FormatError, LogDamaged) as error:
        verdict.add(type(error), None, str(error))
    return verdict


class _Check:
    """One pass over a log."""

    def __init__(self, reader: LogReader, verdict: LogVerdict, keys: list[NoteKey], outside: list[Checkpoint]) -> None:
        self._reader = reader
        self._verdict = verdict
        self._keys = keys
        self._outside = [each for each in outside if each.origin == reader.origin]
        self._tree = Frontier()
        self._roots: dict[int, bytes] = {}
        self._first_kept = 0
        self._stated = 0

    def run(self) -> None:
        """Find everything that is wrong."""
        verdict = self._verdict
        own = self._own_checkpoints()
        hashed = self._reader.tiles.count(0)
        wanted = {each.size for each in (*own, *self._outside)}
        if 0 in wanted:
            self._roots[0] = self._tree.root()
        for seq, leaf in self._leaves(hashed):
            if leaf is None:
                verdict.add(LogDamaged, seq, f"neither entry {seq} nor its hash is here")
                break
            self._tree.append(leaf)
            if self._tree.size in wanted:
                self._roots[self._tree.size] = self._tree.root()
        verdict.size, verdict.root = self._tree.size, self._tree.root()
        if self._first_kept > self._stated:
            verdict.add(LogDamaged, 0, f"entries before {self._first_kept} are gone, and no entry says why")
        self._compare_own(own)
        self._compare_outside()

    def _own_checkpoints(self) -> list[Checkpoint]:
        """Return the log's own checkpoints that are signed as they should be."""
        good: list[Checkpoint] = []
        notes = self._reader.notes()
        if not notes:
            self._verdict.add(LogDamaged, None, "this log has no checkpoints")
        for number, note in enumerate(notes):
            try:
                found = open_checkpoint(note, self._keys)
            except (FormatError, Forged) as error:
                self._verdict.add(type(error), None, f"checkpoint {number}: {error}")
                continue
            if found.origin != self._reader.origin:
                self._verdict.add(LogDamaged, None, f"checkpoint {number} is of another log")
            elif good and found.size < good[-1].size:
                self._verdict.add(LogDamaged, found.size, f"checkpoint {number} goes back to {found.size} entries")
            else:
                good.append(found)
                self._verdict.checkpoints += 1
        return good

    def _leaves(self, hashed: int) -> Iterator[tuple[int, bytes | None]]:
        """Yield (seq, leaf hash) for the whole log: the hash from the tiles where there is one, else from the body."""
        verdict, tiles = self._verdict, self._reader.tiles
        kept = tiles.leaves(0, hashed)
        end = 0
        for seq, line in self._bodies():
            stored = next(kept, None)
            end = seq + 1
            if line is None:
                verdict.unseen += 1
                yield seq, stored
                continue
            leaf = leaf_hash(line)
            if stored is not None and stored != leaf:
                verdict.add(LogDamaged, seq, f"entry {seq} is not the one that was written: its hash is another")
            yield seq, stored or leaf
        if hashed > end:
            verdict.add(LogDamaged, end, f"entries from {end} on are gone: there were {hashed} or more")
            for seq, stored in enumerate(kept, end):
                verdict.unseen += 1
                yield seq, stored

    def _bodies(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield (seq, line) for each entry in order, without a line where the body is not here."""
        seq = 0
        for claimed, line in self._claims():
            position = seq if claimed is None or (claimed > seq and self._lies(claimed, line)) else claimed
            if claimed is None or position != claimed:
                self._verdict.add(FormatError, seq, f"what stands where entry {seq} belongs is not an entry {seq}")
            if position < seq:
                self._verdict.add(LogDamaged, seq, f"entry {position} stands where entry {seq} belongs")
                continue
            if position > seq:
                if seq == 0:
                    self._first_kept = position
                else:
                    self._verdict.add(LogDamaged, seq, f"entry {seq} is missing")
                yield from ((missing, None) for missing in range(seq, position))
            self._note_pruned(position, line)
            yield position, line
            seq = position + 1

    def _claims(self) -> Iterator[tuple[int | None, bytes]]:
        """Yield (the number that it claims, line) for every line; None where it is no entry."""
        limit = (max(self._reader.files.entry_numbers(), default=0) + 1) * PER_FILE
        for _, _, line in self._reader.lines():
            try:
                claimed = number_of(line)
            except FormatError:
                yield None, line
                continue
            yield (claimed if claimed < limit else None), line

    def _lies(self, claimed: int, line: bytes) -> bool:
        """Say whether the hash of entry `claimed` is known, and is not that of `line`."""
        return next(self._reader.tiles.leaves(claimed, claimed + 1)) not in (None, leaf_hash(line))

    def _note_pruned(self, seq: int, line: bytes) -> None:
        if b'"kind":"journal.pruned"' not in line:
            return
        try:
            before = read_entry(self._reader.log_id, seq, line).fields.get("before")
        except FormatError:
            return
        if type(before) is int and before <= seq:
            self._stated = max(self._stated, before)

    def _compare_own(self, own: list[Checkpoint]) -> None:
        good = 0
        for checkpoint in own:
            found = self._roots.get(checkpoint.size)
            if found is None:
                size = self._verdict.size
                self._verdict.add(LogDamaged, size, f"a checkpoint has {checkpoint.size} entries, {size} are here")
            elif found != checkpoint.root:
                text = f"one of the entries {good} to {checkpoint.size - 1} is not the one that was written"
                self._verdict.add(LogDamaged, good, f"{text}: the root of {checkpoint.size} entries is another")
            else:
                good = checkpoint.size
                self._verdict.signed = checkpoint
                continue
            return

    def _compare_outside(self) -> None:
        for checkpoint in sorted(self._outside, key=lambda each: each.size):
            found = self._roots.get(checkpoint.size)
            size = self._verdict.size
            if found is None:
                self._verdict.add(LogFork, size, f"{checkpoint.size} entries were known elsewhere, {size} are here")
            elif found != checkpoint.root:
                start = self._verdict.anchored.size if self._verdict.anchored else 0
                text = f"the first {checkpoint.size} entries are not those that were known elsewhere"
                self._verdict.add(LogFork, start, text)
            else:
                self._verdict.anchored = checkpoint
                continue
            return
