"""What is shown: what guard says, that its silence is seen, that a press is felt, and that every noise ends."""

from __future__ import annotations

from vigil.body.display import AWAY_US, Display

SECOND_US = 1_000_000
LAMPS = {"status": "breath", "arm": "steady", "fault": "off"}


def display(*, sound: str = "", left_s: float = 0, brightness_pct: int = 100) -> Display:
    shown = Display(0)
    shown.hear(
        LAMPS, sound=sound, sound_left_us=round(left_s * SECOND_US), brightness_pct=brightness_pct, now_us=SECOND_US
    )
    return shown


def test_before_guard_has_spoken_the_fault_lamp_is_on_and_nothing_is_promised():
    levels, change_us = Display(0).levels(5)

    assert levels == {"status": 0.0, "arm": 0.0, "fault": 1.0, "buzzer": 0.0, "siren": 0.0}
    assert change_us is None


def test_what_guard_says_is_shown():
    levels, change_us = display().levels(SECOND_US)

    assert levels["arm"] == 1.0 and levels["fault"] == 0.0 and 0 < levels["status"] < 0.1
    assert change_us == SECOND_US + 250_000


def test_a_guard_that_falls_silent_is_seen_to_be_away():
    shown = display()
    assert shown.levels(SECOND_US + AWAY_US - 1)[0]["fault"] == 0.0

    levels, change_us = shown.levels(SECOND_US + AWAY_US)

    assert levels["fault"] == 1.0 and levels["status"] == levels["arm"] == 0.0
    assert change_us is None


def test_body_wakes_up_by_itself_to_see_that_guard_is_away():
    shown = Display(0)
    shown.hear({"status": "off", "arm": "off", "fault": "off"}, sound="", sound_left_us=0, brightness_pct=100, now_us=9)

    assert shown.levels(10)[1] == 9 + AWAY_US


def test_a_guard_that_comes_back_is_heard():
    shown = display()
    shown.levels(60 * SECOND_US)
    shown.hear(LAMPS, sound="", sound_left_us=0, brightness_pct=100, now_us=61 * SECOND_US)

    assert shown.levels(61 * SECOND_US)[0]["arm"] == 1.0


def test_a_pattern_that_goes_on_is_not_begun_anew():
    shown = display()
    shown.hear(LAMPS, sound="", sound_left_us=0, brightness_pct=100, now_us=2 * SECOND_US)

    assert shown.levels(4 * SECOND_US - 1)[0]["status"] == display().levels(4 * SECOND_US - 1)[0]["status"]


def test_a_press_is_felt_at_once_whatever_comes_of_it():
    shown = display()
    shown.felt(2 * SECOND_US)

    assert shown.levels(2 * SECOND_US)[0]["arm"] == 0.0
    assert shown.levels(2 * SECOND_US + 120_000)[0]["arm"] == 1.0


def test_a_press_is_felt_while_guard_is_away_too():
    shown = Display(0)
    shown.felt(5)

    assert shown.levels(6)[0]["arm"] == 1.0


def test_a_siren_ends_by_itself_even_if_guard_is_gone():
    shown = display(sound="siren", left_s=10)

    assert shown.levels(2 * SECOND_US)[0]["siren"] == 1.0
    assert shown.levels(10 * SECOND_US)[0]["siren"] == 1.0
    levels, _ = shown.levels(11 * SECOND_US)
    assert levels["siren"] == levels["buzzer"] == 0.0


def test_the_siren_is_for_alarms_alone_and_the_buzzer_counts_down():
    levels, change_us = display(sound="entering", left_s=30).levels(SECOND_US)

    assert levels["siren"] == 0.0 and levels["buzzer"] == 1.0
    assert change_us == SECOND_US + 100_000


def test_quiet_hours_dim_all_but_what_must_be_seen():
    shown = Display(0)
    lamps = {"status": "steady", "arm": "steady", "fault": "count-1"}
    shown.hear(lamps, sound="", sound_left_us=0, brightness_pct=0, now_us=9)

    assert shown.levels(9)[0] == {"status": 0.0, "arm": 0.0, "fault": 0.1, "buzzer": 0.0, "siren": 0.0}
