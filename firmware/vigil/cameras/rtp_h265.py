"""How H.265 is cut into packets (RFC 7798): whole units, several in one packet, or one in several."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.cameras.rtp_units import Units
from vigil.errors import StreamRefused

_TOGETHER, _FRAGMENT, _WITH_EXTENSION = 48, 49, 50
_HEADER_BYTES = 2


class H265Units(Units):
    """Reads packets without order numbers. Raises `StreamRefused` when the camera announces such."""

    def __init__(self, fmtp: Mapping[str, str]) -> None:
        super().__init__("h265")
        if fmtp.get("sprop-max-don-diff", "0").strip() not in {"0", ""}:
            raise StreamRefused("the camera sends pieces of H.265 pictures out of their order (sprop-max-don-diff)")
        if fmtp.get("tx-mode", "SRST").upper() != "SRST":
            raise StreamRefused("the camera sends H.265 in layers, each in a stream of its own (tx-mode)")

    def add(self, packet: bytes, begin: int, end: int) -> None:
        """Take what one packet carries (RFC 7798, 4.4)."""
        if end - begin <= _HEADER_BYTES:
            self.spoil()
            return
        kind = packet[begin] >> 1 & 0x3F
        if kind == _TOGETHER:
            for unit in self._several(packet, begin + _HEADER_BYTES, end):
                if len(unit) > 1 and not _is_above(unit[0], unit[1]):
                    self._whole(unit)
        elif _is_above(packet[begin], packet[begin + 1]):
            return  # A layer above the first: what it adds nobody here shows, and nothing below needs it.
        elif kind == _FRAGMENT:
            self._fragment(packet, begin, end)
        elif kind < _TOGETHER:
            self._whole(packet[begin:end])
        elif kind == _WITH_EXTENSION:
            raise StreamRefused("the camera sends H.265 in packets of type 50 (PACI)")

    def head(self, packet: bytes, begin: int) -> bytes:
        """Return header and first byte of the first unit that begins in a packet."""
        kind = packet[begin] >> 1 & 0x3F
        if kind == _TOGETHER:
            return packet[begin + 4 : begin + 7]
        if kind != _FRAGMENT:
            return packet[begin : begin + 3]
        fragment = packet[begin + 2 : begin + 4]
        return bytes((fragment[0] << 1 & 0x7E, 1)) + fragment[1:] if fragment[:1] > b"\x7f" else b""

    def _fragment(self, packet: bytes, begin: int, end: int) -> None:
        """FU (4.4.3): the unit's type moves from the header, which stays, to a third byte."""
        fragment = packet[begin + 2]
        if fragment < 0x80:
            self._more(packet[begin + 3 : end])
        else:
            header = bytes((packet[begin] & 0x81 | (fragment & 0x3F) << 1, packet[begin + 1]))
            self._first(header, packet[begin + 3 : end])
        if fragment & 0x40:
            self._last()


def _is_above(first: int, second: int) -> bool:
    """Say by the header's two bytes whether a unit belongs to a layer above the first."""
    return bool(first & 1) or second > 7
