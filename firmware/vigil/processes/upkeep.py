"""The process `upkeep`: watches over the box, and restarts it where nothing else helps and it has not just done so."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from vigil.clock import Clock, SystemClock
from vigil.errors import FormatError, StoreError
from vigil.processes.boot_log import EVERY_US, TRIAL_EVERY_US, BootLog
from vigil.processes.confirm import slot_here
from vigil.processes.ending import set_when_asked
from vigil.processes.notify import Notifier
from vigil.processes.place import Place
from vigil.processes.update import Records
from vigil.store.disk import Disk
from vigil.upkeep.reboot_budget import Budget
from vigil.upkeep.stuck import Stuck, Thread, parse_stat

log = logging.getLogger(__name__)
_LOOK_S = 5
_SAVE_S = 600
_PATIENCE_S = 5


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
    """The loop of upkeep."""

    def __init__(
        self,
        place: Place,
        disk: Disk,
        clock: Clock,
        *,
        threads: Callable[[], Mapping[int, Thread]],
        restart: Callable[[], None],
    ) -> None:
        self._path = place.state / "reboot-budget.json"
        self._disk = disk
        self._clock = clock
        self._threads = threads
        self._restart = restart
        self._stuck = Stuck()
        self._saved_us = self._lived_us = clock.steady_us()
        self._told = ""
        self.budget = self._restored()

    def step(self) -> str:
        """Look once; return in a line how the box is."""
        now_us = self._clock.steady_us()
        self._live(now_us)
        self._stuck = self._stuck.after(self._threads(), now_us)
        why = self._stuck.stalled(now_us)
        if not why:
            self._told = ""
            return "all is well"
        wait_s = self.budget.wait_s
        if wait_s == 0:
            log.critical("the box is restarted: %s", why)
            self.budget = self.budget.spent()
            self._save_or_go_on()
            self._restart()
        told = "it is not restarted again, for that did not help" if wait_s is None else "it may be restarted later"
        if self._told != told:
            self._told = told
            log.error("%s; %s", why, told)
        return f"degraded: {why}"

    def close(self) -> None:
        """Keep what is to be kept."""
        self._live(self._clock.steady_us())
        self._save_or_go_on()

    def _live(self, now_us: int) -> None:
        seconds = (now_us - self._lived_us) // 1_000_000
        self._lived_us += seconds * 1_000_000
        before, self.budget = self.budget, self.budget.lived(seconds)
        # Of a box that was never restarted there is nothing to remember, and the card is spared.
        if before.forced and (now_us - self._saved_us >= _SAVE_S * 1_000_000 or not self.budget.forced):
            self._saved_us = now_us
            self._save_or_go_on()

    def _restored(self) -> Budget:
        try:
            return Budget.restored(json.loads(self._disk.read_bytes(self._path)))
        except (StoreError, FormatError, ValueError, RecursionError):
            return Budget()

    def _save_or_go_on(self) -> None:
        """Save the budget, but wait for a card that may have stalled no longer than a moment."""
        if not self.budget.forced and not self._path.exists():
            return
        saving = threading.Thread(target=self._save, name="save", daemon=True)
        saving.start()
        saving.join(_PATIENCE_S)

    def _save(self) -> None:
        try:
            self._disk.replace(self._path, json.dumps(self.budget.saved()).encode())
        except StoreError as error:
            log.warning("the reboot budget is not saved: %s", error)


def restart_now() -> None:
    """Restart at once, without asking anybody who might wait for the card (proc(5), sysrq-trigger)."""
    Path("/proc/sysrq-trigger").write_text("b")


def main(data: Path) -> int:
    """Watch until SIGTERM or SIGINT."""
    stop = set_when_asked()
    clock = SystemClock()
    notifier = Notifier.of_this_process(clock)
    upkeep = Upkeep(Place(data), Disk(), clock, threads=threads_of_ours, restart=restart_now)
    boot_log, kept_us = BootLog(Disk(), Place(data).state / "log"), clock.steady_us()
    slot, records = slot_here(), Records(Place(data), Disk(), clock)
    on_trial = records.read().is_trial_of(slot)
    notifier.ready()
    while not stop.wait(_LOOK_S):
        notifier.status(upkeep.step())
        notifier.feed(lambda: "")
        if clock.steady_us() - kept_us >= (TRIAL_EVERY_US if on_trial else EVERY_US):
            kept_us = clock.steady_us()
            boot_log.keep()
            on_trial = on_trial and records.read().is_trial_of(slot)
    notifier.stopping()
    boot_log.keep()
    upkeep.close()
    return 0
