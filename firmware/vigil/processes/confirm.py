"""Confirms the slot that the box was started from, once its system has proved itself; ends a trial that has not."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vigil.clock import Clock, SystemClock
from vigil.errors import DeviceError
from vigil.processes.ending import set_when_asked
from vigil.processes.place import Place
from vigil.processes.remount import Writable, remounted
from vigil.processes.update import Records
from vigil.processes.update_outcome import Outcomes
from vigil.store.disk import Disk
from vigil.upkeep.health import Facts, Unit, Verdict, unproven, verdict
from vigil.upkeep.network import has_way_out
from vigil.upkeep.slot_files import read_slots, write_slots
from vigil.upkeep.slots import Slot, confirm, give_up

log = logging.getLogger(__name__)
_LOOK_S = 5
_PROPERTIES = "Id,ActiveState,ActiveEnterTimestampMonotonic"


class Confirmation:
    """The slot that runs, and what there is to do about it."""

    def __init__(
        self,
        boot: Path,
        slot: Slot,
        *,
        facts: Callable[[], Facts],
        writable: Writable,
        restart: Callable[[], None],
        outcomes: Outcomes,
        has_way_out: Callable[[], bool] = has_way_out,
    ) -> None:
        self._has_way_out = has_way_out
        self._boot = boot
        self._outcomes = outcomes
        self._slot = slot
        self._facts = facts
        self._writable = writable
        self._restart = restart
        self._told: list[str] = []

    def step(self) -> bool:
        """
        Look once, and act. Return whether there is nothing left to do.

        Raises `DeviceError` or `OSError` where the state cannot be written.
        """
        found = read_slots(self._boot)
        on_trial = found.state.trial is self._slot
        lacks_network = on_trial and self._outcomes.record.had_network and not self._has_way_out()
        facts = replace(self._facts(), lacks_network=lacks_network)
        decided = verdict(facts, on_trial=on_trial)
        if decided is Verdict.CONFIRM:
            for damage in found.damage:
                log.error("a copy of the slot state is damaged and written anew: %s", damage)
            state = confirm(found.state, self._slot)
            if state != found.state or found.damage:
                with self._writable(self._boot):
                    write_slots(self._boot, state)
            log.info("slot %s is confirmed%s", self._slot, ", and its trial is over" if on_trial else "")
            self._outcomes.confirmed(self._slot)
            if not state.left(self._slot.other):
                self._outcomes.alone(self._slot)
            return True
        reasons = unproven(facts, on_trial=on_trial)
        if decided is Verdict.RESTART:
            log.critical("slot %s has not proved itself, so the box goes back to the other: %s", self._slot, reasons)
            self._outcomes.given_up(self._slot, reasons)
            try:
                with self._writable(self._boot):
                    write_slots(self._boot, give_up(found.state, self._slot))
            except (DeviceError, OSError) as error:
                # The start costs it a try all the same.
                log.error("slot %s cannot be given up: %s", self._slot, error)
            self._restart()
            return True
        self._tell(reasons)
        return False

    def _tell(self, reasons: list[str]) -> None:
        # The seconds in them are no news.
        bare = [re.sub(r"\d+ s", "", reason) for reason in reasons]
        if bare != self._told:
            self._told = bare
            log.info("slot %s is not confirmed yet: %s", self._slot, "; ".join(reasons))


def started_from(command_line: str) -> Slot | None:
    """The slot that the selector named on the kernel's command line; None on a host that has no slots."""
    words = [word.partition("=")[2] for word in command_line.split() if word.startswith("rauc.slot=")]
    return Slot(words[-1]) if words and words[-1] in {"A", "B"} else None


def slot_here() -> Slot | None:
    """The slot that this system was started from."""
    return started_from(Path("/proc/cmdline").read_text(encoding="utf-8", errors="replace"))


def read_units(told: str) -> dict[str, Unit]:
    """Units by name, from what `systemctl show` prints: `name=value` lines, an empty line between units."""
    found = {}
    for block in told.strip().split("\n\n"):
        words = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in words:
            since = words.get("ActiveEnterTimestampMonotonic", "")
            unit = Unit(state=words.get("ActiveState", "unknown"), since_us=int(since) if since.isdigit() else 0)
            found[words["Id"]] = unit
    return found


def facts_of(clock: Clock) -> Facts:
    """Look at the running system."""
    command = ["systemctl", "show", f"--property={_PROPERTIES}", "vigil-*.service"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    return Facts(now_us=clock.steady_us(), units=read_units(told), mounted=mounts)


def restart_box() -> None:
    """
    Restart in good order: recorders seal what they have.

    `systemctl reboot` comes to this where there is no logind (systemctl-start-special.c), but not before it has
    complained of that to whoever asked; on the image there is none.
    """
    command = ["systemctl", "--no-block", "--job-mode=replace-irreversibly", "start", "reboot.target"]
    subprocess.run(command, check=True, timeout=30)


def main(boot: Path, data: Path) -> int:
    """Wait until the system has proved itself, or SIGTERM. The exit code is 1 where the state could not be written."""
    slot = slot_here()
    if slot is None:
        log.info("this system was not started from a slot; there is nothing to confirm")
        return 0
    stop = set_when_asked()
    clock = SystemClock()
    outcomes = Outcomes(Records(Place(data), Disk(), clock))
    outcomes.begin(read_slots(boot).state, slot)
    what = Confirmation(
        boot, slot, facts=lambda: facts_of(clock), writable=remounted, restart=restart_box, outcomes=outcomes
    )
    while not stop.wait(_LOOK_S):
        try:
            if what.step():
                return 0
        except (DeviceError, OSError, subprocess.SubprocessError) as error:
            log.error("slot %s cannot be confirmed: %s", slot, error)
            return 1
    return 0
