"""The hardware bites when the box hangs: the watchdog is armed, by systemd, and petted; who records is watched, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hw_tests.patience import until

WATCHDOG = Path("/sys/class/watchdog/watchdog0")
RECORDERS = "vigil-record*"


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=True).stdout


def asked_of(name, *units):
    """The values of a property, one for each unit; of the manager itself without any."""
    lines = systemctl("show", f"--property={name}", *units).splitlines()
    return [line.partition("=")[2] for line in lines if line]


def has_been_fed_since(unit, fed):
    return lambda: asked_of("WatchdogTimestampMonotonic", unit) != fed


@pytest.fixture(scope="module")
def watchdog():
    if not WATCHDOG.exists():
        pytest.skip("this board has no watchdog, or its driver is not loaded")
    if not Path("/run/systemd/system").is_dir():
        pytest.skip("systemd does not run here")
    if asked_of("RuntimeWatchdogUSec") in (["0"], ["infinity"]):
        pytest.skip("systemd was told to leave the watchdog alone (systemd.watchdog_sec=0)")
    return WATCHDOG


@pytest.fixture(scope="module")
def recorders():
    if not Path("/run/systemd/system").is_dir():
        pytest.skip("systemd does not run here")
    lines = systemctl("list-units", "--plain", "--no-legend", "--state=active", RECORDERS).splitlines()
    if not lines:
        pytest.skip("no recorder runs on this system")
    return [line.split()[0] for line in lines]


def test_the_watchdog_is_armed(watchdog):
    assert (watchdog / "state").read_text().strip() == "active"
    assert 10 <= int((watchdog / "timeout").read_text()) <= 60


def test_the_watchdog_is_petted(watchdog):
    if not (watchdog / "timeleft").exists():
        pytest.skip("this watchdog does not say how long it will wait")

    def left_s():
        return int((watchdog / "timeleft").read_text())

    least = [left_s()]

    def was_petted():
        now = left_s()
        risen = now > least[0]
        least[0] = min(least[0], now)
        return risen

    assert until(was_petted, within_s=60), f"it counted down to {least[0]} s and was never petted"


def test_the_driver_is_the_boards_own(watchdog):
    assert (watchdog / "identity").read_text().strip() != "Software Watchdog", "it would hang with the kernel"


def test_each_recorder_has_a_watchdog_and_feeds_it(recorders):
    for unit in recorders:
        assert asked_of("WatchdogUSec", unit) not in (["0"], ["infinity"])
        assert until(has_been_fed_since(unit, asked_of("WatchdogTimestampMonotonic", unit)), within_s=90), unit
