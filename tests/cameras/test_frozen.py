"""A hung camera repeats itself; a covered one shows nothing; night is neither."""

import pytest

from vigil.cameras.frozen import FROZEN_LOOKS, HOUR_US, Sight, Watch, is_black
from vigil.cameras.scene import SyntheticScene
from vigil.cameras.source import Wishes
from vigil.cameras.synthetic import SyntheticSource
from vigil.clock import HandClock
from vigil.frames.packet import Luma

DAY_US = 24 * HOUR_US
MIDNIGHT_US = 20_000 * DAY_US
BLACK = bytes((16,)) * 3072
LIT = bytes(range(40, 232)) * 16


def luma(grey, at_s, *, key=True):
    return Luma(grey, 64, 48, round(at_s * 1_000_000), key=key)


def days(watch, shades, *, first=0, count=1):
    """Show the camera `count` days, one look an hour; `shades(hour)` says what it shows. Return the last day's."""
    found = []
    for day in range(first, first + count):
        found = []
        for hour in range(24):
            at_us = MIDNIGHT_US + day * DAY_US + hour * HOUR_US
            grey = bytes((day % 7 * 24 + hour,)) + shades(hour)[1:]  # never twice the same
            found.append(watch.look(luma(grey, at_us / 1_000_000), wall_us=at_us))
    return found


def usual(hour):
    return LIT if 7 <= hour < 18 else BLACK


def night(hour):
    return BLACK


def test_before_the_first_picture_nothing_is_known():
    assert Watch().sight is Sight.NOT_CHECKED
    assert Watch().sight.value == "not checked"


def test_the_same_picture_five_times_is_a_frozen_camera():
    watch = Watch()
    found = [watch.look(luma(LIT, 2 * look), wall_us=MIDNIGHT_US) for look in range(FROZEN_LOOKS)]
    assert found == [Sight.SEES] * 4 + [Sight.FROZEN]


def test_the_least_change_is_life():
    watch = Watch()
    for look in range(20):
        grey = bytearray(LIT)
        grey[1000] = look % 2
        assert watch.look(luma(bytes(grey), 2 * look), wall_us=MIDNIGHT_US) is Sight.SEES


def test_a_thawed_camera_is_well_again():
    watch = Watch()
    for look in range(10):
        watch.look(luma(LIT, 2 * look), wall_us=MIDNIGHT_US)
    assert watch.sight is Sight.FROZEN
    assert watch.look(luma(LIT[::-1], 30), wall_us=MIDNIGHT_US) is Sight.SEES


def test_many_looks_within_a_moment_are_not_enough():
    watch = Watch()
    for look in range(30):
        assert watch.look(luma(LIT, look / 10), wall_us=MIDNIGHT_US) is Sight.SEES


def test_pictures_that_build_on_others_are_not_judged():
    watch = Watch()
    for look in range(20):
        assert watch.look(luma(LIT, 2 * look, key=False), wall_us=MIDNIGHT_US) is Sight.NOT_CHECKED


def test_black_on_the_first_day_is_not_judged():
    assert Sight.BLACK not in days(Watch(), night)


def test_nights_are_black_and_nothing_is_wrong():
    watch = Watch()
    for day in range(10):
        assert set(days(watch, usual, first=day)) == {Sight.SEES}


def test_black_at_a_light_hour_is_a_fault():
    watch = Watch()
    days(watch, usual, count=2)
    found = days(watch, lambda hour: BLACK if hour >= 12 else usual(hour), first=2)
    assert found == [Sight.SEES] * 12 + [Sight.BLACK] * 12


def test_dusk_may_come_an_hour_early():
    watch = Watch()
    days(watch, usual, count=2)
    assert set(days(watch, lambda hour: LIT if 8 <= hour < 17 else BLACK, first=2)) == {Sight.SEES}


def test_lasting_does_not_make_a_covered_lens_usual():
    watch = Watch()
    days(watch, usual, count=2)
    for day in range(2, 12):
        assert days(watch, night, first=day)[12] is Sight.BLACK
    assert days(watch, usual, first=12)[12] is Sight.SEES


def test_black_beside_a_dark_hour_may_be_dusk():
    watch = Watch()
    days(watch, usual, count=2)
    found = days(watch, lambda hour: BLACK if hour >= 17 else usual(hour), first=2)
    assert found == [Sight.SEES] * 24


def test_a_week_away_is_forgotten():
    watch = Watch()
    days(watch, usual, count=2)
    assert Sight.BLACK not in days(watch, night, first=10)


def test_memory_is_bounded_whatever_the_clock_does():
    watch = Watch()
    for day in (0, 3650, -3650, *range(40)):
        days(watch, usual, first=day)
    assert len(watch._hours) <= 7 * 24 + 1


@pytest.mark.parametrize(("shade", "black"), [(0, True), (16, True), (39, True), (40, False), (235, False)])
def test_black_is_nearly_no_light(shade, black):
    assert is_black(bytes((shade,)) * 3072) is black


def test_one_lamp_in_the_dark_is_light():
    assert not is_black(BLACK[: 3072 * 9 // 10] + bytes((200,)) * (3072 // 10))


def test_the_synthetic_camera_freezes_for_the_watch():
    clock, scene, watch = HandClock(), SyntheticScene(), Watch()
    source = SyntheticSource(clock, wishes=Wishes(luma=True), width=160, height=96, fps=5, scene=scene)

    def watch_for(seconds):
        end_us = clock.steady_us() + seconds * 1_000_000
        while clock.steady_us() < end_us:
            for item in source.read(1):
                if isinstance(item, Luma):
                    watch.look(item, wall_us=clock.wall_us())

    watch_for(12)
    assert watch.sight is Sight.SEES
    scene.freeze()
    watch_for(12)
    assert watch.sight is Sight.FROZEN
    scene.thaw()
    watch_for(3)
    assert watch.sight is Sight.SEES
