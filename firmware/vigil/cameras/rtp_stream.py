"""A network camera's pictures, from the packets of one RTP stream to whole pictures with their times."""

from __future__ import annotations

from vigil.cameras.rtcp import CameraClock, Told
from vigil.cameras.rtp import RtpReader
from vigil.cameras.rtp_h264 import H264Units, announced_sets
from vigil.cameras.rtp_h265 import H265Units
from vigil.cameras.rtp_order import Order, Picture, Placed
from vigil.cameras.rtp_units import Gathered, Units
from vigil.cameras.sdp import Media
from vigil.errors import FormatError, StreamRefused
from vigil.frames.nal import KINDS, AnnexBReader
from vigil.frames.packet import TICKS_PER_S, Packet, VideoCodec

# H.265 pictures that follow a keyframe and are shown before it; some of them look back across it (RASL).
_LEADING = {"h264": frozenset[int](), "h265": frozenset({6, 7, 8, 9})}
_ACROSS = frozenset({8, 9})


class VideoStream:
    """
    One stream of pictures. Raises `StreamRefused` for a codec or a way of sending that is not read here.

    `push` takes what came, packet by packet, and returns the pictures it
    completed. A picture of which a piece is missing is left out, and so are
    those behind it up to the next keyframe, because they build on it: what is
    handed over can be decoded. `dropped` counts them.
    """

    def __init__(self, media: Media) -> None:
        self._units, self._name = _units(media)
        if media.clock_rate != TICKS_PER_S:
            raise StreamRefused(f"the camera counts its pictures' time in {media.clock_rate} Hz instead of 90,000")
        self._keys, self._leading = KINDS[self._name].keys, _LEADING[self._name]
        self._sets = AnnexBReader(self._name)
        self._learn_announced(media)
        self._reader = RtpReader(media.payload_type)
        self._order = Order()
        self._clock = CameraClock(media.clock_rate)
        self._timestamp = 0
        self._at_us = 0
        # Whether a marker really ends a picture; None until one was seen to.
        self._markers_hold: bool | None = None
        self._markers = 0
        self._parts_at_marker = -1
        self._doubtful = False
        self._ended_at: int | None = None
        self._needs_key = True
        self._behind_key = False
        self._began = False
        self.dropped = 0

    def _learn_announced(self, media: Media) -> None:
        fmtp = media.fmtp
        names = ("sprop-parameter-sets",) if self._name == "h264" else ("sprop-vps", "sprop-sps", "sprop-pps")
        try:
            self._sets.learn(announced_sets(*(fmtp.get(name, "") for name in names)))
        except FormatError:
            # What the description gets wrong the stream itself may say right.
            self._sets = AnnexBReader(self._name)

    @property
    def codec(self) -> VideoCodec | None:
        """The codec of the next picture, as far as it is known."""
        return self._sets.codec

    @property
    def lost(self) -> int:
        """How many packets are missing, by their numbers."""
        return self._reader.lost

    @property
    def reader(self) -> RtpReader:
        """What is counted of the packets."""
        return self._reader

    @property
    def clock(self) -> CameraClock:
        """The camera's own clock, as far as it tells it."""
        return self._clock

    @property
    def newest(self) -> Placed | None:
        """Where the newest picture that was returned came to lie."""
        return self._order.newest

    @property
    def camera_clock_us(self) -> int | None:
        """What the camera's own clock showed when it took the newest picture: UTC; None while it never said."""
        newest = self._order.newest
        return None if newest is None else self._clock.of(newest.timestamp)

    def control(self, packet: bytes | memoryview, at_us: int) -> Told:
        """Take an RTCP packet of this stream that came at `at_us`."""
        return self._clock.hear(packet, at_us)

    def push(self, packet: bytes | memoryview, at_us: int) -> list[Packet]:
        """
        Take an RTP packet that came at `at_us`, and return the pictures it completed, often none.

        Nothing is kept of a memoryview's memory. Raises `FormatError` for
        parameter sets that cannot be read, `StreamRefused` for a way of sending
        that is not read here; the stream is of no more use then.
        """
        if type(packet) is not bytes:
            packet = bytes(packet)
        reader, units = self._reader, self._units
        if not reader.read(packet):
            return []
        if broken := reader.broken:
            # The picture at hand is spoilt, and all that build on it; the next one may have lost its beginning.
            reader.broken = False
            self._needs_key = True
            if not units.is_empty:
                units.spoil()
        came: list[Packet] = []
        if reader.timestamp != self._timestamp:
            if not units.is_empty:
                came = self._finish(marked=False)
            self._timestamp = reader.timestamp
        elif self._markers and self._markers_hold is None and units.begins_picture(packet, reader.begin):
            came = self._finish(marked=True)  # A camera that repeats its timestamps, but marks its pictures.
        if broken:
            self._doubtful = True
        units.add(packet, reader.begin, reader.end)
        self._at_us = at_us
        if reader.marker and units.has_picture:
            came += self._marked()
        return came

    def end(self) -> list[Packet]:
        """
        Return what is still held, at the end of a stream that ends.

        A picture without a marker behind it may be the beginning of one, and is left out.
        """
        whole = self._markers and self._parts_at_marker == len(self._units.parts)
        came = self._finish(marked=True) if whole else []
        return came + self._order.end()

    def _marked(self) -> list[Packet]:
        """Act on a marker, which says that a picture is whole: not every camera means it."""
        if self._markers_hold:
            return self._finish(marked=True)
        self._markers += 1
        self._parts_at_marker = len(self._units.parts)
        return []

    def _finish(self, *, marked: bool) -> list[Packet]:
        """End the picture at hand; return what can be handed over."""
        at_us, timestamp = self._at_us, self._timestamp
        if self._markers_hold is None and self._markers:
            self._markers_hold = self._markers == 1 and self._parts_at_marker == len(self._units.parts)
        self._markers = 0
        gathered = self._units.take()
        if self._markers_hold and not gathered.begins and timestamp == self._ended_at:
            # More of a picture that was handed over as whole: this camera's markers mean nothing after all.
            self._markers_hold = False
            gathered = gathered._replace(damaged=True)
        self._ended_at = timestamp if marked else None
        if not self._is_whole(gathered) or not self._decodes(gathered):
            return []
        assert self._sets.codec is not None
        key = not self._keys.isdisjoint(gathered.kinds)
        return self._order.place(Picture(gathered.data, key, self._sets.codec, timestamp, at_us))

    def _is_whole(self, gathered: Gathered) -> bool:
        """Learn the parameter sets of a picture; say whether there is a picture, and nothing of it is missing."""
        doubtful = self._doubtful
        if gathered.kinds or gathered.damaged:
            self._doubtful = False
        if gathered.damaged or (doubtful and not gathered.begins):
            self._needs_key = True
            self.dropped += self._began
            return False
        if gathered.sets:
            self._sets.learn(gathered.sets)
        return bool(gathered.data and gathered.kinds)

    def _decodes(self, gathered: Gathered) -> bool:
        """Say whether a decoder can show a whole picture, after all that it was given."""
        key = not self._keys.isdisjoint(gathered.kinds)
        if self._sets.codec is None:
            return False
        if self._needs_key:
            self.dropped += self._began and not key
            self._began = self._began or key
            self._needs_key, self._behind_key = not key, key
            return key
        if self._behind_key:
            self._behind_key = not key and not self._leading.isdisjoint(gathered.kinds)
            if self._behind_key and not _ACROSS.isdisjoint(gathered.kinds):
                self.dropped += 1
                return False
        return True


def _units(media: Media) -> tuple[Units, str]:
    """Return what reads the packets of this codec, and the codec's name."""
    if media.encoding == "H264":
        return H264Units(media.fmtp), "h264"
    if media.encoding in {"H265", "HEVC"}:
        return H265Units(media.fmtp), "h265"
    called = media.encoding or f"payload type {media.payload_type}"
    raise StreamRefused(f"the camera sends {called}, but only H.264 and H.265 are recorded: set it to one of them")
