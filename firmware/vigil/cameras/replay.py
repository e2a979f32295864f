"""A film that stands in for a camera, at its own pace and for as long as one likes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vigil.cameras.film import OpenMp4, open_film
from vigil.cameras.source import Source, Wishes
from vigil.cameras.timeline import Timeline
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost, SealError
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Luma, Packet, VideoCodec

if TYPE_CHECKING:
    from vigil.cameras.luma import Eye

T = TypeVar("T")

BURST_US = 1_250_000
"""
Who has no reason of its own to look is given pictures so often: waking up costs more than recording what waited.

Longer than a recorder waits with a flush: its reason is the better one.
"""

MOST_AT_ONCE = 256


class ReplaySource(Source):
    """
    A file of H.264 or H.265 as a camera. Raises `CameraLost` when it cannot be read.

    With `loop` it begins again at its end and its times go on; without, `read`
    raises `CameraEnded`. Without `pace` it comes as fast as it is read, for
    benches. `fps` counts only for bare byte streams, which have no times. Grey
    pictures come from keyframes. With `open_mp4`, MP4 files need no FFmpeg.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        wishes: Wishes,
        loop: bool = True,
        pace: bool = True,
        fps: float = 25.0,
        open_mp4: OpenMp4 | None = None,
    ) -> None:
        self._clock = clock
        self._called = f"the file {path.name}"
        self._loop = loop
        self._pace = pace
        self._audio = wishes.audio
        self._codec: VideoCodec | AudioCodec | None = None
        self._closed = False
        self._lost: CameraLost | None = None
        self._eye = _eye(wishes)
        self._film = self._played_or_lost(
            lambda: open_film(path, clock, called=self._called, audio=wishes.audio, fps=fps, open_mp4=open_mp4)
        )
        self._lock = threading.Lock()
        self._due = self._played()
        try:
            self._next = self._played_or_lost(lambda: next(self._due, None))
            if self._next is None:
                raise CameraLost(f"{self._called} holds no picture")
        except CameraLost:
            self.close()
            raise

    def _played(self) -> Generator[Packet, None, None]:
        """Yield the film's packets, over and over if it loops, at times that go on; `at_us` is when each is due."""
        began_us = self._clock.steady_us()
        gap, last = TICKS_PER_S // 25, None
        sound = Timeline(gap_ticks=1)
        while True:
            shift = None
            for packet in self._film.packets():
                if packet.audio and not self._audio:
                    continue
                if shift is None:
                    # The first picture after the end follows the last as any other does.
                    shift = (0 if last is None else last + gap) - packet.dts
                dts, pts = packet.dts + shift, packet.pts + shift
                if packet.audio:
                    pts, dts = sound.place(None, dts)
                else:
                    gap, last = (gap if last is None else dts - last), dts
                at_us = began_us + dts * 1_000_000 // TICKS_PER_S
                yield Packet(packet.data, pts, dts, at_us, packet.key, packet.codec, packet.audio)
            if shift is None or not self._loop:
                return

    def _played_or_lost(self, step: Callable[[], T]) -> T:
        """Do a step of reading the file. Raises `CameraLost` where it breaks off."""
        try:
            return step()
        except OSError as error:
            raise CameraLost(f"{self._called} cannot be read: {error.strerror}") from error
        except SealError as error:
            raise CameraLost(f"{self._called} cannot be played: {error}") from error

    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        if self._closed:
            return ()
        if self._lost:
            raise self._lost
        if self._next is None:
            raise CameraEnded(f"{self._called} came to its end")
        if self._pace and timeout_s:
            wait_us = self._next.at_us + BURST_US - self._clock.steady_us()
            if wait_us > 0:
                self._clock.sleep(min(wait_us / 1_000_000, timeout_s))
        items: list[Packet | Luma] = []
        with self._lock:
            try:
                self._played_or_lost(lambda: self._take(items))
            except CameraLost as lost:
                # What came before the film broke off is recorded.
                if not items:
                    raise
                self._lost = lost
        return items

    def _take(self, items: list[Packet | Luma]) -> None:
        now_us = self._clock.steady_us()
        while not self._closed and self._next is not None and len(items) < MOST_AT_ONCE:
            if self._pace and self._next.at_us > now_us:
                break
            packet = self._next if self._pace else replace(self._next, at_us=now_us)
            items.append(packet)
            if not packet.audio:
                self._codec = packet.codec
                if self._eye is not None:
                    items += self._eye.look(packet)
            self._next = next(self._due, None)

    def due_us(self) -> int:
        return self._next.at_us + BURST_US if self._next and self._pace and not self._lost else 0

    def close(self) -> None:
        self._closed = True
        with self._lock:
            self._due.close()
            self._film.close()

    def describe(self) -> dict[str, str]:
        facts = {"file": self._called.removeprefix("the file "), "encoder": "none: already encoded"}
        if isinstance(self._codec, VideoCodec):
            facts |= {"codec": self._codec.name, "resolution": f"{self._codec.width}x{self._codec.height}"}
        if self._eye is not None:
            facts["motion pictures"] = "keyframes"
        return facts


def _eye(wishes: Wishes) -> Eye | None:
    """Decoding needs FFmpeg: a recorder that only records never loads it."""
    if not wishes.luma:
        return None
    from vigil.cameras.luma import Eye

    return Eye(wishes)
