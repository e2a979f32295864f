"""Every dead end on the way to the root ends in a reset: seen with its systemd, as PID 1 of a namespace."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from fakes.repository import ROOT
from fakes.systemd_here import Tree, as_pid_1

SYSTEM = ROOT / "image/system"
FIRST = SYSTEM / "dracut/91vigil"
# So long a control is watched that must not end: the others end within a second or two.
FOR_EVER_S = 8

pytestmark = as_pid_1


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
