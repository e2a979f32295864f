"""
Deciding where fragments and segments end. Deciding only: others pack, seal and write.

The rules, in the order in which they are tried on each picture:

1. A picture to be shown more than an hour from when it is decoded is nonsense;
   it is dropped and counted. One that cannot follow the last one (its dts does
   not rise, or jumps by more than an hour) ends the segment: the camera's clock
   was set. So does a keyframe whose codec differs from the segment's.
2. Before the first keyframe of a segment, pictures are dropped and counted.
   So are pictures of a changed codec before their keyframe: the segment stays
   open meanwhile, with what it has.
3. A keyframe that comes `segment_s` or more after the segment's first picture
   begins the next segment. Without a keyframe the segment goes on, for as long
   as it takes: a long segment is a nuisance, a picture not recorded is a loss.
   `overdue` says so, for the recorder to ask the camera for a keyframe.
4. A fragment ends when it holds half a second, of media or of arrival, whichever
   comes first; earlier where somebody asks, who is about to make everything durable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet, VideoCodec

FRAGMENT_US = 500_000

PATIENCE_US = 800_000
"""
When `tick` closes a fragment although no picture follows.

Longer than a fragment by what a burst of pictures may be late, so that it is the
next picture which closes it, and the last duration is exact.
"""

_FRAGMENT_TICKS = FRAGMENT_US * TICKS_PER_S // 1_000_000
_LONGEST_STEP = 3600 * TICKS_PER_S


class Why(StrEnum):
    """Why a segment ended."""

    LENGTH = "length"
    CODEC = "codec"
    CLOCK = "clock"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Begin:
    """A segment begins with `first`, a keyframe, which is also the first packet of the first fragment."""

    codec: VideoCodec
    audio_codec: AudioCodec | None
    first: Packet


@dataclass(frozen=True, slots=True)
class Fragment:
    """Packets to be written together; `end_dts` is the dts of the picture that follows, where one is known."""

    packets: Sequence[Packet]
    end_dts: int | None


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a fragment could end: behind so many packets, of which so many are pictures, of so many bytes in all."""

    packets: int
    pictures: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class End:
    """The segment is complete."""

    why: Why


Cut = Begin | Fragment | End


