"""A checkpoint: the few lines that say how long a log is and what its tree's root is (C2SP `tlog-checkpoint`)."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from vigil.errors import FormatError
from vigil.segments.note import NoteKey, check_text, from_base64, open_note, split_note

MAX_SIZE = 1 << 53


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` had `size` entries, and `root` (32 bytes) was the root of its RFC 9162 Merkle tree."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read `text`, the text of a note; further lines (extensions) are refused, as nobody can audit them."""
        check_text(text)
        lines = text[:-1].split("\n")
        if len(lines) != 3 or not all(lines):
            raise FormatError("a checkpoint has three lines: origin, size and root")
        origin, digits, encoded = lines
        root = from_base64(encoded)
        # Sixteen digits hold 2^53; Python's own limits on the length of numbers must not be met.
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 16):
            raise FormatError(f"{digits[:40]!r} is not the size of a log")
        size = int(digits)
        if str(size) != digits or size > MAX_SIZE:
            raise FormatError(f"{digits!r} is not the size of a log")
        if len(root) != 32:
            raise FormatError(f"the root of a tree has 32 bytes, not {len(root)}")
        return cls(origin, size, root)


def open_checkpoint(note: str, keys: Iterable[NoteKey]) -> Checkpoint:
    """Return the checkpoint in `note`, signed by one of `keys`; raises as `open_note` and `Checkpoint.parse` do."""
    return Checkpoint.parse(open_note(note, keys).text)


def peek_checkpoint(note: str) -> Checkpoint:
    """Return what `note` claims without asking who signed it."""
    return Checkpoint.parse(split_note(note)[0])
