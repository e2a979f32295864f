"""The supply and the temperature: a fault that stays long enough to be read."""

from __future__ import annotations

from vigil.clock.trust import Trust
from vigil.events import Board
from vigil.guard.board import BoardCare
from vigil.guard.deeds import Deed, Fault
from vigil.guard.facts import PowerChanged
from vigil.guard.moment import Moment


def at(seconds: float) -> Moment:
    return Moment(round(seconds * 1_000_000), 0, Trust.SYNCED)


def faults(deeds: list[Deed]) -> list[tuple[str, bool]]:
    return [(deed.what, bool(deed.words)) for deed in deeds if isinstance(deed, Fault)]


def test_a_dip_of_the_supply_is_told_for_a_minute():
    part = BoardCare()

    assert faults(part.hear(Board(flags=["under-voltage"]), at(0))) == [("power supply", True)]
    assert part.hear(Board(), at(2)) == [] and part.due_us == 60_000_000
    assert part.look(at(59)) == []
    assert faults(part.look(at(60))) == [("power supply", False)] and part.due_us is None


def test_dips_that_follow_each_other_are_one_fault():
    part = BoardCare()

    said = [deed for second in range(0, 300, 50) for deed in part.hear(Board(flags=["under-voltage"]), at(second))]

    assert faults(said) == [("power supply", True)]


def test_heat_is_told_from_80_degrees_until_it_is_below_75():
    part = BoardCare()

    said = [faults(part.hear(Board(temperature_c=degrees), at(0))) for degrees in (79.9, 80.0, 76.0, 74.9, 79.0)]

    assert said == [[], [("temperature", True)], [], [("temperature", False)], []]


def test_a_board_that_slows_down_says_so_whatever_the_temperature():
    part = BoardCare()

    [deed] = part.hear(Board(flags=["throttled"], temperature_c=60.0), at(0))

    assert isinstance(deed, Fault) and "slows itself down" in deed.words


def test_a_capped_frequency_alone_is_no_fault_and_other_facts_are_nothing():
    part = BoardCare()

    assert part.hear(Board(flags=["frequency-capped", "soft-limit"]), at(0)) == []
    assert part.hear(PowerChanged("mains"), at(0)) == []
