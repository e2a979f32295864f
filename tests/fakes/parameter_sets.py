"""Parameter sets of H.264 written bit by bit, for what no encoder at hand writes."""

from __future__ import annotations


def ue(value: int) -> str:
    """Return an unsigned Exp-Golomb number."""
    coded = f"{value + 1:b}"
    return "0" * (len(coded) - 1) + coded


FRAMES_ONLY = ue(39) + ue(16) + "1" + "1"
"""40 by 17 macroblocks, frames only, direct 8x8 inference."""


def sps_of(*fields: str) -> bytes:
    """Return an SPS of these bits, with the emulation prevention that it needs."""
    bits = "".join(fields) + "1"
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    safe, zeros = bytearray(b"\x67"), 0
    for byte in body:
        if zeros >= 2 and byte <= 3:
            safe.append(3)
            zeros = 0
        safe.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(safe)


def vui_of(
    *,
    shape: str = "0",
    overscan: str = "0",
    signal: str = "0",
    chroma: str = "0",
    timing: str = "0",
    nal_buffer: int = 0,
    vcl_buffer: int = 0,
    reorder: int | None = 3,
) -> str:
    """Return the bits of a VUI (H.264, E.1.1) with buffers of so many entries, none for nought."""
    parts = [shape, overscan, signal, chroma, timing, _buffer(nal_buffer), _buffer(vcl_buffer)]
    if nal_buffer or vcl_buffer:
        parts.append("0")
    parts.append("1")
    if reorder is None:
        parts.append("0")
    else:
        parts += ["1", "1", ue(2), ue(1), ue(10), ue(10), ue(reorder), ue(4)]
    return "".join(parts)


def _buffer(entries: int) -> str:
    """Return hrd_parameters() (E.1.2) behind the flag that says whether it is there."""
    if not entries:
        return "0"
    return "1" + ue(entries - 1) + f"{0x34:08b}" + (ue(999) + ue(77) + "1") * entries + f"{0xABCDE:020b}"
