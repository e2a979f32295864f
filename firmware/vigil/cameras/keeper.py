"""Keeps one camera going: opens it, reads it, and when it is lost opens it again, for ever."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from vigil.cameras.backoff import Backoff
from vigil.cameras.source import Source
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import Luma, Packet

log = logging.getLogger(__name__)


class Stage(Enum):
    """Where a camera stands."""

    OPENING = "opening"  # being opened, or open but without a first picture
    UP = "up"
    LOST = "lost"
    ENDED = "ended"  # a file came to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a camera stands, since when (steady clock), why, and how often in a row it was lost."""

    stage: Stage
    since_us: int
    reason: str = ""
    losses: int = 0


class Keeper(Source):
    """
    A camera that comes back. Constructing one opens nothing; `read` does.

    `open_source` opens the camera or raises `CameraLost`. `on_change` is told
    each new `State`, in the reader's thread. One keeper serves one camera and
    shares nothing with others. `read` raises `CameraEnded`, never `CameraLost`.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        clock: Clock,
        *,
        backoff: Backoff,
        on_change: Callable[[State], None] | None = None,
    ) -> None:
        self._open_source = open_source
        self._clock = clock
        self._backoff = backoff
        self._on_change = on_change
        self._source: Source | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._up_since_us: int | None = None
        self._retry_at_us = clock.steady_us()
        self._state = State(stage=Stage.OPENING, since_us=self._retry_at_us)

    @property
    def state(self) -> State:
        """Where the camera stands now."""
        return self._state

    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        """Return what has arrived; empty, too, while the camera is away. Raises `CameraEnded` at the end of a file."""
        if self._closed:
            return ()
        try:
            source = self._source or self._open(timeout_s)
            items = source.read(timeout_s) if source is not None else ()
        except CameraLost as error:
            self._lost(str(error))
            return ()
        except CameraEnded as error:
            self._let_go()
            self._become(Stage.ENDED, str(error))
            raise
        except Exception as error:
            # Whatever a camera sends must not end its recording for ever.
            log.exception("the camera met a mistake in this program; it is opened again")
            self._lost(f"internal error: {error!r}")
            return ()
        if self._state.stage is not Stage.UP and any(isinstance(item, Packet) and not item.audio for item in items):
            self._up_since_us = self._clock.steady_us()
            self._become(Stage.UP)
        return items

    def _open(self, timeout_s: float) -> Source | None:
        """Open the camera when its time has come; until then wait, but no longer than `timeout_s`."""
        wait_s = (self._retry_at_us - self._clock.steady_us()) / 1_000_000
        if wait_s > 0:
            self._clock.sleep(min(wait_s, timeout_s))
            if wait_s > timeout_s or self._closed:
                return None
        self._become(Stage.OPENING)
        source = self._open_source()
        with self._lock:
            # Whoever closed us while the camera was being opened could not close it.
            if not self._closed:
                self._source = source
                return source
        source.close()
        return None

    def _lost(self, reason: str) -> None:
        self._let_go()
        now_us = self._clock.steady_us()
        ran_s = (now_us - self._up_since_us) / 1_000_000 if self._up_since_us is not None else 0.0
        self._up_since_us = None
        self._retry_at_us = now_us + round(self._backoff.failed(ran_s=ran_s) * 1_000_000)
        self._become(Stage.LOST, reason)

    def _let_go(self) -> None:
        with self._lock:
            source, self._source = self._source, None
        if source is not None:
            source.close()

    def _become(self, stage: Stage, reason: str = "") -> None:
        before = self._state
        losses = before.losses + 1 if stage is Stage.LOST else 0 if stage is Stage.UP else before.losses
        # While it is tried again, the reason it was lost for stays of interest.
        reason = reason or (before.reason if stage is Stage.OPENING else "")
        self._state = State(stage=stage, since_us=self._clock.steady_us(), reason=reason, losses=losses)
        if self._on_change is not None:
            self._on_change(self._state)

    def close(self) -> None:
        self._closed = True
        self._let_go()

    def due_us(self) -> int:
        """Return when `read` has something to do, for a camera that never waits (steady clock)."""
        source = self._source
        return source.due_us() if source is not None else self._retry_at_us

    def request_keyframe(self) -> None:
        source = self._source
        if source is not None:
            source.request_keyframe()

    def describe(self) -> dict[str, str]:
        source = self._source
        return source.describe() if source is not None else {}
