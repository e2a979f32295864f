"""When a system has proved itself, and when a trial has failed."""

from __future__ import annotations

import pytest

from vigil.upkeep.health import GUARD, MOUNTS, PROVED_US, TRIAL_US, UPKEEP, Facts, Unit, Verdict, unproven, verdict

FRONT, YARD = "vigil-record@front.service", "vigil-record@yard.service"
WELL = {name: Unit(state="active", since_us=20_000_000) for name in (FRONT, YARD, GUARD, UPKEEP)}


def seen(at_s: float = 100, *, mounted: tuple[str, ...] = MOUNTS, **changed: Unit | None) -> Facts:
    """A box that is well, `at_s` seconds after its start, but for what is changed."""
    names = {"front": FRONT, "yard": YARD, "guard": GUARD, "upkeep": UPKEEP, "fallback": "vigil-record.service"}
    units = WELL | {names[name]: unit for name, unit in changed.items() if unit}
    for name, unit in changed.items():
        if unit is None:
            del units[names[name]]
    return Facts(now_us=int(at_s * 1_000_000), units=units, mounted=mounted)


def failed() -> Unit:
    return Unit(state="failed", since_us=0)


@pytest.mark.parametrize("on_trial", [True, False])
def test_a_box_that_is_well_is_confirmed(on_trial: bool):
    assert unproven(seen(), on_trial=on_trial) == []
    assert verdict(seen(), on_trial=on_trial) is Verdict.CONFIRM


@pytest.mark.parametrize("on_trial", [True, False])
def test_it_must_have_been_well_for_longer_than_a_watchdog_waits(on_trial: bool):
    since_s = 20
    early = seen(since_s + PROVED_US / 1e6 - 1)

    assert verdict(early, on_trial=on_trial) is Verdict.WAIT
    assert f"{FRONT} has run for 74 s only" in unproven(early, on_trial=on_trial)
    assert verdict(seen(since_s + PROVED_US / 1e6), on_trial=on_trial) is Verdict.CONFIRM


@pytest.mark.parametrize("on_trial", [True, False])
def test_a_recorder_that_was_started_again_begins_anew(on_trial: bool):
    facts = seen(500, yard=Unit(state="active", since_us=450_000_000))

    assert unproven(facts, on_trial=on_trial) == [f"{YARD} has run for 50 s only"]


@pytest.mark.parametrize("state", ["failed", "activating", "deactivating", "unknown"])
def test_one_recorder_that_does_not_run_is_enough_to_wait(state: str):
    facts = seen(front=Unit(state=state, since_us=0))

    assert unproven(facts, on_trial=False) == [f"{FRONT} is {state}"]


def test_a_recorder_that_nobody_wants_is_not_asked():
    assert verdict(seen(fallback=Unit(state="inactive", since_us=0)), on_trial=True) is Verdict.CONFIRM


def test_without_cameras_guard_speaks_for_the_box():
    assert verdict(seen(front=None, yard=None), on_trial=False) is Verdict.CONFIRM
    assert unproven(seen(front=None, yard=None, guard=failed()), on_trial=False) == [f"{GUARD} is failed"]


def test_a_committed_system_that_records_is_confirmed_whatever_else_is_broken():
    facts = seen(guard=failed(), upkeep=failed(), mounted=("/vigil/video",))

    assert verdict(facts, on_trial=False) is Verdict.CONFIRM


@pytest.mark.parametrize("name", ["guard", "upkeep"])
@pytest.mark.parametrize("unit", [None, failed()])
def test_on_trial_everything_must_run(name: str, unit: Unit | None):
    facts = seen(guard=unit) if name == "guard" else seen(upkeep=unit)

    assert verdict(facts, on_trial=True) is Verdict.WAIT


@pytest.mark.parametrize("place", MOUNTS)
def test_on_trial_every_partition_must_be_opened(place: str):
    facts = seen(mounted=tuple(other for other in MOUNTS if other != place))

    assert unproven(facts, on_trial=True) == [f"{place} is not mounted"]


def test_a_trial_has_an_end_and_a_committed_system_has_none():
    late = TRIAL_US / 1e6

    assert verdict(seen(late - 1, front=failed()), on_trial=True) is Verdict.WAIT
    assert verdict(seen(late, front=failed()), on_trial=True) is Verdict.RESTART
    assert verdict(seen(late * 100, front=failed()), on_trial=False) is Verdict.WAIT
