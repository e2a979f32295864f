"""Something that takes its time, done in a thread of its own while others go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """
    Begins `work` at once. `undo` is given what it made when nobody wants that any more.

    Whoever began it may wait for it, look in now and then, or give it up.
    """

    def __init__(self, work: Callable[[], T], *, undo: Callable[[T], None], name: str) -> None:
        self._work = work
        self._undo = undo
        self._lock = threading.Lock()
        self._given_up = False
        self._made: list[T] = []
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def taken(self, *, wait: bool = False) -> T | None:
        """Return what was made, once; None while it is not. Raises what `work` raised."""
        if wait:
            self._thread.join()
        with self._lock:
            if self._error is not None:
                raise self._error
            return self._made.pop() if self._made else None

    def give_up(self) -> None:
        """Nobody wants it any more: what was made or will be is undone."""
        with self._lock:
            self._given_up = True
            made, self._made = self._made, []
        for one in made:
            self._undo(one)

    def _run(self) -> None:
        try:
            made = self._work()
        except Exception as error:  # noqa: BLE001 (it is raised where it can be answered)
            self._error = error
            return
        with self._lock:
            if not self._given_up:
                self._made.append(made)
                return
        self._undo(made)
