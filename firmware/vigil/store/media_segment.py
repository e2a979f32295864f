"""One segment with pictures, while it is being written: fragments in, flushes out, nothing in danger for too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vigil.frames.packet import AudioCodec, Packet, VideoCodec
from vigil.segments.age import Recipient
from vigil.segments.cutter import Fragment
from vigil.segments.due import flush_due, look_at_us
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
        loss_s: float,
        wall_us: Callable[[int], int],
        durable: Callable[[Packet, int], None],
        why: str,
        trust: str,
        fields: dict[str, Any],
    ) -> None:
        self._store = store
        self._begun_us = begun_us
        self._loss_s = loss_s
        self._wall_us = wall_us
        self._durable = durable
        self._writer = FragmentWriter(*codecs)
        self._sealer = Sealer(recipients, random_bytes)
        picture = next(packet for packet in first if not packet.audio)
        self._first_dts = picture.dts
        self._frames = self._media = self._end_at_us = 0
        self._oldest_us: int | None = None
        self._waiting_bytes = 0
        self._last: Packet | None = None
        self.file_bytes = 0
        start_us = wall_us(picture.at_us)
        store.begin(
            "media", why=why, trust=trust, start_us=start_us, codec=_described(codecs),
            recipients=[str(recipient) for recipient in recipients], **fields,
        )  # fmt: skip
        self._sealer.add(self._writer.init(first, wall_us=start_us))

    def add(self, cut: Fragment, now_us: int) -> None:
        """Take a fragment, and flush where that is due."""
        video = [packet for packet in cut.packets if not packet.audio]
        wall_us = self._wall_us((video or cut.packets)[0].at_us)
        boxes = self._writer.fragment(cut.packets, end_dts=cut.end_dts, wall_us=wall_us)
        self._sealer.add(boxes)
        self._waiting_bytes += len(boxes)
        if self._oldest_us is None:
            # A pre-roll is older than its trigger: what counts is when it was asked for.
            self._oldest_us = cut.packets[0].at_us if self._frames else max(cut.packets[0].at_us, self._begun_us)
        self._last = cut.packets[-1]
        if video:
            self._frames += len(video)
            usual = video[-1].dts - video[-2].dts if len(video) > 1 else 0
            self._media = max(0, (cut.end_dts or video[-1].dts + usual) - self._first_dts)
            self._end_at_us = max(packet.at_us for packet in video)
        self.flush_if_due(now_us, at_fragment=True)

    def flush_if_due(self, now_us: int, *, at_fragment: bool = False) -> None:
        """Make durable what would otherwise be in danger for too long."""
        if self._oldest_us is not None and flush_due(
            oldest_us=self._oldest_us, now_us=now_us, loss_s=self._loss_s, pending_bytes=self._waiting_bytes,
            padding_bytes=self._sealer.padding_bytes, at_fragment=at_fragment,
        ):  # fmt: skip
            self.flush()

    def look_at_us(self, now_us: int) -> int | None:
        """Return when `flush_if_due` must be called again (steady clock); None while everything is durable."""
        if self._oldest_us is None:
            return None
        return look_at_us(oldest_us=self._oldest_us, now_us=now_us, loss_s=self._loss_s)

    def flush(self) -> None:
        """Make all that was added durable."""
        if self._oldest_us is None:
            return
        flush = self._sealer.flush()
        self._store.write(flush, **self._ends())
        self.file_bytes = flush.size_bytes
        self._oldest_us, self._waiting_bytes = None, 0
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
