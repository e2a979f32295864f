"""
Judges states in an emulated box: opened by the units that open the data partitions at boot, many in one boot.

Each state is a further disk, on which nothing but partition table, p7 and p8 matter. What the units ask for, the disk
the system runs from, is answered with that disk instead (`sitecustomize` in their Python's path); all else is theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.inside import copy_of
from fakes.qemu import Guest, Machine, running
from power.judge import Judgement

BOOT_S = 1500
STATE_S = 600
_SIGNATURE_AT = 440  # in a master boot record
HERE = Path(__file__).parent
SCRIPT = """
exec /opt/vigil/bin/python /run/inside/in_guest.py /run/inside/jobs.json
"""
# Nothing of the box's own is started but what the script starts.
ARGUMENTS = "systemd.unit=inside.service"


@dataclass(frozen=True, slots=True)
class Job:
    """A disk, and the words for `judge`."""

    disk: Path
    asked: Mapping[str, Any]


def judged(image: Path, place: Path, jobs: Sequence[Job], *, setup: str) -> Iterator[Judgement]:
    """
    Boot once with all the disks, and yield what was found on each in turn; but for a name of their own (`rename`) the
    disks stay as they were.

    Raises `Silence` where the box does not answer.
    """
    told = [job.asked for job in jobs]
    beside = {name: (HERE / name).read_bytes() for name in ("in_guest.py", "judge.py")}
    beside["jobs.json"] = json.dumps(told).encode()
    card = copy_of(image, place, size_mib=2048, setup=setup, script=SCRIPT, beside=beside)
    for number, job in enumerate(jobs):
        rename(job.disk, number)
    machine = Machine(board="virt", card=card.path, arguments=ARGUMENTS, more=tuple(_plugged(jobs)))
    try:
        with running(machine) as guest:
            guest.wait_for("inside: judges", timeout_s=BOOT_S)
            for _ in jobs:
                yield answer(guest, timeout_s=STATE_S)
    finally:
        place.unlink()


def rename(disk: Path, number: int) -> None:
    """
    Give a disk another signature, from which the names of its partitions are made.

    All states are states of one card: with its own signature, any of them could be
    taken for the card that the system is on.
    """
    with disk.open("r+b") as file:
        file.seek(_SIGNATURE_AT)
        file.write(b"ST" + number.to_bytes(2, "little"))


def answer(guest: Guest, *, timeout_s: float) -> Judgement:
    """What the box says next about a state."""
    said = guest.wait_for(r"inside: judged (\{.*\})|Traceback", timeout_s=timeout_s)
    if not said[1]:
        raise AssertionError(guest.told())
    return Judgement(**json.loads(said[1]))


def _plugged(jobs: Sequence[Job]) -> Iterator[str]:
    yield from ("-device", "virtio-scsi-pci,id=scsi")
    for number, job in enumerate(jobs):
        yield from ("-drive", f"if=none,id=s{number},format=raw,file={job.disk},snapshot=on")
        yield from ("-device", f"scsi-hd,drive=s{number},bus=scsi.0,scsi-id={number}")
