"""The alarm follows who is at home as far as its owner wrote, and never takes from a person what they armed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.presence_at_work import FAMILY, SECOND, House
from vigil.config.model_presence import Presence
from vigil.guard.deeds import Alarm

FOLLOWS = Presence(empty="away", adults_home="disarmed", all_home="disarmed", kids_home="home")


def house(*there: str, presence: Presence = FOLLOWS) -> House:
    one = House(presence, FAMILY, there=there)
    one.passes(700)
    return one


def leave(one: House) -> None:
    one.there = set()
    one.passes(620)


def test_without_a_word_presence_does_nothing():
    one = house("anna", presence=Presence())
    leave(one)
    assert one.states[-1] == "EMPTY" and one.arm == "disarmed"

    one.by_hand("away")
    one.passes(60)
    one.comes("anna")
    assert one.arm == "armed_away" and one.entered("arm.refused") == []


def test_the_last_one_to_leave_arms_with_the_exit_delay():
    one = house("anna")
    one.there = set()
    while one.arm == "disarmed":
        one.passes(1)
    assert one.arm == "arming"
    changed = one.entered("arm.changed")[-1]
    assert (changed["who"], changed["how"]) == ("anna", "presence")

    one.passes(45)
    assert one.arm == "armed_away"


def test_what_presence_armed_it_disarms_where_its_owner_wrote_so():
    one = house("anna")
    leave(one)
    one.passes(60)
    one.comes("ben")

    assert one.arm == "disarmed"
    assert one.entered("arm.changed")[-1]["how"] == "presence"


def test_children_alone_keep_the_house_guarded():
    one = house("anna")
    leave(one)
    one.passes(60)
    one.comes("carl")

    assert one.arm == "armed_home"


@pytest.mark.parametrize("how", ["command", "button", "page", "keypad", "mqtt", "rule"])
def test_what_a_person_or_a_rule_armed_stays(how):
    one = house("anna")
    one.by_hand("night", how)
    leave(one)
    assert one.arm == "armed_night"
    refused = one.entered("arm.refused")[-1]
    assert (refused["wanted"], refused["how"], refused["who"]) == ("away", "presence", "anna")

    one.comes("ben")
    assert one.arm == "armed_night"


def test_what_a_person_armed_gives_way_where_its_owner_wrote_so():
    one = house("anna", presence=replace(FOLLOWS, override_manual=True))
    one.by_hand("night")
    leave(one)
    one.passes(60)

    assert one.arm == "armed_away"


def test_a_person_who_changes_what_presence_armed_has_the_last_word():
    one = house("anna")
    leave(one)
    one.passes(60)
    one.by_hand("night")
    one.comes("anna")
    assert one.arm == "armed_night"

    one.by_hand("disarmed")
    leave(one)
    one.passes(60)
    assert one.arm == "armed_away"


def test_whose_arming_it_is_survives_a_restart():
    one = house("anna")
    leave(one)
    one.passes(60)
    one.restarts()
    one.passes(60)
    one.comes("anna")
    assert one.arm == "disarmed"

    one.by_hand("away")
    one.passes(60)
    one.restarts()
    one.there = set()
    one.passes(700)
    one.comes("anna")
    assert one.arm == "armed_away"


def test_whose_arming_it_is_that_nobody_knows_is_a_persons():
    one = house("anna")
    leave(one)
    one.passes(60)
    one.kept.clear()
    one.restarts()
    one.passes(700)
    one.comes("anna")

    assert one.arm == "armed_away"


@pytest.mark.parametrize("outage", ["network", "restart"])
def test_an_empty_house_that_is_known_again_to_be_empty_has_not_changed(outage):
    one = house("anna")
    leave(one)
    one.passes(60)
    one.by_hand("disarmed")  # for the cleaner, from afar
    if outage == "network":
        one.router = False
        one.passes(600)
        one.router = True
    else:
        one.restarts()
    one.passes(700)

    assert one.states[-1] == "EMPTY"
    assert one.arm == "disarmed"


def test_who_left_during_an_outage_arms_when_that_is_known():
    one = house("anna")
    one.router, one.there = False, set()
    one.passes(3600)
    assert one.arm == "disarmed"
    one.router = True
    one.passes(700)

    assert one.arm == "armed_away"


def test_a_household_that_is_known_for_the_first_time_arms_nothing():
    one = house()

    assert one.states == ["EMPTY"] and one.arm == "disarmed"


def test_who_comes_home_may_end_the_entry_delay_and_never_an_alarm():
    one = house("anna")
    leave(one)
    one.passes(60)
    one.do(one.arming.alarm(Alarm("front-door"), one.now()))
    assert one.arm == "pending"
    one.comes("anna")
    assert one.arm == "disarmed"

    leave(one)
    one.passes(60)
    one.do(one.arming.alarm(Alarm("window", delayed=False), one.now()))
    one.comes("anna")
    assert one.arm == "triggered"
    assert "does not end an alarm" in one.entered("arm.refused")[-1]["why"]


def test_an_alarm_that_passes_leaves_what_was_armed_to_whoever_armed_it():
    one = house("anna")
    leave(one)
    one.passes(60)
    one.do(one.arming.alarm(Alarm("window", delayed=False), one.now()))
    one.passes(310)
    assert one.arm == "armed_away"
    one.comes("anna")

    assert one.arm == "disarmed"


def test_nothing_follows_before_guard_knows_how_the_alarm_stands():
    one = house("anna")
    fresh = House(FOLLOWS, FAMILY, kept=one.kept["presence"])
    fresh.home._following._arm = None
    fresh.steady_us += SECOND
    fresh.passes(700)

    assert fresh.states == ["EMPTY"] and fresh.arm == "disarmed"
