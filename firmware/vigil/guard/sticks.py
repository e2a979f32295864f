"""The part that lets recordings be taken away on a prepared stick: when, how far it is, when it can be taken out."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.guard.deeds import Deed, Enter, Export, Fault, Show, Tell
from vigil.guard.facts import ClaimOpen, ExportAsked, ExportTold, Fact, Plugged
from vigil.guard.moment import Moment

_LAMP = "status"
_SILENT_US = 30_000_000
_NO_US = 3_000_000
_BY_HAND = "somebody on the box"
ENDS = ("complete", "full", "stopped", "failed")


@dataclass(slots=True)
class _Running:
    who: str
    heard_us: int


class Sticks:
    """
    One export at a time.

    `claimed` says whether the box has an owner: without one there is nothing
    to take away, and the gesture is free for whoever else wants it.
    """

    def __init__(self, *, claimed: bool) -> None:
        self._claimed = claimed
        self._claiming = False
        self._sticks: set[str] = set()
        self._running: _Running | None = None
        self._shown = ""
        self._until_us: int | None = None

    @property
    def due_us(self) -> int | None:
        """When a lamp has said no for long enough."""
        return self._until_us

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from a stick, a wish, or a word of whoever copies."""
        match fact:
            case Plugged(device=name, kind="stick", present=True):
                self._sticks.add(name)
            case Plugged(device=name, present=False) if name in self._sticks:
                self._sticks.discard(name)
                return self._pulled_out()
            case ClaimOpen(is_open=is_open):
                self._claiming = is_open
                # What said that claiming is open was on the same lamp.
                return [Show(_LAMP, self._shown)] if self._shown and not is_open else []
            case ExportAsked(who):
                return self._asked(who, now)
            case ExportTold():
                return self._told(fact, now)
        return []

    def look(self, now: Moment) -> list[Deed]:
        """Return what follows from silence, and from a lamp that has said no for long enough."""
        if self._running and now.steady_us - self._running.heard_us >= _SILENT_US:
            why = "whoever copies has fallen silent: take the stick out, plug it in and hold the button again"
            return self._ended(ExportTold(state="failed", why=why), now)
        if self._until_us is not None and now.steady_us >= self._until_us:
            return self._show("")
        return []

    def _asked(self, who: str, now: Moment) -> list[Deed]:
        if not self._claimed or self._running:
            return []
        if not self._sticks and self._claiming:
            return []  # the hold was for that
        if not self._sticks:
            words = "no stick that `vigil stick prepare` has made is plugged in, so nothing was copied"
            return [*self._show("refused", until_us=now.steady_us + _NO_US), Tell("stick", words)]
        self._running = _Running(who, now.steady_us)
        entry = Enter("export.began", {"who": who, "stick": min(self._sticks)})
        return [entry, Fault("stick", ""), Export(who), *self._show("filling-0")]

    def _told(self, told: ExportTold, now: Moment) -> list[Deed]:
        if told.state in ENDS:
            return self._ended(told, now) if self._running else []
        if told.state != "running":
            return []
        entry: list[Deed] = []
        if self._running is None:
            # Begun by hand, or before guard was.
            self._running = _Running(_BY_HAND, now.steady_us)
            entry = [Enter("export.began", {"who": _BY_HAND, "stick": told.stick})]
        self._running.heard_us = now.steady_us
        return [*entry, *self._show(f"filling-{min(max(told.done_pm // 100, 0), 9)}")]

    def _ended(self, told: ExportTold, now: Moment) -> list[Deed]:
        assert self._running
        who, self._running = self._running.who, None
        entry = Enter(
            "export.ended",
            {
                "who": who, "stick": told.stick, "ended": told.state, "why": told.why, "segments": told.segments,
                "bytes": told.bytes,
            },
        )  # fmt: skip
        amount = f"{told.segments} segments, {told.bytes / 1e6:.0f} MB"
        words = f"the export is {told.state} ({amount}){': ' if told.why else ''}{told.why}"
        shown = self._show(
            "safe" if told.state == "complete" else "refused",
            until_us=None if self._sticks else now.steady_us + _NO_US,
        )
        return [entry, Fault("stick", told.why if told.state == "failed" else ""), *shown, Tell("stick", words)]

    def _pulled_out(self) -> list[Deed]:
        """What was shown until the stick is out is over; one that is copied to is told by whoever copies."""
        return [] if self._running or not self._shown else [Fault("stick", ""), *self._show("")]

    def _show(self, pattern: str, *, until_us: int | None = None) -> list[Deed]:
        self._until_us = until_us
        if pattern == self._shown:
            return []
        self._shown = pattern
        return [Show(_LAMP, pattern)]
