"""The guards of the watchdog chain hang together: whoever waits inside another waits shorter, and the page says it."""

from __future__ import annotations

import re

import pytest

from builder.config import read_image
from fakes.repository import ROOT
from vigil.upkeep.health import PROVED_US
from vigil.upkeep.stuck import STALLED_S

SYSTEM = ROOT / "image/system"
FIRST = SYSTEM / "dracut/91vigil"
UNITS = SYSTEM / "root/usr/lib/systemd/system"
TABLE = (ROOT / "docs/design/boot.md").read_text().partition("## The watchdog chain")[2].partition("\n\nHow they")[0]


def seconds(name: str, place: str) -> int:
    """A number of seconds from a unit or a configuration of systemd's."""
    (found,) = re.findall(rf"^{name}=(\d+)$", (SYSTEM / place).read_text(), re.MULTILINE)
    return int(found)


FIRST_DEVICE_S = seconds("DefaultDeviceTimeoutSec", "dracut/91vigil/manager.conf")
FIRST_WHOLE_S = seconds("JobTimeoutSec", "dracut/91vigil/hurry.conf")
FIRST_HARDWARE_S = seconds("RuntimeWatchdogSec", "dracut/91vigil/manager.conf")
HARDWARE_S = seconds("RuntimeWatchdogSec", "root/etc/systemd/system.conf.d/vigil.conf")
ON_THE_WAY_DOWN_S = seconds("RebootWatchdogSec", "root/etc/systemd/system.conf.d/vigil.conf")
BASIC_S = seconds("JobTimeoutSec", "root/usr/lib/systemd/system/basic.target.d/10-hurry.conf")
RECORDER_S = seconds("WatchdogSec", "root/usr/lib/systemd/system/vigil-record@.service")
GUARD_S = seconds("WatchdogSec", "root/usr/lib/systemd/system/vigil-guard.service")

(LAST_WORD_MIN,) = re.findall(r"^OnBootSec=(\d+)min$", (UNITS / "vigil-trial.timer").read_text(), re.MULTILINE)


def arguments() -> dict[str, str]:
    """The kernel's command line, as far as it is the same in both slots."""
    words = read_image(ROOT / "image/vigil.toml", None).boot.arguments
    return dict(word.partition("=")[::2] for word in words)


def test_whoever_waits_inside_another_waits_shorter():
    assert FIRST_DEVICE_S < FIRST_WHOLE_S < BASIC_S
    assert int(arguments()["panic"]) < HARDWARE_S <= FIRST_HARDWARE_S <= int(arguments()["watchdog.open_timeout"])
    assert RECORDER_S < PROVED_US / 1e6
    # Upkeep judges the card when a watchdog has already tried to end who waits for it.
    assert RECORDER_S < STALLED_S


@pytest.mark.parametrize("board", ["debian", "raspberrypi"])
def test_both_kernels_are_given_the_same_times(board: str):
    words = read_image(ROOT / "image/vigil.toml", board).boot.arguments

    assert {"panic=10", "watchdog.open_timeout=60"} <= set(words)


def test_the_first_root_has_no_place_to_wait_at():
    setup = (FIRST / "module-setup.sh").read_text()
    dead_end = (FIRST / "dead-end.service").read_text()

    assert "emergency.service rescue.service" in setup and "force_drivers" in setup
    for text in (dead_end, *((UNITS / f"{name}.service").read_text() for name in ("emergency", "rescue"))):
        assert re.search(r"^SuccessAction=reboot-\w+\nFailureAction=reboot-\w+$", text, re.MULTILINE)
        assert "sulogin" not in text


@pytest.mark.parametrize(
    "said",
    [
        "`kernel_watchdog_timeout=60`",
        "`vigil.watchdog=boot`",
        f"`watchdog.open_timeout={arguments()['watchdog.open_timeout']}`",
        f"`panic={arguments()['panic']}`",
        f"`DefaultDeviceTimeoutSec={FIRST_DEVICE_S}`",
        f"`JobTimeoutSec={FIRST_WHOLE_S}` of `initrd.target`",
        f"`JobTimeoutSec={BASIC_S}` of `basic.target`",
        f"`RuntimeWatchdogSec={FIRST_HARDWARE_S}`",
        f"`RuntimeWatchdogSec={HARDWARE_S}`",
        f"`RebootWatchdogSec={ON_THE_WAY_DOWN_S}`",
        f"`WatchdogSec={RECORDER_S}` (recorders, upkeep), {GUARD_S} (guard)",
        f"| {STALLED_S} s |",
        f"| {LAST_WORD_MIN} min |",
    ],
)
def test_the_page_says_what_is_configured(said: str):
    assert said in TABLE


def test_the_words_of_the_firmware_are_on_the_card():
    boot = ROOT / "image/boot"

    assert "kernel_watchdog_timeout=60" in (boot / "config.txt").read_text().splitlines()
    assert (boot / "cmdline.txt").read_text().split() == ["vigil.watchdog=boot"]
