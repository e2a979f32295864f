"""Where the files of a log lie and how the small ones are read (docs/spec/journal.md, *On the disk*)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import FormatError, LogDamaged
from vigil.store.disk import Disk, DiskFile, named
from vigil.store.entry import MAX_LINE_BYTES, number_of

PER_FILE = 1 << 16
"""Entries in a file, and hashes in a file of tiles."""
PART = ".part"
_LOG_ID = re.compile(r"[0-9a-f]{16}")
_NUMBER = re.compile(r"[0-9]{8}(\.jsonl)?")
_FOLLOWS = "follows "
_PIECE_BYTES = 1 << 18


def log_id_of(origin: str) -> str:
    """Return the name of a log's directory: 16 hex digits of the SHA-256 of its origin."""
    return hashlib.sha256(origin.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Identity:
    """What the file `origin` says: who the log is, and the ids of the logs that it follows."""

    origin: str
    follows: tuple[str, ...] = ()

    @property
    def log_id(self) -> str:
        """The name of the log's directory."""
        return log_id_of(self.origin)

    def text(self) -> str:
        """Return the content of the file."""
        return self.origin + "\n" + "".join(f"{_FOLLOWS}{log_id}\n" for log_id in self.follows)

    @classmethod
    def parse(cls, data: bytes) -> Identity:
        """Read what `text` wrote; raises `FormatError` for anything else."""
        try:
            origin, *rest = data.decode("utf-8").removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            raise FormatError("the origin of this log is not UTF-8") from error
        found = cls(origin, tuple(line.removeprefix(_FOLLOWS) for line in rest))
        if not origin or not all(map(_LOG_ID.fullmatch, found.follows)) or found.text().encode() != data:
            raise FormatError("the file `origin` of this log does not hold an origin")
        return found


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The paths of one log."""

    directory: Path

    @property
    def origin(self) -> Path:
        """Who this log is."""
        return self.directory / "origin"

    @property
    def entries(self) -> Path:
        """The directory of the entries."""
        return self.directory / "entries"

    @property
    def tiles(self) -> Path:
        """The directory of the hashes."""
        return self.directory / "tiles"

    @property
    def checkpoints(self) -> Path:
        """The signed notes."""
        return self.directory / "checkpoints"

    @property
    def pruned(self) -> Path:
        """The number of the first entry whose body is kept."""
        return self.directory / "pruned"

    @property
    def closed(self) -> Path:
        """The id of the log that took over."""
        return self.directory / "closed"

    def entry_file(self, number: int) -> Path:
        """Return the file of the entries from ``number * PER_FILE`` on."""
        return self.entries / f"{number:08d}.jsonl"

    def entry_numbers(self) -> list[int]:
        """Return the numbers of the files of entries that are there, ascending."""
        return numbers_in(self.entries)

    def identity(self, disk: Disk) -> Identity:
        """Return who this log is; raises `FormatError` where the file is unreadable or of another log."""
        if not self.origin.is_file():
            raise FormatError(f"{self.origin} is missing")
        found = Identity.parse(disk.read_bytes(self.origin))
        if found.log_id != self.directory.name:
            raise FormatError(f"{self.directory} bears the name of another log than {found.origin}")
        return found

    def first_kept(self, disk: Disk) -> int:
        """Return the number of the first entry whose body was not dropped on purpose."""
        if not self.pruned.is_file():
            return 0
        data = disk.read_bytes(self.pruned)
        if not re.fullmatch(rb"[0-9]{1,16}\n", data):
            raise FormatError(f"{self.pruned} does not hold a number")
        return int(data)


def find_logs(directory: Path) -> list[LogFiles]:
    """Return the logs in the journal at `directory`, whole or damaged, by log id."""
    if not directory.is_dir():
        return []
    with named(directory, "list"):
        return [
            LogFiles(each) for each in sorted(directory.iterdir()) if _LOG_ID.fullmatch(each.name) and each.is_dir()
        ]


def numbers_in(directory: Path) -> list[int]:
    """Return the numbers of the numbered files in `directory`, ascending; none where it is missing."""
    if not directory.is_dir():
        return []
    with named(directory, "list"):
        return sorted(int(each.name[:8]) for each in directory.iterdir() if _NUMBER.fullmatch(each.name))


def split_notes(data: bytes) -> tuple[list[str], int]:
    """
    Return the notes in a file of checkpoints, and the bytes up to the end of the last whole one.

    A note is followed by an empty line; what comes after the last of these is
    torn or still being written. Raises `LogDamaged` where the bytes are no text.
    """
    notes: list[str] = []
    start = 0
    while True:
        blank = data.find(b"\n\n", start)
        end = data.find(b"\n\n", blank + 2) if blank >= 0 else -1
        if end < 0:
            return notes, start
        try:
            notes.append(data[start : end + 1].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise LogDamaged(f"checkpoint {len(notes)} of this log is not text") from error
        start = end + 2


def lines(file: DiskFile, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """
    Yield (offset, line without LF) for each whole line of `file` from `offset` on.

    What follows the last LF is not yielded. A run without LF that is longer
    than any entry comes as a line of its own, so that rubbish fills no memory.
    """
    rest = b""
    while piece := file.read_at(offset + len(rest), _PIECE_BYTES):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield offset, line
            offset += len(line) + 1
        if len(rest) >= MAX_LINE_BYTES:
            yield offset, rest
            offset, rest = offset + len(rest), b""


def first_number(file: DiskFile, number: int, pruned: int) -> int:
    """
    Return which entry file `number` begins with.

    That is its first by its number, or a later one up to `pruned` where the
    lines before that were dropped. Raises `FormatError` where it cannot be told.
    """
    first = number * PER_FILE
    if first < pruned:
        line = next((line for _, line in lines(file)), None)
        if line is not None and first < (claimed := number_of(line)) <= pruned:
            return claimed
    return first
