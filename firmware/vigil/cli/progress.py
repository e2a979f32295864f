"""One line on the terminal that says how far a command has come."""

from __future__ import annotations

from typing import TextIO

from vigil.clock import Clock

_TELL_EVERY_US = 200_000
_BAR = 30


class Progress:
    """
    A bar from `begin` to `end`, in whatever unit. Without a terminal (`out` is None) nothing is shown.

    Use it as a context manager: the line is taken away at the end.
    """

    def __init__(self, out: TextIO | None, clock: Clock, begin: int, end: int) -> None:
        self._out = out
        self._clock = clock
        self._begin = begin
        self._whole = max(1, end - begin)
        self._at = begin
        self._told_us = -_TELL_EVERY_US
        self._shown = False

    def more(self, count: int) -> None:
        """Say that it has come so much further."""
        self.tell(self._at + count)

    def tell(self, at: int) -> None:
        """Say that it has come to `at`."""
        self._at = at
        now_us = self._clock.steady_us()
        if self._out is None or now_us - self._told_us < _TELL_EVERY_US:
            return
        self._told_us = now_us
        part = min(1.0, max(0.0, (at - self._begin) / self._whole))
        bar = ("█" * round(part * _BAR)).ljust(_BAR, "·")
        print(f"\r{bar} {part:4.0%}\x1b[K", end="", file=self._out, flush=True)
        self._shown = True

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._out and self._shown:
            print("\r\x1b[K", end="", file=self._out, flush=True)
