"""
Whether a segment is still what its recorder signed.

The verdicts and their order are docs/spec/segment.md, *What a reader checks*.
Bytes only: `store/verify.py` finds them on the disk, `verify_chain.py` asks
whether a camera's segments follow one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vigil.segments.unseal import ReadAt
from vigil.segments.verify_account import Account, Mark
from vigil.segments.verify_words import Finding, Span, Verdict, utc

READ_BYTES = 1 << 20
"""As much as is held of a file at any time."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """A file as a reader sees it: its length, and `read_at(offset, size)`."""

    size: int
    read_at: ReadAt


def nothing_read(_: int) -> None:
    """Do nothing: the `read` callback of those who do not ask for progress."""


def check_segment(
    account: Account, file: Bytes | None, tail: Bytes | None, *, read: Callable[[int], None] = nothing_read
) -> Finding:
    """
    Return the verdict on one segment, whether its keys are certified left aside.

    `file` and `tail` are None where they are not on the disk; `read` is told
    how many bytes were just hashed. One pass over each file, `READ_BYTES` of
    memory.
    """
    if account.fault is not None:
        return account.fault
    return (
        _missing(account, file, tail)
        or _pictures(account, file, read)
        or _tail(account, tail, read)
        or _whole(account, file)
    )


def _missing(account: Account, file: Bytes | None, tail: Bytes | None) -> Finding | None:
    if file is None and account.covered_bytes:
        return Finding(
            Verdict.MISSING,
            f"its {account.covered_bytes} bytes of pictures are not here, and nobody says they were deleted",
        )
    if tail is None and _tail_bytes(account):
        return Finding(Verdict.MISSING, f"the {_tail_bytes(account)} bytes found behind its end (.tail) are not here")
    return None


def _pictures(account: Account, file: Bytes | None, read: Callable[[int], None]) -> Finding | None:
    if file is None:
        return _found_damaged(account)
    marks = list(_marks_of_the_file(account))
    differs = _first_difference(account, marks, file, read)
    covered = account.covered_bytes
    if file.size < covered:
        good = differs.span.from_byte if differs and differs.span else 0
        held = max((mark.end_us for mark in marks if mark.bytes <= good), default=None)
        until = f"; as signed up to {utc(held)}" if held else "; nothing in it is whole"
        return Finding(Verdict.TRUNCATED, f"its file ends after {file.size} of {covered} bytes{until}")
    if differs:
        return differs
    if found := _found_damaged(account):
        return found
    if not account.lines and file.size:
        # A recorder states that a segment begins before it makes the file.
        return Finding(Verdict.EXTENDED, "its pictures are here, but not one line says anything about them")
    if account.end is not None and file.size > covered:
        return Finding(Verdict.EXTENDED, f"{file.size - covered} bytes that nobody signed stand behind its end")
    return None


def _found_damaged(account: Account) -> Finding | None:
    if not account.found_damaged:
        return None
    return Finding(Verdict.DAMAGED, "the recorder itself found its file shorter than it had written it, and says so")


def _marks_of_the_file(account: Account) -> Iterator[Mark]:
    """Yield the marks the file must meet. What a recovery found cut short it signed anew, as short as it is."""
    for mark in account.marks:
        if mark.bytes <= account.covered_bytes:
            yield mark


def _first_difference(account: Account, marks: list[Mark], file: Bytes, read: Callable[[int], None]) -> Finding | None:
    """Hash the file once, comparing at each flush, and return where it first differs from what was signed."""
    digest, at, since_us = hashlib.sha256(), 0, account.start_us
    for mark in marks:
        start, whole = at, True
        while at < mark.bytes and whole:
            block = file.read_at(at, min(READ_BYTES, mark.bytes - at))
            digest.update(block)
            at += len(block)
            whole = bool(block)
            read(len(block))
        if digest.copy().hexdigest() != mark.sha256:
            span = Span(start, mark.bytes, since_us, max(since_us, mark.end_us))
            return Finding(
                Verdict.DAMAGED,
                f"its bytes {start} to {mark.bytes} are not those that were signed:"
                f" pictures from {utc(span.from_us)} to {utc(span.to_us)}",
                span=span,
            )
        since_us = mark.end_us
    return None


def _tail(account: Account, tail: Bytes | None, read: Callable[[int], None]) -> Finding | None:
    """Check what a recovery found behind the last signed byte. Before it is done, any tail may lie there."""
    if tail is None or account.end is None:
        return None
    expected = _tail_bytes(account)
    if tail.size < expected:
        return Finding(Verdict.TRUNCATED, f"its .tail ends after {tail.size} of {expected} bytes")
    digest, at = hashlib.sha256(), 0
    while at < expected and (block := tail.read_at(at, min(READ_BYTES, expected - at))):
        digest.update(block)
        at += len(block)
        read(len(block))
    if expected and digest.hexdigest() != account.end.fields.get("tail_sha256"):
        return Finding(Verdict.DAMAGED, "its .tail (what was found behind the end) is not the one that was signed")
    if tail.size > expected:
        return Finding(Verdict.EXTENDED, f"{tail.size - expected} bytes of its .tail are signed by nobody")
    return None


def _whole(account: Account, file: Bytes | None) -> Finding:
    behind = (file.size if file else 0) - account.covered_bytes
    if account.end is None:
        unsigned = f", {behind} bytes behind the last signed one" if behind > 0 else ""
        torn = ", its last line torn" if account.torn_bytes else ""
        signed = f"signed up to {utc(account.marks[-1].end_us)}" if account.marks else "no pictures signed yet"
        return Finding(Verdict.UNFINISHED, f"being written, or cut off: {signed}{unsigned}{torn}")
    if account.end.type == "recovered":
        lost = _tail_bytes(account)
        kept = f"; {lost} bytes behind it are kept unsigned in .tail" if lost else ""
        return Finding(Verdict.RECOVERED, f"its end was mended after a cut{kept}")
    return Finding(Verdict.OK, "as signed")


def _tail_bytes(account: Account) -> int:
    if account.end is None or account.end.type != "recovered":
        return 0
    return int(account.end.fields["tail_bytes"])
