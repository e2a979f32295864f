"""The units that end a box on battery, run by the image's systemd as PID 1: from guard's note to the UPS, in order."""

from __future__ import annotations

import shutil

import pytest

from fakes.nut import recording_drivers, with_nut
from fakes.repository import ROOT
from fakes.systemd_here import Tree, as_pid_1

SYSTEM = ROOT / "image/system/root/usr/lib"
UNITS = SYSTEM / "systemd/system"

pytestmark = [as_pid_1, with_nut]


@pytest.fixture
def tree(tmp_path):
    """Our units and scripts over this machine's, a UPS whose driver records, and a `sleep` that does not wait."""
    made = Tree(tmp_path)
    for name in ("vigil-power-off.path", "vigil-power-off.service"):
        shutil.copy(UNITS / name, made.units)
    # Without their cage, which needs more of the ground than these namespaces give; test_units.py judges it.
    for name in ("vigil/power-off", "vigil/kill-power", "systemd/system-shutdown/vigil-kill-power"):
        (tmp_path / "usr/lib" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SYSTEM / name, tmp_path / "usr/lib" / name)
    (tmp_path / "usr/bin").mkdir()
    (tmp_path / "usr/bin/sleep").write_text('#!/bin/sh\necho "waited $1 s" >>/record\n')
    (tmp_path / "usr/bin/sleep").chmod(0o755)
    root = tmp_path / "root"
    (root / "vigil/state/nut").mkdir(parents=True)
    drivers = recording_drivers(root / "drivers")
    (drivers / "dummy-ups").write_text('#!/bin/sh\necho "driver $*" >>/record\nls /run/vigil-kill-power >>/record\n')
    (root / "vigil/state/nut/ups.conf").write_text(
        'driverpath = "/drivers"\n[ups]\n    driver = dummy-ups\n    port = x.dev\n'
    )
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nvigil:x:800:\n")
    # It ends as every unit does that does not ask for anything else.
    (made.units / "recorder.service").write_text(
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"
        "ExecStop=/bin/sh -c 'echo sealed >>/record'\n"
    )
    return made


def leave(tree, note):
    """Guard leaves a note, in the directory that is its own."""
    tree.unit(
        "guard.service",
        "After=recorder.service\n"
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nRuntimeDirectory=vigil-guard\nRuntimeDirectoryMode=0750\n"
        f"ExecStart=/bin/sh -c 'echo {note} >/run/part; mv /run/part /run/vigil-guard/power-off'\n",
        wanted_by="box.target.wants",
    )
    (tree.units / "box.target").write_text(
        "[Unit]\nAllowIsolate=yes\nDefaultDependencies=no\nWants=recorder.service vigil-power-off.path\n"
    )


def test_after_everything_has_ended_the_ups_is_told_and_who_still_has_power_starts_again(tree):
    leave(tree, "kill-power")

    started_again, said = tree.start("box.target")

    record = (tree.place / "root/record").read_text().splitlines()
    assert started_again, said
    assert "UPS driver controller" in said, "what upsdrvctl says is on the console"
    assert record[0] == "sealed"
    assert record[1].startswith("driver -a ups") and "-k" in record[1].split()
    assert record[2:] == ["ups.conf", "waited 50 s"]
