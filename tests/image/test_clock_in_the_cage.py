"""Who labels statements with how far the time may be believed can ask the kernel, from inside its cage."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fakes.repository import ROOT
from fakes.systemd_here import Tree, as_pid_1

UNITS = ROOT / "image/system/root/usr/lib/systemd/system"
# What decides over system calls. The rest of the cage is about files, devices and networks.
CALLS = re.compile(r"^(NoNewPrivileges|CapabilityBoundingSet|AmbientCapabilities|ProtectClock|SystemCall\w+)=.*$", re.M)
PROBE = """import ctypes, re
print("asked:", ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))
print(re.search("CapEff.*", open("/proc/self/status").read())[0])
"""
UNIT = """[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /usr/lib/vigil/probe.py
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
[Unit]
SuccessAction=reboot-immediate
FailureAction=reboot-immediate
"""

pytestmark = as_pid_1


@pytest.mark.parametrize("service", ["vigil-guard.service", "vigil-record.service", "vigil-record@.service"])
def test_the_kernel_says_whether_it_vouches_for_its_clock_to_one_who_could_not_set_it(tmp_path: Path, service: str):
    tree = Tree(tmp_path)
    (tmp_path / "usr/lib/vigil/probe.py").write_text(PROBE)
    tree.unit("probe.service", UNIT, wanted_by="initrd.target.wants")
    (tree.units / "probe.service.d").mkdir()
    for path in (UNITS / "vigil-.service.d/10-cage.conf", UNITS / f"{service}.d/20-may.conf"):
        lines = [match[0] for match in CALLS.finditer(path.read_text())]
        (tree.units / "probe.service.d" / path.name).write_text("\n".join(["[Service]", *lines, ""]))

    _, said = tree.start("initrd.target")

    # From 0, in step, to 5, not vouched for; refused would be -1.
    assert re.search(r"^asked: [0-5]\r?$", said, re.M), said
    assert re.search(r"^CapEff:\s0+\r?$", said, re.M), said
