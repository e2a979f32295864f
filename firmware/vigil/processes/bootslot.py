"""What RAUC asks about the slots, and what it orders: the backend behind its `bootloader=custom`."""

from __future__ import annotations

import sys
from pathlib import Path

from vigil.errors import ConfigError, DeviceError
from vigil.processes.confirm import started_from
from vigil.processes.remount import Writable, remounted
from vigil.upkeep.slot_files import read_slots, write_slots
from vigil.upkeep.slots import Slot, SlotState, confirm, give_up, try_next


def answer(words: list[str], state: SlotState, running: Slot | None) -> tuple[str, SlotState]:
    """
    Return what is printed, and the state as it is afterwards.

    A slot is *good* while it has tries left: that is what RAUC wants to know. Raises `ConfigError` for what RAUC
    never says.
    """
    match words:
        case ["get-primary"]:
            return str(state.primary or state.order[0]), state
        case ["get-current"] if running:
            return str(running), state
        case ["get-state", "A" | "B" as name]:
            return "good" if state.left(Slot(name)) else "bad", state
        case ["set-primary", "A" | "B" as name]:
            # Of a slot that runs there is nothing to try.
            return "", confirm(state, Slot(name)) if running == name else try_next(state, Slot(name))
        case ["set-state", "A" | "B" as name, "good"]:
            return "", confirm(state, Slot(name))
        case ["set-state", "A" | "B" as name, "bad"]:
            return "", give_up(state, Slot(name))
    raise ConfigError([f"bootslot: {' '.join(words)} is not understood"])


def main(
    words: list[str],
    boot: Path,
    *,
    command_line: Path = Path("/proc/cmdline"),
    writable: Writable = remounted,
) -> int:
    """Answer or obey once; the exit code is 1 where the state could not be written."""
    found = read_slots(boot)
    running = started_from(command_line.read_text(encoding="utf-8", errors="replace"))
    said, state = answer(words, found.state, running)
    if state != found.state:
        try:
            with writable(boot):
                write_slots(boot, state)
        except (DeviceError, OSError) as error:
            print(f"bootslot: {error}", file=sys.stderr)
            return 1
    if said:
        print(said)
    return 0
