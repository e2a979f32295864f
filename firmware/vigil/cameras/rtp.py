"""What a camera wraps around each piece of a picture or of sound to send it: RTP (RFC 3550, 5.1)."""

from __future__ import annotations

import struct

WRAP = 1 << 32
"""Timestamps count in 32 bits and begin anywhere."""

_FIXED = struct.Struct(">BBHII")
_HEADER_BYTES = 12

# RFC 3550, A.1: a leap further than this is a sender that began anew, not that many packets lost.
_FURTHEST_AHEAD = 3000
_FURTHEST_BEHIND = 100


def ahead(later: int, earlier: int) -> int:
    """Return how far one timestamp lies behind another, negative when it lies before it: the shorter way round."""
    return ((later - earlier + WRAP // 2) % WRAP) - WRAP // 2


class RtpReader:
    """
    Reads the headers of one stream's packets and watches their numbers.

    `read` takes one packet and says whether there is something in it: then
    `begin` and `end` bound what it carries, and `timestamp` and `marker` are
    its own. `broken` is set when packets are missing before it; whoever acts on
    that clears it. All are plain attributes because this happens some hundred
    times a second.

    `lost` counts the packets that are missing, `resets` how often the numbers
    began anew, `ignored` what was not for us: unreadable, another payload type,
    or come a second time.
    """

    __slots__ = (
        "_next", "_payload_type", "_ssrc", "begin", "broken", "end", "ignored", "lost", "marker", "resets", "timestamp",
    )  # fmt: skip

    def __init__(self, payload_type: int) -> None:
        self._payload_type = payload_type
        self._next: int | None = None
        self._ssrc = 0
        self.begin = self.end = 0
        self.timestamp = 0
        self.marker = self.broken = False
        self.lost = self.resets = self.ignored = 0

    def read(self, packet: bytes) -> bool:
        """Read one packet's header; return whether the packet is the next of ours. Nothing in a packet is an error."""
        size = len(packet)
        if size <= _HEADER_BYTES:
            self.ignored += 1
            return False
        first, second, sequence, self.timestamp, ssrc = _FIXED.unpack_from(packet)
        if first == 0x80:
            self.begin, self.end = _HEADER_BYTES, size
        elif not self._find_payload(packet, first):
            self.ignored += 1
            return False
        if sequence != self._next and not self._resume(sequence, ssrc):
            self.ignored += 1
            return False
        self._next = (sequence + 1) & 0xFFFF
        # Who sends is no matter as long as the numbers go on: some devices never say the same twice.
        self._ssrc = ssrc
        if second & 0x7F != self._payload_type:
            self.ignored += 1
            return False
        self.marker = second > 0x7F
        return True

    def _find_payload(self, packet: bytes, first: int) -> bool:
        """Set the bounds where there is more than the fixed header: sources, an extension, padding."""
        begin, end = _HEADER_BYTES + 4 * (first & 0x0F), len(packet)
        if first & 0x10:
            if begin + 4 > end:
                return False
            begin += 4 + 4 * int.from_bytes(packet[begin + 2 : begin + 4], "big")
        if first & 0x20:
            end -= packet[-1] or end
        self.begin, self.end = begin, end
        return first >> 6 == 2 and begin < end

    def _resume(self, sequence: int, ssrc: int) -> bool:
        """Judge a number that is not the next one; return whether the packet counts."""
        if self._next is None:
            return True
        step = (sequence - self._next) & 0xFFFF
        if step >= 0x10000 - _FURTHEST_BEHIND and ssrc == self._ssrc:
            return False
        self.broken = True
        if step <= _FURTHEST_AHEAD and ssrc == self._ssrc:
            self.lost += step
        else:
            self.resets += 1
        return True
