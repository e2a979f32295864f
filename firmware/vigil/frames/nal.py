"""Taking a camera's pictures apart into the units a decoder knows, and learning from them what it must know first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vigil.errors import FormatError
from vigil.frames.decoder_config import video_codec
from vigil.frames.packet import VideoCodec
from vigil.frames.sps import h264_sps, h265_sps, payload

_START = b"\0\0\1"


@dataclass(frozen=True, slots=True)
class Kinds:
    """
    Which types of NAL unit mean what (H.264 Table 7-1, H.265 Table 7-1).

    `keys` are the pictures a decoder can begin at. In H.264 that is IDR only:
    a recovery point leaves it open how many pictures stay broken, so a stream
    with recovery points alone (intra refresh) has no key here. In H.265 it is
    every IRAP picture, CRA too: where a segment begins at a CRA picture, the
    leading pictures that look back across it (RASL) are kept but do not decode.
    `dropped` are delimiters and filling, which MP4 does not want.
    """

    shift: int
    mask: int
    pictures: frozenset[int]
    keys: frozenset[int]
    sets: frozenset[int]
    dropped: frozenset[int]


KINDS = {
    "h264": Kinds(0, 0x1F, frozenset(range(1, 6)), frozenset({5}), frozenset({7, 8}), frozenset({9, 12})),
    "h265": Kinds(
        1, 0x3F, frozenset(range(32)), frozenset(range(16, 22)), frozenset({32, 33, 34}), frozenset({35, 38})
    ),
}


def split_annexb(data: bytes) -> list[bytes]:
    """
    Return the NAL units of a byte stream (Annex B of H.264 and H.265), in order.

    Start codes of three and four bytes and the zeros between units are gone.
    Bytes before the first start code are an error: they belong to nothing.
    """
    start = data.find(_START)
    if start < 0 or data.count(0, 0, start) != start:
        raise FormatError("the access unit does not begin with a start code")
    units = []
    while start >= 0:
        begin = start + 3
        start = data.find(_START, begin)
        # A unit never ends in a zero byte (7.4.1.1): those belong to the next start code, or are padding.
        unit = data[begin : start if start >= 0 else None].rstrip(b"\0")
        if unit:
            units.append(unit)
    return units


def join_annexb(units: Iterable[bytes]) -> bytes:
    """Return NAL units as a byte stream, each behind a start code of four bytes."""
    return b"".join(b"\0" + _START + unit for unit in units)


def split_lengths(data: bytes, length_size: int = 4) -> list[bytes]:
    """Return the NAL units of an MP4 sample, each of which stands behind its length in `length_size` bytes."""
    units, at, end = [], 0, len(data)
    while at < end:
        begin = at + length_size
        at = begin + int.from_bytes(data[at:begin], "big")
        if at > end:
            raise FormatError("a NAL unit is longer than the sample that holds it")
        if at > begin:
            units.append(data[begin:at])
    return units


class AnnexBReader:
    """
    Turns access units of one stream into the data of packets.

    It remembers the parameter sets by kind and number, so that a set sent
    again changes nothing: `codec` stays the very same object until a set
    really differs. Where several SPS are in use, the one with the lowest
    number gives the size of the picture.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._kinds = KINDS[name]
        self._sets: dict[tuple[int, int], bytes] = {}
        self._known: frozenset[bytes] = frozenset()
        self.codec: VideoCodec | None = None

    def access_unit(self, data: bytes) -> tuple[bytes, bool, VideoCodec | None]:
        """
        Return one access unit's data as `Packet` wants it, whether it is a key, and the codec it needs.

        The data is empty when the unit held no picture (parameter sets alone).
        The codec is None until all its parameter sets were seen. Raises
        `FormatError` for garbage and then remembers nothing of it.
        """
        return self.units(split_annexb(data))

    def lengths(self, data: bytes, length_size: int = 4) -> tuple[bytes, bool, VideoCodec | None]:
        """Do the same for units behind their lengths, as in MP4."""
        if length_size == 4 and (key := self._pictures_alone(data)) is not None:
            return data, key, self.codec
        return self.units(split_lengths(data, length_size))

    def units(self, units: Iterable[bytes]) -> tuple[bytes, bool, VideoCodec | None]:
        """Do the same for units already taken apart, as RTP brings them."""
        kinds = self._kinds
        shift, mask = kinds.shift, kinds.mask
        parts: list[bytes] = []
        fresh: list[bytes] = []
        key = picture = False
        for unit in units:
            kind = (unit[0] >> shift) & mask
            if kind in kinds.sets:
                if unit not in self._known:
                    fresh.append(bytes(unit))
            elif kind not in kinds.dropped:
                parts.append(len(unit).to_bytes(4, "big"))
                parts.append(unit)
                if kind in kinds.pictures:
                    picture = True
                    key = key or kind in kinds.keys
        if fresh:
            self._learn(fresh)
        return (b"".join(parts) if picture else b""), key, self.codec

    def _pictures_alone(self, data: bytes) -> bool | None:
        """
        Say whether `data` is a key, where it is what a packet holds already; None where it must be taken apart.

        So it is for most samples of most films, and taking them apart is half of what reading them costs.
        """
        kinds = self._kinds
        at, end = 0, len(data)
        key = picture = False
        while at + 4 < end:
            kind = (data[at + 4] >> kinds.shift) & kinds.mask
            if kind in kinds.sets or kind in kinds.dropped:
                return None
            picture = picture or kind in kinds.pictures
            key = key or kind in kinds.keys
            begin = at
            at += 4 + int.from_bytes(data[at : at + 4], "big")
            if at == begin + 4:
                return None
        return key if picture and at == end else None

    def learn(self, parameter_sets: Iterable[bytes]) -> VideoCodec | None:
        """Take parameter sets that come beside the stream (SDP, avcC, hvcC); return the codec they make."""
        self.units(parameter_sets)
        return self.codec

    def _learn(self, fresh: list[bytes]) -> None:
        sets = dict(self._sets)
        for unit in fresh:
            sets[self._number(unit)] = unit
        kinds = {kind for kind, _ in sets}
        codec = self.codec
        if kinds == self._kinds.sets:
            codec = video_codec(self._name, [sets[at] for at in sorted(sets)])
        self._sets, self._known, self.codec = sets, frozenset(sets.values()), codec

    def _number(self, unit: bytes) -> tuple[int, int]:
        """Return kind and number of a parameter set: a new one replaces the one with the same."""
        kind = (unit[0] >> self._kinds.shift) & self._kinds.mask
        match self._name, kind:
            case "h264", 7:
                number = h264_sps(unit).number
            case "h264", _:
                number = payload(unit, 1).ue()
            case _, 33:
                number = h265_sps(unit).number
            case _, 32:
                number = payload(unit, 2).u(4)
            case _:
                number = payload(unit, 2).ue()
        if number > 255:
            raise FormatError(f"parameter set number {number} is more than 255")
        return kind, number
