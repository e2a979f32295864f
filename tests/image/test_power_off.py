"""The end of a box on battery, as the image's own scripts do it: NUT's upsdrvctl tells the driver to cut the power."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fakes.nut import PROGRAMS, recording_drivers, with_nut
from fakes.repository import ROOT

TREE = ROOT / "image/system/root"
SCRIPTS = TREE / "usr/lib/vigil"
START = "--no-block --job-mode=replace-irreversibly start poweroff.target"


class Box:
    """A directory for what lies in memory, and pretend `systemctl` and `sleep` that record what they were told."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.note = place / "note"
        self.kept = place / "kept"
        self.ups_conf = place / "ups.conf"
        self._tools = place / "tools"
        self._tools.mkdir()
        for name in ("systemctl", "sleep"):
            (self._tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{place}/done\n')
            (self._tools / name).chmod(0o755)

    def run(self, script: str, *words: str | Path) -> str:
        path = f"{self._tools}:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            [SCRIPTS / script, *words], env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def asked(self, note: str) -> str:
        self.note.write_text(note)
        return self.run("power-off", self.note, self.ups_conf, self.kept)

    def ended(self, verb: str = "poweroff") -> str:
        return self.run("kill-power", verb, self.kept)

    def with_ups(self, drivers: Path) -> None:
        self.ups_conf.write_text(f'driverpath = "{drivers}"\n[ups]\n    driver = dummy-ups\n    port = x.dev\n')

    @property
    def done(self) -> list[str]:
        record = self.place / "done"
        return record.read_text().splitlines() if record.exists() else []


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_a_note_of_guards_switches_the_box_off(box):
    box.asked("off\n")

    assert box.done == [f"systemctl {START}"] and not box.kept.exists()


def test_what_the_ups_is_told_with_lies_in_memory_by_then(box):
    box.ups_conf.write_text("[ups]\n")

    box.asked("kill-power\n")

    assert (box.kept / "ups.conf").read_text() == "[ups]\n" and box.kept.stat().st_mode & 0o077 == 0
    assert [path.name for path in box.kept.iterdir()] == ["ups.conf"]
    assert box.done == [f"systemctl {START}"]


def test_a_box_whose_ups_cannot_be_told_is_switched_off_all_the_same(box):
    said = box.asked("kill-power\n")

    assert "will not be told" in said and box.done == [f"systemctl {START}"]
    assert box.ended() == "" and len(box.done) == 1


@with_nut
def test_the_last_of_a_shutdown_tells_the_ups_to_cut_the_power(box):
    drivers = recording_drivers(box.place / "drivers")
    box.with_ups(drivers)
    box.asked("kill-power\n")

    box.ended()

    (cut,) = (drivers / "cuts").read_text().splitlines()
    assert {"-a", "ups", "-k"} <= set(cut.split())
    assert box.done[1:] == ["sleep 50", "systemctl --force --force reboot"], "who has power still starts again"


@with_nut
def test_it_does_so_without_any_path_for_systemd_gives_its_last_programs_none(box):
    drivers = recording_drivers(box.place / "drivers")
    box.with_ups(drivers)
    box.asked("kill-power\n")
    # By that name alone this machine's own systemctl would be found: a function comes before any program.
    shadowed = f'systemctl() {{ echo "systemctl $*" >>{box.place}/done; }}; sleep() {{ :; }}; . {SCRIPTS}/kill-power'

    subprocess.run(["/bin/sh", "-c", f"set -- poweroff {box.kept}; {shadowed}"], env={}, check=True, timeout=60)

    assert len((drivers / "cuts").read_text().splitlines()) == 1
    assert box.done[-1] == "systemctl --force --force reboot"


@with_nut
def test_a_driver_that_cannot_cut_it_leaves_a_box_that_starts_again(box):
    assert PROGRAMS
    box.with_ups(PROGRAMS)
    box.asked("kill-power\n")

    said = box.ended()

    assert "shutdown not supported" in said, "that is dummy-ups itself"
    assert "did not understand" in said and box.done[-1] == "systemctl --force --force reboot"


@pytest.mark.parametrize("verb", ["reboot", "halt", "kexec", ""])
def test_only_a_poweroff_cuts_the_power(box, verb):
    box.with_ups(recording_drivers(box.place / "drivers"))
    box.asked("kill-power\n")

    box.ended(verb)

    assert not (box.place / "drivers/cuts").exists() and len(box.done) == 1


def test_a_poweroff_that_no_battery_forced_cuts_nothing(box):
    assert box.ended() == "" and box.done == []


def test_systemd_runs_it_last():
    hook = TREE / "usr/lib/systemd/system-shutdown/vigil-kill-power"

    assert os.access(hook, os.X_OK)
    assert hook.read_text().splitlines()[-1] == 'exec /usr/lib/vigil/kill-power "$1" /run/vigil-kill-power'


def test_guard_alone_may_ask():
    units = TREE / "usr/lib/systemd/system"
    guard = (units / "vigil-guard.service").read_text()
    path = (units / "vigil-power-off.path").read_text()
    service = (units / "vigil-power-off.service").read_text()

    assert "RuntimeDirectory=vigil-guard\nRuntimeDirectoryMode=0750\n" in guard
    assert "PathExists=/run/vigil-guard/power-off\n" in path
    assert "/run/vigil-guard/power-off /vigil/state/nut/ups.conf /run/vigil-kill-power\n" in service
    assert "vigil-power-off.path" in (units / "vigil.target").read_text()


def test_debians_own_units_of_nut_are_not_started():
    masks = [path for path in (TREE / "etc/systemd/system").glob("nut*") if path.readlink() == Path("/dev/null")]

    assert {"nut.target", "nut-server.service", "nut-monitor.service", "nut-driver.target"} <= {m.name for m in masks}
