"""A network camera: its stream is recorded as it comes (RTSP over TCP, H.264 or H.265), never encoded again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from vigil.cameras.address import shown
from vigil.cameras.aside import Aside
from vigil.cameras.pump import MOST_HELD
from vigil.cameras.rtsp_reception import Reception
from vigil.cameras.source import Source, Wishes
from vigil.cameras.standby import Standby
from vigil.cameras.substream import SubStream, Watched
from vigil.clock import Clock
from vigil.errors import CameraLost, StreamRefused
from vigil.frames.packet import AudioCodec, Luma, Packet, VideoCodec

if TYPE_CHECKING:
    from vigil.cameras.luma import Eye

BURST_US = 250_000
"""Who waits for grey pictures, or in a thread of its own, looks at the camera four times a second."""

BEAT_US = 1_250_000
"""
A recorder without motion is given pictures so often: waking up costs more than recording what waited.

Longer than a recorder waits with a flush: its reason to look is the better one.
"""

OPENING_US = 50_000
"""Until the first picture is there, it is looked at more often: each one counts."""


class Receiver(Protocol):
    """Whoever receives a camera's streams: our own client, or FFmpeg. Its `receive` never waits."""

    @property
    def codec(self) -> VideoCodec | None:
        """The codec of the next picture, as far as it is known."""

    @property
    def audio_codec(self) -> AudioCodec | None:
        """The codec of the sound, where there is any."""

    @property
    def audio_note(self) -> str:
        """Why there is no sound."""

    def receive(self) -> list[Packet]:
        """Return what has come. Raises `CameraLost`."""

    def close(self) -> None:
        """Let the camera go."""


