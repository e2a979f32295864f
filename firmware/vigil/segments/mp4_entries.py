"""What an MP4 file says about the codec of a track: sample entries, written and read."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vigil.errors import FormatError
from vigil.frames.aac import audio_codec
from vigil.frames.decoder_config import avcc, hvcc, read_avcc, read_hvcc, video_codec
from vigil.frames.packet import AudioCodec, VideoCodec
from vigil.segments.mp4_boxes import Fields, box, child, full_box, inner, needed

_DPI_72 = 0x0048_0000
_AAC = 0x40  # objectTypeIndication of MPEG-4 audio
_AUDIO_STREAM = 0x15  # stream type 5, not upstream, reserved bit set


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One sample entry as read.

    `length_size` is the number of bytes before each NAL unit. `codec` is None
    where all parameter sets are in the samples (`avc3`, `hev1`).
    """

    name: str
    codec: VideoCodec | AudioCodec | None
    length_size: int = 4


def video_entry(codec: VideoCodec) -> bytes:
    """
    Return `avc1` or `hvc1` (14496-15, 5.4.2.1 and 8.4.1.1).

    Not `avc3` and `hev1`: our packets carry no parameter sets, a new set
    begins a new segment, so the entry is complete and players may trust it.
    """
    if codec.name == "h264":
        kind, configuration = b"avc1", box(b"avcC", avcc(codec))
    else:
        kind, configuration = b"hvc1", box(b"hvcC", hvcc(codec))
    fields = struct.pack(
        ">6xH 16x HH II 4x H 32x Hh",
        1, codec.width, codec.height, _DPI_72, _DPI_72, 1, 24, -1,
    )  # fmt: skip
    return box(kind, fields, configuration)


def audio_entry(codec: AudioCodec) -> bytes:
    """Return `mp4a` with its `esds` (14496-14, 5.6): AAC as the AudioSpecificConfig says."""
    # Sixteen bits for the rate: where it does not fit, the AudioSpecificConfig alone says it.
    rate = codec.sample_rate << 16 if codec.sample_rate < 1 << 16 else 0
    fields = struct.pack(">6xH 8x HH 4x I", 1, codec.channels, 16, rate)
    specific = _descriptor(5, codec.config)
    decoder = _descriptor(4, struct.pack(">BB 3x II", _AAC, _AUDIO_STREAM, 0, 0) + specific)
    stream = _descriptor(3, struct.pack(">HB", 0, 0) + decoder + _descriptor(6, b"\x02"))
    return box(b"mp4a", fields, full_box(b"esds", 0, 0, stream))


def read_entries(stsd: memoryview) -> list[Entry | None]:
    """Return the entries of a track, None for each whose codec is not ours."""
    fields = Fields(stsd)
    fields.head()
    count = fields.one(">I")
    entries = [_entry(kind, content) for kind, content in inner(fields.rest())]
    if len(entries) != count or not entries:
        raise FormatError(f"stsd says it has {count} entries and has {len(entries)}")
    return entries


def _entry(kind: bytes, content: memoryview) -> Entry | None:
    match kind:
        case b"avc1" | b"avc3":
            size, sets = read_avcc(bytes(needed(content[78:], b"avcC")))
            return Entry("h264", video_codec("h264", sets) if sets else None, size)
        case b"hvc1" | b"hev1":
            size, sets = read_hvcc(bytes(needed(content[78:], b"hvcC")))
            return Entry("h265", video_codec("h265", sets) if sets else None, size)
        case b"mp4a":
            return _audio(content)
    return None


def _audio(content: memoryview) -> Entry | None:
    # QuickTime puts more fields before the boxes, and in version 1 wraps esds into wave.
    version = Fields(content, 8).one(">H")
    boxes = content[28 + {0: 0, 1: 16, 2: 36}.get(version, 0) :]
    esds = child(boxes, b"esds") or child(boxes, b"wave", b"esds")
    if esds is None:
        return None
    config = _specific_config(esds[4:])
    return Entry("aac", audio_codec(config)) if config is not None else None


def _descriptor(tag: int, data: bytes) -> bytes:
    """Return a descriptor of MPEG-4 systems (14496-1, 8.3.3); its length in four bytes, which old players expect."""
    size = len(data)
    return bytes((tag, 0x80 | size >> 21 & 127, 0x80 | size >> 14 & 127, 0x80 | size >> 7 & 127, size & 127)) + data


def _specific_config(data: memoryview) -> bytes | None:
    """Return the AudioSpecificConfig in an ES_Descriptor, or None where the sound is not AAC."""
    stream = _inside(data, 3)
    flags = Fields(stream, 2).one(">B")
    skip = 3 + 2 * (flags >> 7) + 2 * (flags >> 5 & 1)
    if flags & 0x40:
        skip += 1 + Fields(stream, skip).one(">B")
    decoder = _inside(stream[skip:], 4)
    if Fields(decoder).one(">B") != _AAC:
        return None
    return bytes(_inside(decoder[13:], 5))


def _inside(data: memoryview, tag: int) -> memoryview:
    """Return the content of the descriptor that `data` begins with, which must have `tag`."""
    fields = Fields(data)
    if fields.one(">B") != tag:
        raise FormatError(f"esds lacks descriptor {tag}")
    size = 0
    for _ in range(4):
        byte = fields.one(">B")
        size = size << 7 | byte & 127
        if byte < 0x80:
            break
    if size > len(fields.rest()):
        raise FormatError("a descriptor in esds is longer than the box")
    return fields.rest()[:size]
