"""
The mains and the battery behind them: when people are told, and when the box gives in.

What one look at the UPS means says `power_table.py`; here is what time adds:
mains that flap, a UPS that falls silent, the delay before the box goes down.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vigil.config.model_ups import Ups as Settings
from vigil.events import Ups
from vigil.guard.deeds import Deed, Enter, Happened, PowerOff, Seen, Tell
from vigil.guard.facts import Fact, PowerChanged, PowerState
from vigil.guard.moment import Moment
from vigil.guard.power_table import alarms, judged
from vigil.guard.probes.power import PowerSeen

STEADY_S = 10
"""Mains that were away count as back when they have been here for so long: they like to come and go."""

PATIENCE_S = 15
"""A UPS that cannot be read for so long, or for three looks, is lost; single looks may fail (upsmon's DEADTIME)."""

BLIND_S = 60
"""A UPS that is lost on battery, and never said for how long it would last, is taken to last so long."""

UP_S = 180
"""A start that ends before its system is confirmed counts against it (docs/design/boot.md): by then it is confirmed."""

_SECOND_US = 1_000_000
_LOCAL = {"127.0.0.1", "::1", "localhost"}
_ON_BATTERY: tuple[PowerState, ...] = ("battery", "low", "critical")
_WORDS: dict[PowerState, str] = {
    "mains": "there are mains",
    "battery": "the mains are away: the box runs on battery",
    "low": "the mains are away, and the battery is low",
    "critical": "the mains are away, and the battery is nearly empty, so the box shuts down",
}


class Power:
    """Guard's judgement of the power (`guard.deeds.Part`). It is never silent about not knowing."""

    def __init__(self, settings: Settings) -> None:
        self.state: PowerState = "unknown"
        self.due_us: int | None = None
        self._settings = settings
        self._kill_power = settings.nut_host in _LOCAL
        self._last = Ups()
        self._read_us: int | None = None
        self._trouble = "nobody has looked at it yet"
        self._mains_us: int | None = None  # since when they have been back, while that does not count yet
        self._blind_until_us: int | None = None  # when a battery that nobody sees is taken to be nearly empty
        self._critical_us: int | None = None
        self._is_off = False
        self._seen = PowerSeen(last="unknown")

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Take in one look at the UPS."""
        if not isinstance(fact, Ups):
            return []
        self._begin(now)
        if fact.trouble:
            self._trouble = fact.words
            return self.look(now)
        deeds = self._see(alarms=alarms(fact))
        state = judged(fact, self.state, self._settings)
        if state == "unknown":
            self._trouble = f"the UPS says neither that there are mains nor that there are none, but {fact.status}"
            return [*deeds, *self.look(now)]
        self._last, self._read_us, self._trouble = fact, now.steady_us, ""
        self._blind_until_us = None
        if self._is_settled(state, now):
            deeds += [*self._become(state, now, _why(fact)), *self._see_state(_why(fact))]
        return [*deeds, *self._see(unknown=""), *self.look(now)]

    def look(self, now: Moment) -> list[Deed]:
        """See what time has brought about."""
        self._begin(now)
        deeds: list[Deed] = []
        if now.steady_us >= self._lost_us:
            self._mains_us = None
            deeds += self._know_nothing(now, self._trouble or "whoever looks at the UPS does not")
        if self._blind_until_us is not None and now.steady_us >= self._blind_until_us:
            self._blind_until_us = None
            why = "the UPS was lost on battery, which must be nearly empty by now"
            deeds += [*self._become("critical", now, why), *self._see_state(why)]
        # While the mains are back, though not for long enough yet, nobody is switched off.
        if self._off_us is not None and now.steady_us >= self._off_us and self._mains_us is None:
            deeds += self._switch_off()
        self._set_due(now)
        return deeds

    def _begin(self, now: Moment) -> None:
        """Count silence from the first look on."""
        if self._read_us is None:
            self._read_us = now.steady_us

    @property
    def _lost_us(self) -> int:
        """When a UPS that goes on saying nothing counts as lost."""
        patience_s = max(PATIENCE_S, 3 * self._settings.poll_interval_s)
        return (self._read_us or 0) + (PATIENCE_S if self.state in _ON_BATTERY else patience_s) * _SECOND_US

    @property
    def _off_us(self) -> int | None:
        if self._critical_us is None or self._is_off:
            return None
        return max(UP_S * _SECOND_US, self._critical_us + self._settings.shutdown_delay_s * _SECOND_US)

    def _is_settled(self, state: PowerState, now: Moment) -> bool:
        """Say whether a state counts from now on: mains that were away must have been back for a while."""
        if state != "mains" or self.state not in _ON_BATTERY:
            self._mains_us = None
            return True
        self._mains_us = now.steady_us if self._mains_us is None else self._mains_us
        if now.steady_us - self._mains_us < STEADY_S * _SECOND_US:
            return False
        self._mains_us = None
        return True

    def _know_nothing(self, now: Moment, why: str) -> list[Deed]:
        deeds: list[Deed] = []
        if self.state in ("battery", "low"):
            left_s = self._last.runtime_s - self._settings.critical_runtime_threshold_s
            left_s = max(0, left_s) if self._last.runtime_s >= 0 else BLIND_S
            self._blind_until_us = (self._read_us or 0) + left_s * _SECOND_US
        if self.state != "critical":  # silence is no reason to hope: what was critical stays so
            deeds = self._become("unknown", now, why)
        return [*deeds, *self._see(unknown=f"nobody knows whether there are mains: {why}")]

    def _become(self, state: PowerState, now: Moment, why: str) -> list[Deed]:
        before = self.state
        if state == before:
            return []
        self.state = state
        # Whoever sees the mains come back after all has not been switched off: it is judged as if nothing had been.
        self._is_off = self._is_off and state != "mains"
        self._critical_us = now.steady_us if state == "critical" else None
        known: dict[str, Any] = {"charge_pct": round(self._last.charge_pct), "runtime_s": self._last.runtime_s}
        fields = {"before": before, "after": state, "why": why, **{k: v for k, v in known.items() if v >= 0}}
        return [Enter("power.changed", fields), Happened(PowerChanged(state))]

    def _switch_off(self) -> list[Deed]:
        self._is_off = True
        back = ", and starts again with the mains" if self._kill_power else ""
        return [
            Enter("power.off", {"why": self._seen.words, "kill_power": self._kill_power}),
            Tell("power", f"the box shuts down now{back}"),
            PowerOff(self._kill_power),
        ]

    def _see_state(self, why: str) -> list[Deed]:
        """Say where the power comes from; what was last known of it goes on being said."""
        promise = f" in {self._settings.shutdown_delay_s} s, unless the mains come back"
        words = _WORDS[self.state] + (promise if self.state == "critical" else "")
        return self._see(last=self.state, words=f"{words} ({why})")

    def _see(self, **known: Any) -> list[Deed]:
        """Give the verdict on the box what is known by now, where that is new: it tells people."""
        before, self._seen = self._seen, replace(self._seen, **known)
        return [] if before == self._seen else [Seen(self._seen)]

    def _set_due(self, now: Moment) -> None:
        times = (self._lost_us, self._blind_until_us, self._off_us)
        ahead = [at_us for at_us in times if at_us is not None and at_us > now.steady_us]
        self.due_us = min(ahead, default=None)


def _why(look: Ups) -> str:
    charge = f", {look.charge_pct:.0f} % charged" if look.charge_pct >= 0 else ""
    runtime = f", {look.runtime_s} s left" if look.runtime_s >= 0 else ""
    return f"the UPS says {' '.join(look.status) or 'nothing'}{charge}{runtime}"
