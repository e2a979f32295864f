"""What the image may weigh and cost, compared with what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .cache import Step
from .config import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a build came to."""

    root_bytes: int
    compressed_bytes: int
    seconds: float
    cpu_seconds: float
    fresh: bool

    @property
    def own_seconds(self) -> float:
        """
        How long it took, but for what others on this machine took away from it.

        On a machine of its own a build takes no longer than all its work would on one processor.
        """
        return min(self.seconds, self.cpu_seconds)

    @classmethod
    def of(cls, steps: Sequence[Step], *, root_bytes: int, compressed_bytes: int) -> Weight:
        """What these steps came to; a build is fresh where nothing had been made before."""
        return cls(
            root_bytes=root_bytes,
            compressed_bytes=compressed_bytes,
            seconds=sum(step.seconds for step in steps),
            cpu_seconds=sum(step.cpu_seconds for step in steps),
            fresh=not any(step.cached for step in steps),
        )


def is_rebuild(steps: Sequence[Step]) -> bool:
    """Whether only what follows from the checkout was made: packages, libraries and initrd were there."""
    slow = {"debian", "hardware", "workshop", "fetched", "compiled", "libraries", "ground", "initrd"}
    return all(step.cached for step in steps if step.name in slow)


def excesses(budget: Budget, weight: Weight, *, rebuild: bool) -> list[str]:
    """Each limit that was exceeded, as a sentence; a build that is neither fresh nor a rebuild has no limit of time."""
    limits = [
        ("the root", weight.root_bytes / (1 << 20), budget.root_mib, "MiB"),
        ("the compressed image", weight.compressed_bytes / 1e6, budget.compressed_mb, "MB"),
    ]
    if weight.fresh:
        limits.append(("the first build", weight.own_seconds / 60, budget.first_build_min, "min"))
    elif rebuild:
        limits.append(("the rebuild", weight.own_seconds, budget.rebuild_s, "s"))
    return [
        f"{what} has {is_now:.1f} {unit}; the budget is {limit} {unit}"
        for what, is_now, limit, unit in limits
        if is_now > limit
    ]
