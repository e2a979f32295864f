"""
What is to be done with a data partition before it is used: decided from what is found in it, one step at a time.

A partition is formatted only where its own stage says that we had made it,
looked into it and found nothing. Whatever might hold data is left alone, and
said so; only the lost beginning of a file system in use is written anew, from
its own copies (`beginning.py`). The stage moves NEW, MAKING, READY, each step a single sector; "ready"
is also written into the file system, as its label, when all in it is. Only its
owner's wish moves it to FORGET: then it is erased, whatever it holds, and NEW.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vigil.upkeep.beginning import Writes
from vigil.upkeep.partition_table import Stage


class Found(Enum):
    """What lies in a partition, or in what it opens to."""

    UNKNOWN = "not looked at yet"
    NOTHING = "nothing"
    INTEGRITY = "a partition with integrity tags"
    OURS = "a file system of ours, whole"
    HALF = "a file system of ours that was never finished"
    LOST_BEGINNING = "a file system of ours that has lost its beginning"
    OTHER = "something that is not ours"
    UNREADABLE = "something that cannot be read"


class Step(Enum):
    """The next thing to do. After each one the facts are gathered anew."""

    FORGET = "erase it, and note that it is new"
    OPEN = "open it"
    MARK_MAKING = "note that it holds nothing"
    MAKE = "format it, and finish its file system"
    MARK_READY = "note that it is in use"
    MEND = "write its beginning anew from a copy, and check all of it"
    USE = "check and mount it"
    REFUSE = "leave it alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`stage` is None for a type that is none of ours; `inside` is UNKNOWN until the partition was opened."""

    stage: Stage | None
    outside: Found
    inside: Found = Found.UNKNOWN


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, and for a refusal why, in words for the owner."""

    step: Step
    why: str = ""


def decide(facts: Facts) -> Decision:
    """Return what to do next with a data partition."""
    if facts.stage is None:
        return Decision(Step.REFUSE, "its type is not one that Vigil gives: it is somebody else's")
    if facts.stage is Stage.FORGET:
        return Decision(Step.FORGET)
    if facts.outside is Found.INTEGRITY and facts.inside is Found.UNKNOWN:
        return Decision(Step.OPEN)
    if facts.inside is Found.OURS:
        return Decision(Step.USE if facts.stage is Stage.READY else Step.MARK_READY)
    if facts.stage is Stage.MAKING:
        return Decision(Step.MAKE)
    if facts.stage is Stage.READY and facts.inside is Found.LOST_BEGINNING:
        return Decision(Step.MEND)
    if facts.stage is Stage.READY:
        return Decision(Step.REFUSE, f"it was in use, and now holds {_what(facts)}: it is damaged")
    # New: nobody has looked into it yet. It may still hold what was recorded before the card was flashed again.
    if facts.outside is Found.NOTHING or facts.inside is Found.HALF:
        return Decision(Step.MARK_MAKING)
    return Decision(Step.REFUSE, f"it holds {_what(facts)}, which might be of value to somebody")


def _what(facts: Facts) -> str:
    return (facts.outside if facts.inside is Found.UNKNOWN else facts.inside).value


def outside(blkid: str | None) -> Found:
    """Return what the partition itself holds, from blkid's word for it: '' for nothing, None where it cannot tell."""
    if blkid is None:
        return Found.UNREADABLE
    return {"": Found.NOTHING, "DM_integrity": Found.INTEGRITY}.get(blkid, Found.OTHER)


def inside(blkid: str | None, label: str, *, name: str, lacks: Writes | None) -> Found:
    """
    Return what the opened partition `name` holds.

    `lacks` is what must be written so that a finished file system of ours begins (`beginning.to_begin_again`). Where
    that knows of none, blkid's words for type and label say what there is: it sees nothing wherever a single one of
    the places cannot be read at which it looks for others.
    """
    if lacks is not None:
        return Found.LOST_BEGINNING if lacks else Found.OURS
    if blkid is None:
        return Found.UNREADABLE
    if blkid == "ext4" and label in (ready_label(name), half_label(name)):
        return Found.OURS if label == ready_label(name) else Found.HALF
    return Found.OTHER if blkid else Found.NOTHING


def ready_label(name: str) -> str:
    """Return the label of a finished file system: ``vigil-state`` or ``vigil-video``."""
    return f"vigil-{name}"


def half_label(name: str) -> str:
    """Return the label of one that is being made."""
    return f"{name}-unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one of the two data partitions is made and opened."""

    name: str
    number: int
    open_flags: tuple[str, ...]
    mkfs_flags: tuple[str, ...]
    holds_secrets: bool = False


_INTEGRITY = ("--integrity", "crc32c")

# Half-done sectors are recalculated behind our back; without, those never written could not even be read.
_OPEN = (*_INTEGRITY, "--integrity-recalculate")

FORMAT_FLAGS = ("--batch-mode", "--no-wipe", *_INTEGRITY, "--sector-size", "4096")

# Everything is written now, so that nothing is left to be done lazily in the hours after.
_MKFS = ("-q", "-F", "-b", "4096", "-m", "1", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard")

STATE = Recipe(name="state", number=7, open_flags=_OPEN, mkfs_flags=(*_MKFS, "-J", "size=16"), holds_secrets=True)
"""In journal mode: data and tags change together."""

VIDEO = Recipe(
    name="video", number=8, open_flags=(*_OPEN, "--integrity-bitmap-mode"),
    mkfs_flags=(*_MKFS, "-J", "size=32", "-i", "1048576"),
)  # fmt: skip
"""In bitmap mode: half the wear. Files have megabytes, so one inode for each is ample, and made in seconds."""

RECIPES = {recipe.name: recipe for recipe in (STATE, VIDEO)}
