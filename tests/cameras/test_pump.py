"""A thread that waits for a camera."""

import threading
import weakref

import pytest

from vigil.cameras import pump
from vigil.cameras.pump import Pump
from vigil.errors import CameraLost


class Tap:
    """What a pump reads from: a list, then an error, or a wait that only `opened` ends."""

    def __init__(self, items, *, error=None):
        self.items = list(items)
        self.error = error
        self.opened = threading.Event()
        self.finished = threading.Event()
        self.fetched = 0

    def fetch(self):
        if self.items:
            self.fetched += 1
            return self.items.pop(0)
        if self.error is not None:
            raise self.error
        self.opened.wait(30)
        return None

    def digest(self, item, waited):
        return [] if item is None else [item]

    def pump(self, **more):
        return Pump(self.fetch, self.digest, self.finished.set, name="tap", **more)


def all_of(running):
    got = []
    with pytest.raises(CameraLost, match="the end"):
        while True:
            got += running.take(10)
    return got


def test_everything_comes_in_order_and_then_the_error():
    tap = Tap(range(5000), error=CameraLost("the end"))
    assert all_of(tap.pump()) == list(range(5000))
    assert tap.finished.wait(10)


def test_the_error_is_told_again_and_again():
    running = Tap([], error=CameraLost("the end")).pump()
    for _ in range(3):
        with pytest.raises(CameraLost):
            running.take(10)


def test_when_nobody_takes_the_camera_is_held_back(monkeypatch):
    monkeypatch.setattr(pump, "MOST_HELD", 40)
    tap = Tap(range(1000), error=CameraLost("the end"))
    running = tap.pump()
    first = running.take(10)
    assert tap.fetched <= len(first) + 40 + 40 // 4
    assert first + all_of(running) == list(range(1000))


def test_nothing_in_time_is_nothing():
    tap = Tap([])
    running = tap.pump()
    assert running.take(0.01) == []
    running.close()
    tap.opened.set()
    assert tap.finished.wait(10)


def test_closing_wakes_whoever_waits():
    tap = Tap([])
    running = tap.pump()
    got = []
    reader = threading.Thread(target=lambda: got.append(running.take(60)))
    reader.start()
    running.close()
    reader.join(30)
    assert got == [[]]
    tap.opened.set()
    assert tap.finished.wait(10)


def test_closing_with_a_wait_returns_when_the_camera_is_free():
    tap = Tap([])
    running = tap.pump()
    tap.opened.set()
    running.close(wait_s=30)
    assert tap.finished.is_set()


def test_a_burst_ends_when_no_more_is_due():
    tap = Tap(range(3), error=CameraLost("the end"))
    rests = []

    def more_due():
        rests.append(tap.fetched)
        return False

    assert all_of(tap.pump(burst_s=0.001, more_due=more_due)) == [0, 1, 2]
    assert rests == [1, 2, 3]


class Lent:
    """A picture in the camera's own memory, which must have gone back before the camera is closed."""


@pytest.mark.parametrize("fails_in", ["fetch", "digest"])
def test_what_was_fetched_is_let_go_before_the_camera_whatever_fails(fails_in):
    lent, alive = [], []

    def fetch():
        if lent and fails_in == "fetch":
            raise CameraLost("the end")
        picture = Lent()
        lent.append(weakref.ref(picture))
        return picture

    def digest(picture, waited):
        try:
            return [int(fails_in == "fetch" or "no number")]
        except ValueError as error:
            raise CameraLost("the end") from error

    running = Pump(fetch, digest, lambda: alive.extend(one() for one in lent), name="tap")
    all_of(running)
    running.close(wait_s=30)
    assert alive == [None]