class RtspSource(Source):
    """
    A network camera, opened. Raises `CameraLost` when that takes more than `connect_timeout_s`.

    With `sub_url` the grey pictures come from that smaller stream, in a thread
    of its own; while it is away, and without it, from the keyframes of the main
    one. Sound (AAC only) comes with `wishes.audio`. Streams that our own client
    does not know are left to FFmpeg; `describe` says so.

    With `aside` constructing it does not wait: it is opened while `read` returns
    nothing, and `read` raises what went wrong.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        wishes: Wishes,
        sub_url: str = "",
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 10.0,
        aside: bool = False,
    ) -> None:
        self._url, self._sub_url = url, sub_url if wishes.luma else ""
        self._clock = clock
        self._wishes = wishes
        self._called = shown(url)
        self._connect_timeout_s, self._read_timeout_s = connect_timeout_s, read_timeout_s
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._looked_us = clock.steady_us()
        self._why_ffmpeg = ""
        self._came = False
        self._receiver: Receiver | None = None
        self._standby: Standby | None = None
        self._kept: list[Packet] = []
        self._sub: SubStream | None = None
        self._eye = _eye(wishes)
        self._opening = self._begin(self._opened)
        if not aside:
            self._take(wait=True)

    def _begin(self, work: Callable[[], Receiver]) -> Aside[Receiver]:
        return Aside(work, undo=lambda receiver: receiver.close(), name=f"open {self._called}")

    def _opened(self) -> Receiver:
        """Open the camera, with our own client if that knows its streams. Runs in a thread of its own."""
        if self._eye is not None:
            self._eye.prepare()
        try:
            return Reception(
                self._url, self._clock, audio=self._wishes.audio, connect_timeout_s=self._connect_timeout_s,
                read_timeout_s=self._read_timeout_s,
            )  # fmt: skip
        except StreamRefused as error:
            self._why_ffmpeg = str(error)
        return self._opened_by_ffmpeg()

    def _opened_by_ffmpeg(self) -> Receiver:
        from vigil.cameras.rtsp_ffmpeg import FfmpegReception

        return FfmpegReception(
            self._url, self._clock, audio=self._wishes.audio, connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._read_timeout_s,
        )  # fmt: skip

    def _take(self, *, wait: bool = False) -> Receiver | None:
        """Return what receives the camera, None while it is not open. Raises `CameraLost`."""
        if self._receiver is None and (opened := self._opening.taken(wait=wait)) is not None:
            self._receiver = opened
            self._stand_by()
            if self._sub_url and self._sub is None:
                self._sub = SubStream(self._open_sub, self._clock)
        return self._receiver

    def _stand_by(self) -> None:
        """Have somebody read in our place while we are held up. FFmpeg has a thread that does."""
        receiver = self._receiver
        if isinstance(receiver, Reception):
            self._standby = Standby(receiver.fileno(), lambda: self._rescue(receiver), name=self._called)

    def _stand_by_again(self) -> None:
        """What was kept is taken; whoever had kept all that may be kept has given up."""
        kept, self._kept = self._kept, []
        if len(kept) > MOST_HELD:
            self._stand_by()

    def _rescue(self, receiver: Reception) -> bool:
        """The reader is held up: keep what came, so that the camera is not. Runs in a thread of its own."""
        with self._lock:
            if receiver is not self._receiver or self._closed.is_set() or len(self._kept) > MOST_HELD:
                return False
            try:
                self._kept += receiver.receive()
            except CameraLost:
                return False  # The reader meets it, too.
            return True

    def _open_sub(self) -> Watched:
        from vigil.cameras.watched import open_watched

        return open_watched(
            self._sub_url, self._clock, self._wishes, connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._read_timeout_s,
        )  # fmt: skip

    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        wait_us = min(self.due_us(), self._looked_us + BURST_US) - self._clock.steady_us()
        if timeout_s > 0 and wait_us > 0:
            self._closed.wait(min(timeout_s, wait_us / 1_000_000))
        with self._lock:
            self._looked_us = self._clock.steady_us()
            if self._closed.is_set() or (receiver := self._take()) is None:
                return []
            items: list[Packet | Luma] = [*self._kept]
            self._stand_by_again()
            try:
                items += receiver.receive()
            except StreamRefused as error:
                self._leave_to_ffmpeg(str(error))
            except CameraLost:
                if not items:
                    raise
            self._came = self._came or bool(items)
            return items + self._seen(items)

    def _leave_to_ffmpeg(self, why: str) -> None:
        """What our client agreed upon turns out to be nothing it knows."""
        self._why_ffmpeg = why
        if self._receiver is not None:
            self._receiver.close()
        self._receiver = None
        self._opening = self._begin(self._opened_by_ffmpeg)

    def _seen(self, items: Sequence[Packet | Luma]) -> list[Packet | Luma]:
        """Return the grey pictures: the sub-stream's, or the keyframes as long as nothing better shows the scene."""
        seen: list[Packet | Luma] = []
        if self._eye is not None and self._sub is not None and not self._sub.away:
            self._eye.rest()
        elif self._eye is not None:
            for item in items:
                if isinstance(item, Packet) and not item.audio:
                    seen += self._eye.look(item)
        if self._sub is not None:
            seen += self._sub.take()
        return seen

    def due_us(self) -> int:
        if not self._came:
            return self._looked_us + OPENING_US
        return self._looked_us + (BURST_US if self._wishes.luma else BEAT_US)

    def close(self) -> None:
        self._closed.set()
        self._opening.give_up()
        with self._lock:
            if self._standby is not None:
                self._standby.close()
            if self._receiver is not None:
                self._receiver.close()
            if self._sub is not None:
                self._sub.close()

    def describe(self) -> dict[str, str]:
        facts = {"address": self._called, "encoder": "the camera's own"}
        if self._why_ffmpeg:
            facts["received by"] = f"FFmpeg ({self._why_ffmpeg})"
        receiver = self._receiver
        if receiver is None:
            return facts
        if receiver.codec is not None:
            facts |= {"codec": receiver.codec.name, "resolution": f"{receiver.codec.width}x{receiver.codec.height}"}
        if receiver.audio_codec is not None:
            facts["sound"] = f"AAC, {receiver.audio_codec.sample_rate} Hz"
        elif receiver.audio_note:
            facts["sound"] = receiver.audio_note
        if self._eye is not None:
            facts["motion pictures"] = self._sub.describe() if self._sub is not None else "keyframes of the main stream"
        return facts | (receiver.describe() if isinstance(receiver, Reception) else {})


def _eye(wishes: Wishes) -> Eye | None:
    """Decoding needs FFmpeg: a recorder that only records never loads it."""
    if not wishes.luma:
        return None
    from vigil.cameras.luma import Eye

    return Eye(wishes)
