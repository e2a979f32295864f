"""
How often the box may restart itself. A restart that did not help is not tried over and over.

After each one the next must wait longer; after the last the box stays up,
records as well as it can, and says so. A day without need forgives all. Time
is counted while the box is up, so a wrong clock and days without power do not
matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from vigil.errors import FormatError

WAITS_S = (0, 600, 3600, 6 * 3600)
"""How long the box must have been up since the last restart before the first, second … one."""

FORGIVEN_S = 24 * 3600


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
        return Budget() if calm_s >= FORGIVEN_S else replace(self, calm_s=calm_s)

    def spent(self) -> Budget:
        """Return what is left after a restart."""
        return Budget(self.forced + 1)

    def saved(self) -> dict[str, int]:
        """Return it as plain values, for a file."""
        return asdict(self)

    @classmethod
    def restored(cls, values: object) -> Budget:
        """Return what `saved` gave. Raises `FormatError` on anything else."""
        if not isinstance(values, Mapping) or set(values) != {"forced", "calm_s"}:
            raise FormatError("this is no reboot budget")
        if any(type(value) is not int or value < 0 for value in values.values()):
            raise FormatError("a reboot budget counts from 0")
        return cls(**values)
