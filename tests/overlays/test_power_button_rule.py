"""What udev makes of the power button: a key that logind waits for, and no key of another device."""

from __future__ import annotations

import subprocess

import pytest

from fakes.repository import ROOT
from fakes.systemd_here import version

NAME = "vigil power button"
RULES = ROOT / "image/system/root/usr/lib/udev/rules.d/72-vigil-power-button.rules"


@pytest.mark.parametrize("family", ["bcm2835", "rp1"])
def test_the_rule_knows_the_button_by_the_name_that_the_overlay_gives_it(family: str):
    overlay = (ROOT / f"overlays/{family}/power-button.dts").read_text()

    assert f'label = "{NAME}";' in overlay
    assert RULES.read_text().count(f'"{NAME}"') == 2


@pytest.mark.skipif(
    version() < 254, reason="`udevadm verify` is of systemd 254; `tests/ground/trixie.sh unit` runs this"
)
def test_udev_understands_the_rule():
    done = subprocess.run(["udevadm", "verify", "--resolve-names=never", RULES], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
