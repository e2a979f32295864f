"""Guessing when the next picture is here."""

from vigil.cameras.rhythm import ASK_EVERY, Rhythm

GAP = 40_000
LATE = 7_000_000  # between the camera's clock and ours


def heard(count=3):
    """A rhythm that has waited for `count` pictures."""
    rhythm = Rhythm()
    for n in range(count):
        assert rhythm.came(n * GAP, n * GAP + LATE, waited=True) == n * GAP + LATE
    return rhythm


def test_before_anything_is_known_a_picture_may_be_due():
    assert Rhythm().due(0)


def test_the_next_picture_is_due_one_gap_later():
    rhythm = heard(3)
    assert not rhythm.due(2 * GAP + LATE + GAP - 1)
    assert rhythm.due(2 * GAP + LATE + GAP)


def test_now_and_then_it_is_asked_all_the_same():
    rhythm = heard()
    answers = [rhythm.due(LATE) for _ in range(2 * ASK_EVERY)]
    assert answers.count(True) == 2


def test_a_picture_found_later_came_when_it_was_due():
    rhythm = heard(3)
    found_us = 6 * GAP + LATE
    assert [rhythm.came(n * GAP, found_us, waited=False) - LATE for n in (3, 4, 5, 6)] == [
        3 * GAP, 4 * GAP, 5 * GAP, 6 * GAP
    ]  # fmt: skip


def test_no_picture_came_after_it_was_read_or_before_the_last():
    rhythm = heard(3)
    assert rhythm.came(9 * GAP, 4 * GAP + LATE, waited=False) == 4 * GAP + LATE
    assert rhythm.came(3 * GAP, 5 * GAP + LATE, waited=False) == 4 * GAP + LATE


def test_when_clocks_drift_the_next_wait_tells():
    rhythm = heard(3)
    rhythm.came(3 * GAP, 3 * GAP + LATE + 5000, waited=True)
    assert not rhythm.due(4 * GAP + LATE + 4999)
    assert rhythm.due(4 * GAP + LATE + 5000)


def test_pictures_found_before_any_wait_came_when_they_were_read():
    rhythm = Rhythm()
    assert [rhythm.came(n * GAP, 1000, waited=False) for n in range(3)] == [1000] * 3
    assert rhythm.due(0)
