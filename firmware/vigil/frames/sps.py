"""What a camera says about its pictures before the first one: how large they are and what it takes to decode them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vigil.errors import FormatError

LARGEST_SET_BYTES = 0xFFFF
"""avcC and hvcC have sixteen bits for the length of a parameter set (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1)."""

LARGEST_SIDE = 16_384

MOST_REORDERED = 16
"""Neither standard lets a decoder hold more pictures than these (A.3.1 and A.4.2)."""

# The profiles whose SPS goes on with chroma format and bit depths (H.264, 7.3.2.1.1).
_HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})


@dataclass(frozen=True, slots=True)
class H264Sps:
    """
    The fields of an H.264 SPS that files and players ask for. `level` etc. are the bytes of the standard.

    `reorder` is how many pictures at most are decoded before one and shown
    after it; None where the camera does not say.
    """

    number: int
    width: int
    height: int
    profile: int
    compatibility: int
    level: int
    chroma_format: int
    luma_bits: int
    chroma_bits: int
    reorder: int | None


@dataclass(frozen=True, slots=True)
class H265Sps:
    """
    The fields of an H.265 SPS that files and players ask for.

    `general_profile` is the general part of profile_tier_level(), twelve bytes
    as they stand in the stream and again in hvcC. `reorder` is as for H.264.
    """

    number: int
    width: int
    height: int
    general_profile: bytes
    layers: int
    nested: bool
    chroma_format: int
    luma_bits: int
    chroma_bits: int
    reorder: int | None


class Bits:
    """Reads bytes bit by bit. Running out of bits is a `FormatError`."""

    def __init__(self, payload: bytes) -> None:
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def u(self, count: int) -> int:
        """Return the next `count` bits as a number: u(n)."""
        self._left -= count
        if self._left < 0:
            raise FormatError("the parameter set ends too early")
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        """Return the next Exp-Golomb number: ue(v)."""
        zeros = self._left - (self._value & ((1 << self._left) - 1)).bit_length()
        if zeros > 32:
            raise FormatError("the parameter set holds a number of more than 32 bits")
        return self.u(2 * zeros + 1) - 1

    def se(self) -> int:
        """Return the next signed Exp-Golomb number: se(v)."""
        coded = self.ue()
        return (coded + 1) // 2 if coded & 1 else -(coded // 2)


def payload(unit: bytes, header_size: int) -> Bits:
    """Return what a NAL unit says (its RBSP): header left out, emulation prevention bytes removed (7.4.1.1)."""
    if len(unit) > LARGEST_SET_BYTES:
        raise FormatError(f"a parameter set of {len(unit)} bytes is larger than {LARGEST_SET_BYTES}")
    return Bits(unit[header_size:].replace(b"\0\0\3", b"\0\0"))


def h264_sps(unit: bytes) -> H264Sps:
    """Read an H.264 SPS (NAL unit, header byte included; 7.3.2.1.1). Raises `FormatError`."""
    bits = payload(unit, 1)
    profile, compatibility, level, number = bits.u(8), bits.u(8), bits.u(8), bits.ue()
    chroma_format, luma_bits, chroma_bits = 1, 8, 8
    separate_planes = False
    if profile in _HIGH_PROFILES:
        chroma_format = _at_most(bits.ue(), 3, "chroma format")
        separate_planes = chroma_format == 3 and bool(bits.u(1))
        luma_bits = 8 + _at_most(bits.ue(), 6, "luma bit depth")
        chroma_bits = 8 + _at_most(bits.ue(), 6, "chroma bit depth")
        bits.u(1)  # lossless bypass
        if bits.u(1):
            _skip_scaling_lists(bits, 12 if chroma_format == 3 else 8)
    in_order = _skip_picture_order(bits) == 2
    bits.ue()  # reference frames
    bits.u(1)  # gaps in frame numbers
    columns, rows, frames_only = bits.ue() + 1, bits.ue() + 1, bits.u(1)
    if not frames_only:
        bits.u(1)  # macroblock-adaptive field coding
    bits.u(1)  # direct 8x8 inference
    width, height = 16 * columns, 16 * rows * (2 - frames_only)
    crop = _window(bits)
    x, y = (1, 1) if separate_planes else _crop_units(chroma_format)
    y *= 2 - frames_only
    return H264Sps(
        _at_most(number, 31, "SPS number"),
        _side(width - x * (crop[0] + crop[1]), "width"),
        _side(height - y * (crop[2] + crop[3]), "height"),
        profile,
        compatibility,
        level,
        chroma_format,
        luma_bits,
        chroma_bits,
        # Baseline has no B pictures, and with this kind of picture order they are shown as they are decoded (8.2.1.3).
        0 if in_order or profile == 66 else _optional(_h264_reorder, bits),
    )


def h265_sps(unit: bytes) -> H265Sps:
    """Read an H.265 SPS (NAL unit, header bytes included; 7.3.2.2.1). Raises `FormatError`."""
    bits = payload(unit, 2)
    bits.u(4)  # number of the VPS
    sub_layers, nested = _at_most(bits.u(3), 6, "number of sub-layers"), bool(bits.u(1))
    general_profile = bits.u(96).to_bytes(12, "big")
    _skip_sub_layers(bits, sub_layers)
    number = _at_most(bits.ue(), 15, "SPS number")
    chroma_format = _at_most(bits.ue(), 3, "chroma format")
    separate_planes = chroma_format == 3 and bool(bits.u(1))
    width, height = bits.ue(), bits.ue()
    crop = _window(bits)
    x, y = (1, 1) if separate_planes else _crop_units(chroma_format)
    luma_bits = 8 + _at_most(bits.ue(), 8, "luma bit depth")
    chroma_bits = 8 + _at_most(bits.ue(), 8, "chroma bit depth")
    return H265Sps(
        number,
        _side(width - x * (crop[0] + crop[1]), "width"),
        _side(height - y * (crop[2] + crop[3]), "height"),
        general_profile,
        sub_layers + 1,
        nested,
        chroma_format,
        luma_bits,
        chroma_bits,
        _optional(lambda rest: _h265_reorder(rest, sub_layers), bits),
    )


def _at_most(value: int, limit: int, name: str) -> int:
    if value > limit:
        raise FormatError(f"the {name} is {value}, more than {limit}")
    return value


def _side(value: int, name: str) -> int:
    if not 1 <= value <= LARGEST_SIDE:
        raise FormatError(f"the picture's {name} is {value}, not 1 to {LARGEST_SIDE}")
    return value


def _crop_units(chroma_format: int) -> tuple[int, int]:
    """Return SubWidthC and SubHeightC (Table 6-1 of both standards): cropping is counted in chroma samples."""
    return (2 if chroma_format in (1, 2) else 1), (2 if chroma_format == 1 else 1)


def _window(bits: Bits) -> tuple[int, int, int, int]:
    """Return what is cropped left, right, top and bottom."""
    if not bits.u(1):
        return 0, 0, 0, 0
    return bits.ue(), bits.ue(), bits.ue(), bits.ue()


def _skip_scaling_lists(bits: Bits, count: int) -> None:
    for number in range(count):
        if bits.u(1):
            last = scale = 8
            for _ in range(16 if number < 6 else 64):
                if scale:
                    scale = (last + bits.se()) % 256
                last = scale or last


def _skip_picture_order(bits: Bits) -> int:
    """Return the picture order count type."""
    bits.ue()  # size of frame numbers
    kind = _at_most(bits.ue(), 2, "picture order count type")
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(_at_most(bits.ue(), 255, "picture order cycle")):
            bits.se()
    return kind


def _skip_sub_layers(bits: Bits, count: int) -> None:
    present = [(bits.u(1), bits.u(1)) for _ in range(count)]
    if count:
        bits.u(2 * (8 - count))
    for profile, level in present:
        bits.u(88 * profile + 8 * level)


def _optional(read: Callable[[Bits], int | None], bits: Bits) -> int | None:
    """Return what is said late in a set, where cameras make mistakes that decoders do not mind: None for those."""
    try:
        reorder = read(bits)
    except FormatError:
        return None
    return reorder if reorder is not None and reorder <= MOST_REORDERED else None


def _h265_reorder(bits: Bits, sub_layers: int) -> int:
    bits.ue()  # size of picture order counts
    reorder = 0
    for _ in range(sub_layers + 1 if bits.u(1) else 1):
        bits.ue()  # pictures held
        reorder = bits.ue()
        bits.ue()  # latency
    return reorder


def _h264_reorder(bits: Bits) -> int | None:
    """Return max_num_reorder_frames out of the VUI (H.264, E.1.1), if it is there."""
    if not bits.u(1):
        return None
    if bits.u(1) and bits.u(8) == 255:  # shape of the samples
        bits.u(32)
    if bits.u(1):  # overscan
        bits.u(1)
    if bits.u(1):  # video signal
        bits.u(4)
        if bits.u(1):
            bits.u(24)
    if bits.u(1):  # where chroma samples lie
        bits.ue()
        bits.ue()
    if bits.u(1):  # timing
        bits.u(65)
    buffered = bits.u(1)
    if buffered:
        _skip_buffer(bits)
    if bits.u(1):
        _skip_buffer(bits)
        buffered = 1
    if buffered:
        bits.u(1)  # low delay
    bits.u(1)  # picture structure
    if not bits.u(1):
        return None
    bits.u(1)
    for _ in range(4):
        bits.ue()
    return bits.ue()


def _skip_buffer(bits: Bits) -> None:
    """Pass over hrd_parameters() (E.1.2)."""
    count = _at_most(bits.ue(), 31, "number of buffers less one") + 1
    bits.u(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.u(1)
    bits.u(20)
