"""The starts of a box that dies before it is up, again and again: each as it was foretold, and how long it took."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field

from fakes.recording_box import Running


@dataclass(slots=True)
class Walk:
    """A box from its first start on; `chosen_s` says when the selector chose each, by the steady clock."""

    running: Running
    chosen_s: list[float] = field(default_factory=list)

    def start(self, slot: str, left: int) -> None:
        """Wait for the next start, which is to be of this slot, with so many tries left to slot A."""
        found = self.running.start()
        self.chosen_s.append(time.monotonic())
        after = "power" if len(self.chosen_s) == 1 else "reset"
        assert (found.slot, found.after, found.left) == (slot, after, (left, 3))

    @property
    def so_far_s(self) -> float:
        """Seconds since the first start was chosen."""
        return time.monotonic() - self.chosen_s[0]

    def tell(self, what: str) -> None:
        """Say how long each start took until the next."""
        each = ", ".join(f"{after - before:.0f}" for before, after in itertools.pairwise(self.chosen_s))
        print(f"{what}: reset after {each} s")
