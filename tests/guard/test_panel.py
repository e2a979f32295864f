"""Which lamp says what, and what the button's gestures ask for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fakes.repository import ROOT
from vigil.clock.trust import Trust
from vigil.config.model_panel import Button, Lamps
from vigil.guard.deeds import Alarm, Arm, Enter, Happened, Record
from vigil.guard.facts import ArmState, ClaimAsked, Gesture, Motion, TakeoverAsked
from vigil.guard.moment import Moment
from vigil.guard.panel import (
    ARM_LAMP,
    FAULT_CLASSES,
    CameraSeen,
    Presses,
    brightness_pct,
    fault_class,
    fault_lamp,
    status_lamp,
)

SECOND_US = 1_000_000
NOW = Moment(100 * SECOND_US, 1_800_000_000_000_000, Trust.SYNCED)
WELL = CameraSeen(state="recording", durable_age_s=1.2, promised_s=5.0, heard_us=NOW.steady_us)


def status(*cameras: CameraSeen | None, later_s: float = 0) -> str:
    return status_lamp(cameras, NOW.steady_us + round(later_s * SECOND_US))


def test_the_breath_means_that_all_that_is_promised_is_durable():
    assert status(WELL) == "breath"
    assert status(WELL, replace(WELL, state="watching", durable_age_s=-1.0)) == "breath"


@pytest.mark.parametrize(
    "camera",
    [
        None,
        replace(WELL, state="lost"),
        replace(WELL, state="disk fault"),
        replace(WELL, state="opening"),
        replace(WELL, durable_age_s=5.1),
        replace(WELL, durable_age_s=-1.0),
        replace(WELL, heard_us=NOW.steady_us - 5 * SECOND_US),
        replace(WELL, state="paused", heard_us=NOW.steady_us - 5 * SECOND_US),
    ],
)
def test_one_camera_that_does_not_keep_its_promise_takes_the_breath_away(camera):
    assert status(WELL, camera) == "off"


def test_a_recorder_that_falls_silent_takes_the_breath_away_as_its_last_word_grows_old():
    assert status(WELL, later_s=3.7) == "breath"
    assert status(WELL, later_s=3.9) == "off"


def test_a_box_without_a_camera_promises_nothing():
    assert status() == "off"


def test_not_yet_yours_is_told_before_all_else():
    assert status(WELL, replace(WELL, state="unclaimed"), None) == "pairs"


def test_privacy_is_told_by_a_wink_where_all_others_do_well():
    paused = replace(WELL, state="paused", durable_age_s=-1.0)

    assert status(WELL, paused) == "wink"
    assert status(replace(WELL, state="lost"), paused) == "off"


def test_every_arm_state_looks_different():
    assert set(ARM_LAMP) == set(ArmState)
    assert len(set(ARM_LAMP.values())) == len(ArmState)


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("camera gate", 1),
        ("picture of gate", 1),
        ("store", 2),
        ("card", 2),
        ("statements", 2),
        ("power", 3),
        ("ups", 3),
        ("button", 4),
        ("arm", 4),
        ("memory of arm", 4),
        ("lamp fault", 4),
        ("body", 4),
        ("clock", 5),
        ("journal", 6),
        ("journal's past", 6),
        ("signer", 6),
        ("ownership", 6),
        ("takeover", 6),
        ("memory of claim", 6),
        ("network", 7),
        ("configuration", 8),
        ("update", 9),
    ],
)
def test_every_fault_has_its_number(what, number):
    assert fault_class(what) == number


def test_the_most_urgent_fault_is_counted():
    assert fault_lamp({}) == "off"
    assert fault_lamp({"update": "x", "clock": "x"}) == "count-5"
    assert fault_lamp({"clock": "x", "camera gate": "x"}) == "count-1"
    assert len(FAULT_CLASSES) <= 9


@pytest.mark.parametrize(
    ("time", "quiet"), [("21:59", False), ("22:00", True), ("03:00", True), ("06:59", True), ("07:00", False)]
)
def test_quiet_hours_may_go_over_midnight(time, quiet):
    lamps = Lamps(brightness_pct=80, quiet_from="22:00", quiet_to="07:00", quiet_brightness_pct=5)
    minute = int(time[:2]) * 60 + int(time[3:])

    assert brightness_pct(lamps, minute) == (5 if quiet else 80)


def test_there_are_no_quiet_hours_while_nobody_knows_the_time():
    lamps = Lamps(quiet_from="00:00", quiet_to="23:59", quiet_brightness_pct=0)

    assert brightness_pct(lamps, None) == 100
    assert brightness_pct(Lamps(), 5) == 100


def hear(button: Button, gesture, *, state: ArmState = ArmState.DISARMED):
    return Presses(button, state).hear(Gesture("panel", gesture), NOW)


def test_a_short_press_arms_away_and_is_journaled():
    entry, demand = hear(Button(), "short")

    assert entry == Enter("button.pressed", {"button": "panel", "gesture": "short", "action": "arm_away"})
    assert demand == Arm("away", "button panel", "button")


def test_no_gesture_disarms_unless_the_owner_says_so():
    for gesture in ("short", "double", "long", "hold", "very_long"):
        for state in ArmState:
            assert not any(isinstance(deed, Arm) and deed.mode == "disarmed" for deed in hear(Button(), gesture))
            # A hold asks for two things, of which the box and the stick leave one.
            assert len(hear(Button(), gesture, state=state)) <= (3 if gesture == "hold" else 2)


@pytest.mark.parametrize(
    ("action", "deed"),
    [
        ("arm_home", Arm("home", "button panel", "button")),
        ("arm_night", Arm("night", "button panel", "button")),
        ("disarm", Arm("disarmed", "button panel", "button")),
        ("record", Record("*", "button", "pulse")),
        ("alarm", Alarm("button panel: a call for help", delayed=False, always=True)),
        ("claim", Happened(ClaimAsked("button panel"))),
        ("takeover", Happened(TakeoverAsked("button panel"))),
    ],
)
def test_a_gesture_does_what_the_owner_chose(action, deed):
    assert hear(Button(double=action), "double")[1:] == [deed]


def test_a_gesture_that_is_mapped_to_nothing_is_only_journaled():
    assert [type(deed) for deed in hear(Button(hold="nothing"), "hold")] == [Enter]


def test_one_gesture_may_arm_and_disarm():
    button = Button(long="arm_or_disarm")

    assert hear(button, "long")[1:] == [Arm("away", "button panel", "button")]
    for state in set(ArmState) - {ArmState.DISARMED}:
        assert hear(button, "long", state=state)[1:] == [Arm("disarmed", "button panel", "button")]


def test_what_is_no_gesture_is_no_business_of_the_button():
    assert Presses(Button()).hear(Motion("gate", True), NOW) == []
    assert Presses(Button()).look(NOW) == []


def test_the_printed_card_counts_as_the_lamp_does():
    card = (ROOT / "docs/pictures/card.svg").read_text(encoding="utf-8")
    named = re.findall(r'font-size="15" font-weight="bold"[^>]*>([^<]*)<', card)

    assert named == [name for name, _ in FAULT_CLASSES]
