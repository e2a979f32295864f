"""
This machine's systemd: which one it is, and that one as PID 1 of namespaces of its own, over units of ours.

The image's is 257, and what is said of its units is judged by that one: `tests/ground/trixie.sh unit`.
"""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

START = Path(__file__).with_name("start_as_pid_1.sh")
NAMESPACES = ("--mount", "--pid", "--fork", "--cgroup", "--uts", "--ipc", "--kill-child", "--propagation", "private")
PLENTY_S = 60


def version() -> int:
    """This machine's systemd; 0 where there is none."""
    if shutil.which("systemd-analyze") is None:
        return 0
    said = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[1])


as_pid_1 = pytest.mark.skipif(
    version() < 257 or os.geteuid() != 0,
    reason="the image's systemd is 257, and namespaces need root; `tests/ground/trixie.sh unit` runs this",
)


class Tree:
    """What systemd finds: its own units without what they start by default, and ours."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.units = place / "units"
        self.units.mkdir()
        for path in Path("/usr/lib/systemd/system").iterdir():
            if path.is_file() and not path.is_symlink() and path.suffix in {".target", ".service", ".mount"}:
                shutil.copy(path, self.units)
        for name in ("etc/systemd/system.conf.d", "usr/lib/vigil"):
            (place / name).mkdir(parents=True)

    def unit(self, name: str, text: str, *, wanted_by: str) -> None:
        """Add a unit that goes before everything else."""
        (self.units / name).write_text(f"[Unit]\nDefaultDependencies=no\n{text}")
        wants = self.units / wanted_by
        wants.mkdir(exist_ok=True)
        (wants / name).symlink_to(f"../{name}")

    def start(self, unit: str, *, limit_s: float = PLENTY_S) -> tuple[bool, str]:
        """Whether it came to a reset within the limit, and what the console said until then."""
        master, slave = pty.openpty()
        try:
            command = ["unshare", *NAMESPACES, str(START), str(self.place), os.ttyname(slave), unit]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            try:
                code: int | None = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                code = None
            process.kill()
            process.wait()
            os.set_blocking(master, False)
            try:
                said = os.read(master, 65536).decode(errors="replace")
            except BlockingIOError:
                said = ""
        finally:
            os.close(master)
            os.close(slave)
        assert code in (None, -signal.SIGHUP), f"systemd ended with {code}: {said}"
        return code is not None, said
