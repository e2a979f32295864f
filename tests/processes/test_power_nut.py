"""A household's bad day: NUT's real upsd, guard's judgement on a clock moved by hand, and what is left at the end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.box import until
from fakes.nut import Nut, recording_drivers, with_nut
from fakes.repository import ROOT
from vigil.body.ups import UpsWatch
from vigil.clock import HandClock, SystemClock
from vigil.clock.trust import Trust
from vigil.guard.deeds import Deed, Enter, PowerOff
from vigil.guard.moment import Moment
from vigil.guard.power import Power
from vigil.processes.power_off import PowerOffDoor

# NUT's simulated UPS reads its file once a second, so each of its turns takes two.
pytestmark = [with_nut, pytest.mark.slow]

OB = {"ups.status": "OB DISCHRG", "battery.charge": "80", "battery.runtime": "1500"}
LOW = {"ups.status": "OB DISCHRG", "battery.charge": "18", "battery.runtime": "650"}
CRITICAL = {"ups.status": "OB DISCHRG LB", "battery.charge": "6", "battery.runtime": "240"}
BACK = {"ups.status": "OL CHRG", "battery.charge": "7", "battery.runtime": "250"}


class House:
    """A UPS that NUT reads, and guard's judgement of what body sees of it. A minute passes when it is told to."""

    def __init__(self, nut: Nut, watch: UpsWatch, asked: Path) -> None:
        self.nut = nut
        self.watch = watch
        self.power = Power(nut.settings)
        self.clock = HandClock(steady_us=3_600_000_000)
        self.door = PowerOffDoor(asked)
        self.deeds: list[Deed] = []

    def turn(self, values: dict[str, str]) -> None:
        """The UPS says something else from now on."""
        self.nut.world(values)
        until(lambda: self._is_seen(values))

    def _is_seen(self, values: dict[str, str]) -> bool:
        look = self.watch.look()
        return (look.status, look.charge_pct) == (values["ups.status"].split(), float(values["battery.charge"]))

    def minute(self) -> None:
        for _ in range(12):
            now = Moment(self.clock.steady_us(), self.clock.wall_us(), Trust.SYNCED)
            for deed in [*self.power.hear(self.watch.look(), now), *self.power.look(now)]:
                self.deeds.append(deed)
                if isinstance(deed, PowerOff):
                    assert self.door.ask(kill_power=deed.kill_power) == ""
            self.clock.sleep(5)

    @property
    def states(self) -> list[str]:
        return [deed.fields["after"] for deed in self.deeds if isinstance(deed, Enter) and "after" in deed.fields]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    for name in ("nut", "asked"):
        (tmp_path / name).mkdir()
    drivers = recording_drivers(tmp_path / "drivers")
    with Nut(tmp_path / "nut", drivers=drivers) as nut, closing(UpsWatch(nut.settings, SystemClock())) as watch:
        yield House(nut, watch, tmp_path / "asked")


def test_a_cut_that_ends_in_time_and_one_that_does_not(house, tmp_path):
    house.minute()
    for values in (OB, LOW, CRITICAL):
        house.turn(values)
        house.minute()
        assert not list((tmp_path / "asked").iterdir())
    house.turn(BACK)
    house.minute()
    assert house.states == ["mains", "battery", "low", "critical", "mains"]

    house.turn(CRITICAL)
    house.minute()
    house.minute()
    house.minute()

    assert house.states[5:] == ["critical"]
    assert [deed for deed in house.deeds if isinstance(deed, PowerOff)] == [PowerOff(kill_power=True)]
    assert isinstance(house.deeds[-1], PowerOff)
    assert ended(house, tmp_path) == "-a ups -k"


def test_a_driver_that_dies_on_battery_does_not_save_the_box_from_its_end(house, tmp_path):
    house.turn(OB | {"battery.runtime": "420"})
    house.minute()
    house.nut.stop("driver")
    until(lambda: house.watch.look().trouble == "driver")

    for _ in range(4):
        house.minute()

    assert house.states == ["low", "unknown", "critical"]
    assert (tmp_path / "asked/power-off").read_text() == "kill-power\n"


def ended(house: House, tmp_path: Path) -> str:
    """What the UPS was told when everything had ended, by the image's own scripts."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("systemctl", "sleep"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    scripts = ROOT / "image/system/root/usr/lib/vigil"
    environment = {**os.environ, "PATH": f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin"}
    for name in ("driver", "server"):
        house.nut.stop(name)
    commands: tuple[list[str | Path], ...] = (
        [scripts / "power-off", tmp_path / "asked/power-off", house.nut.place / "ups.conf", tmp_path / "kept"],
        [scripts / "kill-power", "poweroff", tmp_path / "kept"],
    )
    for command in commands:
        subprocess.run(command, env=environment, check=True, timeout=60)
    (cut,) = (tmp_path / "drivers/cuts").read_text().splitlines()
    return " ".join(word for word in cut.split() if word in ("-a", "ups", "-k"))
