"""One segment with pictures, while it is being written: fragments in, flushes out, nothing in danger for too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vigil.frames.packet import AudioCodec, Packet, VideoCodec
from vigil.segments.age import Recipient
from vigil.segments.cutter import Fragment
from vigil.segments.mp4 import FragmentWriter
from vigil.segments.seal import Sealer
from vigil.store.camera_store import CameraStore
from vigil.store.layout import SegmentPath

Codecs = tuple[VideoCodec, AudioCodec | None]


class MediaSegment:
    """
    Opens its sidecar when made with the packets of its first fragment.

    `begun_us` is when its first picture came or was asked for (steady clock).
    `wall_us` turns steady into wall time. `durable` is told the last packet of
    every flush. Any method may raise `StoreFault`; then it is of no more use.
    """

    def __init__(
        self,
        store: CameraStore,
        first: Sequence[Packet],
        codecs: Codecs,
        *,
        begun_us: int,
        recipients: Sequence[Recipient],
        random_bytes: Callable[[int], bytes],
        wall_us: Callable[[int], int],
        durable: Callable[[Packet, int], None],
        why: str,
        trust: str,
        fields: dict[str, Any],
    ) -> None:
        self._store = store
        self._begun_us = begun_us
        self._wall_us = wall_us
        self._durable = durable
        self._writer = FragmentWriter(*codecs)
        self._sealer = Sealer(recipients, random_bytes)
        picture = next(packet for packet in first if not packet.audio)
        self._first_dts = picture.dts
        self._frames = self._media = self._end_at_us = 0
        self.oldest_us: int | None = None
        """When the oldest picture came that is not durable (steady clock), None while all are."""
        self.waiting_bytes = 0
        self._last: Packet | None = None
        self.file_bytes = 0
        start_us = wall_us(picture.at_us)
        store.begin(
            "media", why=why, trust=trust, start_us=start_us, codec=_described(codecs),
            recipients=[str(recipient) for recipient in recipients], **fields,
        )  # fmt: skip
        self._sealer.add(self._writer.init(first, wall_us=start_us))

    @property
    def unfilled(self) -> int:
        """Return how many bytes stand in the open chunk."""
        return self._sealer.unfilled

    def add(self, cut: Fragment) -> None:
        """Take a fragment."""
        video = [packet for packet in cut.packets if not packet.audio]
        wall_us = self._wall_us((video or cut.packets)[0].at_us)
        parts = self._writer.fragment(cut.packets, end_dts=cut.end_dts, wall_us=wall_us)
        self._sealer.add(*parts)
        self.waiting_bytes += sum(map(len, parts))
        if self.oldest_us is None:
            # A pre-roll is older than its trigger: what counts is when it was asked for.
            self.oldest_us = max(cut.packets[0].at_us, self._begun_us)
        self._last = cut.packets[-1]
        if video:
            self._frames += len(video)
            self._media = max(0, self._writer.end_dts - self._first_dts)
            self._end_at_us = max(packet.at_us for packet in video)

    def flush(self) -> None:
        """Make all that was added durable."""
        if self.oldest_us is None:
            return
        flush = self._sealer.flush()
        self._store.write(flush, **self._ends())
        self.file_bytes = flush.size_bytes
        self.oldest_us, self.waiting_bytes = None, 0
        if self._last:
            self._durable(self._last, self._end_at_us)

    def seal(self, why: str) -> SegmentPath:
        """Make everything durable and complete the file."""
        self.flush()
        return self._store.seal(self._sealer.close(), why=why, **self._ends())

    def _ends(self) -> dict[str, int]:
        return {"frames": self._frames, "media": self._media, "end_us": self._wall_us(self._end_at_us)}


def _described(codecs: Codecs) -> dict[str, Any]:
    video, audio = codecs
    said: dict[str, Any] = {"name": video.name, "width": video.width, "height": video.height}
    if audio:
        said["audio"] = {"name": audio.name, "sample_rate": audio.sample_rate, "channels": audio.channels}
    return said
