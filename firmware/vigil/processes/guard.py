"""The process `guard`: keeps journal and index, decides what is forgotten, and is the hub where the others meet."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import vigil
from vigil import logs
from vigil.clock import Clock, SystemClock
from vigil.clock.kernel import boot_id
from vigil.config.files import remember_applied
from vigil.config.read import TakenFrom
from vigil.errors import IndexDamaged, StoreError, VigilError
from vigil.events import (
    Answer,
    Checkpoint,
    ConfirmTime,
    Cue,
    Delete,
    Health,
    Hello,
    LogLevel,
    Message,
    Pause,
    Status,
    Watch,
    Written,
)
from vigil.processes.diary import Diary
from vigil.processes.ending import set_when_asked
from vigil.processes.forgetting import Forgetting
from vigil.processes.health import BoxHealth
from vigil.processes.health_seen import OwnSight
from vigil.processes.hub import HubServer, Peer
from vigil.processes.judging import Judging
from vigil.processes.notify import Notifier
from vigil.processes.orders import Orders
from vigil.processes.settings import Settings, load
from vigil.processes.tellings import left, remove
from vigil.processes.timekeeper import Timekeeper
from vigil.processes.vouched import Vouched
from vigil.store.disk import Disk
from vigil.store.index import discard, index_path
from vigil.store.layout import IDENTITY
from vigil.store.marker import check_marker

log = logging.getLogger(__name__)
_WAIT_S = 0.25
_SECOND_US = 1_000_000
_LOOK_ROUND_US = 10 * _SECOND_US
_SIGNER_EVERY_US = 5 * _SECOND_US


class Guard:
    """The loop of guard. What it decides is in `Diary` (journal, index) and `Forgetting` (retention)."""

    def __init__(self, settings: Settings, *, clock: Clock, disk: Disk) -> None:
        self._settings = settings
        self._clock = clock
        self._disk = disk
        self._hub = HubServer(settings.place.hub)
        self._orders = Orders(self._hub)
        self._vouched = Vouched(settings.place, disk)
        self._time = Timekeeper(disk, settings.place, clock, boot=boot_id())
        self._health = BoxHealth(settings, disk=disk, clock=clock, boot=boot_id())
        self._poked: set[str] = set()
        self._announced: dict[tuple[str, str], tuple[int, int]] = {}
        self._second_us = self._round_us = self._asked_us = -_LOOK_ROUND_US
        self._diary: Diary | None = None
        self._forgetting = Forgetting(settings, disk=disk, clock=clock, session=self._vouched.session)
        self._own = OwnSight(
            settings, disk=disk, clock=clock, time=self._time, vouched=self._vouched, shelf=self._forgetting
        )
        self._judging = Judging(
            settings, disk=disk, clock=clock, hub=self._hub, orders=self._orders, enter=self._enter,
            fault=self._health.fault, faults=self._health.worst, heard=self._health.tell,
        )  # fmt: skip

    def run(self, stop: threading.Event) -> None:
        """Guard until `stop`."""
        notifier = Notifier.of_this_process(self._clock)
        notifier.ready()
        while not stop.is_set():
            for peer, message in self._hub.wait(self._judging.wait_s(_WAIT_S)):
                self._hear(peer, message)
            self._health.listened()
            self._judging.listened_us = self._clock.steady_us()
            self._judging.look_if_due()
            self._due()
            # Coming round is what guard promises; what it cannot do it tells as a fault.
            notifier.feed(lambda: "")
        notifier.stopping()
        if self._diary:
            if not self._vouched.certified:
                # Once we are gone nobody can vouch any more for what we signed.
                self._certify_late()
            self._hear_the_system(self._diary)
            self._keep_diary(self._diary, self._clock.steady_us(), look_round=True)
        if self._diary:
            self._diary.close()
        self._publish_identity()
        self._time.save()
        self._hub.close()

    def _due(self) -> None:
        now_us = self._clock.steady_us()
        if now_us - self._second_us < _SECOND_US:
            return
        self._second_us = now_us
        self._orders.look(now_us)
        look_round = now_us - self._round_us >= _LOOK_ROUND_US
        step = self._time.look()
        if self._diary is None:
            self._open_diary()
        elif not self._vouched.certified and now_us - self._asked_us >= _SIGNER_EVERY_US:
            self._certify_late()
        if self._diary:
            self._diary.trust = str(self._time.trust)
            if step:
                self._enter("clock.stepped", {"step_us": step.size_us, "trust": str(self._time.trust)})
            self._hear_the_system(self._diary)
            self._keep_diary(self._diary, now_us, look_round=look_round)
        if look_round:
            self._round_us = now_us
        if look_round or self._forgetting.urgent():
            self._forget()
        self._judging.look(self._diary.newest if self._diary else None, self._time.trust)
        for seen in self._own.seen(self._diary, self._health.past):
            self._health.tell(seen)
        self._health.look({peer.name for peer in self._hub.peers}, self._time.trust, self._enter)
        self._tell()

    def _keep_diary(self, diary: Diary, now_us: int, *, look_round: bool) -> None:
        try:
            diary.take_in(None if look_round else self._poked, announced=self._announced)
            self._poked.clear()
            if note := diary.checkpoint_if_due(now_us):
                self._hub.broadcast(Checkpoint(note=note), to="record@")
            if look_round:
                self._forget_words(diary)
            self._own.journal_closed = ""
        except (VigilError, OSError) as error:
            self._no_journal(error)

    def _no_journal(self, error: Exception) -> None:
        """Say why there is none, until it is opened again. An index that is damaged is made again then."""
        self._own.journal_closed = str(error)
        if self._diary:
            self._diary.close()
            self._diary = None
        if isinstance(error, IndexDamaged):
            log.error("the index is made again from the journal")
            with suppress(OSError):
                discard(index_path(self._settings.place.state))

    def _hear_the_system(self, diary: Diary) -> None:
        """Enter what the system's own commands have left for the journal."""
        try:
            for telling in left(self._disk, self._settings.place.tellings):
                diary.happened(telling.kind, telling.fields)
                self._health.happened(telling.kind, telling.fields)
                remove(self._disk, telling.path)
        except VigilError as error:
            log.warning("journal: what the system tells was not entered: %s", error)

    def _forget(self) -> None:
        nobodys: dict[str, list[Delete]] = {}
        try:
            now_us, days_count = self._clock.wall_us(), self._time.days_count
            for order in self._forgetting.due(now_us=now_us, days_count=days_count, enter=self._enter):
                if peer := self._hub.named(f"record@{order.camera}"):
                    peer.send(order)
                else:
                    nobodys.setdefault(order.camera, []).append(order)
            for camera, orders in nobodys.items():
                self._forgetting.do(camera, orders)
            self._own.disk_failed = None
        except (StoreError, OSError) as error:
            self._own.disk_failed = error
            return
        self._publish_identity()

    def _publish_identity(self) -> None:
        """Put the identity beside the recordings, for readers; only where the disk is ours."""
        place = self._settings.place
        with suppress(StoreError):
            check_marker(self._disk, place.video, place.known_store())
            self._vouched.publish(place.video / IDENTITY)

    def _forget_words(self, diary: Diary) -> None:
        """Drop the words of old entries, while the clock may decide what is old. Their hashes stay."""
        days = self._settings.salvage.config.journal.keep_days
        if days and self._time.days_count:
            diary.prune(self._clock.wall_us() - days * 86_400_000_000)

    def _open_diary(self) -> None:
        """Open the journal as soon as we know whose it is: the signer says so, or what we knew before."""
        self._ask_signer()
        identity = self._vouched.identity
        if identity is None:
            return
        try:
            self._diary = Diary(
                self._settings.place, self._disk, self._clock, session=self._vouched.session, identity=identity,
                checkpoint_s=self._settings.salvage.config.journal.checkpoint_s, trust=str(self._time.trust),
                config=self._settings.salvage.config,
            )  # fmt: skip
            if self._vouched.certified:
                self._diary.happened("session.certified", self._vouched.certificate())
            self._note_configuration(self._diary)
        except (VigilError, OSError) as error:
            self._no_journal(error)

    def _ask_signer(self) -> None:
        self._asked_us = self._clock.steady_us()
        self._own.signer_refused = self._vouched.ask(str(self._time.trust))

    def _certify_late(self) -> None:
        """What was signed while the signer was away is covered: a certificate is for the key."""
        self._ask_signer()
        if self._vouched.certified:
            self._enter("session.certified", self._vouched.certificate())

    def _note_configuration(self, diary: Diary) -> None:
        salvage, place = self._settings.salvage, self._settings.place
        try:
            digest = hashlib.sha256(self._disk.read_bytes(place.config_files.owners)).hexdigest()
        except StoreError:
            digest = None
        diary.happened(
            "config.applied", {"from": salvage.taken_from.value, "sha256": digest, "faults": len(salvage.faults)}
        )
        if salvage.taken_from in (TakenFrom.FILE, TakenFrom.OWN_COPY) and not salvage.faults:
            remember_applied(place.config_files, salvage.config, self._disk.replace)

    # What the others say

    def _hear(self, peer: Peer, message: Message) -> None:
        if isinstance(message, Hello):
            log.info("hub: %s is here", message.peer, extra={"pid": peer.pid})
            if self._diary and self._diary.newest_note and message.peer.startswith("record@"):
                peer.send(Checkpoint(note=self._diary.newest_note))
            self._judging.met(peer)
        elif isinstance(message, Status):
            self._health.tell(message)
            self._judging.camera(message)
            self._forward(message)
        elif isinstance(message, Written):
            self._poked.add(message.camera)
            self._announced[message.store, message.camera] = message.segment, message.line
        elif isinstance(message, Watch):
            peer.watching = True
        elif isinstance(message, Pause | Cue):
            self._orders.give(peer, message, self._clock.steady_us())
            if isinstance(message, Pause) and not message.paused:
                self._judging.resumed_by_hand(message.camera)
        elif isinstance(message, Answer):
            self._orders.answered(peer, message)
        elif isinstance(message, ConfirmTime):
            self._time.confirm()
            self._enter("clock.confirmed", {"who": message.who})
            peer.send(Answer(ok=True, words="the time is taken as right; recordings are deleted by age again"))
        elif isinstance(message, LogLevel):
            logs.set_level(message.level)
            self._hub.broadcast(message)
            peer.send(Answer(ok=True, words=f"every process now logs from {message.level} on"))
        else:
            self._judging.hears(peer, message)

    def _forward(self, message: Message) -> None:
        for peer in self._hub.peers:
            if peer.watching:
                peer.send(message)

    def _enter(self, kind: str, fields: Mapping[str, Any]) -> bool:
        """Enter something into the journal, and say whether it was; a disk that refuses is met by what comes next."""
        if self._diary is None:
            return False
        try:
            self._diary.happened(kind, fields)
        except VigilError as error:
            log.warning("journal: %s was not entered: %s", kind, error)
            return False
        return True

    def _tell(self) -> None:
        if not any(peer.watching for peer in self._hub.peers):
            return
        shelf, diary, verdict = self._forgetting, self._diary, self._health.verdict
        total, free = shelf.space()
        self._forward(
            Health(
                log_id=diary.log_id if diary else "", entries=diary.size if diary else 0,
                checkpoint=diary.checkpoint_size if diary else 0, free_bytes=free, total_bytes=total,
                video_bytes=shelf.video_bytes, segments=shelf.segments, clock=str(self._time.trust),
                **shelf.outlook(now_us=self._clock.wall_us(), trust=self._time.trust),
                faults=verdict.faults(), level=str(verdict.level), since_us=verdict.since_us, blinks=verdict.blinks,
                probes=verdict.plain(),
                arm=str(self._judging.arm or ""), arm_words=self._judging.words(),
            )
        )  # fmt: skip


def main(data: Path, *, log_level: str | None, plain: bool) -> int:
    """Run guard until SIGTERM or SIGINT."""
    disk = Disk()
    settings = load(data, disk)
    logs.set_up(log_level or settings.salvage.config.system.log_level, plain=plain)
    stop = set_when_asked()
    log.info("guard begins", extra={"version": vigil.__version__})
    Guard(settings, clock=SystemClock(), disk=disk).run(stop)
    return 0
