"""What became of the last update, and does the box still have a second system to go back to?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSeen:
    """
    What is known of updates, in sentences; empty where there is nothing to say.

    `failed`: why the last one did; `trial`: which system has yet to prove
    itself; `refused`: which was not even begun with; `alone`: why the box has
    only one system to start.
    """

    failed: str = ""
    trial: str = ""
    refused: str = ""
    alone: str = ""


def look(seen: UpdateSeen) -> Iterator[Finding]:
    """Say what is wrong with updates."""
    said = {"failed": seen.failed, "trial": seen.trial, "refused": seen.refused, "one-system": seen.alone}
    for word, why in said.items():
        if why:
            yield Finding(f"update.{word}", why=why)


def _kind(word: str, level: Level, means: str, do: str) -> FaultKind:
    return FaultKind(
        id=f"update.{word}", level=level, blink=Blink.OTHER, what="update", means=means, do=do, settling_s=0
    )


PROBE = Probe(
    name="update",
    evidence=UpdateSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "failed", Level.WARNING, "The last update did not come to be: the box goes on with the version before it.",
            "Read why; install it again, or a newer one. It is told until an update succeeds.",
        ),
        _kind(
            "one-system", Level.WARNING,
            "One of the two systems on the card does not start any more: there is none to go back to.",
            "Install an update: it goes where the broken system is.",
        ),
        _kind(
            "refused", Level.NOTICE, "An update was refused, and nothing was changed.",
            "Read why. If you did not try to install one, ask who did.",
        ),
        _kind(
            "trial", Level.NOTICE, "A new version is on trial: the box goes back by itself unless it proves itself.",
            "Restart the box if it has not been tried yet; else wait for two minutes.",
        ),
        unknown(
            "update", Blink.OTHER, "update", "What became of the last update cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
