"""
Runs in the emulated box: has its units open one state of a disk after the other, and judges what is on it.

The further disk of the machine is another one each time: whoever is at the console changes it, and says so by a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from judge import Judgement, judge  # type: ignore[import-not-found]  # beside this file, in the box

from vigil.errors import FormatError
from vigil.upkeep.block_devices import Card
from vigil.upkeep.partition_table import read_table

DISK = Path(sys.argv[2] if len(sys.argv) > 2 else "/dev/vdb")
RUN = Path("/run/inside")
ANSWER = f"""
from pathlib import Path
import vigil.upkeep.block_devices
vigil.upkeep.block_devices.card_of_root = lambda: Path("{DISK}")
"""
OPENED = ("vigil-open@state.service", "vigil-open@video.service")
UNITS = ("vigil-firstboot.service", "vigil-state.mount", "vigil-video.mount")
VIDEO = Path("/vigil/video")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lie_about_the_card() -> None:
    """Let the units that open partitions take `DISK` for the one the system runs from."""
    path = RUN / "path"
    path.mkdir(parents=True, exist_ok=True)
    (path / "sitecustomize.py").write_text(ANSWER)
    where = Path("/run/systemd/system/vigil-open@.service.d")
    where.mkdir(parents=True, exist_ok=True)
    (where / "90-card.conf").write_text(f"[Service]\nEnvironment=PYTHONPATH={path}\n")
    run("systemctl", "daemon-reload")


def table_of_disk() -> object:
    """The partition table of the disk; None where there is no reading it."""
    try:
        return read_table(Card(DISK).read_sector)
    except FormatError:
        return None


def changed(table: object) -> None:
    """
    Look anew at the disk, which is another one now.

    The kernel keeps nothing of a disk that nobody has open. Its partitions are made anew only where `table`, what it
    knows of the disk before, was another: to tell everybody of nine new devices takes longer than to open two.
    """
    run("blockdev", "--flushbufs", str(DISK))
    found = table_of_disk()
    if found is None or found != table:
        run("blockdev", "--rereadpt", str(DISK))
        run("udevadm", "settle")


def examined(asked: dict[str, Any]) -> dict[str, object]:
    """Open, judge and close the disk."""
    began = time.monotonic()
    started = run("systemctl", "start", *UNITS)
    opened_s = time.monotonic() - began
    if not os.path.ismount(VIDEO) or not os.path.ismount("/vigil/state"):
        said = run("journalctl", "--no-pager", "-b", "-o", "cat", "-n", "12", "-u", OPENED[0], "-u", OPENED[1]).stdout
        found = Judgement(wrong=["not mounted: " + said[-900:]])
    else:
        found = judge(VIDEO, **asked)
        if started.returncode:
            found.wrong.append("a unit failed: " + started.stderr.strip()[-300:])
    judged_s = time.monotonic() - began - opened_s
    run("systemctl", "stop", *UNITS)
    for name in ("state", "video"):
        clean = run("e2fsck", "-fn", f"/dev/mapper/vigil-{name}")
        if clean.returncode:
            found.wrong.append(f"e2fsck -fn of {name}: {clean.returncode}: {clean.stdout.strip()[-200:]}")
        status = run("dmsetup", "status", f"vigil-{name}").stdout.split()
        if status[3:4] != ["0"]:
            found.wrong.append(f"tags of {name} do not fit: {' '.join(status)}")
    run("systemctl", "stop", *OPENED)
    run("systemctl", "reset-failed")
    closed_s = time.monotonic() - began - opened_s - judged_s
    print(f"inside: took {opened_s:.1f} + {judged_s:.1f} + {closed_s:.1f} s", flush=True)
    return found.as_json()


def main(jobs: Path) -> None:
    lie_about_the_card()
    table: object = None
    print("inside: judges", flush=True)
    for asked in json.loads(jobs.read_text()):
        sys.stdin.readline()
        changed(table)
        print("inside: judged " + json.dumps(examined(asked)), flush=True)
        table = table_of_disk()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
