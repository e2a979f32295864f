"""What a sound decoder must know before the first slice of sound, out of the few bytes that cameras send for it."""

from __future__ import annotations

from vigil.errors import FormatError
from vigil.frames.packet import AudioCodec
from vigil.frames.sps import Bits

SAMPLES_PER_FRAME = 1024

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)


def audio_codec(config: bytes) -> AudioCodec:
    """
    Return the codec that an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) describes.

    The rate is that of the core decoder: with SBR the ear gets twice as many
    samples, but a frame is still 1024 of these. Raises `FormatError`.
    """
    if len(config) > 255:
        raise FormatError(f"an AudioSpecificConfig of {len(config)} bytes is longer than any we know")
    bits = Bits(config)
    if bits.u(5) == 31:
        bits.u(6)
    index = bits.u(4)
    if index in (13, 14):
        raise FormatError(f"sampling frequency index {index} is reserved")
    rate = bits.u(24) if index == 15 else _RATES[index]
    channels = bits.u(4)
    if not 1 <= channels < len(_CHANNELS) or not rate:
        raise FormatError("the AudioSpecificConfig does not state its channels and sampling rate")
    return AudioCodec(rate, _CHANNELS[channels], bytes(config))
