"""
Which of the two systems on the card starts next, and how often it may still fail.

U-Boot and the running system share six words about it, kept in two copies. This module is the words and what may be
done with them: docs/spec/slots.md. It decides only; `slot_files.py` reads and writes.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from enum import StrEnum

from vigil.errors import FormatError, Truncated

SIZE_BYTES = 0x4000
TRIES = 3
# Cuts of power during unconfirmed starts of a committed slot, one after the other, that cost one try.
CUTS_A_TRY = 32
NONE = "-"


class Slot(StrEnum):
    """One of the two places for a system."""

    A = "A"
    B = "B"

    @property
    def other(self) -> Slot:
        """The place that is not this one."""
        return Slot.B if self is Slot.A else Slot.A


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotState:
    """
    What U-Boot starts from. The default is that of a new card.

    `order`: the slots in the order in which they are taken; not empty, none twice.
    `left_a`, `left_b`: tries that the slot has left, 0 to 3; one with none is passed over.
    `trial`: the slot that has yet to prove itself; any start of it that is not confirmed costs it a try.
    `trying`: the slot that was started last and has not confirmed itself since.
    `cuts`: unconfirmed starts in a row that ended with the power, 0 to 31.
    """

    order: tuple[Slot, ...] = (Slot.A, Slot.B)
    left_a: int = TRIES
    left_b: int = TRIES
    trial: Slot | None = None
    trying: Slot | None = None
    cuts: int = 0

    def left(self, slot: Slot) -> int:
        """How many tries a slot has left."""
        return self.left_a if slot is Slot.A else self.left_b

    @property
    def primary(self) -> Slot | None:
        """The slot that starts next if nothing fails meanwhile; None if both are spent, and are tried anew."""
        return next((slot for slot in self.order if self.left(slot)), None)


def with_left(state: SlotState, slot: Slot, tries: int) -> SlotState:
    """The state with another number of tries for one slot."""
    return replace(state, left_a=tries) if slot is Slot.A else replace(state, left_b=tries)


def confirm(state: SlotState, slot: Slot) -> SlotState:
    """
    `slot` runs and has proved its health: it has all its tries again, and a trial of it is over.

    A trial of the *other* slot that is still to come stays; one whose tries are spent has failed, and `slot` comes
    first again.
    """
    state = with_left(replace(state, trying=None, cuts=0), slot, TRIES)
    if state.trial is slot:
        return replace(state, trial=None)
    if state.trial is slot.other and not state.left(slot.other):
        return replace(state, trial=None, order=(slot, slot.other))
    return state


def try_next(state: SlotState, slot: Slot) -> SlotState:
    """`slot` holds a new system: the next start is its first of three tries."""
    return with_left(replace(state, order=(slot, slot.other), trial=slot), slot, TRIES)


def give_up(state: SlotState, slot: Slot) -> SlotState:
    """`slot` must not be started: it is about to be written, or was found to be no good."""
    trial = None if state.trial is slot else state.trial
    return with_left(replace(state, trial=trial), slot, 0)


def go_back(state: SlotState, slot: Slot) -> SlotState:
    """The owner wants the system in `slot` again, which was committed before: it is next, and not on trial."""
    return with_left(replace(state, order=(slot, slot.other), trial=None), slot, TRIES)


def encode(state: SlotState) -> bytes:
    """The 0x4000 bytes of one copy: an environment as U-Boot stores it."""
    words = {
        "BOOT_A_LEFT": str(state.left_a),
        "BOOT_B_LEFT": str(state.left_b),
        "BOOT_CUTS": f"{state.cuts:x}",
        "BOOT_ORDER": " ".join(state.order),
        "BOOT_TRIAL": state.trial or NONE,
        "BOOT_TRY": state.trying or NONE,
    }
    text = b"".join(f"{name}={word}".encode() + b"\0" for name, word in words.items()) + b"\0"
    body = text.ljust(SIZE_BYTES - 4, b"\0")
    return struct.pack("<I", zlib.crc32(body)) + body


def decode(data: bytes) -> SlotState:
    """
    Read one copy as U-Boot does: words that mean nothing count as none, 0, or as a new card's order.

    Raises `Truncated` if it is too short and `FormatError` if its checksum is wrong.
    """
    if len(data) < SIZE_BYTES:
        raise Truncated(f"the slot file has {len(data)} bytes, not {SIZE_BYTES}")
    body = data[4:SIZE_BYTES]
    if struct.unpack_from("<I", data)[0] != zlib.crc32(body):
        raise FormatError("the checksum of the slot file is wrong")
    words = _words(body)
    named = [slot for word in words.get("BOOT_ORDER", "").split(" ") if (slot := _slot(word))]
    order = tuple(dict.fromkeys(named))
    if not order:
        return SlotState()
    return SlotState(
        order=order,
        left_a=_tries(words.get("BOOT_A_LEFT")),
        left_b=_tries(words.get("BOOT_B_LEFT")),
        trial=_slot(words.get("BOOT_TRIAL")),
        trying=_slot(words.get("BOOT_TRY")),
        cuts=_cuts(words.get("BOOT_CUTS")),
    )


def _words(body: bytes) -> dict[str, str]:
    """The variables of an environment. The text ends at the first empty one; what is behind means nothing."""
    words = {}
    for line in body.split(b"\0\0", 1)[0].split(b"\0"):
        name, equals, word = line.partition(b"=")
        if equals:
            words[name.decode("latin-1")] = word.decode("latin-1")
    return words


def _tries(word: str | None) -> int:
    return int(word) if word in {"1", "2", "3"} else 0


def _slot(word: str | None) -> Slot | None:
    return Slot(word) if word in {"A", "B"} else None


def _cuts(word: str | None) -> int:
    return next((cuts for cuts in range(CUTS_A_TRY) if word == f"{cuts:x}"), 0)
