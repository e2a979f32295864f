"""Runs in the emulated box: has its units open one disk after the other, and judges what is on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from judge import Judgement, judge  # type: ignore[import-not-found]  # beside this file, in the box

RUN = Path("/run/inside")
CARD = RUN / "card"
ANSWER = f"""
from pathlib import Path
from typing import Any
import vigil.upkeep.block_devices
vigil.upkeep.block_devices.card_of_root = lambda: Path(Path("{CARD}").read_text())
"""
OPENED = ("vigil-open@state.service", "vigil-open@video.service")
UNITS = ("vigil-firstboot.service", "vigil-state.mount", "vigil-video.mount")
VIDEO = Path("/vigil/video")
BLOCK = Path("/sys/block")
PATIENCE_S = 300


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lie_about_the_card() -> None:
    """Let the units that open partitions take the disk named in `CARD` for the one the system runs from."""
    path = RUN / "path"
    path.mkdir(exist_ok=True)
    (path / "sitecustomize.py").write_text(ANSWER)
    where = Path("/run/systemd/system/vigil-open@.service.d")
    where.mkdir(parents=True, exist_ok=True)
    (where / "90-card.conf").write_text(f"[Service]\nEnvironment=PYTHONPATH={path}\n")
    run("systemctl", "daemon-reload")


def disks(count: int) -> list[str]:
    """The devices of the states, in order: their SCSI targets are numbered so. Waits until all of them are there."""
    run("modprobe", "-a", "virtio_scsi", "sd_mod")
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        run("udevadm", "settle")
        found = {int(path.resolve().name.split(":")[2]): path.parent.name for path in BLOCK.glob("sd*/device")}
        if len(found) == count:
            return [f"/dev/{found[number]}" for number in range(count)]
        time.sleep(1)
    raise SystemExit(f"Traceback: {len(found)} of {count} disks are there")


def examined(asked: dict[str, Any], disk: str) -> dict[str, object]:
    """Open, judge and close one disk."""
    CARD.write_text(disk)
    began = time.monotonic()
    run("systemctl", "start", *UNITS)
    opened_s = time.monotonic() - began
    if not os.path.ismount(VIDEO) or not os.path.ismount("/vigil/state"):
        said = run("journalctl", "--no-pager", "-b", "-o", "cat", "-n", "12", "-u", OPENED[0], "-u", OPENED[1]).stdout
        found = Judgement(wrong=["not mounted: " + said[-900:]])
    else:
        found = judge(VIDEO, **asked)
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
    all_asked = json.loads(jobs.read_text())
    found = disks(len(all_asked))
    print("inside: judges", flush=True)
    for asked, disk in zip(all_asked, found, strict=True):
        print("inside: judged " + json.dumps(examined(asked, disk)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
