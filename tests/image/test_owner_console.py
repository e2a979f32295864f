"""The shell of an owner who put a file called `console` on the card finds the commands that the guides tell."""

from __future__ import annotations

import re

from fakes.repository import ROOT

SYSTEM = ROOT / "image/system/root/usr"


def test_the_shell_finds_the_very_program_that_the_units_start():
    unit = (SYSTEM / "lib/systemd/system/vigil-guard.service").read_text()
    started = re.findall(r"^ExecStart=(\S+)", unit, re.M)

    # The directory is in the search path of every login shell of Debian's (/etc/profile).
    assert [str((SYSTEM / "local/bin/vigil").readlink())] == started
