"""
Judges states in an emulated box: opened by the units that open the data partitions at boot, many in one boot.

A state is what is on a further disk, on which nothing but partition table, p7 and p8 matter. What the units ask for,
the disk the system runs from, is answered with that disk instead (`sitecustomize` in their Python's path); all else is
theirs. While nobody in the box has the disk open, the next state is put into the file behind it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.inside import copy_of
from fakes.qemu import Guest, Machine, running
from power.judge import Judgement
from power.states import sparse
from power.workloads import CARD_MIB

BOOT_S = 1500
STATE_S = 600
_SIGNATURE_AT = 440  # in a master boot record
HERE = Path(__file__).parent
SCRIPT = """
exec </dev/console
stty -echo
exec /opt/vigil/bin/python /run/inside/in_guest.py /run/inside/jobs.json
"""
# Nothing of the box's own is started but what the script starts.
ARGUMENTS = "systemd.unit=inside.service"


@dataclass(frozen=True, slots=True)
class Job:
    """What puts a state into a file, and the words for `judge`."""

    leave: Callable[[Path], None]
    asked: Mapping[str, Any]


def judged(image: Path, place: Path, jobs: Sequence[Job], *, setup: str) -> Iterator[Judgement]:
    """
    Boot once, and yield what was found in each state in turn. `place` is a directory with room for two cards.

    Raises `Silence` where the box does not answer.
    """
    told = [job.asked for job in jobs]
    beside = {name: (HERE / name).read_bytes() for name in ("in_guest.py", "judge.py")}
    beside["jobs.json"] = json.dumps(told).encode()
    card = copy_of(image, place / "box.img", size_mib=CARD_MIB, setup=setup, script=SCRIPT, beside=beside)
    disk = sparse(place / "disk.img", CARD_MIB << 20)
    drive = f"if=none,id=state,format=raw,file.locking=off,file={disk}"
    more = ("-drive", drive, "-device", "virtio-blk-pci,drive=state")
    with running(Machine(board="virt", card=card.path, arguments=ARGUMENTS, more=more)) as guest:
        guest.wait_for("inside: judges", timeout_s=BOOT_S)
        for job in jobs:
            job.leave(disk)
            rename(disk)
            guest.type("next\n")
            yield answer(guest, timeout_s=STATE_S)
    card.path.unlink()
    disk.unlink()


def rename(disk: Path) -> None:
    """
    Give a disk another signature, from which the names of its partitions are made.

    A state is one of the very card: with its own signature it could be taken for the card that the system is on.
    """
    with disk.open("r+b") as file:
        file.seek(_SIGNATURE_AT)
        file.write(b"STAT")


def answer(guest: Guest, *, timeout_s: float) -> Judgement:
    """What the box says next about a state."""
    said = guest.wait_for(r"inside: judged (\{.*\})|Traceback", timeout_s=timeout_s)
    if not said[1]:
        guest.wait_for(r"^\w*(Error|Exit): ", timeout_s=timeout_s)
        raise AssertionError(guest.told())
    return Judgement(**json.loads(said[1]))
