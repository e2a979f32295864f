"""The watcher: what moves in front of a camera is told with the moment it began."""

from __future__ import annotations

import random
import sys

from vigil.clock import HandClock
from vigil.config.model import Camera, Motion
from vigil.frames.packet import Luma
from vigil.processes.watcher import PictureWatcher

WIDTH, HEIGHT = 160, 96


def picture(at_us: int, *, square: int | None = None) -> Luma:
    """A wall with a pattern and a sensor's noise; a bright square stands `square` pixels from the left."""
    rng = random.Random(at_us)
    noise = rng.randbytes(WIDTH * HEIGHT)
    grey = bytearray(60 + n // WIDTH + n % WIDTH // 4 + noise[n] % 3 for n in range(WIDTH * HEIGHT))
    if square is not None:
        for row in range(30, 60):
            grey[row * WIDTH + square : row * WIDTH + square + 20] = bytes((230,)) * 20
    return Luma(bytes(grey), WIDTH, HEIGHT, at_us, key=True)


def test_something_that_walks_through_is_seen_from_its_first_picture_on():
    clock = HandClock(steady_us=0)
    watcher = PictureWatcher(Camera(id="gate", source="synthetic"), clock)
    seen = [watcher.look(picture(n * 200_000)) for n in range(50)]
    began = [watcher.look(picture((50 + n) * 200_000, square=4 * n)) for n in range(20)]

    assert seen == [None] * 50
    starts = {one for one in began if one}
    assert len(starts) == 1, "one motion has one beginning"
    assert 50 * 200_000 <= starts.pop() <= 65 * 200_000
    assert watcher.area_pm > 0
    assert watcher.picture_check == "ok"


def test_a_masked_part_of_the_picture_is_not_looked_at():
    everywhere = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    camera = Camera(id="gate", source="synthetic", motion=Motion(masks=(everywhere,)))
    watcher = PictureWatcher(camera, HandClock(steady_us=0))
    for n in range(50):
        watcher.look(picture(n * 200_000))

    assert [watcher.look(picture((50 + n) * 200_000, square=4 * n)) for n in range(20)] == [None] * 20


def test_where_opencv_is_missing_motion_is_found_all_the_same_and_it_is_told(monkeypatch, caplog):
    monkeypatch.delitem(sys.modules, "vigil.frames.mog2", raising=False)
    monkeypatch.setitem(sys.modules, "cv2", None)
    camera = Camera(id="gate", source="synthetic", motion=Motion(method="mog2"))
    watcher = PictureWatcher(camera, HandClock(steady_us=0))
    for n in range(50):
        watcher.look(picture(n * 200_000))
    watcher.begin_anew()
    seen = [watcher.look(picture((50 + n) * 200_000, square=4 * n if n > 30 else None)) for n in range(50)]

    assert any(seen)
    assert watcher.picture_check.startswith("motion is found by blocks, for mog2 is not installed here")
    assert len(caplog.records) == 1, "once, not with every picture"


def test_while_something_plainly_moves_every_other_picture_is_looked_at():
    watcher = PictureWatcher(Camera(id="gate", source="synthetic"), HandClock(steady_us=0))
    for n in range(50):
        watcher.look(picture(n * 200_000))
    at = 50
    while watcher.look(picture(at * 200_000, square=4 * (at - 50))) is None:
        at += 1
    plainly = watcher.area_pm
    assert plainly >= 4  # in thousandths: twice the smallest thing that counts

    assert watcher.look(picture((at + 1) * 200_000)) is not None
    assert watcher.area_pm == plainly
    assert watcher.look(picture((at + 2) * 200_000)) is not None, "motion outlasts the last that was seen"
    assert watcher.area_pm != plainly
