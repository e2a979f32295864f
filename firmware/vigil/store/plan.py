"""The plan of what to delete now, all rules together: what the days ask for, the cameras' own limits, room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from vigil.config.model import Camera
from vigil.config.model_storage import Storage
from vigil.store.retention import Kept, Own, Reason, Rules, Turns, for_days, for_space


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What goes, each with the reason, and by how many bytes that falls short of what the rules ask for.

    `short_bytes` counts what is missing on the disk, `over_bytes` what is above a maximum.
    """

    orders: tuple[tuple[Kept, Reason], ...]
    short_bytes: int
    over_bytes: int


def rules_of(storage: Storage, cameras: Iterable[Camera], *, total_bytes: int) -> Rules:
    """Return the rules of a configuration for a disk of `total_bytes`; 0 where its size is not known."""
    start, target = storage.free_start_bytes, storage.free_target_bytes
    if storage.free_start_pct and storage.free_target_pct and total_bytes > 0:
        start, target = (total_bytes * share // 100 for share in (storage.free_start_pct, storage.free_target_pct))
    return Rules(
        free_start_bytes=start, free_target_bytes=target, maximum_bytes=storage.maximum_bytes,
        keep_days=storage.keep_days, delete=storage.delete, give_up_stars=storage.give_up_stars,
        own={one.id: Own(one.keep_days, one.maximum_bytes) for one in cameras},
    )  # fmt: skip


def plan(
    kept: Sequence[Kept], *, rules: Rules, free_bytes: int, now_us: int, days_count: bool, turns: Turns, at_most: int
) -> Plan:
    """
    Plan what goes of `kept` now, at most `at_most` segments; the rest comes with the next plan.

    Each rule asks only for what those before it leave to be asked for: days,
    then the limits of single cameras, then that of all, then room. Stars are
    given up last, for want of room alone.
    """
    work = _Work(list(kept), free_bytes, at_most)
    if rules.delete:
        work.take(for_days(work.left, rules=rules, now_us=now_us, days_count=days_count))
        for camera in rules.limited():
            mine, over = work.of(camera), rules.over_own_bytes(camera, work.used_bytes(camera))
            work.take(for_space(mine, need_bytes=over, rules=rules, turns=Turns(), reason=Reason.OWN_LIMIT))
        over = rules.over_bytes(work.used_bytes()) if rules.maximum_bytes else 0
        work.take(for_space(work.left, need_bytes=over, rules=rules, turns=turns, reason=Reason.LIMIT))
        short = rules.short_bytes(work.free_bytes)
        work.take(for_space(work.left, need_bytes=short, rules=rules, turns=turns, reason=Reason.SPACE))
        if rules.give_up_stars and (short := rules.short_bytes(work.free_bytes)):
            plain = [replace(each, starred=False) for each in work.left]
            work.take(for_space(plain, need_bytes=short, rules=rules, turns=turns, reason=Reason.STAR))
    over_own = sum(rules.over_own_bytes(camera, work.used_bytes(camera)) for camera in rules.limited())
    over = over_own + (rules.over_bytes(work.used_bytes()) if rules.maximum_bytes else 0)
    return Plan(tuple(work.orders), rules.short_bytes(work.free_bytes), over)


class _Work:
    """What is left while a plan is made."""

    def __init__(self, left: list[Kept], free_bytes: int, at_most: int) -> None:
        self.left = left
        self.free_bytes = free_bytes
        self.orders: list[tuple[Kept, Reason]] = []
        self._at_most = at_most

    def of(self, camera: str) -> list[Kept]:
        return [each for each in self.left if each.camera == camera]

    def used_bytes(self, camera: str | None = None) -> int:
        return sum(each.size_bytes for each in (self.left if camera is None else self.of(camera)))

    def take(self, orders: Iterable[tuple[Kept, Reason]]) -> None:
        # No more is drawn than is taken: whose turn it was counts only for what really goes.
        if fresh := list(islice(orders, self._at_most - len(self.orders))):
            going = {(one.camera, one.seq) for one, _ in fresh}
            self.orders += fresh
            self.free_bytes += sum(one.size_bytes for one, _ in fresh)
            self.left = [each for each in self.left if (each.camera, each.seq) not in going]
