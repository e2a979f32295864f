"""Guard's retention: what is due to be deleted, and deleting it where no recorder does."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence

from vigil.clock import Clock
from vigil.clock.kernel import boot_id
from vigil.errors import StoreError
from vigil.events import Delete
from vigil.processes.settings import Settings
from vigil.segments.session import Session
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.layout import segments_of
from vigil.store.marker import check_marker
from vigil.store.retention import Kept, Reason, Rules, Turns, for_days, for_space
from vigil.store.room import Room
from vigil.store.shelf import Shelf

log = logging.getLogger(__name__)
_AT_ONCE = 100
_PATIENCE_US = 60 * 1_000_000


class Forgetting:
    """Applies `store/retention.py` to what is on the disk."""

    def __init__(self, settings: Settings, *, disk: Disk, clock: Clock, session: Session) -> None:
        storage = settings.salvage.config.storage
        self._place = settings.place
        self._disk = disk
        self._clock = clock
        self._session = session
        self._shelf = Shelf(disk, settings.place.video)
        self._room = Room(disk, settings.place.video, reserve_bytes=storage.reserve_bytes)
        self._turns = Turns()
        self._rules = Rules(
            free_start_bytes=storage.free_start_bytes, free_target_bytes=storage.free_target_bytes,
            maximum_bytes=storage.maximum_bytes, keep_days=storage.keep_days,
        )  # fmt: skip
        self._ordered: dict[tuple[str, int], tuple[int, int]] = {}
        self.video_bytes = 0
        self.segments = 0
        self.complaint = ""

    def space(self) -> tuple[int, int]:
        """Return the disk's size and what is free, in bytes; zeros where it cannot be asked."""
        try:
            return shutil.disk_usage(self._place.video).total, self._room.free_bytes()
        except (OSError, StoreError):
            return 0, 0

    def due(self, *, now_us: int, days_count: bool) -> Iterator[Delete]:
        """Yield what is to be deleted now. Raises `StoreError` where the disk cannot be asked, or is not ours."""
        check_marker(self._disk, self._place.video, self._place.known_store())
        there = self._shelf.kept()
        self.video_bytes, self.segments = sum(one.size_bytes for one in there), len(there)
        going = self._going(there)
        kept = [one for one in there if (one.camera, one.seq) not in self._ordered]
        free = self._room.free_bytes() + going
        orders = dict.fromkeys(for_days(kept, rules=self._rules, now_us=now_us, days_count=days_count))
        short = self._rules.short_bytes(free)
        over = self._rules.over_bytes(self.video_bytes - going)
        for need, reason in ((short, Reason.SPACE), (over, Reason.LIMIT)):
            orders |= dict.fromkeys(
                for_space(kept, need_bytes=need, rules=self._rules, turns=self._turns, reason=reason)
            )
        self.complaint = ""
        if (short or over) and not orders and not going:
            held = sum(one.held for one in kept)
            self.complaint = (
                f"space is short and nothing may be deleted ({held} of {len(kept)} segments are held): "
                "release a hold or use a larger disk"
            )
        elif not short:
            self._room.make_reserve()
        done: set[tuple[str, int]] = set()
        for one, reason in list(orders)[:_AT_ONCE]:
            if (one.camera, one.seq) not in done:
                done.add((one.camera, one.seq))
                self._ordered[one.camera, one.seq] = one.size_bytes, self._clock.steady_us() + _PATIENCE_US
                yield Delete(camera=one.camera, segment=one.seq, why=str(reason))

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
        due = {order.segment: order.why for order in orders}
        try:
            store.open()
            store.begin("quiet", why="nobody records this camera", trust="unsynced")
            for segment in segments_of(store.directory):
                if segment.seq in due:
                    store.delete(segment, why=due[segment.seq])
            store.end_quiet(why="done")
        except StoreError as error:
            log.warning("%s could not be tidied: %s", camera, error)
        finally:
            store.close()
