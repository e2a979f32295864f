"""
When the disk will be full, and how far back recordings will reach then. Foreseeing only: nothing is asked or changed.

What was recorded in the last days is taken to go on; days are played forward
by the rules that guard deletes by (docs/design/keeping.md, *The forecast*).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from operator import attrgetter

from vigil.clock.trust import Trust
from vigil.store.hold_ranges import Range
from vigil.store.keeps import How
from vigil.store.retention import LONGEST_US, Kept, Rules

DAY_US = 86_400_000_000
WINDOW_DAYS = 7.0
"""A week has every kind of day in it."""
LEAST_DAYS = 1 / 24
HORIZON_DAYS = 730.0
_GRAIN_DAYS = 0.125


class Fate(StrEnum):
    """What becomes of the disk."""

    UNKNOWN = "unknown"
    STAYS = "stays"  # days and limits keep it from becoming full
    TURNS_OVER = "turns over"  # it becomes full; from then on the oldest go
    FILLS_UP = "fills up"  # it becomes full, and nothing may go


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    `full_days` until the disk is full, `kept_days` how far back recordings will reach then; -1 where there is no such.

    `why` says why nothing is known, or why nothing may go. `daily` is what each camera records, in bytes a day.
    Unless `by_clock`, days are days of recording: those on which the box is off do not count.
    """

    fate: Fate
    full_days: float = -1.0
    kept_days: float = -1.0
    why: str = ""
    daily: Mapping[str, float] = field(default_factory=dict)
    by_clock: bool = True


def forecast(
    kept: Sequence[Kept],
    *,
    rules: Rules,
    free_bytes: int,
    now_us: int,
    clock_is_right: bool,
    ranges: Mapping[str, Sequence[Range]],
) -> Forecast:
    """Foresee what becomes of a disk with `free_bytes` free. `ranges` are the times that are kept of each camera."""
    if not clock_is_right:
        kept, rules = end_to_end(kept, now_us), _without_days(rules)
    daily = bytes_a_day(kept, now_us)
    if daily is None:
        return Forecast(Fate.UNKNOWN, why="too little was recorded yet to say how much a day is")
    if sum(daily.values()) < 1:
        return Forecast(Fate.STAYS, why="nothing is being recorded", daily=daily)
    binding = How if not rules.give_up_stars else (How.HOLD,)
    bound = {camera: [one for one in all_ if one.how in binding] for camera, all_ in ranges.items()}
    future = _Future(kept, rules=rules, free_bytes=free_bytes, now_us=now_us, daily=daily, bound=bound)
    return replace(future.seen(), by_clock=clock_is_right)


def end_to_end(kept: Sequence[Kept], now_us: int) -> list[Kept]:
    """
    Return the segments as though each had followed the one before at once and the newest ended at `now_us`.

    How long a segment lasted is known where nobody knows when it was. Lengths that none can have count nothing.
    """
    laid = []
    end_us: dict[str, int] = {}
    for one in sorted(kept, key=attrgetter("seq"), reverse=True):
        last_us = end_us.get(one.camera, now_us)
        length_us = one.ended_us - one.started_us
        first_us = end_us[one.camera] = last_us - (length_us if 0 < length_us <= LONGEST_US else 0)
        laid.append(replace(one, started_us=first_us, ended_us=last_us, clock=Trust.SYNCED))
    return laid


def _without_days(rules: Rules) -> Rules:
    """Return the rules that hold while nothing goes by age."""
    return replace(rules, keep_days=0, own={camera: replace(own, keep_days=0) for camera, own in rules.own.items()})


def bytes_a_day(kept: Sequence[Kept], now_us: int) -> dict[str, float] | None:
    """
    Return what each camera recorded a day in the last week, or in as much of it as is known.

    Only believable clocks are asked. None where there is less than an hour of any camera.
    """
    edge_us = now_us - round(WINDOW_DAYS * DAY_US)
    sizes: dict[str, int] = {}
    since_us: dict[str, int] = {}
    for one in kept:
        sizes.setdefault(one.camera, 0)
        if one.clock is Trust.SYNCED and edge_us < one.ended_us <= now_us and one.started_us <= one.ended_us:
            sizes[one.camera] += one.size_bytes
            since_us[one.camera] = min(since_us.get(one.camera, now_us), max(edge_us, one.started_us))
    days = {camera: (now_us - us) / DAY_US for camera, us in since_us.items()}
    if not days or max(days.values()) < LEAST_DAYS:
        return None
    # What began within the hour says nothing of its own yet; it is taken for as much as an hour.
    return {camera: size / max(LEAST_DAYS, days.get(camera, WINDOW_DAYS)) for camera, size in sizes.items()}


