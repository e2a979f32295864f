"""
How often the box may restart itself. A restart that did not help is not tried over and over.

After each one the next must wait longer; after the last the box stays up,
records as well as it can, and says so. A day without need forgives all. Time
is counted while the box is up, so a wrong clock and days without power do not
matter.

A card that has stalled takes no note of the restart that it causes. So the
note is written beforehand: as long as the box runs, the card says that it
runs, and a start that finds this, and came after a reset, counts one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from vigil.errors import FormatError

WAITS_S = (0, 600, 3600, 6 * 3600)
"""How long the box must have been up since the last restart before the first, second … one."""

FORGIVEN_S = 24 * 3600

FORGOTTEN = 2
"""What counts as forced after a reset where the card remembers nothing: the next one has to wait for an hour."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`forced` restarts that are not forgiven yet, and `calm_s` for which the box was up since the last of them."""

    forced: int = 0
    calm_s: int = 0

    @property
    def wait_s(self) -> int | None:
        """Seconds until the box may restart itself; 0 for now, None for not before all is forgiven."""
        if self.forced >= len(WAITS_S):
            return None
        return max(0, WAITS_S[self.forced] - self.calm_s)

    def lived(self, seconds: int) -> Budget:
        """Return what is left after the box was up for so long."""
        calm_s = self.calm_s + seconds
        return Budget() if not self.forced or calm_s >= FORGIVEN_S else replace(self, calm_s=calm_s)

    def spent(self) -> Budget:
        """Return what is left after a restart."""
        return Budget(self.forced + 1)


class Ended(StrEnum):
    """How the run of the box ended that left a note."""

    NOT = "runs"
    ORDERLY = "in good order"
    FORCED = "restarted"
    """By us, and it has been counted."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the card remembers of the run before: the budget, how the run ended, and for a forced end why."""

    budget: Budget = Budget()
    ended: Ended = Ended.NOT
    why: str = ""

    def saved(self) -> dict[str, int | str]:
        """Return it as plain values, for a file."""
        return {
            "forced": self.budget.forced,
            "calm_s": self.budget.calm_s,
            "ended": self.ended.value,
            "why": self.why,
        }

    @classmethod
    def restored(cls, values: object) -> Note:
        """Return what `saved` gave. Raises `FormatError` on anything else."""
        if not isinstance(values, Mapping) or set(values) != {"forced", "calm_s", "ended", "why"}:
            raise FormatError("this is no reboot budget")
        counts, words = [values["forced"], values["calm_s"]], [values["ended"], values["why"]]
        if any(type(count) is not int or count < 0 for count in counts):
            raise FormatError("a reboot budget counts from 0")
        if any(type(word) is not str for word in words) or values["ended"] not in tuple(Ended):
            raise FormatError("a reboot budget says how the box ended")
        return cls(Budget(*counts), Ended(values["ended"]), values["why"])


def begun(note: Note | None, *, after_reset: bool) -> Budget:
    """
    Return the budget with which a start begins.

    `note` is None where the card remembers nothing, or cannot be asked.
    `after_reset` says that the machine was reset, and did not lose its power.
    """
    if note is None:
        return Budget(FORGOTTEN) if after_reset else Budget()
    return note.budget.spent() if after_reset and note.ended is Ended.NOT else note.budget
