"""The process `upkeep`: watches over the box, and restarts it where nothing else helps and it has not just done so."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from vigil.clock import Clock, SystemClock
from vigil.errors import FormatError, StoreError
from vigil.processes.aside import Aside
from vigil.processes.boot_log import EVERY_US, TRIAL_EVERY_US, BootLog
from vigil.processes.card_errors import CardWatch, KernelLog
from vigil.processes.confirm import slot_here
from vigil.processes.ending import set_when_asked
from vigil.processes.memory import hold
from vigil.processes.notify import Notifier
from vigil.processes.place import Place
from vigil.processes.tellings import tell
from vigil.processes.update import Records
from vigil.store.disk import Disk
from vigil.upkeep.closed import closed
from vigil.upkeep.reboot_budget import Budget, Ended, Note, begun
from vigil.upkeep.stuck import Stuck, Thread, parse_stat

log = logging.getLogger(__name__)
_LOOK_S = 5
_SAVE_S = 600
_CARD_EVERY_US = 30_000_000
_PATIENCE_S = 5
_MOUNTINFO = Path("/proc/self/mountinfo")


def threads_of_ours(
    cgroups: Path = Path("/sys/fs/cgroup/system.slice"), proc: Path = Path("/proc")
) -> dict[int, Thread]:
    """Return every thread of the processes that touch the card, by number."""
    found: dict[int, Thread] = {}
    for pattern in ("vigil-*.service/cgroup.procs", "system-vigil*.slice/vigil-*.service/cgroup.procs"):
        for listing in cgroups.glob(pattern):
            for number in _words(listing):
                for stat in (proc / number / "task").glob("*/stat"):
                    if line := " ".join(_words(stat)):
                        found[int(stat.parent.name)] = parse_stat(line)
    return found


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").split()
    except OSError:
        # Processes come and go.
        return []


class Upkeep:
    """The loop of upkeep. `after_reset` says that this start followed a reset, and no loss of power."""

    def __init__(
        self,
        place: Place,
        disk: Disk,
        clock: Clock,
        *,
        threads: Callable[[], Mapping[int, Thread]],
        restart: Callable[[], None],
        after_reset: bool,
        mountinfo: Callable[[], str],
        is_there: Callable[[Path], bool] = os.path.ismount,
    ) -> None:
        self._place = place
        self._path = place.state / "reboot-budget.json"
        self._disk = disk
        self._clock = clock
        self._threads = threads
        self._restart = restart
        self._is_there = is_there
        self._mountinfo = mountinfo
        self._aside = Aside()
        self._stuck = Stuck()
        self._lived_us = clock.steady_us()
        self._saved_us = self._lived_us
        self._told = ""
        self.budget = self._begun(after_reset=after_reset)

    @property
    def is_waiting(self) -> bool:
        """Whether anybody waits for the card right now: then nothing should be asked of it that can be put off."""
        return bool(self._stuck.since)

    def step(self) -> str:
        """Look once; return in a line how the box is."""
        now_us = self._clock.steady_us()
        self._live(now_us)
        self._stuck = self._stuck.after(self._threads(), now_us)
        places = (str(self._place.state), str(self._place.video))
        why = self._stuck.stalled(now_us) or closed(self._mountinfo(), places)
        if not why:
            self._told = ""
            return "all is well"
        wait_s = self.budget.wait_s
        if wait_s == 0:
            log.critical("the box is restarted: %s", why)
            self.budget = self.budget.spent()
            self._save(Ended.FORCED, why)
            self._restart()
        told = "it is not restarted again, for that did not help" if wait_s is None else "it may be restarted later"
        if self._told != told:
            self._told = told
            log.error("%s; %s", why, told)
        return f"degraded: {why}; {told}"

    def close(self) -> None:
        """Keep what is to be kept: the box ends in good order."""
        self._live(self._clock.steady_us())
        self._save(Ended.ORDERLY)

    def _begun(self, *, after_reset: bool) -> Budget:
        note = self._noted()
        budget = begun(note, after_reset=after_reset)
        if note is None:
            log.warning("nothing is known of earlier restarts: the state partition does not answer")
            return budget
        if note.ended is Ended.FORCED:
            log.warning("the box restarted itself: %s", note.why)
            self._tell_restart(note.why)
        elif budget != note.budget:
            log.warning("the box was reset, and nobody had asked for it")
            self._tell_restart("it was reset, and nobody had asked for it")
        if Note(budget) != note:
            self.budget = budget
            self._save()
        return budget

    def _tell_restart(self, why: str) -> None:
        def write() -> None:
            tell(self._disk, self._place.tellings, "box.restarted", {"why": why}, at_us=self._clock.wall_us())

        self._aside.run(write, patience_s=_PATIENCE_S)

    def _live(self, now_us: int) -> None:
        seconds = (now_us - self._lived_us) // 1_000_000
        self._lived_us += seconds * 1_000_000
        before, self.budget = self.budget, self.budget.lived(seconds)
        # Of a box that was never restarted there is nothing to remember, and the card is spared.
        if before.forced and (now_us - self._saved_us >= _SAVE_S * 1_000_000 or not self.budget.forced):
            self._saved_us = now_us
            self._save()

    def _noted(self) -> Note | None:
        """Return what the card remembers; None where it does not answer, or what it says means nothing."""
        found: list[Note] = []

        def read() -> None:
            if not self._is_there(self._place.state):
                return
            try:
                if not self._path.exists():
                    found.append(Note())
                    return
                found.append(Note.restored(json.loads(self._disk.read_bytes(self._path))))
            except (StoreError, FormatError, OSError, ValueError, RecursionError) as error:
                log.warning("the reboot budget cannot be read: %s", error)

        self._aside.run(read, patience_s=_PATIENCE_S)
        return found[0] if found else None

    def _save(self, ended: Ended = Ended.NOT, why: str = "") -> None:
        """Make the note durable, but wait for a card that may have stalled no longer than a moment."""
        data = json.dumps(Note(self.budget, ended, why).saved()).encode()

        def write() -> None:
            try:
                if self._is_there(self._place.state):
                    self._disk.replace(self._path, data)
            except (StoreError, OSError) as error:
                log.warning("the reboot budget is not saved: %s", error)

        if not self._aside.run(write, patience_s=_PATIENCE_S):
            log.warning("the reboot budget is not saved: the card does not answer")


class KeptLog:
    """The log of this boot, kept more often while the slot is on trial. What is done here may wait for the card."""

    def __init__(self, boot_log: BootLog, is_on_trial: Callable[[], bool]) -> None:
        self._boot_log = boot_log
        self._is_on_trial = is_on_trial
        self.every_us = EVERY_US

    def look(self) -> None:
        """See whether there is a trial."""
        self.every_us = TRIAL_EVERY_US if self._is_on_trial() else EVERY_US

    def keep(self) -> None:
        """Keep what was logged; a trial that is over is none."""
        self._boot_log.keep()
        if self.every_us != EVERY_US:
            self.look()


class Chore:
    """Work that is done aside every so often; nobody waits for it."""

    def __init__(self, clock: Clock, aside: Aside, work: Callable[[], None], every_us: Callable[[], int]) -> None:
        self._clock = clock
        self._aside = aside
        self._work = work
        self._every_us = every_us
        self._done_us = clock.steady_us()

    def do_if_due(self) -> None:
        """Begin it where it is time."""
        if self._clock.steady_us() - self._done_us >= self._every_us():
            self._done_us = self._clock.steady_us()
            self._aside.run(self._work, patience_s=0)


def restart_now() -> None:
    """Restart at once, without asking anybody who might wait for the card (proc(5), sysrq-trigger)."""
    Path("/proc/sysrq-trigger").write_text("b")


def came_by_reset(command_line: str) -> bool:
    """Whether the selector saw that the memory had kept its contents (docs/spec/slots.md)."""
    return "vigil.start=reset" in command_line.split()


def main(data: Path) -> int:
    """Watch until SIGTERM or SIGINT."""
    stop = set_when_asked()
    clock = SystemClock()
    notifier = Notifier.of_this_process(clock)
    after_reset = came_by_reset(Path("/proc/cmdline").read_text(encoding="utf-8", errors="replace"))
    upkeep = Upkeep(
        Place(data), Disk(), clock, threads=threads_of_ours, restart=restart_now, after_reset=after_reset,
        mountinfo=lambda: _MOUNTINFO.read_text(encoding="utf-8", errors="replace"),
    )  # fmt: skip
    slot, records = slot_here(), Records(Place(data), Disk(), clock)
    kept_log = KeptLog(BootLog(Disk(), Place(data).state / "log"), lambda: records.read().is_trial_of(slot))
    aside = Aside()
    aside.run(kept_log.look, patience_s=_PATIENCE_S)
    watch = CardWatch(Place(data), Disk(), clock, records=KernelLog().new)
    chores = (
        Chore(clock, aside, kept_log.keep, lambda: kept_log.every_us),
        Chore(clock, Aside(), watch.look, lambda: _CARD_EVERY_US),
    )
    notifier.ready()
    if not hold():
        log.warning("upkeep may have to be read from the card just when that has stalled")
    while not stop.wait(_LOOK_S):
        notifier.status(upkeep.step())
        notifier.feed(lambda: "")
        if not upkeep.is_waiting:
            for chore in chores:
                chore.do_if_due()
    notifier.stopping()
    aside.run(kept_log.keep, patience_s=_PATIENCE_S)
    upkeep.close()
    return 0
