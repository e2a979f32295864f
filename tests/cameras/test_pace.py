"""So many pictures a second out of more."""

import pytest

from vigil.cameras.pace import Pace

SECOND = 90_000


@pytest.mark.parametrize(("has", "wanted"), [(30, 15), (25, 5), (12, 5), (30, 7), (15, 15), (10, 15)])
def test_the_rate_is_met_on_the_whole(has, wanted):
    pace = Pace(SECOND / wanted)
    taken = sum(pace.due(n * SECOND // has) for n in range(20 * has))
    assert abs(taken - 20 * min(has, wanted)) <= 1


def test_a_picture_that_is_a_little_early_is_on_time():
    pace = Pace(SECOND / 15)
    times = [n * 6000 + (-500 if n % 2 else 500) for n in range(1, 100)]
    assert all(pace.due(at) for at in times)


def test_after_a_pause_there_is_no_rush():
    pace = Pace(SECOND / 5)
    assert pace.due(0)
    assert sum(pace.due(60 * SECOND + n * SECOND // 30) for n in range(30)) <= 7
