"""
Whether a recorder does what it promised, so that its watchdog may be fed.

Pictures arrive, or the camera is visibly being opened again; and the newest
promised write is durable, be it only the line which says that nothing was
due. A lost camera, a store in which everything is held, a disk that is not
ours and a privacy pause are no reason to end a process: what can be done
about them, it does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vigil.errors import StoreError, StoreFull, WrongStore

WRITTEN_S = 90
"""At the latest every 30 s something is written; thrice that has its reason in a disk that hangs."""

PATIENCE_S = 30
"""More than the camera's own time limits: those are the keeper's to act upon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """
    What one camera of a recorder shows at one moment.

    `round_us` is when its reading thread last came round (steady clock),
    `reading` whether it should come round at all. `pictures` counts them,
    `written` is anything that changes whenever something became durable.
    `claimed` says whether somebody owns the box: before, no picture is kept.
    """

    round_us: int
    pictures: int
    written: tuple[int, ...]
    reading: bool = True
    up: bool = True
    claimed: bool = True
    fault: StoreError | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of one camera from one sign to the next; `limit_s` is the longest its source may be silent."""

    limit_s: float
    pictures: int
    written: tuple[int, ...]
    picture_us: int
    written_us: int

    @classmethod
    def begin(cls, now_us: int, *, limit_s: float) -> Pulse:
        """Begin to watch. What is owed is owed from now on."""
        return cls(limit_s, -1, (), now_us, now_us)

    def after(self, sign: Sign, now_us: int) -> Pulse:
        """Return what is known after one more sign."""
        # A camera that is away owes no picture, and a disk without room no line: their time begins when they are back.
        owes_none = not sign.up or sign.pictures != self.pictures
        may_not = not sign.claimed or isinstance(sign.fault, StoreFull | WrongStore)
        return replace(
            self,
            pictures=sign.pictures,
            written=sign.written,
            picture_us=now_us if owes_none else self.picture_us,
            written_us=now_us if may_not or sign.written != self.written else self.written_us,
        )

    def hung(self, sign: Sign, now_us: int) -> str:
        """Say in words what was promised and not done; nothing where all is well."""
        limit_us = round((self.limit_s + PATIENCE_S) * 1_000_000)
        if sign.reading and now_us - sign.round_us > limit_us:
            return f"the camera has not been asked for {_seconds(now_us - sign.round_us)} s"
        if sign.reading and now_us - self.picture_us > limit_us:
            return f"no picture for {_seconds(now_us - self.picture_us)} s, and nobody opens the camera again"
        if now_us - self.written_us > WRITTEN_S * 1_000_000:
            return f"nothing became durable for {_seconds(now_us - self.written_us)} s"
        return ""


def _seconds(span_us: int) -> int:
    return span_us // 1_000_000
