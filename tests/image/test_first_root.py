"""Every dead end on the way to the root ends in a reset: seen with its systemd, as PID 1 of a namespace."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from fakes.repository import ROOT
from fakes.systemd_here import version

SYSTEM = ROOT / "image/system"
FIRST = SYSTEM / "dracut/91vigil"
START = ROOT / "tests/fakes/start_as_pid_1.sh"
NAMESPACES = ("--mount", "--pid", "--fork", "--cgroup", "--uts", "--ipc", "--kill-child", "--propagation", "private")
PLENTY_S = 60
# So long a control is watched that must not end: the others end within a second or two.
FOR_EVER_S = 8


pytestmark = pytest.mark.skipif(
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


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """The first root, as dracut would lay it out."""
    tree = Tree(tmp_path)
    (tmp_path / "etc/initrd-release").write_text("ID=first\n")
    shutil.copy(FIRST / "manager.conf", tmp_path / "etc/systemd/system.conf.d/vigil.conf")
    shutil.copy(FIRST / "dead-end.sh", tmp_path / "usr/lib/vigil/dead-end.sh")
    for name in ("emergency.service", "rescue.service"):
        shutil.copy(FIRST / "dead-end.service", tree.units / name)
    for name in ("initrd.target.d", "initrd-switch-root.target.d"):
        (tree.units / name).mkdir()
        shutil.copy(FIRST / "hurry.conf", tree.units / name / "hurry.conf")
    return tree


def root_cannot_be_mounted(tree: Tree) -> None:
    text = "Before=initrd-root-fs.target\n[Mount]\nWhat=/dev/mapper/root\nWhere=/sysroot\nType=squashfs\n"
    tree.unit("sysroot.mount", text, wanted_by="initrd-root-fs.target.requires")


def test_a_root_that_cannot_be_mounted_ends_in_a_reset_and_the_console_says_why(tree: Tree):
    root_cannot_be_mounted(tree)
    ended, said = tree.start("initrd.target")

    assert ended
    assert "this system does not start; the box resets" in said
    assert "Vigil: failed: sysroot.mount" in said


def test_without_a_unit_of_ours_it_would_wait_for_ever(tree: Tree):
    """The control: what the others see is our doing."""
    root_cannot_be_mounted(tree)
    (tree.units / "emergency.service").unlink()
    (tree.units / "initrd.target.d/hurry.conf").unlink()

    assert not tree.start("initrd.target", limit_s=FOR_EVER_S)[0]


def test_a_root_with_nothing_in_it_ends_in_a_reset(tree: Tree):
    """The first root's work is done, and there is no system to go over to."""
    assert tree.start("initrd.target")[0]


def test_whatever_waits_in_the_first_root_is_given_up(tree: Tree):
    hurry = tree.units / "initrd.target.d/hurry.conf"
    hurry.write_text(re.sub(r"(?m)^(JobTimeoutSec=)\d+$", r"\g<1>2", hurry.read_text()))
    text = "Before=initrd.target\n[Service]\nType=oneshot\nExecStart=sleep infinity\n"
    tree.unit("trap.service", text, wanted_by="initrd.target.wants")

    assert tree.start("initrd.target")[0]


@pytest.fixture
def later(tmp_path: Path) -> Tree:
    """The verified root, as far as its way to `basic.target` goes."""
    tree = Tree(tmp_path)
    ours = SYSTEM / "root/usr/lib/systemd/system"
    for name in ("emergency.service", "rescue.service"):
        shutil.copy(ours / name, tree.units / name)
    shutil.copytree(ours / "basic.target.d", tree.units / "basic.target.d")
    return tree


@pytest.mark.parametrize("unit", ["emergency.target", "rescue.target", "there-is-none.target"])
def test_no_root_waits_for_somebody_at_a_keyboard(later: Tree, unit: str):
    """A default target that cannot be loaded makes systemd fall back to the rescue target."""
    assert later.start(unit)[0]


def test_whatever_waits_on_the_way_to_the_basic_system_is_given_up(later: Tree):
    hurry = later.units / "basic.target.d/10-hurry.conf"
    hurry.write_text(re.sub(r"(?m)^(JobTimeoutSec=)\d+$", r"\g<1>2", hurry.read_text()))
    text = "Before=sysinit.target\n[Service]\nType=oneshot\nExecStart=sleep infinity\n"
    later.unit("trap.service", text, wanted_by="sysinit.target.wants")

    assert later.start("multi-user.target")[0]
