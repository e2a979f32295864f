"""A network camera's sound, from the packets of one RTP stream to frames laid beside its pictures."""

from __future__ import annotations

from vigil.cameras.rtcp import CameraClock, Told
from vigil.cameras.rtp import RtpReader, ahead
from vigil.cameras.rtp_aac import AacFrames
from vigil.cameras.rtp_order import Placed
from vigil.cameras.rtp_stream import VideoStream
from vigil.cameras.sdp import Media
from vigil.errors import FormatError, StreamRefused
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet

LIPS_TICKS = TICKS_PER_S * 45 // 1000
"""Sound this far beside its picture is noticed (ITU-R BT.1359); where clocks drift apart by more it is moved."""

GUESSED_TICKS = TICKS_PER_S // 2
"""By its arrival alone we know no better where sound belongs: the network and our own bursts delay it."""

CREDIBLE_TICKS = 2 * TICKS_PER_S
"""A camera whose reports put sound further than this from where it arrives has two clocks; then arrival counts."""


class SoundStream:
    """
    One stream of AAC, to be recorded with the pictures of `beside`.

    Raises `StreamRefused` for AAC in a form that FFmpeg may read, `FormatError`
    for sound that cannot be recorded at all, with a sentence that says why.
    Frames before the first picture have nothing to go with and are left out.
    """

    def __init__(self, media: Media, beside: VideoStream) -> None:
        if media.encoding == "MP4A-LATM":
            raise StreamRefused("the camera sends AAC as MP4A-LATM, which is not read here")
        if media.encoding != "MPEG4-GENERIC":
            called = media.encoding or f"payload type {media.payload_type}"
            raise FormatError(f"only AAC sound is recorded, and the camera sends {called}")
        self._frames = AacFrames(media.fmtp, media.clock_rate)
        self._rate = media.clock_rate
        self._beside = beside
        self._reader = RtpReader(media.payload_type)
        self._clock = CameraClock(media.clock_rate)
        self._timestamp: int | None = None
        self._heard = 0
        self._offset: int | None = None
        self._last: int | None = None

    @property
    def codec(self) -> AudioCodec:
        """What a decoder must know."""
        return self._frames.codec

    @property
    def lost(self) -> int:
        """How many packets are missing, by their numbers."""
        return self._reader.lost

    @property
    def dropped(self) -> int:
        """How many packets could not be read, or not be completed."""
        return self._frames.dropped

    @property
    def clock(self) -> CameraClock:
        """The camera's own clock, as far as it tells it."""
        return self._clock

    def control(self, packet: bytes | memoryview, at_us: int) -> Told:
        """Take an RTCP packet of this stream that came at `at_us`."""
        return self._clock.hear(packet, at_us)

    def push(self, packet: bytes | memoryview, at_us: int) -> list[Packet]:
        """Take an RTP packet that came at `at_us`, and return the frames it held or completed."""
        packet, reader = bytes(packet), self._reader
        if not reader.read(packet):
            return []
        if reader.broken:
            reader.broken = False
            self._frames.spoil()
        if self._timestamp not in {None, reader.timestamp}:
            self._frames.spoil()  # All parts of a frame bear its timestamp.
            self._heard += ahead(reader.timestamp, self._timestamp or 0)
        self._timestamp = reader.timestamp
        frames = self._frames.add(packet, reader.begin, reader.end)
        if not frames or not self._lay_beside(at_us):
            return []
        packets = []
        for number, frame in enumerate(frames):
            dts = self._ticks(number * self._frames.frame_ticks)
            if dts >= 0 and (self._last is None or dts > self._last):
                self._last = dts
                packets.append(Packet(frame, dts, dts, at_us, True, self._frames.codec, audio=True))
        return packets

    def _ticks(self, later: int = 0) -> int:
        """Return where the newest timestamp, and so many ticks of its own clock later, belongs beside the pictures."""
        return (self._heard + later) * TICKS_PER_S // self._rate + (self._offset or 0)

    def _lay_beside(self, at_us: int) -> bool:
        """Move the sound where it is too far from its pictures; say whether there are any."""
        newest = self._beside.newest
        if newest is None:
            return False
        due = newest.pts + (at_us - newest.at_us) * TICKS_PER_S // 1_000_000
        allowed = GUESSED_TICKS
        told = self._told(newest)
        if told is not None and abs(told - due) <= CREDIBLE_TICKS:
            due, allowed = told, LIPS_TICKS
        if self._offset is None or abs(due - self._ticks()) > allowed:
            self._offset = (self._offset or 0) + due - self._ticks()
        return True

    def _told(self, newest: Placed) -> int | None:
        """Return where the newest timestamp belongs by what the camera says of its clocks, if it says so of both."""
        ours, theirs, timestamp = self._clock, self._beside.clock, self._timestamp or 0
        heard_us, filmed_us = ours.of(timestamp), theirs.of(newest.timestamp)
        if heard_us is None or filmed_us is None:
            heard_us, filmed_us = ours.played_us(timestamp), theirs.played_us(newest.timestamp)
        if heard_us is None or filmed_us is None:
            return None
        return newest.pts + (heard_us - filmed_us) * TICKS_PER_S // 1_000_000
