"""A UPS that says what a test lets it say, and guard's judgement of it, second by second."""

from __future__ import annotations

import itertools
from typing import Any

from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.config.model_ups import Ups as Settings
from vigil.events import Ups
from vigil.guard.deeds import Deed, Enter, PowerOff, Seen, Tell
from vigil.guard.moment import Moment
from vigil.guard.power import Power
from vigil.guard.probes import power
from vigil.guard.probes.power import PowerSeen

SILENT = Ups(trouble="silent", words="upsd does not answer: timed out")


class Mains:
    """A UPS and the judgement of it, second by second. Looks come every 5 s while `says` gives one."""

    def __init__(self, *, up_s: int = 3600, **settings: Any) -> None:
        self.clock = HandClock(steady_us=up_s * 1_000_000)
        self.settings = Settings(enabled=True, **settings)
        self.power = Power(self.settings)
        self.deeds: list[Deed] = []
        self.says: Ups | None = None

    @property
    def now(self) -> Moment:
        return Moment(self.clock.steady_us(), self.clock.wall_us(), Trust.SYNCED)

    def status(self, status: str, charge_pct: float = 100.0, runtime_s: int = 1800) -> None:
        """From now on the UPS says this."""
        self.says = Ups(status=status.split(), charge_pct=charge_pct, runtime_s=runtime_s)

    def after(self, seconds: int) -> list[Deed]:
        """What is done within so many seconds."""
        before = len(self.deeds)
        for second in range(seconds):
            if second % 5 == 0 and self.says:
                self.deeds += self.power.hear(self.says, self.now)
            self.deeds += self.power.look(self.now)
            self.clock.sleep(1)
        return self.deeds[before:]

    def entered(self, kind: str = "power.changed") -> list[Any]:
        return [deed.fields for deed in self.deeds if isinstance(deed, Enter) and deed.kind == kind]

    def seen(self) -> list[PowerSeen]:
        """All that was handed to the probe."""
        said = [deed.said for deed in self.deeds if isinstance(deed, Seen)]
        known = [one for one in said if isinstance(one, PowerSeen)]
        assert said == known
        return known

    def faults(self) -> dict[str, str]:
        """What is wrong by the last that was seen, by the fault's id."""
        return {found.id: found.why for one in self.seen()[-1:] for found in power.look(one)}

    def raised(self) -> list[str]:
        """Which faults were new at each change."""
        found = [[one.id for one in power.look(seen)] for seen in self.seen()]
        return [one for before, after in itertools.pairwise([[], *found]) for one in after if one not in before]

    def told(self) -> list[str]:
        return [deed.words for deed in self.deeds if isinstance(deed, Tell)]

    def offs(self) -> list[PowerOff]:
        return [deed for deed in self.deeds if isinstance(deed, PowerOff)]


def on_mains() -> Mains:
    """A box on mains, with a UPS that is well."""
    made = Mains()
    made.status("OL")
    made.after(20)
    assert made.power.state == "mains" and not made.faults() and not made.told()
    return made