class _Future:
    """The store as days go by: what each camera may give, oldest first, and what is free."""

    def __init__(
        self,
        kept: Sequence[Kept],
        *,
        rules: Rules,
        free_bytes: float,
        now_us: int,
        daily: Mapping[str, float],
        bound: Mapping[str, Sequence[Range]],
    ) -> None:
        self._rules = rules
        self._free = free_bytes
        self._now_us = now_us
        self._daily = daily
        self._bound = bound
        self._piles: dict[str, deque[tuple[float, float]]] = {camera: deque() for camera in daily}
        self._may_go = dict.fromkeys(daily, 0.0)
        self._stuck = dict.fromkeys(daily, 0.0)
        of_camera: dict[str, list[Kept]] = {camera: [] for camera in daily}
        for one in kept:
            of_camera[one.camera].append(one)
        for camera, mine in of_camera.items():
            self._put(camera, mine)

    def seen(self) -> Forecast:
        """Let days go by until it is known what becomes of the disk."""
        turns: Forecast | None = None
        before = 0.0
        for day in _days():
            for camera in self._daily:
                self._record(camera, before, day)
            if self._rules.delete:
                self._forget(day)
                if self._free < self._rules.free_start_bytes:
                    turns = turns or Forecast(Fate.TURNS_OVER, before, self._depth_days(), "", self._daily)
                    self._give(self._below_target, self._daily)
            if self._free <= 0:
                why = "what is held may not go" if self._rules.delete else "nothing is deleted automatically"
                return Forecast(Fate.FILLS_UP, before, -1.0, why, self._daily)
            if turns and not any(self._is_bound(camera, day) for camera in self._daily):
                return turns
            before = day
        return turns or Forecast(Fate.STAYS, daily=self._daily)

    def _put(self, camera: str, mine: Sequence[Kept]) -> None:
        """Put what is there on the camera's pile; what has no believable clock is as old as what came after it."""
        day, dated = 0.0, list[tuple[float, Kept]]()
        for one in sorted(mine, key=attrgetter("seq"), reverse=True):
            if one.clock is Trust.SYNCED:
                day = min(day, (one.ended_us - self._now_us) / DAY_US)
            dated.append((day, one))
        for at, one in reversed(dated):
            if one.held or (one.starred and not self._rules.give_up_stars):
                self._stuck[camera] += one.size_bytes
            else:
                self._pile(camera, at, one.size_bytes)

    def _pile(self, camera: str, day: float, size: float) -> None:
        pile = self._piles[camera]
        self._may_go[camera] += size
        if pile and day - pile[-1][0] < _GRAIN_DAYS:
            pile[-1] = pile[-1][0], pile[-1][1] + size
        else:
            pile.append((day, size))

    def _record(self, camera: str, before: float, day: float) -> None:
        size = self._daily[camera] * (day - before)
        self._free -= size
        if self._is_bound(camera, day):
            self._stuck[camera] += size
        else:
            self._pile(camera, day, size)

    def _is_bound(self, camera: str, day: float) -> bool:
        at_us = self._now_us + round(day * DAY_US)
        return any(one.span.covers(at_us, at_us) for one in self._bound.get(camera, ()))

    def _forget(self, day: float) -> None:
        """What days and limits take."""
        for camera in self._daily:
            if days := self._rules.days_of(camera):
                self._give(partial(self._is_older, camera, day - days), [camera])
        for camera in set(self._rules.limited()) & set(self._daily):
            self._give(partial(self._is_over_its_own, camera), [camera])
        self._give(self._is_over, self._daily)

    def _give(self, more: Callable[[], bool], cameras: Iterable[str]) -> None:
        """Let the oldest of these cameras go while `more` has to; which of them gives changes little in all."""
        while more() and (left := [camera for camera in cameras if self._piles[camera]]):
            oldest = min(left, key=lambda camera: self._piles[camera][0][0])
            _, size = self._piles[oldest].popleft()
            self._may_go[oldest] -= size
            self._free += size

    def _below_target(self) -> bool:
        return self._free < max(self._rules.free_start_bytes, self._rules.free_target_bytes)

    def _is_older(self, camera: str, edge: float) -> bool:
        pile = self._piles[camera]
        return bool(pile) and pile[0][0] < edge

    def _is_over_its_own(self, camera: str) -> bool:
        return self._rules.over_own_bytes(camera, round(self._stuck[camera] + self._may_go[camera])) > 0

    def _is_over(self) -> bool:
        return self._rules.over_bytes(round(sum(self._stuck.values()) + sum(self._may_go.values()))) > 0

    def _depth_days(self) -> float:
        """Return for how many days what may go is enough at this rate: so far back all cameras come to reach."""
        return sum(self._may_go.values()) / sum(self._daily.values())


def _days() -> Iterator[float]:
    """Yield the moments that are looked at: the near ones closely."""
    day = 0.0
    while day < HORIZON_DAYS:
        day += 1 / 24 if day < 2 else 0.25 if day < 60 else 1.0
        yield day
