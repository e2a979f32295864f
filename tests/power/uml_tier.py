"""
Judges states in a user-mode Linux: the units of the image open them, under the image's systemd, in seconds.

The kernel is a program of this machine (tests/fakes/user_mode_linux.py). Its PID 1 is systemd 257 of Debian trixie,
which finds the very unit files of the image with all their settings, and the checkout's firmware in its place; what the
units call are Debian's own programs. A state is opened, judged and closed as in the emulated box (`in_guest.py`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

from fakes import user_mode_linux
from fakes.repository import ROOT
from fakes.user_mode_linux import DISK, its_modules
from power.guest_tier import HERE, Job, rename
from power.judge import Judgement
from power.states import sparse
from power.workloads import CARD_MIB

START_S = 120
STATE_S = 300
MEMORY = "/dev/shm"
START = HERE / "start_box.sh"
TRIXIE = ROOT / "tests/ground/trixie.sh"
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
# This kernel's is a program that is not there, and is asked for again and again.
NO_WATCHDOG = b"[Manager]\nRuntimeWatchdogSec=off\nRebootWatchdogSec=off\n"
# Read-only like the image, so what is compiled lies elsewhere: it is made before anything is judged.
COMPILED = "export PYTHONPYCACHEPREFIX=/run/compiled"
MODULES = "vigil.__main__, vigil.processes.partitions, vigil.processes.first_boot"
PYTHON = f"""#!/bin/sh
{COMPILED}
exec /opt/python/bin/python "$@"
"""
VIGIL = f"""#!/bin/sh
{COMPILED}
exec /opt/python/bin/python -m vigil "$@"
"""
UNIT = f"""[Service]
ExecStartPre=/opt/vigil/bin/python -c "import {MODULES}"
ExecStartPre=/usr/bin/stty -echo
ExecStart=/opt/vigil/bin/python -W error /opt/inside/in_guest.py /opt/inside/jobs.json {DISK}
ExecStopPost=/usr/bin/systemctl poweroff --force --force
StandardInput=tty-force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
"""


def missing() -> str:
    """What this machine lacks for it, in words; "" where it has all. What is made in seconds is not asked for."""
    if lack := user_mode_linux.missing():
        return lack
    if os.geteuid() != 0:
        return "it mounts what its kernel starts from, which needs root"
    cache = Path(os.environ.get("VIGIL_CACHE", Path.home() / ".cache/vigil"))
    names = subprocess.run([TRIXIE, "hash"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    if not all((cache / name).is_dir() for name in names):
        return "Debian trixie was not made yet: tests/ground/trixie.sh build"
    return ""


def judged(place: Path, jobs: Sequence[Job]) -> Iterator[Judgement]:
    """
    Start once, and yield what was found in each state in turn. `place` is a directory with room for two cards.

    Raises `AssertionError` with what was said where there is no answer.
    """
    over(place / "over", jobs)
    # On a disk of this machine each flush would wait for everybody's writes.
    with TemporaryDirectory(dir=MEMORY) as memory:
        disk = sparse(Path(memory) / "disk.img", CARD_MIB << 20)
        with started(place, disk) as box:
            box.wait_for("inside: judges", limit_s=START_S)
            for job in jobs:
                job.leave(disk)
                rename(disk)
                box.say("next")
                found = box.wait_for(r"inside: judged (\{.*\})", limit_s=STATE_S)
                yield Judgement(**json.loads(found[1]))


def over(place: Path, jobs: Sequence[Job]) -> None:
    """What comes on top of the image's files: the firmware's place, what judges, and no /boot, which no state has."""
    files = {
        "etc/systemd/system/judges.service": UNIT.encode(),
        "etc/systemd/system.conf.d/zz-no-watchdog.conf": NO_WATCHDOG,
        "opt/vigil/bin/python": PYTHON.encode(),
        "opt/vigil/bin/vigil": VIGIL.encode(),
        "opt/inside/jobs.json": json.dumps([job.asked for job in jobs]).encode(),
        **{f"opt/inside/{name}": (HERE / name).read_bytes() for name in ("in_guest.py", "judge.py")},
    }
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    for program in (place / "opt/vigil/bin").iterdir():
        program.chmod(0o755)
    (place / "etc/systemd/system/boot.mount").symlink_to("/dev/null")
    for name in ("vigil/state", "vigil/video", "boot", f"usr/lib/modules/{its_modules().name}"):
        (place / name).mkdir(parents=True)


class Box:
    """The kernel's console."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said: list[str] = []

    def say(self, line: str) -> None:
        """Type a line."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def wait_for(self, pattern: str, *, limit_s: float) -> re.Match[str]:
        """The next line in which the pattern is found. Raises `AssertionError` where none comes in time."""
        assert self._process.stdout
        timer = Timer(limit_s, self._process.kill)
        timer.start()
        try:
            for line in self._process.stdout:
                self._said.append(line.rstrip())
                if found := re.search(pattern, line):
                    return found
        finally:
            timer.cancel()
        raise AssertionError("\n".join([f"{pattern} was not said", *self._said[-40:]]))


@contextmanager
def started(place: Path, disk: Path) -> Iterator[Box]:
    """The kernel, running; it ends with this."""
    made = subprocess.run([TRIXIE, "box"], stdout=subprocess.PIPE, text=True, check=True)
    words = [place, ROOT, *made.stdout.split(), its_modules(), disk]
    process = subprocess.Popen(
        [*ALONE, START, *map(str, words)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    try:
        yield Box(process)
    finally:
        process.kill()
        process.communicate()
