"""OpenCV's MOG2 behind the same interface."""

from __future__ import annotations

import numpy as np

from fakes.scenes import HEIGHT, LIGHTS, WIDTH, Walk, lit
from vigil.frames.mog2 import Mog2


def test_it_covers_the_walker_and_little_else() -> None:
    method, shares = Mog2(width=WIDTH, height=HEIGHT), []
    for shot in Walk(size=1.6).shots(walkers=2):
        seen = method.look(np.asarray(shot.luma.grey), shot.luma.at_us)
        if shot.area_pct > 0.5:
            shares.append(seen.cover.sum() / seen.cover.size * 100 / shot.area_pct)
            assert set(np.unique(seen.things[seen.cover > 0]).tolist()) <= set(range(1, seen.things.max() + 1))
        assert not seen.things[seen.cover == 0].any()
    assert len(shares) > 20
    assert 0.7 < np.median(shares) < 1.3


def test_it_is_ready_when_it_has_seen_some_pictures_over_a_while() -> None:
    method = Mog2(width=64, height=48)
    picture = np.zeros((48, 64), np.uint8)
    assert [method.look(picture, n * 100_000).ready for n in range(17)] == [False] * 15 + [True] * 2

    slow = Mog2(width=64, height=48)
    assert [slow.look(picture, n * 2_000_000).ready for n in range(6)] == [False] * 4 + [True] * 2


def test_sensitivity_lowers_its_bar() -> None:
    def foreground(sensitivity: float) -> float:
        method = Mog2(width=WIDTH, height=HEIGHT, sensitivity=sensitivity)
        shots = Walk(contrast=0.2).shots(walkers=1)
        return float(sum(method.look(np.asarray(s.luma.grey), s.luma.at_us).cover.sum() for s in shots if s.area_pct))

    assert foreground(20) < foreground(50) < foreground(80)


def test_a_still_scene_has_no_foreground() -> None:
    method = Mog2(width=WIDTH, height=HEIGHT)
    seen = [method.look(np.asarray(s.luma.grey), s.luma.at_us) for s in lit(LIGHTS["nothing"][0], seconds=4)]
    assert not any(each.cover.any() for each in seen[1:])
    assert not any(each.light for each in seen)
