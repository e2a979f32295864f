"""The table of the alarm: every row, and that no sequence of events leaves it or goes on for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.guard.arm_table import NEXT, Back, Delays, Input, Standing, after, weakens
from vigil.guard.facts import ArmState

DELAYS = Delays(exit_us=45_000_000, entry_us=30_000_000, trigger_us=300_000_000)
TIMED = {ArmState.ARMING, ArmState.PENDING, ArmState.TRIGGERED}
MODES = {"home": ArmState.ARMED_HOME, "night": ArmState.ARMED_NIGHT, "away": ArmState.ARMED_AWAY}

# One line a state: what it becomes on each input, in the words of docs/design/guard.md. "." is no change.
ROWS = """
             arm_home    arm_night    arm_away    disarm    entry    intrusion  always     time_is_up
disarmed     armed_home  armed_night  arming      .         .        .          triggered  .
arming       armed_home  armed_night  .           disarmed  .        .          triggered  armed_away
armed_home   .           armed_night  arming      disarmed  pending  triggered  triggered  .
armed_night  armed_home  .            arming      disarmed  pending  triggered  triggered  .
armed_away   armed_home  armed_night  .           disarmed  pending  triggered  triggered  .
pending      .           .            .           disarmed  .        .          triggered  triggered
triggered    .           .            .           disarmed  .        .          .          armed_away
"""
HEAD, *LINES = [line.split() for line in ROWS.strip().splitlines()]
CASES = [(line[0], name, word) for line in LINES for name, word in zip(HEAD, line[1:], strict=True)]


def standing_in(state: ArmState) -> Standing:
    """That state as one gets there, armed away where that is the question."""
    mode = state if state in {ArmState.DISARMED, *MODES.values()} else ArmState.ARMED_AWAY
    lasts = DELAYS.of(state)
    return Standing(state=state, mode=mode, until_us=None if lasts is None else lasts)


def test_the_table_has_a_row_for_everything_that_can_happen():
    assert set(NEXT) == {(state, happened) for state in ArmState for happened in Input}
    assert len(CASES) == len(NEXT)


@pytest.mark.parametrize(("state", "name", "word"), CASES, ids=lambda part: part)
def test_each_row_of_the_table(state: str, name: str, word: str):
    before = standing_in(ArmState(state))

    reached = after(before, Input[name.upper()], DELAYS, now_us=7)

    assert reached.state == (state if word == "." else word)
    if word == ".":
        assert reached is before
    else:
        lasts = DELAYS.of(reached.state)
        assert reached.until_us == (None if lasts is None else 7 + lasts)


@pytest.mark.parametrize("mode", ["home", "night", "away"])
def test_after_an_alarm_the_box_is_armed_as_before(mode: str):
    alarm = after(Standing(state=MODES[mode], mode=MODES[mode]), Input.INTRUSION, DELAYS, 0)

    assert after(alarm, Input.TIME_IS_UP, DELAYS, 1).state is MODES[mode]


def test_smoke_in_a_disarmed_house_leaves_it_disarmed_afterwards():
    alarm = after(Standing(), Input.ALWAYS, DELAYS, 0)

    assert alarm.state is ArmState.TRIGGERED
    assert after(alarm, Input.TIME_IS_UP, DELAYS, 1).state is ArmState.DISARMED


def test_smoke_while_somebody_leaves_ends_armed_away():
    leaving = after(Standing(), Input.ARM_AWAY, DELAYS, 0)
    alarm = after(leaving, Input.ALWAYS, DELAYS, 1)

    assert after(alarm, Input.TIME_IS_UP, DELAYS, 2).state is ArmState.ARMED_AWAY


def test_delays_of_nought_are_passed_over():
    none = Delays(exit_us=0, entry_us=0, trigger_us=10)

    away = after(Standing(), Input.ARM_AWAY, none, 0)

    assert away == Standing(state=ArmState.ARMED_AWAY, mode=ArmState.ARMED_AWAY)
    assert after(away, Input.ENTRY, none, 5).state is ArmState.TRIGGERED


def test_whoever_presses_again_does_not_win_time():
    leaving = after(Standing(), Input.ARM_AWAY, DELAYS, 0)

    assert after(leaving, Input.ARM_AWAY, DELAYS, 40_000_000) is leaving


@pytest.mark.parametrize(
    ("mode", "demand", "less"),
    [
        ("away", Input.ARM_HOME, True),
        ("away", Input.ARM_NIGHT, True),
        ("night", Input.ARM_HOME, True),
        ("away", Input.DISARM, True),
        ("home", Input.ARM_AWAY, False),
        ("home", Input.ARM_NIGHT, False),
        ("night", Input.ARM_AWAY, False),
    ],
)
def test_less_guarded_is_known_as_less(mode: str, demand: Input, less: bool):
    assert weakens(Standing(state=MODES[mode], mode=MODES[mode]), demand) is less


def test_ending_an_alarm_is_lowering_the_guard_even_where_nothing_was_armed():
    assert weakens(after(Standing(), Input.ALWAYS, DELAYS, 0), Input.DISARM)


delays = st.builds(
    Delays, exit_us=st.integers(0, 300), entry_us=st.integers(0, 300), trigger_us=st.integers(0, 3600)
)  # fmt: skip
happenings = st.lists(st.tuples(st.sampled_from(Input), st.integers(0, 500)), max_size=40)


@given(delays, happenings)
def test_no_sequence_leaves_the_table_and_only_states_that_end_have_an_end(spans: Delays, sequence):
    standing, now = Standing(), 0
    for happened, later in sequence:
        now += later
        standing = after(standing, happened, spans, now)
        assert standing.state in ArmState and standing.mode not in TIMED
        assert (standing.until_us is not None) == (standing.state in TIMED)
        assert standing.state in TIMED or standing.state is standing.mode
        assert standing.until_us is None or standing.until_us <= now + 3600


@given(delays, happenings)
def test_left_alone_every_sequence_comes_to_rest(spans: Delays, sequence):
    standing, now = Standing(), 0
    for happened, later in sequence:
        now += later
        standing = after(standing, happened, spans, now)
    rounds = 0
    while standing.until_us is not None:
        now, rounds = standing.until_us, rounds + 1
        standing = after(standing, Input.TIME_IS_UP, spans, now)
        assert rounds <= 2
    assert standing.state is standing.mode


@given(delays, happenings)
def test_nothing_but_a_demand_to_disarm_disarms_what_was_armed(spans: Delays, sequence):
    standing = after(Standing(), Input.ARM_AWAY, spans, 0)
    for happened, later in sequence:
        if happened is not Input.DISARM:
            standing = after(standing, happened, spans, later)
    assert standing.mode is not ArmState.DISARMED


def test_back_is_the_only_word_that_is_not_a_state():
    assert {type(found) for found in NEXT.values()} == {ArmState, Back}
