"""
A thread that waits for a camera, so that nobody else has to: it reads in bursts and hands them over whole.

Bursts halve the work: a stream of 30 pictures a second wakes this thread ten
times a second rather than once for each piece of a picture, and what piles up
in the socket meanwhile is read without waiting.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

F = TypeVar("F")
T = TypeVar("T")

MOST_HELD = 2000
"""When nobody takes what was read (a minute of pictures), stop reading: the network then holds the camera back."""

BURST_S = 0.15
"""Twice as long saves a fifth of all work, but what waits here is lost in a power cut, and that must be little."""

WAITED_S = 0.002
"""A fetch that took longer had to wait: everything that had arrived is read."""


class Pump(Generic[F, T]):
    """
    Fetches and digests over and over in a thread of its own, until one of them raises or `close` is called.

    `fetch` waits for the camera and returns what came; `digest` makes of it what
    is handed over, and is told whether there was a wait; `finish` lets the camera
    go. A burst of `fetch` ends when there was one, or when `more_due` says that
    there would be. A camera that sends nothing leaves `fetch` waiting after
    `close`, for as long as its own time-out; nobody waits for that.
    """

    def __init__(
        self,
        fetch: Callable[[], F],
        digest: Callable[[F, bool], Sequence[T]],
        finish: Callable[[], None],
        *,
        name: str,
        burst_s: float = BURST_S,
        more_due: Callable[[], bool] = lambda: True,
    ) -> None:
        self._fetch = fetch
        self._digest = digest
        self._finish = finish
        self._burst_s = burst_s
        self._more_due = more_due
        self._held: list[T] = []
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> list[T]:
        """Return all that came, waiting at most `timeout_s` for the first; then raise what ended the stream."""
        with self._changed:
            if not self._held and self._error is None and not self._closed.is_set():
                self._changed.wait(timeout_s)
            held, self._held = self._held, []
            self._changed.notify_all()
            if not held and self._error is not None:
                raise self._error
            return held

    def close(self, *, wait_s: float = 0.0) -> None:
        """
        Let a waiting `take` return, and the thread end when it has what it waits for. May be called twice.

        With `wait_s`, wait so long at most for the camera to be free again.
        """
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if wait_s:
            self._thread.join(wait_s)

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                self._burst()
        except Exception as error:  # noqa: BLE001 (it is raised where it can be answered: in the reader's thread)
            _forget_what_was_fetched(error)
            with self._changed:
                self._error = error
                self._changed.notify_all()
        finally:
            self._finish()

    def _burst(self) -> None:
        came: list[T] = []
        rest = False
        try:
            while not rest and len(came) < MOST_HELD // 4 and not self._closed.is_set():
                began = time.monotonic()
                fetched = self._fetch()
                waited = time.monotonic() - began > WAITED_S
                came += self._digest(fetched, waited)
                rest = waited or not self._more_due()
        finally:
            self._hand_over(came)
        if rest:
            self._closed.wait(self._burst_s)

    def _hand_over(self, came: list[T]) -> None:
        with self._changed:
            while len(self._held) >= MOST_HELD and not self._closed.is_set():
                self._changed.wait()
            if came:
                self._held += came
                self._changed.notify_all()


def _forget_what_was_fetched(error: BaseException | None) -> None:
    """Empty the frames that an error has passed through: what the camera lent us must go back before it is closed."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
