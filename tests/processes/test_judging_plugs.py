"""Guard and what is plugged in: a keyboard into an armed box is an alarm, and a hold copies to a prepared stick."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from fakes.guards import guarding, signing, wait_for
from vigil.__main__ import main
from vigil.body.hotplug import Device
from vigil.clock import SystemClock
from vigil.config.model import Camera, Config, Owner
from vigil.config.model_panel import Arm
from vigil.config.write import written
from vigil.events import Display, Message, Plugs, Pressed
from vigil.out.stick_plan import MARKER, Marker, fingerprint
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.processes.plugs import NOTE
from vigil.processes.stick import Teller, copy
from vigil.segments.age import Identity
from vigil.store.disk import Disk
from vigil.store.index import index_path
from vigil.store.index_read import IndexReader
from vigil.store.layout import IDENTITY
from vigil.store.marker import make_store

OWNER = str(Identity(bytes(range(32))).recipient)
CONFIG = Config(
    cameras=(Camera(id="gate", source="synthetic"),), owner=Owner(recipients=(OWNER,)), arm=Arm(exit_delay_s=0)
)
KEYBOARD = Device(
    name="413c:2107@1-1.3", number=4, kind="keyboard", let_in=False, vendor="413c", product="2107", serial="",
    port="1-1.3", classes="030101", words="Dell Keyboard",
)  # fmt: skip
STICK = Device(
    name="0781:5581-4C53", number=5, kind="stick", let_in=True, vendor="0781", product="5581", serial="4C53",
    port="1-1.4", classes="080650", words="SanDisk Ultra",
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(CONFIG))
    return place


def body_of(place: Place) -> HubClient:
    body = HubClient(place.hub, "body")
    assert body.connect()
    return body


def shows(lamp: str, *patterns: str):
    def wanted(message: Message) -> bool:
        return isinstance(message, Display) and message.lamps[lamp] in patterns

    return wanted


def plugged(body: HubClient, *devices: Device) -> None:
    assert body.send(Plugs(devices=[json.dumps(asdict(one)) for one in devices]))


def kinds(place: Place, *wanted: str) -> list[str]:
    with IndexReader.read(index_path(place.state)) as reader:
        return [row.kind for row in sorted(reader.events(kinds=wanted), key=lambda row: row.seq)]


def test_a_keyboard_that_is_plugged_into_an_armed_box_is_an_alarm(place: Place):
    with signing(place), guarding(place):
        body = body_of(place)
        wait_for(body, shows("arm", "off"))
        plugged(body)
        body.send(Pressed(button="panel", gesture="short", at_us=5))
        wait_for(body, shows("arm", "steady"))
        plugged(body, KEYBOARD)
        wait_for(body, shows("arm", "flicker"))
        body.close()

    told = kinds(place, "device.refused", "arm.changed")
    assert told[-2:] == ["device.refused", "arm.changed"]


def test_a_hold_copies_to_the_stick_and_anybody_can_check_what_is_on_it(
    place: Place, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys
):
    stick, run = tmp_path_factory.mktemp("stick"), tmp_path_factory.mktemp("run")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(run))
    marker = Marker(stick="5a" * 16, recipients=(fingerprint(OWNER),), capacity_bytes=1, prepared_us=1)
    (stick / MARKER).write_bytes(marker.data())
    with signing(place), guarding(place):
        body = body_of(place)
        wait_for(body, shows("arm", "off"))
        plugged(body, STICK)
        wait_for(body, lambda _: (place.video / IDENTITY).exists())
        body.send(Pressed(button="panel", gesture="hold", at_us=5))
        wait_for(body, shows("status", "filling-0"))
        assert (run / NOTE).read_text() == "button panel\n"

        teller = Teller(place, threading.Event(), lambda *_: None)
        copied = copy(place, [OWNER], stick, clock=SystemClock(), teller=teller)
        teller.ended(copied.ended, copied.why, copied)
        wait_for(body, shows("status", "safe"))
        plugged(body)
        wait_for(body, shows("status", "off", "breath"))
        body.close()

    assert kinds(place, "export.began", "export.ended") == ["export.began", "export.ended"]
    (device,) = (stick / "vigil").iterdir()
    assert main(["check", "--data", str(device)]) == 0, capsys.readouterr().out
    assert list((device / "state/journal").glob("*/checkpoints"))
