"""Applying the configuration: what is asked of the system, and that one part that fails keeps no other."""

from __future__ import annotations

import socket
import subprocess
from dataclasses import replace

import pytest

from vigil.config.model import Camera, Config, Network, System
from vigil.config.model_panel import Usb
from vigil.processes.apply import Host

UNITS = """vigil-record@gate.service  loaded    active     running Vigil: records gate
vigil-record@attic.service loaded    failed     failed  Vigil: records attic
vigil-record@cellar.service loaded   activating auto-restart Vigil: records cellar
"""


class World:
    """A system below a directory, with a systemctl that remembers what it was asked."""

    def __init__(self, root):
        self.root = root
        self.asked = []
        for zone in ("Europe/Vienna", "UTC"):
            (root / "usr/share/zoneinfo" / zone).parent.mkdir(parents=True, exist_ok=True)
            (root / "usr/share/zoneinfo" / zone).write_bytes(b"TZif2")
        (root / "sys/class/net/wlan0/phy80211").mkdir(parents=True)
        (root / "sys/class/net/eth0").mkdir()
        (root / "run").mkdir()
        self.host = Host(root, run=self.run)

    def run(self, *command):
        if command[1] == "list-units":
            return UNITS
        if command[1] == "show":
            return "ActiveState=active\n"
        self.asked.append(" ".join(command[1:]))
        return ""

    def apply(self, **tables):
        self.asked.clear()
        base = Config(system=System(hostname=socket.gethostname()), cameras=(Camera(id="gate", source="synthetic"),))
        self.host.apply(replace(base, **tables))
        return list(self.asked)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_recorders_follow_the_cameras(world):
    gate, attic = Camera(id="gate", source="synthetic"), Camera(id="attic", source="synthetic")

    asked = world.apply(cameras=(gate, attic))

    # One that failed is started again; one that waits to be started again is stopped.
    assert asked == ["stop --no-block vigil-record@cellar.service", "start --no-block vigil-record@attic.service"]


def test_the_network_is_touched_only_when_its_settings_changed(world):
    fixed = Network(address="10.0.0.5/8", wifi_name="home", wifi_password="password")

    first = world.apply(network=fixed)
    again = world.apply(network=fixed)
    gone = world.apply()

    assert "restart --no-block systemd-networkd.service" in first
    assert "restart --no-block vigil-radio@wlan0.service" in first
    assert [words for words in again if "record" not in words] == []
    assert "restart --no-block systemd-networkd.service" in gone
    assert "stop --no-block vigil-radio@wlan0.service" in gone


def test_the_key_of_the_radio_network_is_for_root_alone(world):
    world.apply(network=Network(wifi_name="home", wifi_password="password"))

    assert (world.root / "run/vigil-radio.conf").stat().st_mode & 0o777 == 0o600


def test_the_time_zone_is_set_and_one_that_is_none_is_utc(world):
    local = world.root / "run/vigil-localtime"
    name = socket.gethostname()

    world.apply(system=System(hostname=name, time_zone="Europe/Vienna"))
    assert local.readlink() == world.root / "usr/share/zoneinfo/Europe/Vienna"
    world.apply(system=System(hostname=name, time_zone="Moon/Tranquility"))
    assert local.readlink() == world.root / "usr/share/zoneinfo/UTC"


def test_a_network_that_fails_keeps_no_recorder_from_starting(world, monkeypatch):
    def refuse(*_command):
        raise subprocess.CalledProcessError(1, "systemctl")

    monkeypatch.setattr(world.host, "_is_up", refuse)

    asked = world.apply(network=Network(address="10.0.0.5/8"), cameras=(Camera(id="yard", source="synthetic"),))

    assert "start --no-block vigil-record@yard.service" in asked


def test_devices_that_the_owner_lists_are_where_udev_looks_and_it_judges_again(world):
    again = "start --no-block vigil-usb-again.service"

    assert again in world.apply(usb=Usb(allow=("0bda:8153", "413c:2107")))
    assert again not in world.apply(usb=Usb(allow=("0bda:8153", "413c:2107")))
    assert again in world.apply(usb=Usb(allow=("413c:2107",)))
    assert [path.name for path in (world.root / "run/vigil-usb/allowed").iterdir()] == ["413c:2107"]
