"""What guard sees itself, put as evidence for the verdict."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from vigil.clock import Clock
from vigil.errors import StoreFault, WrongStore
from vigil.events import Network
from vigil.guard.health_memory import Past
from vigil.guard.probes.card import CardSeen
from vigil.guard.probes.clock import ClockSeen
from vigil.guard.probes.configuration import ConfigurationSeen
from vigil.guard.probes.disk import DiskSeen, Trouble
from vigil.guard.probes.journal import JournalSeen
from vigil.guard.probes.keys import KeysSeen
from vigil.guard.probes.network import NetworkSeen
from vigil.guard.probes.update import UpdateSeen
from vigil.processes.card_errors import Told
from vigil.processes.config_trial import is_on_trial
from vigil.processes.diary import Diary
from vigil.processes.forgetting import Forgetting
from vigil.processes.settings import Settings
from vigil.processes.timekeeper import Timekeeper
from vigil.processes.update import Records
from vigil.processes.update_status import WORDS
from vigil.processes.vouched import Vouched
from vigil.store.disk import Disk
from vigil.upkeep.card_errors import complaint
from vigil.upkeep.update_record import Phase, Record

LOST_LATELY_US = 7 * 86_400_000_000


class OwnSight:
    """
    Looks at guard's own parts.

    Guard notes here what it met: why the journal is not written, why the
    signer refused, what the disk failed with when it was last asked what to
    delete.
    """

    def __init__(
        self, settings: Settings, *, disk: Disk, clock: Clock, time: Timekeeper, vouched: Vouched, shelf: Forgetting
    ) -> None:
        self.journal_closed = self.signer_refused = ""
        self.disk_failed: Exception | None = None
        self._settings = settings
        self._clock = clock
        self._time = time
        self._vouched = vouched
        self._shelf = shelf
        self._updates = Records(settings.place, disk, clock)
        self._told_of_card = Told(settings.place, disk)

    def seen(self, diary: Diary | None, past: Past) -> Iterator[object]:
        """Yield all of it."""
        salvage, time = self._settings.salvage, self._time
        on_trial = is_on_trial(self._settings.place.config_files.owners)
        yield ConfigurationSeen(faults=salvage.faults, on_trial=on_trial)
        yield ClockSeen(trust=time.trust, was_synced=past.was_synced, complaint=time.complaint)
        yield CardSeen(complaint=complaint(self._told_of_card.read()))
        yield KeysSeen(certified=self._vouched.certified, refusal=self.signer_refused)
        yield journal(diary, self.journal_closed, self._clock.wall_us())
        yield disk(self._shelf, self.disk_failed, least_bytes=salvage.config.storage.reserve_bytes)
        yield update(self._updates.read(), past)


def disk(shelf: Forgetting, failed: Exception | None, *, least_bytes: int) -> DiskSeen:
    """Say how the disk is; `failed` is what guard met when it last looked what to delete."""
    total, free = shelf.space()
    if failed:
        trouble, why = _trouble(failed)
    else:
        binds = Trouble.HELD if shelf.is_short else Trouble.OVER
        trouble, why = binds if shelf.complaint else Trouble.NONE, shelf.complaint
    return DiskSeen(total_bytes=total, free_bytes=free, least_bytes=least_bytes, trouble=trouble, why=why)


def _trouble(failed: Exception) -> tuple[Trouble, str]:
    if isinstance(failed, WrongStore):
        return Trouble.WRONG, str(failed)
    number = failed.errno if isinstance(failed, StoreFault | OSError) else 0
    return Trouble.READ_ONLY if number == errno.EROFS else Trouble.REFUSES, str(failed)


def journal(diary: Diary | None, closed: str, now_us: int) -> JournalSeen:
    """Say how the journal is; `closed` says why it is not written, `now_us` (wall clock) what is lately."""
    if diary is None:
        return JournalSeen(open=False, closed=closed)
    lately = now_us - diary.lost_at_us < LOST_LATELY_US
    return JournalSeen(open=True, closed=closed, lost=diary.loss if lately else "", unreadable=_unreadable(diary))


def _unreadable(diary: Diary) -> str:
    """Say in a sentence which statements could not be taken in; nothing where all were."""
    if not diary.unreadable:
        return f"some are not entered yet: {next(iter(diary.waiting.values()))}" if diary.waiting else ""
    (segment, line), why = next(iter(diary.unreadable.items()))
    return f"{len(diary.unreadable)} could not be taken in; the first is line {line} of {segment.seal.name}: {why}"


def update(record: Record, past: Past) -> UpdateSeen:
    """Say what became of the last update, and whether there is a system to go back to."""
    trial = WORDS[Phase.INSTALLED].format(version=record.version, slot=record.slot)
    return UpdateSeen(
        failed=record.complaint, trial=trial if record.phase is Phase.INSTALLED else "", refused=past.refused,
        alone=past.alone,
    )  # fmt: skip


def network(said: Network, past: Past) -> NetworkSeen:
    """Say whether a network is reached, as body sees it."""
    return NetworkSeen(
        reached=said.way_out, was_reached=past.was_reached, connected=tuple(said.connected), apart=tuple(said.apart)
    )
