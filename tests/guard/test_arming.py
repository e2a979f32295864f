"""Arming as a part of guard: kept and journaled before it is seen, refused in words, told who and how."""

from __future__ import annotations

import pytest

from vigil.clock.trust import Trust
from vigil.guard.arm_table import Delays, Standing
from vigil.guard.arming import Arming
from vigil.guard.deeds import Alarm, Arm, ArmMode, Deed, Enter, Fault, Happened, Keep, Record, Sound, Tell
from vigil.guard.facts import ArmChanged, ArmState
from vigil.guard.moment import Moment

DELAYS = Delays(exit_us=45_000_000, entry_us=30_000_000, trigger_us=300_000_000)


def at(seconds: float) -> Moment:
    return Moment(round(seconds * 1_000_000), 1_800_000_000_000_000 + round(seconds * 1_000_000), Trust.SYNCED)


def arming(state: ArmState = ArmState.DISARMED, *, siren_s: int = 180) -> Arming:
    return Arming(Standing(state=state, mode=state), DELAYS, siren_s=siren_s, boot="this")


def by_button(mode: ArmMode) -> Arm:
    return Arm(mode, "button", "button")


def by_command(mode: ArmMode) -> Arm:
    return Arm(mode, "anna", "command")


def entered(deeds: list[Deed]) -> list[Enter]:
    return [deed for deed in deeds if isinstance(deed, Enter)]


def test_a_press_arms_after_the_exit_delay_and_the_journal_says_who_and_how():
    part = arming()

    first = part.demand(by_button("away"), at(10))
    assert part.standing.state is ArmState.ARMING and part.due_us == 55_000_000
    assert part.look(at(54.9)) == []
    second = part.look(at(55))

    fields = [enter.fields for enter in entered(first + second)]
    assert fields == [
        {"before": "disarmed", "after": "arming", "who": "button", "how": "button"},
        {"before": "arming", "after": "armed_away", "who": "button", "how": "delay"},
    ]
    assert part.due_us is None


def test_a_change_is_kept_then_journaled_and_only_then_seen_and_heard():
    deeds = arming().demand(by_button("away"), at(0))

    assert [type(deed) for deed in deeds] == [Keep, Enter, Happened, Sound]
    assert deeds[2] == Happened(ArmChanged(ArmState.DISARMED, ArmState.ARMING, "button", "button"))
    assert deeds[3] == Sound("leaving", 45)


def test_coming_home_gives_time_to_disarm():
    part = arming(ArmState.ARMED_AWAY)

    part.alarm(Alarm("front door"), at(0))
    assert part.standing.state is ArmState.PENDING
    deeds = part.demand(by_command("disarmed"), at(20))

    assert part.standing == Standing()
    assert Sound("", 0) in deeds
    assert not any(isinstance(deed, Tell | Record) for deed in deeds)


def test_nobody_who_disarms_in_time_is_an_alarm_with_siren_recording_and_telling():
    part = arming(ArmState.ARMED_AWAY)
    part.alarm(Alarm("front door"), at(0))

    deeds = part.look(at(30))

    assert part.standing.state is ArmState.TRIGGERED
    assert Sound("siren", 180) in deeds and Record("*", "alarm", "began") in deeds
    assert [type(deed) for deed in deeds][-1] is Tell


def test_the_siren_ends_with_the_alarm_and_recordings_are_let_go():
    part = arming(ArmState.ARMED_HOME)
    part.alarm(Alarm("kitchen window", delayed=False), at(0))

    deeds = part.look(at(300))

    assert part.standing.state is ArmState.ARMED_HOME
    assert Sound("", 0) in deeds and Record("*", "alarm", "ended") in deeds


def test_a_silent_alarm_makes_no_noise():
    deeds = arming(ArmState.ARMED_HOME, siren_s=0).alarm(Alarm("window", delayed=False), at(0))

    assert Sound("", 0) in deeds


def test_a_disarmed_house_has_no_intruders_but_may_burn():
    part = arming()

    assert part.alarm(Alarm("front door"), at(0)) == []
    part.alarm(Alarm("smoke in the kitchen", always=True), at(1))

    assert part.standing.state is ArmState.TRIGGERED


@pytest.mark.parametrize("mode", ["home", "night"])
def test_the_button_does_not_lower_the_guard(mode: ArmMode):
    part = arming(ArmState.ARMED_AWAY)

    deeds = part.demand(by_button(mode), at(0))

    assert part.standing.state is ArmState.ARMED_AWAY
    (refused,) = deeds
    assert isinstance(refused, Enter) and refused.kind == "arm.refused"
    assert refused.fields["who"] == "button" and "does not lower" in refused.fields["why"]


def test_a_gesture_that_the_owner_made_one_for_disarming_disarms():
    part = arming(ArmState.ARMED_AWAY)

    part.demand(by_button("disarmed"), at(0))

    assert part.standing == Standing()


def test_whoever_came_in_cannot_win_time_by_arming():
    part = arming(ArmState.ARMED_AWAY)
    part.alarm(Alarm("front door"), at(0))

    deeds = part.demand(by_command("away"), at(5))

    assert "disarm it first" in entered(deeds)[0].fields["why"]
    assert part.due_us == 30_000_000


def test_what_holds_already_is_not_journaled_again():
    assert arming(ArmState.ARMED_AWAY).demand(by_command("away"), at(0)) == []
    assert arming().demand(by_command("disarmed"), at(0)) == []


def test_a_start_says_that_it_resumed():
    part = Arming(Standing(state=ArmState.ARMED_AWAY, mode=ArmState.ARMED_AWAY), DELAYS, siren_s=0, boot="b")

    deeds = part.begin(at(3), "")

    fields = {"before": "armed_away", "after": "armed_away", "who": "guard", "how": "resumed"}
    assert [enter.fields for enter in entered(deeds)] == [fields]


def test_an_alarm_that_outlived_the_power_is_heard_again_but_told_once():
    part = Arming(
        Standing(state=ArmState.TRIGGERED, mode=ArmState.ARMED_AWAY, until_us=9), DELAYS, siren_s=60, boot="b"
    )

    deeds = part.begin(at(0), "")

    assert Sound("siren", 60) in deeds and Record("*", "alarm", "began") in deeds
    assert not any(isinstance(deed, Tell) for deed in deeds)


def test_a_lost_memory_is_a_fault_until_somebody_says_what_holds():
    part = arming(ArmState.ARMED_AWAY)

    assert part.begin(at(0), "its memory is lost")[0] == Fault("arm", "its memory is lost")
    assert Fault("arm", "") in part.demand(by_command("away"), at(1))
    assert Fault("arm", "") not in part.demand(by_command("disarmed"), at(2))


def test_the_words_for_people_count_down():
    part = arming()
    assert part.words(at(0)) == "disarmed"
    part.demand(by_command("away"), at(0))

    assert part.words(at(21.5)) == "arming (24 s left, then armed_away)"


def test_a_first_start_leaves_a_file_and_no_entry():
    keep, happened = arming().begin_new(at(3))

    assert isinstance(keep, Keep) and keep.state["state"] == "disarmed"
    assert happened == Happened(ArmChanged(ArmState.DISARMED, ArmState.DISARMED, "guard", "resumed"))
