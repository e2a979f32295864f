"""Segments as the recorder makes them, in memory and unsealed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vigil.frames.packet import AudioCodec, Packet
from vigil.segments import mp4_read
from vigil.segments.cutter import Begin, Cut, Cutter, End, Fragment
from vigil.segments.mp4 import FragmentWriter

WALL_US = 1_770_000_000_000_000
"""The wall clock when the steady clock stood at 0."""


@dataclass
class Segment:
    """One segment: its plaintext, the packets in it, and what bounds its fragments."""

    data: bytes = b""
    packets: list[Packet] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    writer: FragmentWriter | None = None

    def read_at(self, offset: int, size: int) -> bytes:
        return self.data[offset : offset + size]

    def fragments(self) -> list[mp4_read.Fragment]:
        """Every fragment, read back."""
        init = mp4_read.read_init(self.read_at)
        return list(mp4_read.read_fragments(self.read_at, init.movie, offset=init.end))


def cuts(packets: Iterable[Packet], *, segment_s: float = 60) -> list[Cut]:
    """Return all that a cutter says to these packets, and to their end."""
    packets = list(packets)
    audio = next((packet.codec for packet in packets if isinstance(packet.codec, AudioCodec)), None)
    cutter = Cutter(segment_s=segment_s, audio=audio)
    return [cut for packet in packets for cut in cutter.push(packet)] + cutter.finish()


def record(packets: Iterable[Packet], *, segment_s: float = 60, wall_us: int = WALL_US) -> list[Segment]:
    """Return the segments that a recorder makes of these packets."""
    return write(cuts(packets, segment_s=segment_s), wall_us=wall_us)


def write(said: Iterable[Cut], *, wall_us: int = WALL_US) -> list[Segment]:
    """Do what a cutter said."""
    segments: list[Segment] = []
    for cut in said:
        match cut:
            case Begin(codec, audio_codec, _):
                segments.append(Segment(writer=FragmentWriter(codec, audio_codec)))
            case Fragment(packets, end_dts):
                segment = segments[-1]
                assert segment.writer
                arrived = next((p for p in packets if not p.audio), packets[0]).at_us + wall_us
                if not segment.data:
                    segment.data = segment.writer.init(packets, wall_us=arrived)
                    segment.ends.append(len(segment.data))
                segment.data += b"".join(segment.writer.fragment(packets, end_dts=end_dts, wall_us=arrived))
                segment.ends.append(len(segment.data))
                segment.packets += packets
            case End():
                pass
    return segments
