"""The box's health as guard carries it: what is entered, kept and told, and who is missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fakes.faulty import FaultyCalls
from fakes.health import WELL, camera
from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.config.model import Camera, Config
from vigil.config.write import written
from vigil.events import Network
from vigil.guard.deeds import Fault
from vigil.guard.faults import Level
from vigil.guard.probes.configuration import ConfigurationSeen
from vigil.guard.probes.network import NetworkSeen
from vigil.guard.probes.part import PartSeen
from vigil.guard.probes.process import ProcessSeen
from vigil.processes.health import BoxHealth
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.store.disk import Disk

SALVAGED = ConfigurationSeen(faults=("mode: not a setting",))
NO_NETWORK = [one for one in WELL if not isinstance(one, ProcessSeen | PartSeen | NetworkSeen)]
ALL_WELL = [one for one in WELL if not isinstance(one, ProcessSeen | PartSeen)]


class Box:
    """A box with one camera, `gate`; its guard is looked at once a second."""

    def __init__(self, tmp_path) -> None:
        self.place = Place(tmp_path)
        config = Config(
            cameras=(Camera(id="gate", source="synthetic"), Camera(id="off", source="synthetic", enabled=False))
        )
        self.place.config_files.owners.write_bytes(written(config))
        self.clock = HandClock()
        self.entered: list[tuple[str, Mapping[str, Any]]] = []
        self.has_journal = True
        self.start()

    def start(self, *, disk: Disk | None = None, boot: str = "one") -> None:
        disk = disk or Disk()
        self.health = BoxHealth(load(self.place.data, Disk()), disk=disk, clock=self.clock, boot=boot)

    def live(self, seconds: int, *said: object, peers: tuple[str, ...] = ("record@gate",)) -> None:
        for _ in range(seconds):
            self.clock.forward_us(1_000_000)
            for one in said:
                self.health.tell(one)
            self.health.listened()
            self.health.look(peers, Trust.SYNCED, self.enter)

    def enter(self, kind: str, fields: Mapping[str, Any]) -> bool:
        if self.has_journal:
            self.entered.append((kind.removeprefix("fault."), fields["id"]))
        return self.has_journal


@pytest.fixture
def box(tmp_path) -> Box:
    return Box(tmp_path)


def test_a_box_that_is_well_is_found_well_as_soon_as_everybody_has_spoken(box):
    assert box.health.verdict.level is Level.UNKNOWN
    box.live(1, *ALL_WELL)

    assert box.health.verdict.level is Level.OK
    assert "off" not in {one.subject for one in box.health.verdict.readings}
    assert box.entered == []


def test_a_recorder_that_is_gone_is_missed_after_half_a_minute_and_its_camera_unknown_before(box):
    box.live(5, *ALL_WELL)
    box.live(20, *ALL_WELL[1:], peers=())
    assert box.health.verdict.faults() == ["camera gate: nothing is heard of it any more"]

    box.live(15, *ALL_WELL[1:], peers=())

    assert box.health.verdict.level is Level.FAILED
    assert box.entered == [("raised", "camera.unknown"), ("raised", "process.away")]


def test_a_guard_that_is_late_takes_nobody_for_silent(box):
    box.live(5, *ALL_WELL)
    # The card stalls in the midst of a round: what was said meanwhile waits on the hub.
    box.clock.forward_us(300_000_000)
    box.health.look(("record@gate",), Trust.SYNCED, box.enter)

    assert box.health.verdict.level is Level.OK


def test_a_film_that_is_over_takes_its_recorder_along_and_nobody_is_missed(box):
    box.live(5, *ALL_WELL)
    box.live(1, camera(state="ended"))
    box.live(500, *ALL_WELL[1:], peers=())

    assert box.health.verdict.level is Level.OK


def test_a_process_that_was_never_here_is_not_missed_and_one_that_was_is(box):
    box.live(5, *ALL_WELL, peers=("record@gate", "uplink", "cli"))
    box.live(40, *ALL_WELL)

    assert [one.subject for one in box.health.verdict.readings if one.state] == ["uplink"]


def test_what_cannot_be_entered_waits_for_the_journal_in_its_order(box):
    box.has_journal = False
    box.live(3, *ALL_WELL, SALVAGED)
    box.live(3, *ALL_WELL)
    assert box.entered == []
    box.has_journal = True
    box.live(1, *ALL_WELL)

    assert box.entered == [("raised", "configuration.salvaged"), ("cleared", "configuration.salvaged")]


def test_a_fault_outlives_guard_and_is_entered_once(box):
    box.live(5, *ALL_WELL, camera(state="lost", fault="no answer"))
    since_us = box.health.verdict.readings[0].since_us
    box.start()
    box.live(1)
    assert box.health.verdict.readings[0].since_us == since_us
    assert box.health.verdict.level is Level.FAILED
    box.live(5, *ALL_WELL, camera(state="lost", fault="no answer"))
    box.live(20, *ALL_WELL)

    assert box.entered == [("raised", "camera.lost"), ("cleared", "camera.lost")]


def test_a_memory_that_is_damaged_is_begun_anew_and_what_is_wrong_is_raised_again(box, caplog):
    box.live(5, *ALL_WELL, SALVAGED)
    box.place.health.write_bytes(b"\0\0")
    box.start()
    box.live(5, *ALL_WELL, SALVAGED)

    assert box.entered == [("raised", "configuration.salvaged")] * 2
    assert "is raised anew" in caplog.text


def test_a_disk_that_refuses_keeps_nobody_from_judging(box, caplog):
    box.start(disk=Disk(FaultyCalls(1, mode="EROFS", lasting=True)))
    box.live(5, *ALL_WELL, SALVAGED)

    assert box.health.verdict.level is Level.WARNING
    assert "is not kept" in caplog.text


def test_the_card_is_written_when_a_fault_comes_or_goes_and_not_while_it_stands(box):
    box.live(1, *ALL_WELL, SALVAGED)
    box.place.health.unlink()
    for number in range(100):
        box.live(1, *ALL_WELL, ConfigurationSeen(faults=(f"mistake {number}",)))
    assert not box.place.health.exists()
    box.live(1, *ALL_WELL)

    assert box.place.health.exists()


def test_what_another_part_tells_as_a_fault_stands_until_it_says_that_all_is_well(box):
    box.live(1, *ALL_WELL, Fault("sensor hall", "it chatters: look at its wires"))
    box.live(300, *ALL_WELL)
    assert box.health.verdict.faults() == ["sensor hall: it chatters: look at its wires"]
    box.live(1, *ALL_WELL, Fault("sensor hall", ""))
    box.live(11, *ALL_WELL)

    assert box.health.verdict.level is Level.OK


def test_a_network_that_was_reached_is_missed_though_guard_was_restarted(box):
    box.live(5, *NO_NETWORK, Network(way_out=True, connected=["eth0"]))
    box.start()
    box.live(5, *NO_NETWORK, Network(way_out=False, apart=["eth0"]))

    assert box.entered == [("raised", "network.lost")]
    assert box.health.verdict.faults() == ["network: eth0: not connected to anything that is switched on"]


def test_one_that_was_never_reached_is_worth_a_notice(box):
    box.live(5, *NO_NETWORK, Network(way_out=False, connected=["eth0"], apart=["wlan0"]))

    assert box.health.verdict.level is Level.NOTICE and box.entered == []
    assert box.health.verdict.readings[0].why.startswith("eth0: connected, but nothing there says")


def test_one_of_which_nobody_speaks_any_more_is_unknown(box):
    box.live(5, *NO_NETWORK, Network(way_out=True))
    box.live(70, *NO_NETWORK)

    assert box.entered == [("raised", "network.unknown")]
