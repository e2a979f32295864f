"""
Puts the units of one picture together out of the pieces that come over the network.

What all codecs have in common; `rtp_h264.py` and `rtp_h265.py` say how each
writes its pieces. Nothing is copied but each piece once out of its packet and
all of them once into the picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from vigil.frames.nal import KINDS, split_annexb

LARGEST_PICTURE_BYTES = 8 * 1024 * 1024
"""A keyframe of 4K at the best quality has some 4 MB; a camera that sends more without an end would fill our memory."""

MOST_UNITS = 2048
"""H.265 allows 600 slices in a picture (level 6.2), each of which may bring its SEI."""

MOST_PIECES = 1024
"""After so many pieces of one unit they are joined: small pieces cost more memory than their bytes."""

_START = b"\0\0\1"


class Gathered(NamedTuple):
    """
    The pieces of one picture: units behind their lengths, in order, and the parameter sets apart.

    `kinds` are the types of its picture units; `begins` says whether the first
    of them is the first of its picture. `damaged` when pieces are missing.
    """

    data: bytes
    sets: list[bytes]
    kinds: set[int]
    begins: bool
    damaged: bool


class Units(ABC):
    """Gathers pieces until they are taken. Descendents *must* say how a packet is read (`add`, `head`)."""

    def __init__(self, name: str) -> None:
        kinds = KINDS[name]
        self._shift, self._mask = kinds.shift, kinds.mask
        self._pictures, self._apart = kinds.pictures, kinds.sets | kinds.dropped
        self._set_kinds = kinds.sets
        # Where the bit stands that says "first of its picture": behind a header of one or two bytes.
        self._header_bytes = 1 if name == "h264" else 2
        # Parameter sets, delimiters and what is said of a picture (SEI) come before it.
        self._before = kinds.sets | ({6, 9} if name == "h264" else {35, 39})
        self._clear()

    def _clear(self) -> None:
        self.parts: list[bytes] = []
        self._sets: list[bytes] = []
        self._kinds: set[int] = set()
        self._begins = True
        self._damaged = False
        self._units = self._bytes = 0
        self._open = False
        self._opened = self._size = 0

    @abstractmethod
    def add(self, packet: bytes, begin: int, end: int) -> None:
        """Take what one packet carries, in `packet[begin:end]`. Raises `StreamRefused` for what we do not read."""

    @abstractmethod
    def head(self, packet: bytes, begin: int) -> bytes:
        """Return header and first byte of the unit that begins in a packet, or the first of several; else nothing."""

    def begins_picture(self, packet: bytes, begin: int) -> bool:
        """Say whether with this packet another picture begins, whatever its timestamp."""
        head = self.head(packet, begin)
        if len(head) <= self._header_bytes:
            return False
        kind = head[0] >> self._shift & self._mask
        return kind in self._before or (kind in self._pictures and head[self._header_bytes] > 0x7F)

    @property
    def has_picture(self) -> bool:
        """Whether any unit so far is part of a picture."""
        return bool(self._kinds)

    @property
    def is_empty(self) -> bool:
        """Whether nothing came yet."""
        return not (self.parts or self._sets or self._damaged)

    def spoil(self) -> None:
        """Note that pieces are missing: what came of this picture is forgotten, and what still comes is not kept."""
        self._damaged = True
        self._open = False
        self.parts.clear()
        self._bytes = 0

    def take(self) -> Gathered:
        """Return what was gathered and begin anew."""
        if self._open:
            self.spoil()
        gathered = Gathered(b"".join(self.parts), self._sets, self._kinds, self._begins, self._damaged)
        self._clear()
        return gathered

    def _whole(self, unit: bytes) -> None:
        """Take a unit that came in one piece."""
        if self._open:
            self.spoil()  # The end of the unit before never came.
        if not unit:
            return
        kind = unit[0] >> self._shift & self._mask
        if kind in self._apart:
            self._set_aside(kind, unit)
            return
        if unit[-1] == 0:
            unit = unit.rstrip(b"\0")
        if len(unit) <= self._header_bytes:
            return
        if kind in self._pictures:
            self._note(kind, unit[self._header_bytes])
        if self._may_grow(len(unit)):
            self.parts += (len(unit).to_bytes(4, "big"), unit)

    def _several(self, packet: bytes, at: int, end: int) -> Iterator[bytes]:
        """Yield the units of one packet, each behind its length in two bytes (RFC 6184, 5.7.1; RFC 7798, 4.4.2)."""
        while at + 2 <= end:
            begin = at + 2
            at = begin + int.from_bytes(packet[at:begin], "big")
            if at > end:
                self.spoil()
                return
            yield packet[begin:at]

    def _first(self, header: bytes, piece: bytes) -> None:
        """Take the first piece of a unit, and its header, which the pieces do not have."""
        if self._open:
            self.spoil()
        kind = header[0] >> self._shift & self._mask
        if kind in self._pictures and piece:
            self._note(kind, piece[0])
        if self._may_grow(len(header) + len(piece)):
            self._open = True
            self._opened = len(self.parts)
            self._size = len(header) + len(piece)
            self.parts += (b"", header, piece)

    def _more(self, piece: bytes) -> None:
        """Take one more piece of the unit that is open."""
        if not self._open:
            self.spoil()
            return
        self._size += len(piece)
        self._bytes += len(piece)
        self.parts.append(piece)
        if self._bytes > LARGEST_PICTURE_BYTES:
            self.spoil()
        elif len(self.parts) - self._opened > MOST_PIECES:
            self.parts[self._opened + 1 :] = [b"".join(self.parts[self._opened + 1 :])]

    def _last(self) -> None:
        """End the unit that is open."""
        if not self._open:
            return
        self._open = False
        parts, at = self.parts, self._opened
        kind = parts[at + 1][0] >> self._shift & self._mask
        if kind in self._apart:
            unit = b"".join(parts[at:])
            del parts[at:]
            self._set_aside(kind, unit)
        elif parts[-1][-1:] in {b"\0", b""}:
            # A unit never ends in a zero byte (7.4.1.1 of both standards): that is padding.
            unit = b"".join(parts[at:]).rstrip(b"\0")
            parts[at:] = (len(unit).to_bytes(4, "big"), unit)
        else:
            parts[at] = self._size.to_bytes(4, "big")

    def _note(self, kind: int, first_byte: int) -> None:
        """Note a unit that is part of a picture, and whether it is the first of its picture: its first bit says so."""
        if not self._kinds:
            self._begins = first_byte > 0x7F
        self._kinds.add(kind)

    def _set_aside(self, kind: int, unit: bytes) -> None:
        """Keep a parameter set, and leave out what MP4 does not want."""
        if _START in unit:
            # Some cameras send the start of a byte stream in place of its first unit.
            for one in split_annexb(_START + unit):
                self._whole(one)
        elif kind in self._set_kinds and self._may_grow(len(unit)):
            self._sets.append(unit.rstrip(b"\0"))

    def _may_grow(self, size: int) -> bool:
        """Count one more unit of so many bytes; where that is too much, or pieces are missing, nothing is kept."""
        self._units += 1
        self._bytes += size
        if self._units > MOST_UNITS or self._bytes > LARGEST_PICTURE_BYTES:
            self.spoil()
        return not self._damaged
