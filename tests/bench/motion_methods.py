"""
Compare the methods of finding motion; prints the tables of docs/design/motion.md.

    PYTHONPATH=firmware:tests OPENBLAS_NUM_THREADS=1 .venv/bin/python tests/bench/motion_methods.py

Takes some minutes. Times are CPU time of one thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import av
import cv2
import numpy as np

from fakes import footage, scenes
from fakes.scenes import CLOUDS, HEIGHT, LIGHTS, WIDTH, Shot, Walk
from vigil.frames.motion import Because, Motion
from vigil.frames.packet import Luma

METHODS = ("mog2", "blocks")
MINIMUM_PCT = 0.2

WALKS = {
    **{
        f"size {size}, contrast {contrast}": Walk(size=size, contrast=contrast)
        for size in (0.8, 1.0, 1.6, 3.0)
        for contrast in (1.0, 0.5, 0.25, 0.15)
    },
    "slow, 10 pixels/s": Walk(speed=10),
    "fast, 90 pixels/s": Walk(speed=90),
    "evening: a quarter of the light, noise 8": Walk(brightness=0.25, noise=8),
    "evening, contrast 0.5": Walk(brightness=0.25, noise=8, contrast=0.5),
    "night: a seventh of the light, noise 12": Walk(brightness=0.15, noise=12),
}
SMALL = {f"{size} of a person's size": Walk(size=size) for size in (0.25, 0.35, 0.45)}
NOISES = {"evening, noise 8": (0.25, 8.0), "night, noise 15": (0.1, 15.0), "night, noise 25": (0.1, 25.0)}


@dataclass
class Score:
    """What a method made of one or more scenes."""

    due: int = 0
    found: int = 0
    moving: int = 0
    pictures: int = 0
    alarms: int = 0
    events: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def recall(self) -> str:
        return f"{self.found / self.due:.3f} / {self.moving / self.due:.3f}" if self.due else "–"

    @property
    def false(self) -> str:
        return f"{self.alarms} of {self.pictures} / {self.events}"


def judge(shots: Iterable[Shot], method: str) -> Score:
    """Play a scene to a method. Due is a picture with somebody half as large again as the minimum."""
    motion, score, was = Motion(width=WIDTH, height=HEIGHT, method=method), Score(), False
    for shot in shots:
        verdict = motion.look(shot.luma)
        seen = verdict.why is not Because.LEARNING and verdict.area_pct >= MINIMUM_PCT
        score.pictures += 1
        score.events += verdict.moving and not was
        was = verdict.moving
        if shot.area_pct >= 1.5 * MINIMUM_PCT:
            score.due += 1
            score.found += seen
            score.moving += verdict.moving
        score.alarms += seen and not shot.area_pct
    return score


def at_pace(walk: Walk, fps: float) -> Walk:
    """Return the walk at another pace; a method needs some pictures of the empty square at any."""
    return walk if fps >= 2 else replace(walk, fps=fps, empty_s=20 / fps, quiet_s=20.0)


def recall_table(fps: float) -> None:
    print(f"\n| people, {fps:g} pictures a second | due | MOG2 | blocks |\n|---|---|---|---|")
    total = dict.fromkeys(METHODS, Score())
    for name, walk in WALKS.items():
        row = {method: judge(at_pace(walk, fps).shots(walkers=9), method) for method in METHODS}
        total = {method: total[method] + row[method] for method in METHODS}
        print(f"| {name} | {row['mog2'].due} | {row['mog2'].recall} | {row['blocks'].recall} |", flush=True)
    print(f"| **all** | {total['mog2'].due} | **{total['mog2'].recall}** | **{total['blocks'].recall}** |")


def false_table(fps: float) -> None:
    print(f"\n| nobody there, {fps:g} pictures a second | MOG2 | blocks |\n|---|---|---|")
    empty_s = 8.0 if fps >= 2 else 20 / fps
    for name, (light, seconds) in {**LIGHTS, **CLOUDS}.items():
        row = [judge(scenes.lit(light, seconds=seconds, fps=fps, empty_s=empty_s), method) for method in METHODS]
        print(f"| {name} | {row[0].false} | {row[1].false} |", flush=True)
    for name, (brightness, noise) in NOISES.items():
        still = LIGHTS["nothing"][0]
        row = [
            judge(scenes.lit(still, seconds=40, brightness=brightness, noise=noise, fps=fps), method)
            for method in METHODS
        ]
        print(f"| {name} | {row[0].false} | {row[1].false} |", flush=True)


def h264_table() -> None:
    print("\n| through H.264, 5 pictures a second | MOG2 | blocks |\n|---|---|---|")
    for name in ("size 1.0, contrast 0.5", "size 1.0, contrast 0.25", "evening: a quarter of the light, noise 8"):
        row = [judge(scenes.through_h264(WALKS[name].shots(walkers=9)), method) for method in METHODS]
        print(f"| {name} (recall) | {row[0].recall} | {row[1].recall} |", flush=True)
    for name, (brightness, noise) in {"day, noise 3": (1.0, 3.0), **NOISES}.items():
        shots = list(scenes.lit(LIGHTS["nothing"][0], seconds=60, brightness=brightness, noise=noise))
        row = [judge(scenes.through_h264(shots), method) for method in METHODS]
        print(f"| {name} (false) | {row[0].false} | {row[1].false} |", flush=True)


def small_table() -> None:
    print("\n| too small to count | covers, % | MOG2: events of 9 | blocks |\n|---|---|---|---|")
    for name, walk in SMALL.items():
        shots = list(walk.shots(walkers=9))
        covers = np.mean([shot.area_pct for shot in shots if shot.area_pct])
        row = [judge(shots, method).events for method in METHODS]
        print(f"| {name} | {covers:.3f} | {row[0]} | {row[1]} |")


def real_clip() -> list[Luma]:
    """Return every second picture of the clip, as a 640 × 360 stream of five a second."""
    with av.open(str(footage.vtest())) as clip:
        pictures = [frame.to_ndarray(format="gray")[72:504] for frame in clip.decode(video=0)][::2]
    small = [cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for picture in pictures]
    return [Luma(grey, WIDTH, HEIGHT, n * 200_000) for n, grey in enumerate(small)]


def cost_table() -> None:
    print("\n| CPU ms a picture, 640 × 360 | MOG2 | blocks | ratio |\n|---|---|---|---|")
    cv2.setNumThreads(1)
    still = [shot.luma for shot in scenes.lit(LIGHTS["nothing"][0], seconds=40)]
    for name, lumas in {"nobody there": still, "the clip: five to eight people": real_clip()}.items():
        cost = {method: min(_cost_ms(lumas, method) for _ in range(5)) for method in METHODS}
        print(f"| {name} | {cost['mog2']:.2f} | {cost['blocks']:.2f} | {cost['blocks'] / cost['mog2']:.2f} |")
    moving = dict.fromkeys(METHODS, 0)
    for method in METHODS:
        motion = Motion(width=WIDTH, height=HEIGHT, method=method)
        moving[method] = sum(motion.look(luma).moving for luma in real_clip())
    print(f"\nOn the clip itself MOG2 says moving in {moving['mog2']} of 398 pictures, blocks in {moving['blocks']}.")


def _cost_ms(lumas: list[Luma], method: str) -> float:
    motion = Motion(width=WIDTH, height=HEIGHT, method=method)
    began = time.thread_time()
    for luma in lumas:
        motion.look(luma)
    return (time.thread_time() - began) * 1000 / len(lumas)


if __name__ == "__main__":
    recall_table(5)
    false_table(5)
    h264_table()
    small_table()
    recall_table(0.5)
    false_table(0.5)
    cost_table()
