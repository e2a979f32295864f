"""A camera's sending end: units of pictures cut into RTP packets in every way that a camera may choose."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

PAYLOAD_TYPE = 96
SSRC = 0x5EED


def rtp(
    payload: bytes, sequence: int, timestamp: int, *, marker: bool = False, kind: int = PAYLOAD_TYPE, ssrc: int = SSRC
) -> bytes:
    """Return one packet with the plainest header."""
    head = struct.pack(">BBHII", 0x80, marker << 7 | kind, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return head + payload


def h264_fragments(unit: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return FU-A payloads of a unit, cut behind its header at these places, in order."""
    body = unit[1:]
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(body)), len(body)]
    pieces = [body[a:b] for a, b in pairwise(edges)]
    last = len(pieces) - 1
    return [
        bytes((unit[0] & 0xE0 | 28, (at == 0) << 7 | (at == last) << 6 | unit[0] & 0x1F)) + piece
        for at, piece in enumerate(pieces)
    ]


def h264_together(units: Iterable[bytes]) -> bytes:
    """Return one STAP-A payload."""
    return b"\x18" + b"".join(struct.pack(">H", len(unit)) + unit for unit in units)


def h265_fragments(unit: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return FU payloads of a unit, cut behind its header of two bytes."""
    body, kind = unit[2:], unit[0] >> 1 & 0x3F
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(body)), len(body)]
    pieces = [body[a:b] for a, b in pairwise(edges)]
    last = len(pieces) - 1
    header = bytes((unit[0] & 0x81 | 49 << 1, unit[1]))
    return [header + bytes(((at == 0) << 7 | (at == last) << 6 | kind,)) + piece for at, piece in enumerate(pieces)]


def h265_together(units: Iterable[bytes]) -> bytes:
    """Return one AP payload."""
    return b"\x60\x01" + b"".join(struct.pack(">H", len(unit)) + unit for unit in units)


class Sender:
    """Numbers packets as a camera does; `skip` is a packet that never left it."""

    def __init__(self, *, sequence: int = 65_530, ssrc: int = SSRC) -> None:
        self.sequence = sequence
        self.ssrc = ssrc

    def picture(self, payloads: Sequence[bytes], timestamp: int, *, marked: str = "last") -> list[bytes]:
        """Return the packets of one picture; `marked` says which bear the marker: last, none or all."""
        packets = []
        for at, payload in enumerate(payloads):
            marker = marked == "all" or (marked == "last" and at == len(payloads) - 1)
            packets.append(rtp(payload, self.sequence, timestamp, marker=marker, ssrc=self.ssrc))
            self.skip()
        return packets

    def skip(self, packets: int = 1) -> None:
        self.sequence += packets


def drawn_cuts(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    units: Sequence[bytes],
    *,
    together: Callable[[Iterable[bytes]], bytes],
    fragments: Callable[[bytes, Sequence[int]], list[bytes]],
) -> list[bytes]:
    """Return payloads that hold `units` in one of all ways: whole, several in one, one in pieces."""
    payloads: list[bytes] = []
    left = list(units)
    while left:
        way = draw(st.sampled_from(["whole", "fragments", "together"]))
        if way == "together":
            count = draw(st.integers(1, len(left)))
            payloads.append(together(left[:count]))
            del left[:count]
        elif way == "fragments":
            payloads += fragments(left.pop(0), draw(st.lists(st.integers(1, 320), max_size=8)))
        else:
            payloads.append(left.pop(0))
    return payloads
