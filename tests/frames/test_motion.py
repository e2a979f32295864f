"""
Whether something moves in front of the camera.

The scenes are real people pasted on their own empty square, so the truth is
known; docs/design/motion.md has the whole tables.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from fakes import scenes
from fakes.scenes import HEIGHT, LIGHTS, WIDTH, Shot, Walk
from vigil.frames.motion import Because, Motion, Sure, Verdict
from vigil.frames.packet import Luma

MINIMUM_PCT = 0.2
DUE_PCT = 1.5 * MINIMUM_PCT
SECOND_US = 1_000_000

WALKS = {
    "clear": Walk(),
    "faint": Walk(contrast=0.2),
    "large and faint": Walk(size=1.6, contrast=0.15),
    "near": Walk(size=3.0, contrast=0.5),
    "night": Walk(brightness=0.15, noise=12),
}
ONE_IN_TWO_SECONDS = Walk(fps=0.5, empty_s=30, quiet_s=16)


@cache
def scene(walk: Walk) -> list[Shot]:
    shots = list(walk.shots())
    assert scenes.people() > 100
    assert sum(shot.area_pct >= DUE_PCT for shot in shots) >= 8
    return shots


def judged(shots: Iterable[Shot], motion: Motion | None = None) -> list[Verdict]:
    motion = motion or Motion(width=WIDTH, height=HEIGHT)
    return [motion.look(shot.luma) for shot in shots]


@cache
def recalled(walk: Walk, method: str) -> tuple[int, int]:
    """Return how many of the pictures with somebody in them were found to move, and how many those are."""
    verdicts = judged(scene(walk), Motion(width=WIDTH, height=HEIGHT, method=method))
    found = [v.moving for v, shot in zip(verdicts, scene(walk), strict=True) if shot.area_pct >= DUE_PCT]
    return sum(found), len(found)


def events(verdicts: list[Verdict]) -> int:
    return sum(now.moving and not before.moving for before, now in pairwise(verdicts))


# One walk is enough to see that nothing is broken; MOG2 takes a second and more for each of the others.
@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n == "clear" else pytest.mark.slow) for n in WALKS])
def test_blocks_lose_nobody_whom_mog2_finds(name: str) -> None:
    (theirs, due), (ours, _) = recalled(WALKS[name], "mog2"), recalled(WALKS[name], "blocks")
    # A picture or two of each walker pass until motion is sure, and differ between methods.
    assert ours >= theirs - 3
    assert ours >= 0.9 * due


@pytest.mark.slow  # every walk, by both methods
def test_over_all_walks_blocks_find_more_than_mog2() -> None:
    ours = sum(recalled(walk, "blocks")[0] for walk in WALKS.values())
    theirs = sum(recalled(walk, "mog2")[0] for walk in WALKS.values())
    assert ours > theirs


def test_each_walker_is_one_event_and_nothing_else_is() -> None:
    for walk in (WALKS["clear"], ONE_IN_TWO_SECONDS):
        assert events(judged(scene(walk))) == 3


def test_a_picture_every_two_seconds_is_enough_to_see_who_passes() -> None:
    found, due = recalled(ONE_IN_TWO_SECONDS, "blocks")
    assert found >= recalled(ONE_IN_TWO_SECONDS, "mog2")[0]
    assert found >= 0.6 * due


@pytest.mark.parametrize("name", LIGHTS)
def test_light_focus_and_trembling_are_not_motion(name: str) -> None:
    light, seconds = LIGHTS[name]
    verdicts = judged(scenes.lit(light, seconds=seconds))
    assert [v.why for v in verdicts if v.moving] == []


@pytest.mark.parametrize("name", LIGHTS)
def test_nor_are_they_where_only_keyframes_are_looked_at(name: str) -> None:
    light, seconds = LIGHTS[name]
    verdicts = judged(scenes.lit(light, seconds=seconds, fps=0.5, empty_s=30))
    assert not any(v.moving for v in verdicts)


@pytest.mark.parametrize(("brightness", "noise"), [(1.0, 8.0), (0.25, 8.0), (0.1, 15.0), (0.1, 25.0)])
def test_a_cameras_noise_in_the_dark_is_not_motion(brightness: float, noise: float) -> None:
    still = LIGHTS["nothing"][0]
    verdicts = judged(scenes.lit(still, seconds=15, brightness=brightness, noise=noise))
    assert not any(v.moving for v in verdicts)


def test_the_blotches_of_a_small_stream_at_night_are_not_motion() -> None:
    # Between keyframes such a stream stands still; with each keyframe all its blotches change at once.
    still = LIGHTS["nothing"][0]
    shots = scenes.lit(still, seconds=20, brightness=0.25, noise=8)
    assert not any(v.moving for v in judged(scenes.through_h264(shots, quality=34)))


@pytest.mark.slow  # films made, encoded and looked at
def test_who_walks_is_seen_through_a_small_stream_too() -> None:
    shots = list(scenes.through_h264(scene(WALKS["night"]), quality=34))
    due = [v.moving for v, shot in zip(judged(shots), shots, strict=True) if shot.area_pct >= DUE_PCT]
    assert sum(due) >= 0.9 * len(due)


def test_a_slow_walker_leaves_nothing_behind() -> None:
    shots = list(Walk(speed=10).shots(walkers=4))
    left = [v.area_pct for v, shot in zip(judged(shots), shots, strict=True) if not shot.area_pct]
    assert max(left) < MINIMUM_PCT


def test_the_light_scenes_are_not_easy() -> None:
    """MOG2 takes a lamp for motion; so the scenes above do test something."""
    light, seconds = LIGHTS["half × 1.4"]
    verdicts = judged(scenes.lit(light, seconds=seconds), Motion(width=WIDTH, height=HEIGHT, method="mog2"))
    assert any(v.moving for v in verdicts)


def test_a_lamp_does_not_hide_who_is_walking() -> None:
    lamp = LIGHTS["lamp, 20 % of the picture"][0]
    shots = []
    for n, shot in enumerate(scene(WALKS["clear"])):
        grey = np.asarray(shot.luma.grey, np.float32)
        lit = np.clip(lamp(grey, n / 5 % 10), 0, 255).astype(np.uint8)
        shots.append(replace(shot, luma=replace(shot.luma, grey=lit)))
    verdicts = judged(shots)
    due = [v.moving for v, shot in zip(verdicts, shots, strict=True) if shot.area_pct >= DUE_PCT]
    assert sum(due) >= 0.85 * len(due)
    assert Because.LIGHT in {v.why for v in verdicts}
    assert events(verdicts) == 3


def test_a_small_animal_is_not_enough() -> None:
    # A third of a person's size each way; a person half as tall would be due.
    verdicts = judged(Walk(size=0.35).shots())
    assert not any(v.moving for v in verdicts)
    assert Because.SMALL in {v.why for v in verdicts}
    assert any(
        v.moving for v in judged(Walk(size=0.35).shots(), Motion(width=WIDTH, height=HEIGHT, minimum_area_pct=0.03))
    )


def test_what_came_and_stays_does_not_move_for_ever() -> None:
    shots = scene(WALKS["near"])
    there = next(n for n, shot in enumerate(shots) if shot.area_pct >= DUE_PCT) + 8
    stays = [
        replace(shots[there], luma=replace(shots[there].luma, at_us=shots[there].luma.at_us + n * 200_000))
        for n in range(60)
    ]
    verdicts = judged([*shots[: there + 1], *stays[1:]])
    assert verdicts[there].moving
    assert not any(v.moving for v in verdicts[-30:])


LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]


def halves(shots: list[Shot]) -> tuple[list[Shot], list[Shot]]:
    """Return the scene with the walkers in the left half only, and in the right half only."""
    empty = np.median([np.asarray(shot.luma.grey) for shot in shots[:20]], axis=0).astype(np.uint8)
    both: tuple[list[Shot], list[Shot]] = ([], [])
    for shot in shots:
        grey = np.asarray(shot.luma.grey)
        for side, columns in zip(both, (slice(0, WIDTH // 2), slice(WIDTH // 2, WIDTH)), strict=True):
            part = empty.copy()
            part[:, columns] = grey[:, columns]
            side.append(replace(shot, luma=replace(shot.luma, grey=part)))
    return both


def test_only_motion_in_a_zone_and_outside_masks_counts() -> None:
    left, right = halves(scene(WALKS["clear"]))

    def sees(shots: list[Shot], **where: Any) -> bool:
        return any(v.moving for v in judged(shots, Motion(width=WIDTH, height=HEIGHT, **where)))

    assert sees(left)
    assert sees(right)
    assert sees(left, zones=[LEFT])
    assert not sees(right, zones=[LEFT])
    assert not sees(left, masks=[LEFT])
    assert sees(right, masks=[LEFT])


def test_where_nothing_is_watched_nothing_moves() -> None:
    everywhere = [[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]]
    verdicts = judged(scene(WALKS["clear"]), Motion(width=WIDTH, height=HEIGHT, masks=everywhere))
    assert not any(v.moving or v.area_pct for v in verdicts)
    assert any(v.blocks.any() for v in verdicts)


def test_the_area_is_about_the_truth_and_the_blocks_lie_where_the_walker_is() -> None:
    shots = scene(WALKS["near"])
    pairs = [(v.area_pct, s.area_pct) for v, s in zip(judged(shots), shots, strict=True) if s.area_pct > 3]
    found, true = (float(np.median(side)) for side in zip(*pairs, strict=True))
    assert 0.5 * true < found < 2 * true

    left, _ = halves(scene(WALKS["clear"]))
    moved = [v.blocks for v in judged(left) if v.moving]
    assert any(blocks[:, :40].any() for blocks in moved)
    assert not any(blocks[:, 41:].any() for blocks in moved)


def test_more_sensitivity_never_sees_less() -> None:
    def found(sensitivity: float) -> int:
        motion = Motion(width=WIDTH, height=HEIGHT, sensitivity=sensitivity)
        return sum(v.moving for v in judged(scene(WALKS["faint"]), motion))

    assert found(0) < found(50) <= found(80)
    assert found(0) < found(25) < found(50)


@pytest.mark.parametrize(("width", "height"), [(320, 180), (322, 245), (704, 396), (1280, 720)])
def test_pictures_of_other_sizes_do_as_well(width: int, height: int) -> None:
    shots = scene(WALKS["clear"])[:90]
    sized = [
        replace(
            s, luma=replace(s.luma, grey=cv2.resize(s.luma.grey, (width, height)).tobytes(), width=width, height=height)
        )
        for s in shots
    ]
    # Asked for another size first: the pictures decide.
    verdicts = judged(sized, Motion(width=64, height=36))
    due = [v.moving for v, shot in zip(verdicts, shots, strict=True) if shot.area_pct >= DUE_PCT]
    assert len(due) > 20
    assert sum(due) >= 0.85 * len(due)
    assert not any(v.moving for v, shot in zip(verdicts[:40], shots, strict=False) if not shot.area_pct)


def test_nothing_is_said_before_the_background_is_known() -> None:
    verdicts = judged(scene(replace(WALKS["clear"], empty_s=0.0)))
    assert [v.why for v in verdicts[:5]] == [Because.LEARNING] * 5
    assert not any(v.moving for v in verdicts[:8])


def test_a_picture_too_small_for_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        Motion(width=40, height=12)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="choose blocks or mog2"):
        Motion(width=640, height=360, method="magic")


def test_opencv_is_imported_only_by_who_chose_it() -> None:
    code = """
