"""What is plugged in, from body's look to guard's journal; what a stranger says on the hub; the note for an export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vigil.body.hotplug import Raw
from vigil.clock import HandClock
from vigil.config.model import Config
from vigil.config.read import Salvage
from vigil.events import Exporting, Message, Plugs, Senses, Watch
from vigil.guard.facts import ExportTold, PlugsSeen, UsbDevice
from vigil.processes.body import Body
from vigil.processes.hub import HubServer
from vigil.processes.place import Place
from vigil.processes.plugs import BEAT_US, NOTE, ExportDoor, Plugging, facts_of
from vigil.processes.settings import Settings

SECOND = 1_000_000


class Sockets:
    """What is plugged in, and whether the kernel said something."""

    def __init__(self) -> None:
        self.there: list[Raw] = []
        self.stirred = False
        self.looks = 0

    def happened(self) -> bool:
        stirred, self.stirred = self.stirred, False
        return stirred

    def usb(self) -> list[Raw]:
        self.looks += 1
        return self.there

    def plug(self, port: str, **properties: str) -> None:
        said = {"VIGIL_USB": "in", "VIGIL_USB_KIND": "camera", **properties}
        attributes = {"devpath": port[2:], "devnum": "3", "authorized": "1", "idVendor": "046d", "idProduct": "082d"}
        self.there.append(Raw(port=port, properties=said, attributes=attributes))
        self.stirred = True


class World:
    """Body's part with a clock moved by hand, and guard's ear."""

    def __init__(self) -> None:
        self.us = 100 * SECOND
        self.sockets = Sockets()
        self.heard: list[Message] = []
        self.away = False
        self.plugging = Plugging(self.sockets, now_us=self.us, send=self.send)

    def send(self, message: Message) -> bool:
        if not self.away:
            self.heard.append(message)
        return not self.away

    def wait(self, seconds: float) -> list[Message]:
        before, end = len(self.heard), self.us + round(seconds * SECOND)
        while True:
            self.plugging.round(self.us)
            if self.us >= end:
                return self.heard[before:]
            self.us = min(end, max(self.us + 1, self.plugging.due_us))


def test_all_that_is_there_is_said_every_ten_seconds():
    world = World()

    assert len(world.wait(0)) == 1
    assert len(world.wait(30)) == 3
    assert world.sockets.looks == 4


def test_what_is_plugged_in_is_said_once_when_udev_has_judged():
    world = World()
    world.wait(1)
    world.sockets.plug("1-1.2")

    said = world.wait(5)

    (message,) = said
    assert isinstance(message, Plugs)
    assert json.loads(message.devices[0])["name"] == "046d:082d@1-1.2"


def test_what_udev_makes_of_it_some_moments_later_is_said_too():
    world = World()
    world.wait(1)
    world.sockets.plug("1-1.2", VIGIL_USB_KIND="disk")
    world.wait(0.5)
    last = world.sockets.there.pop()
    world.sockets.there.append(
        Raw(port=last.port, properties=last.properties, attributes=last.attributes, labels=("VIGIL-STICK",))
    )

    said = world.wait(2)

    assert [json.loads(one.devices[0])["kind"] for one in said if isinstance(one, Plugs)] == ["stick"]


def test_guard_that_was_away_hears_of_it_when_it_is_back():
    world = World()
    world.wait(1)
    world.away = True
    world.sockets.plug("1-1.2")
    world.wait(5)
    world.away = False

    said = world.wait(BEAT_US / SECOND)

    assert len(said) == 1 and isinstance(said[0], Plugs) and len(said[0].devices) == 1


def test_guard_hears_devices_and_how_an_export_is():
    world = World()
    world.sockets.plug("1-1.2")
    (message,) = world.wait(0)

    assert facts_of(message) == [
        PlugsSeen((
            UsbDevice(
                name="046d:082d@1-1.2", number=3, kind="camera", let_in=True, vendor="046d", product="082d",
                port="1-1.2",
            ),
        ))
    ]  # fmt: skip
    assert facts_of(Exporting(state="full", segments=2, words="x" * 999)) == [
        ExportTold(state="full", segments=2, why="x" * 300)
    ]
    assert facts_of(Watch()) == []


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": 5}', '{"name":"a","number":"1"}', "[" * 9999, '{"name":"a","mood":"b"}']
)
def test_what_is_not_of_our_form_is_left_out(text: str):
    assert facts_of(Plugs(devices=[text])) == [PlugsSeen(())]


def test_a_note_asks_for_an_export_and_without_a_place_for_it_a_host_says_what_to_do(tmp_path: Path):
    assert ExportDoor(tmp_path).ask("button panel") == ""
    assert (tmp_path / NOTE).read_text() == "button panel\n"
    assert "vigil stick export" in ExportDoor(None).ask("me")
    assert "cannot be asked" in ExportDoor(tmp_path / "gone").ask("me")


class OpenSockets(Sockets):
    """The same as body opens it."""

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self.there.clear()


def test_body_says_what_is_plugged_in_and_that_it_cannot_see(tmp_path: Path):
    place = Place(tmp_path)
    guard, clock, sockets = HubServer(place.hub), HandClock(steady_us=50 * SECOND), OpenSockets()
    sockets.plug("1-1.2")
    body = Body(Settings(Salvage(Config()), place, ()), None, clock=clock, udev=sockets, blind="no udev here")  # type: ignore[arg-type]

    said: list[Message] = []
    while not any(isinstance(one, Plugs) for one in said) or not any(isinstance(one, Senses) for one in said):
        clock.forward_us(max(1, body.round() - clock.steady_us()))
        said += [message for _, message in guard.wait(0)]
    body.close()
    guard.close()

    (plugs,) = [one for one in said if isinstance(one, Plugs)]
    assert json.loads(plugs.devices[0])["port"] == "1-1.2"
    assert [one for one in said if isinstance(one, Senses)][-1].faults["devices"] == "no udev here"
