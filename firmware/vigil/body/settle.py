"""Bounce taken out of a line: a level counts once it has stood, and a line that never stands is counted."""

from __future__ import annotations

from dataclasses import dataclass

RESTLESS_US = 1_000_000
"""A contact bounces for milliseconds; a line that has not stood still for so long swings by itself."""


@dataclass(frozen=True, slots=True)
class Felt:
    """What a line has done: how it stands, how many changes that was, and since when (steady microseconds)."""

    active: bool
    changes: int
    at_us: int


class Settle:
    """One line. Edges come in order with their times (steady microseconds), a little late at most."""

    def __init__(self, *, active: bool, bounce_us: int, at_us: int) -> None:
        self.active = active
        self._bounce_us = bounce_us
        self._raw = active
        self._raw_us = at_us
        self._restless_us: int | None = None
        self._edges = 0

    @property
    def restless(self) -> bool:
        """Whether it has moved and not come to rest yet."""
        return self._restless_us is not None

    @property
    def due_us(self) -> int | None:
        """When the level that is now will have stood for long enough; None while it is at rest."""
        return None if self._restless_us is None else self._raw_us + self._bounce_us

    def edge(self, *, active: bool, at_us: int) -> list[Felt]:
        """Take an edge, after which the line is as `active` says. Return what is known by it."""
        found = self.look(at_us)
        if active is not self._raw:
            if self._restless_us is None:
                self._restless_us = at_us
            self._raw, self._raw_us = active, at_us
            self._edges += 1
        return found

    def look(self, now_us: int) -> list[Felt]:
        """Return what follows from time alone."""
        if self._restless_us is None:
            return []
        if now_us - self._raw_us >= self._bounce_us:
            self._restless_us, self._edges = None, 0
            if self._raw is self.active:
                return []
            self.active = self._raw
            return [Felt(self.active, 1, self._raw_us)]
        if now_us - self._restless_us < RESTLESS_US:
            return []
        changes, self._edges, self._restless_us = self._edges, 0, now_us
        return [Felt(self.active, changes, now_us)]
