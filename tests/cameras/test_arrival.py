"""When pictures came that were found in heaps."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vigil.cameras.arrival import Arrival

S = 1_000_000


def heaps(*, late_us, every_us, seconds, gap_us=40_000, drift=0.0, shift_us=5 * S):
    """Yield (media times, found at, when each really came) of a camera that is looked at every so often."""
    came = [(n * gap_us, shift_us + round(n * gap_us * (1 + drift)) + late_us) for n in range(seconds * S // gap_us)]
    at = 0
    for found_us in range(shift_us, shift_us + seconds * S, every_us):
        heap = []
        while at < len(came) and came[at][1] <= found_us:
            heap.append(came[at])
            at += 1
        yield [media for media, _ in heap], found_us, [real for _, real in heap]


def errors(arrival, found):
    return [
        date - real
        for media, found_us, really in found
        for date, real in zip(arrival.date(media, found_us), really, strict=True)
    ]


def test_a_picture_that_waited_is_dated_by_when_it_came():
    late = errors(Arrival(0), heaps(late_us=3000, every_us=250_000, seconds=20))
    assert all(0 <= error <= 40_000 for error in late[50:])  # within a picture of the truth, instead of 250 ms


def test_clocks_that_drift_apart_are_followed():
    late = errors(Arrival(0), heaps(late_us=3000, every_us=250_000, seconds=1200, drift=200e-6))
    assert all(-5000 <= error <= 40_000 for error in late[500:])


def test_pictures_that_were_filmed_before_the_camera_was_opened_came_when_it_was():
    arrival = Arrival(7 * S)
    assert arrival.date([0, S, 2 * S], 7 * S + 100) == [7 * S, 7 * S, 7 * S + 100]


def test_nothing_came_of_nothing():
    assert Arrival(0).date([], 5) == []


@given(st.lists(st.tuples(st.integers(0, S), st.lists(st.integers(0, 100 * S), max_size=5)), max_size=20))
def test_no_picture_comes_before_the_one_before_it_or_after_it_was_found(story):
    arrival, now_us, dates = Arrival(0), 0, [0]
    for wait_us, media in story:
        now_us += wait_us
        dates += arrival.date(media, now_us)
        assert dates[-1] <= now_us
    assert all(a <= b for a, b in pairwise(dates))
