"""Times that a camera gives, made fit to be recorded."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vigil.cameras.timeline import BACK_TICKS, JUMP_TICKS, Timeline, fill_lead

GAP = 3600


def placed(times, gap=GAP):
    timeline = Timeline(gap_ticks=gap)
    return [timeline.place(*pair) for pair in times]


def test_good_times_pass_unchanged():
    times = [(7200, 0), (18000, 3600), (10800, 7200), (14400, 10800)]
    assert placed(times) == times


def test_an_uneven_pace_stays_uneven():
    times = [(0, 0), (3600, 3600), (9000, 9000), (9900, 9900), (99900, 99900)]
    assert placed(times) == times


def test_a_missing_decoding_time_follows_the_pace():
    assert placed([(0, 0), (3600, 3600), (7200, None), (10800, 10800)]) == [
        (0, 0), (3600, 3600), (7200, 7200), (10800, 10800)
    ]  # fmt: skip


def test_an_invented_decoding_time_is_never_after_the_picture_is_shown():
    assert placed([(0, 0), (3600, 3600), (5000, None)]) == [(0, 0), (3600, 3600), (5000, 5000)]


def test_without_any_times_the_pace_alone_counts():
    assert placed([(None, None)] * 3) == [(0, 0), (3600, 3600), (7200, 7200)]


def test_a_repeated_time_is_pushed_forward_by_one_tick_and_the_next_is_right_again():
    assert [dts for _, dts in placed([(0, 0), (3600, 3600), (3600, 3600), (7200, 7200)])] == [0, 3600, 3601, 7200]


def test_a_clock_set_back_does_not_set_the_recording_back():
    back = 10 * BACK_TICKS
    got = placed([(back, back), (back + GAP, back + GAP), (0, 0), (GAP, GAP)])
    assert [dts - back for _, dts in got] == [0, GAP, 2 * GAP, 3 * GAP]
    assert [pts for pts, _ in got] == [dts for _, dts in got]


def test_a_clock_set_forward_leaves_no_hole():
    far = GAP + JUMP_TICKS + 1
    assert [dts for _, dts in placed([(0, 0), (GAP, GAP), (far + GAP, far + GAP)])] == [0, GAP, 2 * GAP]


def test_a_real_pause_stays_a_pause():
    pause = JUMP_TICKS
    assert placed([(0, 0), (pause, pause)]) == [(0, 0), (pause, pause)]


@given(st.lists(st.tuples(st.none() | st.integers(-(2**40), 2**40), st.none() | st.integers(-(2**40), 2**40))))
def test_whatever_comes_goes_forward_and_is_shown_after_it_is_decoded(times):
    got = placed(times)
    assert len(got) == len(times)
    assert all(a[1] < b[1] for a, b in pairwise(got))
    assert all(pts >= dts for pts, dts in got)


def test_the_lead_of_a_stream_without_b_pictures_begins_one_picture_earlier():
    assert fill_lead([(None, None), (3600, 3600), (7200, 7200)], gap_ticks=1) == [(0, 0), (3600, 3600), (7200, 7200)]


def test_the_lead_of_a_stream_with_b_pictures_is_counted_back():
    lead = [(None, None), (14400, None), (7200, None), (3600, 3600)]
    assert fill_lead(lead, gap_ticks=1) == [(0, -7200), (14400, -3600), (7200, 0), (3600, 3600)]


def test_a_lead_without_decoding_times_uses_the_times_shown():
    assert fill_lead([(0, None), (3600, None), (7200, None)], gap_ticks=1) == [(0, 0), (3600, 3600), (7200, 7200)]


def test_a_lead_without_any_times_uses_the_pace_of_the_stream():
    assert fill_lead([(None, None)] * 3, gap_ticks=1800) == [(0, 0), (1800, 1800), (3600, 3600)]
