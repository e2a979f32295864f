"""A part of the judgement that goes wrong costs itself alone: what it cannot judge is told, and guard goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable

from vigil.guard.deeds import Deed, Part
from vigil.guard.facts import Fact
from vigil.guard.moment import Moment

log = logging.getLogger(__name__)


class GuardedPart:
    """
    Any part, behind a wall.

    A mistake of ours in one of them would otherwise end guard, which would
    meet it again at each restart: no journal, no alarm, no deletion. The
    fault stays until guard is restarted, since nobody knows what the part
    has missed.
    """

    def __init__(self, part: Part, fault: Callable[[str, str], None]) -> None:
        self._part = part
        self._fault = fault
        self._failed = False

    @property
    def due_us(self) -> int | None:
        """When the part wants to be looked at; one that failed waits for the next second, so that nothing spins."""
        return None if self._failed else self._part.due_us

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Let the part hear."""
        return self._judged(lambda: self._part.hear(fact, now))

    def look(self, now: Moment) -> list[Deed]:
        """Let the part look."""
        return self._judged(lambda: self._part.look(now))

    def _judged(self, judge: Callable[[], list[Deed]]) -> list[Deed]:
        try:
            return judge()
        except Exception as error:
            name = type(self._part).__name__
            if not self._failed:
                log.exception("%s cannot judge", name)
            self._failed = True
            what = f"{type(error).__name__}: {error}"[:200]
            self._fault(f"judgement ({name})", f"a mistake in Vigil itself ({what}): please report it")
            return []
