"""Says "the same again as so far back" in LZMA: one chunk of LZMA2 that holds a single long repetition."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

LONGEST_BYTES = 2 << 20
LONGEST_MATCH = 273
SHORTEST_MATCH = 2

# lc = lp = pb = 0: which literal contexts there are is all one, because no literal is written.
PROPERTIES = 0
NEW_STATE_AND_PROPERTIES = 0xC0

PROBABILITY_BITS = 11
HALF = 1 << (PROBABILITY_BITS - 1)
LEARNING_BITS = 5
TOP = 1 << 24


@dataclass(slots=True)
class Coder:
    """The range coder of LZMA: bits with the probabilities that it has learnt for their places."""

    out: bytearray = field(default_factory=bytearray)
    _low: int = 0
    _range: int = 0xFFFFFFFF
    _held: int = 0
    _held_count: int = 1
    _zero: dict[object, int] = field(default_factory=dict)

    def bit(self, place: object, bit: int) -> None:
        """A bit that is likely to be what it was at this place before."""
        probability = self._zero.get(place, HALF)
        bound = (self._range >> PROBABILITY_BITS) * probability
        if bit:
            self._low += bound
            self._range -= bound
            probability -= probability >> LEARNING_BITS
        else:
            self._range = bound
            probability += ((1 << PROBABILITY_BITS) - probability) >> LEARNING_BITS
        self._zero[place] = probability
        self._shift()

    def even_bits(self, value: int, count: int) -> None:
        """Bits of which nothing is known, the highest first."""
        for position in reversed(range(count)):
            self._range >>= 1
            if value >> position & 1:
                self._low += self._range
            self._shift()

    def tree(self, place: str, value: int, count: int) -> None:
        """A number of `count` bits, the highest first, each learnt after those before it."""
        node = 1
        for position in reversed(range(count)):
            bit = value >> position & 1
            self.bit((place, node), bit)
            node = node << 1 | bit

    def reversed_tree(self, place: str, value: int, count: int) -> None:
        """The same, the lowest bit first."""
        node = 1
        for position in range(count):
            bit = value >> position & 1
            self.bit((place, node), bit)
            node = node << 1 | bit

    def finish(self) -> bytes:
        """All that was written."""
        for _ in range(5):
            self._shift_byte()
        return bytes(self.out)

    def _shift(self) -> None:
        while self._range < TOP:
            self._range <<= 8
            self._shift_byte()

    def _shift_byte(self) -> None:
        """Let go of the highest byte, unless a carry may still change it."""
        if self._low < 0xFF000000 or self._low > 0xFFFFFFFF:
            carry = self._low >> 32
            while self._held_count:
                self.out.append((self._held + carry) & 0xFF)
                self._held = 0xFF
                self._held_count -= 1
            self._held = self._low >> 24 & 0xFF
        self._held_count += 1
        self._low = (self._low & 0x00FFFFFF) << 8


@cache
def chunk(distance: int, size_bytes: int) -> bytes:
    """
    A chunk that unpacks to `size_bytes` which stood `distance` bytes before: 2 to `LONGEST_BYTES`, from 128 on.

    Source of the method: the LZMA SDK's specification (`lzma-specification.txt`) and liblzma's description of LZMA2.
    """
    first, *more = _lengths(size_bytes)
    coder = Coder()
    coder.bit(("is match", 0), 1)
    coder.bit(("is repeated", 0), 0)
    _length(coder, "match", first)
    _distance(coder, distance - 1, min(first - SHORTEST_MATCH, 3))
    state = 7
    for length in more:
        coder.bit(("is match", state), 1)
        coder.bit(("is repeated", state), 1)
        coder.bit(("is another", state), 0)
        coder.bit(("is long", state), 1)
        _length(coder, "repeated", length)
        state = 11
    packed = coder.finish()
    sizes = (size_bytes - 1 & 0xFFFF).to_bytes(2, "big") + (len(packed) - 1).to_bytes(2, "big")
    return bytes([NEW_STATE_AND_PROPERTIES | size_bytes - 1 >> 16]) + sizes + bytes([PROPERTIES]) + packed


def _lengths(size_bytes: int) -> list[int]:
    """The matches that make so many bytes, none too short to be said."""
    whole, rest = divmod(size_bytes, LONGEST_MATCH)
    lengths = [LONGEST_MATCH] * whole
    if rest == 1:
        lengths[-1] -= 1
        rest = SHORTEST_MATCH
    return [*lengths, rest] if rest else lengths


def _length(coder: Coder, kind: str, length: int) -> None:
    value = length - SHORTEST_MATCH
    coder.bit((kind, "above 7"), int(value >= 8))
    if value < 8:
        coder.tree(f"{kind} low", value, 3)
        return
    coder.bit((kind, "above 15"), int(value >= 16))
    if value < 16:
        coder.tree(f"{kind} middle", value - 8, 3)
    else:
        coder.tree(f"{kind} high", value - 16, 8)


def _distance(coder: Coder, value: int, length_kind: int) -> None:
    """A distance less one: its highest two bits as a slot, the lowest four learnt, those between as they are."""
    bits = value.bit_length()
    slot = (bits - 1) << 1 | value >> (bits - 2) & 1
    coder.tree(f"slot {length_kind}", slot, 6)
    below = bits - 2
    rest = value & (1 << below) - 1
    coder.even_bits(rest >> 4, below - 4)
    coder.reversed_tree("align", rest & 15, 4)
