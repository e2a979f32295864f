"""The record in an MP4 file that tells a decoder how to begin: avcC and hvcC, written and read."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from vigil.errors import FormatError
from vigil.frames.packet import VideoCodec
from vigil.frames.sps import H264Sps, H265Sps, h264_sps, h265_sps

# The profiles before High: for all others avcC goes on with chroma format and bit depths (14496-15, 5.3.3.1.2).
_SHORT_AVCC = (66, 77, 88)


def video_codec(name: str, parameter_sets: Sequence[bytes]) -> VideoCodec:
    """
    Return the codec that `parameter_sets` describe (raw NAL units in any order; the first SPS gives the size).

    Raises `FormatError` when a kind of set is missing or the SPS cannot be read.
    """
    sets = tuple(sorted(parameter_sets, key=lambda unit: _kind(name, unit)))
    sps = _sps(name, sets)
    return VideoCodec(name, sps.width, sps.height, sets)


def avcc(codec: VideoCodec) -> bytes:
    """Return the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1.2) with lengths of four bytes."""
    sps = _sps("h264", codec.parameter_sets)
    assert isinstance(sps, H264Sps)
    sets = [unit for unit in codec.parameter_sets if _kind("h264", unit) == 7]
    pictures = [unit for unit in codec.parameter_sets if _kind("h264", unit) == 8]
    if len(sets) > 31 or len(pictures) > 255:
        raise FormatError("avcC has room for 31 SPS and 255 PPS")
    head = bytes((1, sps.profile, sps.compatibility, sps.level, 0xFC | 3, 0xE0 | len(sets)))
    record = head + _with_lengths(sets) + bytes((len(pictures),)) + _with_lengths(pictures)
    if sps.profile not in _SHORT_AVCC:
        record += bytes((0xFC | sps.chroma_format, 0xF8 | (sps.luma_bits - 8), 0xF8 | (sps.chroma_bits - 8), 0))
    return record


def hvcc(codec: VideoCodec) -> bytes:
    """Return the HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1.2) with lengths of four bytes."""
    sps = _sps("h265", codec.parameter_sets)
    assert isinstance(sps, H265Sps)
    parts = [
        b"\x01",
        sps.general_profile,
        # Segmentation and parallelism unknown, chroma and depths, frame rate not stated.
        struct.pack(">HBBBBH", 0xF000, 0xFC, 0xFC | sps.chroma_format, 0xF8 | (sps.luma_bits - 8),
                    0xF8 | (sps.chroma_bits - 8), 0),
        bytes((sps.layers << 3 | sps.nested << 2 | 3, 3)),
    ]  # fmt: skip
    for kind in (32, 33, 34):
        units = [unit for unit in codec.parameter_sets if _kind("h265", unit) == kind]
        # The high bit: every set of this kind is here, none in the samples (hvc1).
        parts += [struct.pack(">BH", 0x80 | kind, len(units)), _with_lengths(units)]
    return b"".join(parts)


def read_avcc(record: bytes) -> tuple[int, list[bytes]]:
    """Return (bytes per length, parameter sets) of an avcC record. Raises `FormatError`."""
    if len(record) < 7 or record[0] != 1:
        raise FormatError("avcC is not an AVC decoder configuration record")
    sps, at = _units(record, 6, record[5] & 31)
    pps, _ = _units(record, at + 1, record[at]) if at < len(record) else ([], at)
    return (record[4] & 3) + 1, sps + pps


def read_hvcc(record: bytes) -> tuple[int, list[bytes]]:
    """Return (bytes per length, parameter sets) of an hvcC record; other NAL units in it are left out."""
    if len(record) < 23 or record[0] != 1:
        raise FormatError("hvcC is not an HEVC decoder configuration record")
    units: list[bytes] = []
    at = 23
    for _ in range(record[22]):
        if at + 3 > len(record):
            raise FormatError("hvcC ends within its arrays")
        kind, count = struct.unpack_from(">BH", record, at)
        found, at = _units(record, at + 3, count)
        if kind & 63 in (32, 33, 34):
            units += found
    return (record[21] & 3) + 1, units


def _kind(name: str, unit: bytes) -> int:
    if not unit:
        raise FormatError("a parameter set is empty")
    return unit[0] & 31 if name == "h264" else unit[0] >> 1 & 63


def _sps(name: str, sets: Sequence[bytes]) -> H264Sps | H265Sps:
    """Return the first SPS, when every kind of set that a decoder needs is there."""
    needed = {"h264": {7: "SPS", 8: "PPS"}, "h265": {32: "VPS", 33: "SPS", 34: "PPS"}}[name]
    missing = [word for kind, word in needed.items() if kind not in {_kind(name, unit) for unit in sets}]
    if missing:
        raise FormatError(f"the {name} parameter sets lack {' and '.join(missing)}")
    if name == "h264":
        return h264_sps(next(unit for unit in sets if _kind(name, unit) == 7))
    return h265_sps(next(unit for unit in sets if _kind(name, unit) == 33))


def _with_lengths(units: Sequence[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def _units(record: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    """Return `count` units, each behind two bytes of length, from `at` on, and where they end."""
    units = []
    for _ in range(count):
        begin = at + 2
        at = begin + int.from_bytes(record[at:begin], "big")
        if begin > len(record) or at > len(record):
            raise FormatError("a parameter set is longer than the record that holds it")
        if at > begin:
            units.append(bytes(record[begin:at]))
    return units, at
