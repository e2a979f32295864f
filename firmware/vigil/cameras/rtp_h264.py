"""How H.264 is cut into packets (RFC 6184): whole units, several in one packet, or one in several."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from vigil.cameras.rtp_units import Units
from vigil.errors import FormatError, StreamRefused
from vigil.frames.nal import split_annexb

_STAP_A, _FU_A = 24, 28
_INTERLEAVED = frozenset({25, 26, 27, 29})
_START_CODES = (b"\0\0\1", b"\0\0\0\1")


class H264Units(Units):
    """Reads packets of packetization modes 0 and 1. Raises `StreamRefused` when the camera announces another."""

    def __init__(self, fmtp: Mapping[str, str]) -> None:
        super().__init__("h264")
        if fmtp.get("packetization-mode", "0") not in {"0", "1", ""}:
            raise StreamRefused("the camera sends pieces of H.264 pictures out of their order (packetization-mode 2)")

    def add(self, packet: bytes, begin: int, end: int) -> None:
        """Take what one packet carries (RFC 6184, 5.4)."""
        kind = packet[begin] & 0x1F
        if kind == _FU_A:
            self._fragment(packet, begin, end)
        elif kind == _STAP_A:
            for unit in self._several(packet, begin + 1, end):
                self._whole(unit)
        elif 0 < kind < _STAP_A:
            self._whole(packet[begin:end])
        elif kind in _INTERLEAVED:
            raise StreamRefused(f"the camera sends H.264 in packets of type {kind}, which may come out of their order")
        elif packet.startswith(_START_CODES, begin):
            # Against the RFC, some cameras send the byte stream of a file.
            for unit in split_annexb(packet[begin:end]):
                self._whole(unit)

    def head(self, packet: bytes, begin: int) -> bytes:
        """Return header and first byte of the first unit that begins in a packet."""
        kind = packet[begin] & 0x1F
        if kind == _STAP_A:
            return packet[begin + 3 : begin + 5]
        if kind != _FU_A:
            return packet[begin : begin + 2]
        fragment = packet[begin + 1 : begin + 3]
        return fragment if fragment[:1] > b"\x7f" else b""

    def _fragment(self, packet: bytes, begin: int, end: int) -> None:
        """FU-A (5.8): the unit's header is split over two bytes; the second says where the unit begins and ends."""
        if end - begin < 2:
            self.spoil()
            return
        fragment = packet[begin + 1]
        if fragment < 0x80:
            self._more(packet[begin + 2 : end])
        else:
            header = bytes((packet[begin] & 0xE0 | fragment & 0x1F,))
            self._first(header, packet[begin + 2 : end])
        if fragment & 0x40:
            self._last()


def announced_sets(*values: str) -> list[bytes]:
    """
    Return the parameter sets that a description holds in base64, several with commas between.

    What cannot be read is left out: cameras send their sets with the pictures, too.
    """
    units: list[bytes] = []
    for word in ",".join(values).split(","):
        try:
            unit = base64.b64decode(word.strip() + "===")
            units += split_annexb(unit) if unit.startswith(_START_CODES) else [unit.rstrip(b"\0")]
        except (binascii.Error, ValueError, FormatError):
            continue
    return [unit for unit in units if len(unit) > 1]