import sys
from vigil.frames.motion import Motion
from vigil.frames.packet import Luma
motion = Motion(width=64, height=48)
[motion.look(Luma(bytes(64 * 48), 64, 48, n * 200_000)) for n in range(20)]
print("cv2" in sys.modules)
Motion(width=64, height=48, method="mog2")
print("cv2" in sys.modules)
"""
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


# When it is sure


def sure(fps: float, seen: str) -> list[tuple[bool, int | None]]:
    judge = Sure()
    return [judge.after(seen=c == "#", at_us=round(n * 1e6 / fps)) for n, c in enumerate(seen)]


def test_motion_begins_with_the_third_of_five_pictures_and_dates_from_the_first() -> None:
    begun = sure(5, "....#.#.#...")
    assert [moving for moving, _ in begun] == [False] * 8 + [True] * 4
    assert begun[8] == (True, 800_000)
    assert not any(moving for moving, _ in sure(5, "..##...##...#...#"))


def test_motion_ends_two_seconds_after_the_last() -> None:
    moving = [moving for moving, _ in sure(5, "...###" + "." * 12)]
    assert moving == [False] * 5 + [True] * 10 + [False] * 3


def test_at_one_picture_in_two_seconds_two_make_it_sure_and_five_seconds_end_it() -> None:
    begun = sure(0.5, "......##....")
    assert [moving for moving, _ in begun] == [False] * 7 + [True] * 3 + [False] * 2
    assert begun[7][1] == 12 * SECOND_US


def test_at_twenty_five_a_second_a_flash_of_a_third_is_not_motion() -> None:
    assert not any(moving for moving, _ in sure(25, "." * 50 + "#" * 7 + "." * 50))
    assert any(moving for moving, _ in sure(25, "." * 50 + "#" * 13 + "." * 50))


def test_a_stream_that_stalls_and_bursts_is_judged_all_the_same() -> None:
    luma = Luma(bytes(64 * 48), 64, 48, 0)
    motion = Motion(width=64, height=48)
    times = [0, 0, 0, 10, 10, 60_000_000, 60_000_000, 60_200_000, 61_000_000]
    assert not any(motion.look(replace(luma, at_us=at_us)).moving for at_us in times)