class Cutter:
    """
    Takes packets in the order of arrival; returns what is to be done because of each.

    It holds at most one fragment, half a second. Sound rides along with the
    pictures; it never closes a fragment before its time. Sound in a codec that
    the segment has no track for (it began later, or changed) is dropped and
    counted, and the next keyframe begins a segment that has one. Who knows the
    `audio` codec beforehand says so, and the first segment has the track already.
    """

    def __init__(self, *, segment_s: float, audio: AudioCodec | None = None) -> None:
        self._segment_ticks = round(segment_s * TICKS_PER_S)
        self._segment_us = round(segment_s * 1_000_000)
        self._held: list[Packet] = []
        self._first: Packet | None = None  # of the segment
        self._open_dts: int | None = None  # of the first picture held
        self._last_dts = 0
        self._video: VideoCodec | AudioCodec | None = None
        self._audio: AudioCodec | None = None  # the segment's
        self._heard = audio  # the newest
        self._now_us = 0
        self.pictures_dropped = 0
        self.sound_dropped = 0

    @property
    def oldest_us(self) -> int | None:
        """When the oldest packet came that is held (steady clock), None while nothing is."""
        return self._held[0].at_us if self._held else None

    @property
    def overdue(self) -> bool:
        """Say whether the segment is twice as long as it should be, for want of a keyframe."""
        return self._first is not None and self._now_us - self._first.at_us >= 2 * self._segment_us

    def push(self, packet: Packet) -> list[Cut]:
        """Take one packet; return the cuts it causes, in order."""
        self._now_us = max(self._now_us, packet.at_us)
        if packet.audio:
            return self._push_sound(packet)
        if abs(packet.pts - packet.dts) > _LONGEST_STEP:
            self.pictures_dropped += 1
            return []
        if self._first is None:
            return self._open(packet)
        same = packet.codec is self._video or packet.codec == self._video
        if not 0 < packet.dts - self._last_dts <= _LONGEST_STEP:
            return [*self._end(Why.CLOCK), *self._open(packet)]
        if packet.key:
            if not same:
                return [*self._end(Why.CODEC, packet.dts), *self._open(packet)]
            if self._is_long_enough(packet) or self._heard != self._audio:
                return [*self._end(Why.LENGTH, packet.dts), *self._open(packet)]
        elif not same:
            self.pictures_dropped += 1
            return []
        cuts = self._close(packet.dts) if self._is_full(packet) else []
        self._hold(packet)
        return cuts

    def tick(self, now_us: int) -> list[Cut]:
        """Close the fragment when its time has come although no picture followed. `now_us` is steady time."""
        self._now_us = max(self._now_us, now_us)
        if self._held and now_us - self._held[0].at_us >= PATIENCE_US:
            return self._close(None)
        return []

    def stops(self) -> list[Stop]:
        """Return where the fragment could end at once: before each picture that is held but the first packet."""
        found = []
        pictures = size_bytes = 0
        for count, packet in enumerate(self._held):
            if count and not packet.audio:
                found.append(Stop(count, pictures, size_bytes))
            pictures += not packet.audio
            size_bytes += len(packet.data)
        return found

    def close_at(self, stop: Stop) -> list[Cut]:
        """Close the fragment at one of the `stops`. The picture behind it begins the next."""
        packets, self._held = tuple(self._held[: stop.packets]), self._held[stop.packets :]
        self._open_dts = self._held[0].dts
        return [Fragment(packets, self._open_dts)]

    def finish(self, *, end_dts: int | None = None) -> list[Cut]:
        """
        End the segment here; the next keyframe begins a new one, with any dts.

        `end_dts` is the dts of the picture that will begin it, where that is known; one that does not follow the
        last picture says nothing about it and is ignored.
        """
        if end_dts is not None and not 0 < end_dts - self._last_dts <= _LONGEST_STEP:
            end_dts = None
        return self._end(Why.ASKED, end_dts) if self._first else []

    def _push_sound(self, packet: Packet) -> list[Cut]:
        assert isinstance(packet.codec, AudioCodec)
        if packet.codec is not self._heard and packet.codec != self._heard:
            self._heard = packet.codec
        if self._first is None or self._audio is None or self._heard != self._audio:
            self.sound_dropped += 1
            return []
        cuts = self.tick(packet.at_us)
        self._held.append(packet)
        return cuts

    def _open(self, packet: Packet) -> list[Cut]:
        if not packet.key:
            self.pictures_dropped += 1
            return []
        assert isinstance(packet.codec, VideoCodec)
        self._first, self._video, self._audio = packet, packet.codec, self._heard
        self._hold(packet)
        return [Begin(packet.codec, self._audio, packet)]

    def _hold(self, packet: Packet) -> None:
        if self._open_dts is None:
            self._open_dts = packet.dts
        self._held.append(packet)
        self._last_dts = packet.dts

    def _is_full(self, packet: Packet) -> bool:
        if self._open_dts is not None and packet.dts - self._open_dts >= _FRAGMENT_TICKS:
            return True
        return bool(self._held) and packet.at_us - self._held[0].at_us >= FRAGMENT_US

    def _is_long_enough(self, packet: Packet) -> bool:
        """By media time, and by arrival: a camera whose clock crawls must not make an endless segment."""
        assert self._first
        media = packet.dts - self._first.dts
        return media >= self._segment_ticks or packet.at_us - self._first.at_us >= self._segment_us

    def _close(self, end_dts: int | None) -> list[Cut]:
        if not self._held:
            return []
        packets, self._held, self._open_dts = tuple(self._held), [], None
        return [Fragment(packets, end_dts)]

    def _end(self, why: Why, end_dts: int | None = None) -> list[Cut]:
        self._first = None
        return [*self._close(end_dts), End(why)]
