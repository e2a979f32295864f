"""
Whether the card has stalled: a thread of ours waits for it, and nothing can end that.

Such a thread is in the kernel's state D, its time on the processor stands
still, and a kill does not reach it, while systemd goes on feeding the
hardware. Only a restart helps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STALLED_S = 90
"""A card may think for many seconds while it puts its house in order; never so long."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread as the kernel shows it: its state letter, and the ticks it ran for in all."""

    name: str
    state: str
    ticks: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """Since when (steady clock) which thread waits without having run."""

    since: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def after(self, threads: Mapping[int, Thread], now_us: int) -> Stuck:
        """Return what is known after one more look at all threads of ours, by number."""
        since: dict[int, tuple[int, int]] = {}
        for number, thread in threads.items():
            if thread.state == "D":
                before = self.since.get(number)
                same = before is not None and before[1] == thread.ticks
                since[number] = before if before and same else (now_us, thread.ticks)
        return Stuck(since, {number: threads[number].name for number in since})

    def stalled(self, now_us: int) -> str:
        """Say in words who waits for the card, and for how long; nothing where nobody waits too long."""
        if not self.since:
            return ""
        number = min(self.since, key=lambda one: self.since[one][0])
        waited_s = (now_us - self.since[number][0]) // 1_000_000
        return f"{self.names[number]} has been waiting for the disk for {waited_s} s" if waited_s >= STALLED_S else ""


def parse_stat(line: str) -> Thread:
    """Return what /proc/PID/task/TID/stat says. The name in brackets may hold anything, brackets too."""
    name, _, rest = line.partition("(")[2].rpartition(")")
    words = rest.split()
    return Thread(name, words[0], int(words[11]) + int(words[12]))
