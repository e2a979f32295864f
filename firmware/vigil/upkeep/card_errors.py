"""
What there is against the card: sectors that it refuses, bytes that have turned, file systems in disorder or mended.

A card that dies says so thousands of times. What it says is counted by
partition and by kind, and told when it is new, and again when it has become
ten times as much: a handful of times for each, however long it dies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from vigil.errors import FormatError

KIND = "card.failing"
"""The kind of journal entry (docs/spec/journal.md)."""

_KERNEL = 0
"""The facility of the kernel's own words (syslog.h): what programs put into its log has another."""

_AGAIN = 10
_NAMES = {
    1: "boot", 2: "kernel of slot A", 3: "kernel of slot B", 5: "system of slot A", 6: "system of slot B",
    7: "state", 8: "video",
}  # fmt: skip

# block/blk-core.c, blk_print_req_error: "I/O error, dev mmcblk0, sector 2048 op 0x0:(READ) flags 0x80700 …". Other
# operations than these are refused by good cards too, which do not know them.
_REFUSED = re.compile(
    r"(?:^|: )[\w/ ]+ error, dev (?P<disk>\w+), sector (?P<sector>\d+) op 0x\w+:\((READ|WRITE|FLUSH)\)"
)

# drivers/md/dm-integrity.c, wherever a tag does not match: "device-mapper: integrity: dm-1: Checksum failed at sector
# 0x2a8", also "… when reading from journal, at sector 0x…". It names the device that was opened, or the one below it.
_TURNED = re.compile(r"^device-mapper: integrity: (?P<device>[\w-]+): Checksum failed")


class Ill(StrEnum):
    """What can be wrong, in the journal's word."""

    REFUSED = "refused"
    TURNED = "turned"
    DISORDER = "disorder"
    MENDED = "mended"


_WORDS = {
    Ill.REFUSED: "it refuses to read or to write",
    Ill.TURNED: "it gives back other bytes than were written",
    Ill.DISORDER: "the file system is in disorder",
    Ill.MENDED: "the file system had lost its beginning, which was written anew from a copy",
}


@dataclass(frozen=True, slots=True, order=True)
class Trouble:
    """What is wrong, and in which partition, by its name: `state`, `video`, `system of slot A` …, or `card`."""

    ill: Ill
    partition: str

    @property
    def why(self) -> str:
        """In words for the owner."""
        where = "outside of its partitions" if self.partition == "card" else f"in its partition “{self.partition}”"
        return f"{where} {_WORDS[self.ill]}"


@dataclass(frozen=True, slots=True)
class CardMap:
    """
    The card as the kernel names it.

    `disk` is its name, `partitions` has for each number the first sector and how
    many there are, `opened` the name of a partition for what it opens to (`dm-1`).
    """

    disk: str
    partitions: Mapping[int, tuple[int, int]]
    opened: Mapping[str, str]

    def at(self, sector: int) -> str:
        """Return the name of the partition in which a sector of 512 bytes lies; `card` where it lies in none."""
        for number, (first, sectors) in self.partitions.items():
            # p4 is only the space in which the further ones lie.
            if number in _NAMES and first <= sector < first + sectors:
                return _NAMES[number]
        return "card"

    def named(self, device: str) -> str | None:
        """Return the name of a partition from the kernel's (`dm-1`, `mmcblk0p7`); None where it is not the card's."""
        if device in self.opened:
            return self.opened[device]
        match = re.fullmatch(rf"{re.escape(self.disk)}p?(\d+)", device)
        return _NAMES.get(int(match[1]), "card") if match else None


def trouble_in(record: str, card: CardMap) -> Trouble | None:
    """
    Return what a record of the kernel's log has against this card; None where it has nothing.

    A record is `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];TEXT`, then lines that
    begin with a blank; the facility is PRIORITY >> 3 (Documentation/ABI/testing/dev-kmsg).
    """
    prefix, _, text = record.partition(";")
    priority = prefix.partition(",")[0]
    if not priority.isascii() or not priority.isdigit() or int(priority) >> 3 != _KERNEL:
        return None
    line = text.partition("\n")[0]
    if match := _REFUSED.search(line):
        return Trouble(Ill.REFUSED, card.at(int(match["sector"]))) if match["disk"] == card.disk else None
    if (match := _TURNED.search(line)) and (partition := card.named(match["device"])):
        return Trouble(Ill.TURNED, partition)
    return None


Times = Mapping[Trouble, int]
"""How often each trouble was seen since the start."""


def due(seen: Times, told: Times) -> dict[Trouble, int]:
    """Return what is to be told now, and how often it was seen."""
    return {one: times for one, times in sorted(seen.items()) if times >= max(1, _AGAIN * told.get(one, 0))}


def complaint(told: Times) -> str:
    """Return in a sentence what the owner must know and do; nothing where the card is well."""
    if not told:
        return ""
    what = "; ".join(f"{one.why} ({_times(times)})" for one, times in sorted(told.items()))
    return f"it goes bad: {what}. Copy what matters from it, and replace it."


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times or more"


def encode(told: Times) -> bytes:
    """Write what was told since the start, for guard and for an upkeep that is started again."""
    return json.dumps([{"what": one.ill, "partition": one.partition, "times": n} for one, n in told.items()]).encode()


def decode(data: bytes) -> dict[Trouble, int]:
    """Read what `encode` wrote. Raises `FormatError`."""
    try:
        return {Trouble(Ill(one["what"]), str(one["partition"])): int(one["times"]) for one in json.loads(data)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError("what was told of the card cannot be read") from error


def counted(troubles: Iterable[Trouble | None], before: Times) -> dict[Trouble, int]:
    """Return `before` with each of `troubles` counted."""
    seen = dict(before)
    for one in troubles:
        if one is not None:
            seen[one] = seen.get(one, 0) + 1
    return seen
