"""Is there room for recordings, on the right disk, and may something be deleted when there is none?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


class Trouble(StrEnum):
    """What stands in the way of keeping and forgetting; the value is the last word of the fault's id."""

    NONE = ""
    WRONG = "wrong"
    READ_ONLY = "read-only"
    REFUSES = "refuses"
    HELD = "held"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSeen:
    """
    The disk with the recordings. `total_bytes` is 0 where it cannot be asked.

    `least_bytes` is what must stay free so that files can still be ended
    properly; `trouble` is what guard met when it last looked what to delete.
    """

    total_bytes: int
    free_bytes: int
    least_bytes: int
    trouble: Trouble = Trouble.NONE
    why: str = ""


def look(seen: DiskSeen) -> Iterator[Finding]:
    """Say what is wrong with the disk."""
    if seen.trouble is not Trouble.NONE:
        yield Finding(f"disk.{seen.trouble}", why=seen.why)
    if seen.total_bytes <= 0:
        if seen.trouble is Trouble.NONE:
            yield Finding("disk.unknown", why="its size cannot be asked")
    elif seen.free_bytes < seen.least_bytes:
        free, least = (f"{count / 1e6:,.0f} MB" for count in (seen.free_bytes, seen.least_bytes))
        yield Finding("disk.full", why=f"{free} are free, less than the {least} that are needed to end files properly")


_STORE = "store"


def _kind(word: str, level: Level, means: str, do: str) -> FaultKind:
    return FaultKind(id=f"disk.{word}", level=level, blink=Blink.STORAGE, what=_STORE, means=means, do=do)


PROBE = Probe(
    name="disk",
    evidence=DiskSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "wrong", Level.FAILED,
            "The disk for recordings is away, or another one is in its place: nothing is written to it.",
            "Plug in the right disk; `vigil store` says which it is, and takes a new one.",
        ),
        _kind(
            "read-only", Level.FAILED, "The disk can be read but not written, as after an error in its file system.",
            "Restart the box: it checks the disk. If it comes back, copy what matters and replace the disk.",
        ),
        _kind(
            "refuses", Level.FAILED, "The disk refused what guard asked of it.",
            "Read why. If it comes back, copy what matters and replace the disk.",
        ),
        _kind(
            "held", Level.FAILED, "Space is short, and nothing may be deleted: recording will stop when it is used up.",
            "Read why. Release holds (`vigil hold`), or use a larger disk.",
        ),
        _kind(
            "over", Level.WARNING, "Recordings take more room than the settings allow, and nothing may be deleted.",
            "Read why. Recording goes on. Release holds (`vigil hold`), or set `maximum_bytes` higher.",
        ),
        _kind(
            "full", Level.WARNING, "Less is free than is needed to end files properly.",
            "Wait for a minute: the oldest recordings go. If it stays so, something else fills the disk.",
        ),
        unknown(
            "disk", Blink.STORAGE, _STORE, "How much room there is cannot be told.",
            "Look whether the disk is plugged in, and at the faults of guard.",
        ),
    ),
)  # fmt: skip
