"""
Gives pictures that come over RTP their times: RTP says when a picture is shown, a recording also when it is decoded.

A picture is decoded when the one that was shown `depth` pictures earlier is
shown: then nothing is shown before it is decoded, and decoding times rise.
`depth` is how far the camera moves pictures out of their order; the SPS says
so, or the first pictures show it.
"""

from __future__ import annotations

from bisect import insort
from typing import NamedTuple

from vigil.cameras.rtp import ahead
from vigil.cameras.timeline import BACK_TICKS, JUMP_TICKS, Timeline, fill_lead
from vigil.frames.packet import TICKS_PER_S, Packet, VideoCodec
from vigil.frames.sps import MOST_REORDERED, h264_sps, h265_sps

USUAL_GAP_TICKS = 3600

LEARNING = 8
"""So many pictures are looked at where the SPS is silent: two groups of the deepest order that cameras use."""


class Picture(NamedTuple):
    """A whole picture, with the time that RTP gave it."""

    data: bytes
    key: bool
    codec: VideoCodec
    timestamp: int
    at_us: int


class Placed(NamedTuple):
    """Where a picture came to lie: its RTP timestamp, its pts, and when it came. What sound is laid beside."""

    timestamp: int
    pts: int
    at_us: int


class Order:
    """One stream's pictures in decoding order, given times and handed on; the first few may be held a moment."""

    def __init__(self) -> None:
        self._timeline = Timeline(gap_ticks=USUAL_GAP_TICKS)
        self._gap = USUAL_GAP_TICKS
        self._codec: VideoCodec | None = None
        self._depth = 0
        self._depth_said = False
        self._lead: list[tuple[Picture, int]] | None = []
        self._held = 1
        self._timestamp = self._pts = self._highest = self._dts = 0
        self._recent: list[int] = []
        self._origin = 0
        self.newest: Placed | None = None

    def place(self, picture: Picture) -> list[Packet]:
        """Take the next picture; return those whose times are known now."""
        first = self._codec is None
        if picture.codec is not self._codec:
            self._prepare(picture.codec, first=first)
        pts = self._unwrapped(picture.timestamp, first=first)
        if self._lead is None:
            if pts < self._dts and not self._depth_said:
                self._depth = min(self._depth + 1, MOST_REORDERED)  # Deeper than the first pictures showed.
            return [self._packet(picture, pts, self._decoded(pts))]
        self._lead.append((picture, pts))
        # Who sends a picture a second would wait long for the eighth.
        seen = len(self._lead) >= self._held or (self._highest >= TICKS_PER_S and len(self._lead) > self._depth)
        return self.end() if seen else []

    def end(self) -> list[Packet]:
        """Return the pictures that are still held, whatever is known of them."""
        lead, self._lead = self._lead, None
        if not lead:
            return []
        shown = [pts for _, pts in lead]
        self._depth = max(self._depth, _depth(shown))
        decoded: list[int | None] = []
        for pts in shown:
            dts = self._decoded(pts)
            decoded.append(dts if len(self._recent) > self._depth else None)
        times = fill_lead(list(zip(shown, decoded, strict=True)), gap_ticks=self._gap)
        self._origin = times[0][1]
        return [self._packet(picture, pts, dts) for (picture, _), (pts, dts) in zip(lead, times, strict=True)]

    def _prepare(self, codec: VideoCodec, *, first: bool) -> None:
        """Learn how deeply a codec reorders, and how many pictures must be seen to know the times of the first."""
        self._codec = codec
        said = reorder_depth(codec)
        self._depth_said = said is not None
        if said is not None:
            self._depth = said
            del self._recent[: -said - 1]
        if first:
            # Two groups show the pace at which they are filmed, by which the first ones are counted back.
            self._held = LEARNING if said is None else 2 * said + 2 if said else 1

    def _unwrapped(self, timestamp: int, *, first: bool) -> int:
        """Return the pts in ticks that neither wrap nor jump."""
        if first:
            self._timestamp = timestamp
            return 0
        pts = self._pts + ahead(timestamp, self._timestamp)
        if pts > self._highest + JUMP_TICKS or pts < self._dts - BACK_TICKS:
            pts = self._highest + self._gap  # The camera's clock was set.
        self._timestamp, self._pts = timestamp, pts
        self._highest = max(self._highest, pts)
        return pts

    def _decoded(self, pts: int) -> int:
        """Return when a picture is decoded: the lowest of the last `depth` + 1 times in the order of showing."""
        insort(self._recent, pts)
        if len(self._recent) > self._depth + 1:
            del self._recent[0]
        dts = self._recent[0]
        if 0 < dts - self._dts <= BACK_TICKS:
            self._gap = dts - self._dts
        self._dts = dts
        return dts

    def _packet(self, picture: Picture, pts: int, dts: int) -> Packet:
        pts, dts = self._timeline.place(pts, dts)
        pts -= self._origin
        self.newest = Placed(picture.timestamp, pts, picture.at_us)
        return Packet(picture.data, pts, dts - self._origin, picture.at_us, picture.key, picture.codec)


def reorder_depth(codec: VideoCodec) -> int | None:
    """Return how many pictures at most are decoded before one and shown after it, if the camera says so."""
    if codec.name == "h264":
        return h264_sps(next(unit for unit in codec.parameter_sets if unit[0] & 0x1F == 7)).reorder
    return h265_sps(next(unit for unit in codec.parameter_sets if unit[0] >> 1 & 0x3F == 33)).reorder


def _depth(shown: list[int]) -> int:
    """Return how many pictures at most stand before one, and are shown after it."""
    deepest = max(sum(earlier > pts for earlier in shown[:at]) for at, pts in enumerate(shown))
    return min(deepest, MOST_REORDERED)
