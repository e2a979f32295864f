"""Deciding what to forget. Deciding only: the recorder that owns a segment does the forgetting."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from vigil.clock.trust import Trust

LONGEST_US = 3_600_000_000
"""No segment lasts longer (a quiet one an hour, others 300 s), whatever its clock says."""


class Reason(StrEnum):
    """Why a segment goes."""

    SPACE = "space was short"
    LIMIT = "recordings took more room than allowed"
    OWN_LIMIT = "recordings of this camera took more room than allowed"
    DAYS = "older than the days to keep"
    STAR = "space was short, and stars may be given up for that"


@dataclass(frozen=True, slots=True)
class Kept:
    """
    One segment on the disk, as its sidecar tells.

    `started_us` and `ended_us` are what the clock said, `clock` how far it was
    to be believed. `held`: nothing may delete it; `starred`: a star alone
    keeps it, which may be given up for want of room where the owner says so.
    """

    camera: str
    seq: int
    size_bytes: int
    started_us: int
    ended_us: int
    clock: Trust
    held: bool = False
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """What holds for one camera's recordings: `keep_days` in place of the store's, `maximum_bytes` beside it."""

    keep_days: float = 0
    maximum_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    When deletion starts and where it stops; zero means no limit, as in the configuration.

    The newest `youngest_s` of each camera's recordings are never deleted;
    unless `delete`, nothing is.
    """

    free_start_bytes: int
    free_target_bytes: int
    maximum_bytes: int = 0
    keep_days: float = 0
    youngest_s: float = 600.0
    delete: bool = True
    give_up_stars: bool = False
    own: Mapping[str, Own] = field(default_factory=dict)

    def days_of(self, camera: str) -> float:
        """Return for how many days recordings of `camera` are kept; 0 for ever."""
        return self.own.get(camera, _NOTHING_OWN).keep_days or self.keep_days

    def limited(self) -> list[str]:
        """Return the cameras with a limit of their own."""
        return [camera for camera, own in self.own.items() if own.maximum_bytes]

    def short_bytes(self, free_bytes: int) -> int:
        """Return how much must be deleted for want of free space: nothing above the start, else up to the target."""
        target_bytes = max(self.free_start_bytes, self.free_target_bytes)
        return target_bytes - free_bytes if free_bytes < self.free_start_bytes else 0

    def over_bytes(self, used_bytes: int) -> int:
        """Return how much must be deleted because recordings take too much: down to a twentieth below the maximum."""
        return _over_bytes(used_bytes, self.maximum_bytes)

    def over_own_bytes(self, camera: str, used_bytes: int) -> int:
        """Return the same of one camera: how much of it must be deleted."""
        return _over_bytes(used_bytes, self.own.get(camera, _NOTHING_OWN).maximum_bytes)


_NOTHING_OWN = Own()


def _over_bytes(used_bytes: int, maximum_bytes: int) -> int:
    return used_bytes - maximum_bytes + maximum_bytes // 20 if maximum_bytes and used_bytes > maximum_bytes else 0


@dataclass(slots=True)
class Turns:
    """
    Whose turn it is to give: the share of its own recordings that each camera has given so far.

    Only the differences count. Keep it between calls, so that many small
    deletions are as fair as a large one; losing it costs at most one turn.
    """

    given: dict[str, float] = field(default_factory=dict)

    def join(self, cameras: Iterable[str]) -> None:
        """Let new cameras begin where the others stand, and forget those that are gone."""
        here = set(cameras)
        self.given = {camera: given for camera, given in self.given.items() if camera in here}
        least = min(self.given.values(), default=0.0)
        self.given = {camera: self.given.get(camera, least) - least for camera in sorted(here)}


def for_space(
    kept: Iterable[Kept], *, need_bytes: int, rules: Rules, turns: Turns, reason: Reason = Reason.SPACE
) -> Iterator[tuple[Kept, Reason]]:
    """
    Yield segments to delete until they add up to `need_bytes`; less when no more may go.

    Each camera gives the same share of what it may give, its lowest `seq`
    first. No clock is asked: see docs/design/keeping.md for why that comes out as
    the same number of days for each.
    """
    if need_bytes <= 0:
        return
    may_go = {camera: free for camera, all_ in _by_camera(kept).items() if (free := _free(all_, rules))}
    turns.join(may_go)
    total = {camera: sum(each.size_bytes for each in free) or 1 for camera, free in may_go.items()}
    waiting = {camera: iter(free) for camera, free in may_go.items()}
    following = {camera: next(oldest) for camera, oldest in waiting.items()}
    while following and need_bytes > 0:
        camera = min(following, key=lambda each: (turns.given[each] + following[each].size_bytes / total[each], each))
        oldest = following[camera]
        yield oldest, reason
        turns.given[camera] += oldest.size_bytes / total[camera]
        need_bytes -= oldest.size_bytes
        if (after := next(waiting[camera], None)) is None:
            del following[camera]
        else:
            following[camera] = after


def for_days(kept: Iterable[Kept], *, rules: Rules, now_us: int, days_count: bool) -> Iterator[tuple[Kept, Reason]]:
    """
    Yield the segments that ended longer ago than their camera's are kept, lowest `seq` first.

    Nothing unless `days_count` (`clock.trust.Watch`). A segment whose clock
    was not to be believed is as old as the segments around it prove; each
    camera stops at the first that may be young enough.
    """
    if not days_count:
        return
    for camera, all_ in _by_camera(kept).items():
        if not (days := rules.days_of(camera)):
            continue
        edge_us = now_us - round(days * 86_400 * 1_000_000)
        ended_us = dict(zip((each.seq for each in all_), _latest_possible_us(all_), strict=True))
        for each in _free(all_, rules):
            if ended_us[each.seq] >= edge_us:
                break
            yield each, Reason.DAYS


def _by_camera(kept: Iterable[Kept]) -> dict[str, list[Kept]]:
    cameras = defaultdict(list)
    for each in kept:
        cameras[each.camera].append(each)
    return {camera: sorted(all_, key=lambda each: each.seq) for camera, all_ in sorted(cameras.items())}


def _free(all_: list[Kept], rules: Rules) -> list[Kept]:
    """Return what may go of one camera, oldest first: not held or starred, not its newest, not among its youngest."""
    # Young is what little was recorded after it: no clock is asked how late it is now. Lengths that no segment can have
    # (its clock stepped) count nothing, so that they never make anything look older.
    young, since_us = 0, 0
    for each in reversed(all_):
        if young and since_us >= rules.youngest_s * 1_000_000:
            break
        young += 1
        length_us = each.ended_us - each.started_us
        since_us += length_us if 0 < length_us <= LONGEST_US else 0
    return [each for each in all_[: len(all_) - young] if not (each.held or each.starred)]


def _latest_possible_us(all_: list[Kept]) -> list[float]:
    """
    Return for each segment of one camera, oldest first, the latest time at which it can have ended.

    Segments follow each other, so none ended after a later one did, nor
    before an earlier one. Where two believable clocks contradict each other,
    the later time holds: nothing goes on a contradiction.
    """
    believed = [each.ended_us if each.clock is Trust.SYNCED else None for each in all_]
    not_after = list(accumulate((math.inf if us is None else us for us in reversed(believed)), min))[::-1]
    not_before = list(accumulate((-math.inf if us is None else us for us in believed), max))
    return [max(pair) for pair in zip(not_after, not_before, strict=True)]
