"""How AAC is put into packets (RFC 3640, modes AAC-hbr and AAC-lbr): several frames in one, or one in several."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.errors import FormatError, StreamRefused
from vigil.frames.aac import SAMPLES_PER_FRAME, audio_codec
from vigil.frames.packet import AudioCodec

LARGEST_FRAME_BYTES = 8191
"""What the thirteen bits of AAC-hbr can say; an AAC frame has at most 768 bytes for each of its channels."""

_MODES = {"aac-hbr": (13, 3, 3), "aac-lbr": (6, 2, 2)}
_SIZES = ("sizelength", "indexlength", "indexdeltalength")

# Fields that may stand in each header; no camera that we know of sends them.
_UNREAD = ("ctsdeltalength", "dtsdeltalength", "randomaccessindication", "streamstateindication",
           "auxiliarydatasizelength", "maxdisplacement")  # fmt: skip


class AacFrames:
    """
    Reads packets of AAC. Raises `FormatError` for a description that does not say enough.

    `codec` is what a decoder must know; `frame_ticks` how long one frame lasts
    on the RTP clock; `dropped` counts packets that could not be read.
    """

    def __init__(self, fmtp: Mapping[str, str], clock_rate: int) -> None:
        self._size_bits, self._first_bits, self._next_bits = _header_bits(fmtp)
        self.codec = _described(fmtp)
        self.frame_ticks = SAMPLES_PER_FRAME * clock_rate // self.codec.sample_rate
        self._parts: list[bytes] = []
        self._missing = 0
        self.dropped = 0

    def spoil(self) -> None:
        """Note that packets are missing: a frame of which a part has come is forgotten."""
        self.dropped += bool(self._parts)
        self._parts, self._missing = [], 0

    def add(self, packet: bytes, begin: int, end: int) -> list[bytes]:
        """Return the frames that a packet, which carries `packet[begin:end]`, holds or completes."""
        bits = int.from_bytes(packet[begin : begin + 2], "big")
        at = begin + 2 + (bits + 7) // 8
        if not bits or at > end:
            self.spoil()
            self.dropped += 1
            return []
        sizes = self._frame_sizes(packet, begin + 2, bits)
        if len(sizes) == 1 and (self._parts or sizes[0] > end - at):
            return self._part(packet[at:end], sizes[0])
        self.spoil()
        frames = []
        for size in sizes:
            if not 0 < size <= end - at:
                self.dropped += 1
                break
            frames.append(packet[at : at + size])
            at += size
        return frames

    def _frame_sizes(self, packet: bytes, at: int, bits: int) -> list[int]:
        """Return the sizes in the headers (3.2.1); the numbers beside them say what has come out of order: nothing."""
        value = int.from_bytes(packet[at : at + (bits + 7) // 8], "big") >> (-bits % 8)
        sizes, other_bits = [], self._first_bits
        while bits >= self._size_bits + other_bits:
            bits -= self._size_bits + other_bits
            sizes.append(value >> bits + other_bits & ((1 << self._size_bits) - 1))
            other_bits = self._next_bits
        return sizes

    def _part(self, part: bytes, size: int) -> list[bytes]:
        """Take a part of a frame of `size` bytes (3.2.3): each part says the size of the whole."""
        if not self._parts:
            self._missing = size
        self._parts.append(part)
        self._missing -= len(part)
        if self._missing < 0 or size > LARGEST_FRAME_BYTES or not part:
            self.spoil()
        if self._missing or not self._parts:
            return []
        frame, self._parts = b"".join(self._parts), []
        return [frame]


def _header_bits(fmtp: Mapping[str, str]) -> tuple[int, int, int]:
    """Return the bits of size, number, and difference of numbers in the headers."""
    unread = [name for name in _UNREAD if fmtp.get(name, "0") not in {"0", ""}]
    if unread:
        raise StreamRefused(f"the camera sends sound with {' and '.join(unread)}, which is not read here")
    usual = _MODES.get(fmtp.get("mode", "").lower(), (0, 0, 0))
    try:
        size, first, following = (int(fmtp.get(name) or bits) for name, bits in zip(_SIZES, usual, strict=True))
    except ValueError:
        size = first = following = 0
    if not 0 < size <= 16 or not 0 <= first <= 16 or not 0 <= following <= 16:
        raise FormatError("the camera does not say how its packets of sound are built")
    return size, first, following


def _described(fmtp: Mapping[str, str]) -> AudioCodec:
    try:
        config = bytes.fromhex(fmtp.get("config", "").strip("\"'"))
    except ValueError:
        config = b""
    if not config:
        raise FormatError("the camera does not say how its sound is encoded (no config)")
    return audio_codec(config)
