"""A network camera's small stream, decoded for motion beside the main one, which never waits for it."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from vigil.cameras.backoff import Backoff
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import Luma

BURST_S = 0.2
"""As far apart as the grey pictures: what is decoded in between is done in one go, while the caches are warm."""

MOST_HELD = 16
"""Grey pictures nobody takes are forgotten, oldest first: motion wants to see what is, not what was."""


class Watched(Protocol):
    """A small stream that is open."""

    def look(self) -> list[Luma]:
        """Return what there is to see, perhaps after a while. Raises `CameraLost` or `CameraEnded`."""

    def close(self) -> None:
        """Let the camera go."""


class SubStream:
    """
    Opens the stream, decodes it, and opens it again when it is lost, in a thread of its own.

    `away` says that somebody must stand in for it: it was lost, or could not be
    opened. While it is opened for the first time nobody does, because decoding a
    single keyframe of the main stream takes more memory than all of the small one.
    What goes wrong with it is told by `describe`, and nowhere else.
    """

    def __init__(self, open_stream: Callable[[], Watched], clock: Clock) -> None:
        self._open = open_stream
        self._clock = clock
        self._held: deque[Luma] = deque(maxlen=MOST_HELD)
        self._closed = threading.Event()
        self._why = "not open yet"
        self._up = self.away = False
        threading.Thread(target=self._run, name="camera sub-stream", daemon=True).start()

    def take(self) -> list[Luma]:
        """Return the grey pictures that came, without waiting."""
        taken = []
        while self._held:
            taken.append(self._held.popleft())
        return taken

    def close(self) -> None:
        """Let the thread end, as soon as the stream sends something or times out."""
        self._closed.set()

    def describe(self) -> str:
        """Return where motion looks now, and why not at the sub-stream when it is away."""
        return "the sub-stream" if self._up else f"keyframes of the main stream (sub-stream: {self._why})"

    def _run(self) -> None:
        backoff = Backoff(random.random, first_s=1.0, cap_s=60.0)
        while not self._closed.is_set():
            began_us = self._clock.steady_us()
            try:
                self._watch()
            except (CameraLost, CameraEnded) as error:
                self._why = str(error)
            self._up, self.away = False, True
            ran_s = (self._clock.steady_us() - began_us) / 1_000_000
            self._closed.wait(backoff.failed(ran_s=ran_s))

    def _watch(self) -> None:
        stream = self._open()
        try:
            while not self._closed.is_set():
                if seen := stream.look():
                    self._held.extend(seen)
                    self._up, self.away = True, False
                # In bursts, as the main stream is read: motion is no later for it than its pre-roll allows.
                self._closed.wait(BURST_S)
        finally:
            stream.close()
