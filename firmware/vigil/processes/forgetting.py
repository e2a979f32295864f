"""Guard's retention: what is due to be deleted, and deleting it where no recorder does."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vigil.clock import Clock
from vigil.clock.kernel import boot_id
from vigil.clock.trust import Trust
from vigil.errors import StoreError
from vigil.events import Delete
from vigil.processes.foresight import NOTHING, Foresight, sentence
from vigil.processes.settings import Settings
from vigil.segments.session import Session
from vigil.segments.verify_absent import runs
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.forecast import Forecast, forecast
from vigil.store.hold_ranges import Ranges
from vigil.store.keeps import How
from vigil.store.layout import segments_of
from vigil.store.marker import check_marker
from vigil.store.plan import Plan, plan, rules_of
from vigil.store.recording import GUARD_ACTS_WITHIN_US
from vigil.store.retention import Kept, Reason, Rules, Turns
from vigil.store.room import Room
from vigil.store.shelf import Shelf

log = logging.getLogger(__name__)
_AT_ONCE = 100
_SECOND_US = 1_000_000
_PATIENCE_US = 60 * _SECOND_US

_PAST = {How.HOLD: "held", How.STAR: "starred"}

Enter = Callable[[str, Mapping[str, Any]], bool]
"""Puts something into the journal; says whether it is durable there."""


class Forgetting:
    """Applies `store/retention.py` to what is on the disk."""

    def __init__(self, settings: Settings, *, disk: Disk, clock: Clock, session: Session) -> None:
        self._config = settings.salvage.config
        self._place = settings.place
        self._disk = disk
        self._clock = clock
        self._session = session
        self._shelf = Shelf(disk, settings.place.video)
        self._room = Room(disk, settings.place.video, reserve_bytes=self._config.storage.reserve_bytes)
        self._turns = Turns()
        self._ordered: dict[tuple[str, int], tuple[int, int]] = {}
        self._foresight = Foresight()
        self._there: list[Kept] | None = None
        self._decided: set[tuple[str, int]] = set()
        self._looked_us = 0
        self._refused_us: int | None = None
        self.video_bytes = 0
        self.segments = 0
        self.complaint = ""
        self.is_short = False
        """Whether `complaint` speaks of room on the disk; else recordings take more than they are allowed."""

    def space(self) -> tuple[int, int]:
        """Return the disk's size and what is free, in bytes; zeros where it cannot be asked."""
        try:
            return shutil.disk_usage(self._place.video).total, self._room.free_bytes()
        except (OSError, StoreError):
            return 0, 0

    def outlook(self, *, now_us: int, trust: Trust) -> dict[str, Any]:
        """Return what `Health` says of what becomes of the disk, as far as it was looked at. Never raises."""
        seen = self._foresight.look(self._clock.steady_us(), lambda: self._foresee(now_us, trust))
        days = {"full_days": round(seen.full_days, 2), "kept_days": round(seen.kept_days, 2)}
        return {"fate": str(seen.fate), **days, "forecast": sentence(seen)}

    def _foresee(self, now_us: int, trust: Trust) -> Forecast:
        total, free = self.space()
        if self._there is None or not total:
            return NOTHING
        return forecast(
            self._there, rules=self._rules(), free_bytes=free, now_us=now_us, clock_is_right=trust is Trust.SYNCED,
            ranges=self._shelf.ranges,
        )  # fmt: skip

    def urgent(self) -> bool:
        """Say whether room has become so short that the next look round should not be waited for. Never raises."""
        waits_us = _SECOND_US if self._refused_us is not None else 2 * _SECOND_US
        if self.complaint or self._clock.steady_us() - self._looked_us < waits_us:
            return False
        try:
            free = self._room.free_bytes() + sum(size for size, _ in self._ordered.values())
            return self._rules().short_bytes(free) > 0
        except StoreError:
            return False

    def due(self, *, now_us: int, days_count: bool, enter: Enter) -> list[Delete]:
        """
        Return what is to be deleted now; that it is decided was entered into the journal before, by `enter`.

        Where that says no, nothing is deleted but for want of room, and that
        once it has said so for five seconds: recording must go on without a
        journal, too. Raises `StoreError` where the disk cannot be asked, or is
        not ours.
        """
        store = check_marker(self._disk, self._place.video, self._place.known_store())
        self._looked_us = self._clock.steady_us()
        there = self._there = self._shelf.kept()
        self._bind_what_came_later()
        self.video_bytes, self.segments = sum(one.size_bytes for one in there), len(there)
        going = self._going(there)
        kept = [one for one in there if (one.camera, one.seq) not in self._ordered]
        free = self._room.free_bytes() + going
        rules = self._rules()
        due = plan(
            kept,
            rules=rules,
            free_bytes=free,
            now_us=now_us,
            days_count=days_count,
            turns=self._turns,
            at_most=_AT_ONCE,
        )
        self.complaint = "" if due.orders or going else _complaint(due, kept, rules)
        self.is_short = due.short_bytes > 0
        self._decided &= {(one.camera, one.seq) for one in there}
        if not (is_short := rules.short_bytes(free) > 0):
            self._room.make_reserve()
        return [self._order(*one) for one in self._entered(due.orders, store, enter, is_short=is_short)]

    def _bind_what_came_later(self) -> None:
        """Give what was recorded since somebody held that time a file of its own; the range binds it meanwhile."""
        for camera, path, covering in self._shelf.unbound:
            try:
                Ranges(self._disk, self._place.video / camera).bind(path, covering.span, covering.how)
            except StoreError as error:
                # A full disk has no room for another file, and must be given some all the same.
                log.warning("%s is %s by its time alone so far: %s", path.stem, _PAST[covering.how], error)
                return

    def _entered(
        self, orders: Sequence[tuple[Kept, Reason]], store: str, enter: Enter, *, is_short: bool
    ) -> list[tuple[Kept, Reason]]:
        """
        Enter what was decided, one entry for each camera and reason; return what may go.

        Without its entry it may go where the disk `is_short` of room and has waited: for whatever reason, since each
        rule asks only for what the others leave.
        """
        groups: dict[tuple[str, Reason], list[Kept]] = {}
        for one, reason in orders:
            groups.setdefault((one.camera, reason), []).append(one)
        may_go: list[tuple[Kept, Reason]] = []
        refused = refusing = False
        for (camera, reason), segments in groups.items():
            # Who was told and has not obeyed is told again; that it was decided is entered once.
            fresh = [one for one in segments if (camera, one.seq) not in self._decided]
            # Who was refused does not ask again at this look: what comes later in the plan would go before its time.
            is_entered = not refusing and (
                not fresh or enter("deletion.decided", _decision(camera, fresh, reason, store))
            )
            refusing = not is_entered
            if is_entered:
                self._decided |= {(camera, one.seq) for one in fresh}
            refused = refused or (is_short and not is_entered)
            if is_entered or (is_short and self._has_waited()):
                may_go += [(one, reason) for one in segments]
        if not refused:
            self._refused_us = None
        return may_go

    def _has_waited(self) -> bool:
        """Say whether room was short for five seconds while the journal refused."""
        now_us = self._clock.steady_us()
        self._refused_us = now_us if self._refused_us is None else self._refused_us
        return now_us - self._refused_us >= GUARD_ACTS_WITHIN_US

    def _order(self, one: Kept, reason: Reason) -> Delete:
        self._ordered[one.camera, one.seq] = one.size_bytes, self._clock.steady_us() + _PATIENCE_US
        return Delete(camera=one.camera, segment=one.seq, why=str(reason), star_too=reason is Reason.STAR)

    def _rules(self) -> Rules:
        """Return the rules for the disk as it is now: it may be exchanged for a larger one."""
        return rules_of(self._config.storage, self._config.cameras, total_bytes=self.space()[0])

    def _going(self, there: Sequence[Kept]) -> int:
        """
        Return the bytes of segments that are ordered deleted and still there: they are not to be replaced by others.

        An order that was not obeyed for a minute (its recorder was away) is forgotten, and may be given again.
        """
        now_us = self._clock.steady_us()
        here = {(one.camera, one.seq) for one in there}
        self._ordered = {who: what for who, what in self._ordered.items() if who in here and what[1] > now_us}
        return sum(size for size, _ in self._ordered.values())

    def do(self, camera: str, orders: Sequence[Delete]) -> None:
        """Delete segments of a camera that nobody records: as its only writer, in one sidecar of our own."""
        store = CameraStore(
            self._disk, self._place.video, camera, session=self._session, clock=self._clock, boot=boot_id(),
            store_id=self._place.known_store(),
        )  # fmt: skip
        due = {order.segment: order for order in orders}
        try:
            store.open()
            store.begin("quiet", why="nobody records this camera", trust="unsynced")
            for segment in segments_of(store.directory):
                if order := due.get(segment.seq):
                    store.delete(segment, why=order.why, star_too=order.star_too)
            store.end_quiet(why="done")
        except StoreError as error:
            log.warning("%s could not be tidied: %s", camera, error)
        finally:
            store.close()


def _decision(camera: str, going: Sequence[Kept], reason: Reason, store: str) -> dict[str, Any]:
    segments = [list(run) for run in runs([one.seq for one in going])]
    size = sum(one.size_bytes for one in going)
    return {"camera": camera, "store": store, "segments": segments, "bytes": size, "why": str(reason)}


def _complaint(due: Plan, kept: Sequence[Kept], rules: Rules) -> str:
    """Say in a sentence what the owner must know where nothing is deleted; nothing where nothing need be."""
    if not rules.delete:
        # More recordings than a maximum are what was asked for by whoever deletes himself; a full disk is not.
        return (
            "space is short and nothing is deleted automatically: set storage.delete = true, or use a larger disk"
            if due.short_bytes
            else ""
        )
    if not (due.short_bytes or due.over_bytes):
        return ""
    held, starred = sum(one.held for one in kept), sum(one.starred for one in kept)
    stays = f"{held} of {len(kept)} segments held, {starred} starred, the newest ten minutes stay always"
    if due.short_bytes:
        return f"space is short and nothing may be deleted ({stays}): release a hold or use a larger disk"
    return f"recordings take more than maximum_bytes and nothing may be deleted ({stays}): release a hold or allow more"
