"""A part with a mistake in it: told once in the log, a fault, and nobody else's loss."""

from __future__ import annotations

import logging

from vigil.clock.trust import Trust
from vigil.guard.deeds import Deed, Tell
from vigil.guard.facts import ArmChanged, ArmState, Fact
from vigil.guard.moment import Moment
from vigil.processes.guarded_part import GuardedPart

NOW = Moment(5, 5, Trust.SYNCED)
FACT = ArmChanged(ArmState.DISARMED, ArmState.ARMED_AWAY, "me", "command")


class Hasty:
    """Divides by what it has heard."""

    due_us: int | None = 3

    def __init__(self) -> None:
        self.heard = 0

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        self.heard += 1
        return [Tell("heard", str(1 // (self.heard - 2)))]

    def look(self, now: Moment) -> list[Deed]:
        return [Tell("looked", "well")]


def test_a_part_that_fails_is_a_fault_and_goes_on_being_asked(caplog):
    faults: dict[str, str] = {}
    part = GuardedPart(Hasty(), faults.__setitem__)
    assert part.hear(FACT, NOW) == [Tell("heard", "-1")] and part.due_us == 3

    with caplog.at_level(logging.ERROR):
        assert part.hear(FACT, NOW) == []
        assert part.hear(FACT, NOW) == [Tell("heard", "1")]

    assert list(faults) == ["judgement (Hasty)"]
    assert "ZeroDivisionError" in faults["judgement (Hasty)"]
    assert len(caplog.records) == 1
    assert part.look(NOW) == [Tell("looked", "well")]


def test_a_part_that_failed_does_not_keep_guard_from_sleeping():
    part = GuardedPart(Hasty(), lambda *_: None)
    for _ in range(2):
        part.hear(FACT, NOW)

    assert part.due_us is None
