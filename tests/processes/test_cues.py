"""Guard's cues reach recorders that were away, and end for those that outlived an earlier guard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vigil.clock import HandClock
from vigil.config.read import read_strict
from vigil.events import Cue
from vigil.processes.cues import Cues
from vigil.processes.hub import HubClient, HubServer
from vigil.processes.orders import Orders
from vigil.processes.place import Place

CONFIG = """
schema = 1
[[camera]]
id = "gate"
source = "synthetic"
[[sensor]]
id = "pir"
kind = "motion"
gpio = 5
cameras = ["gate"]
[[sensor]]
id = "door"
kind = "contact"
gpio = 6
[[rule]]
id = "night"
when = { sensor = "door" }
do = [{ record = "*", for_s = 60 }]
"""


class World:
    """A hub with guard's cues, and recorders that come and go."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.hub = HubServer(place.hub)
        self.cues = Cues(read_strict(CONFIG.encode()), hub=self.hub, orders=Orders(self.hub), clock=HandClock())

    def meets(self, name: str) -> HubClient:
        client = HubClient(self.place.hub, name)
        assert client.connect()
        while not (peer := self.hub.named(name)):
            self.hub.wait(1)
        self.cues.met(peer)
        return client


def told(client: HubClient) -> dict[str, str]:
    return {message.name: message.state for message in client.receive() if isinstance(message, Cue)}


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    world = World(Place(tmp_path))
    yield world
    world.hub.close()


def test_a_recorder_that_comes_is_told_of_every_cue_whether_it_lasts(world):
    world.cues.give("*", "alarm", "began")
    world.cues.give("gate", "sensor pir", "began")
    world.cues.give("gate", "sensor pir", "ended")

    gate = world.meets("record@gate")

    assert told(gate) == {"alarm": "began", "sensor pir": "ended", "rule night": "ended"}
    gate.close()


def test_a_cue_of_one_camera_is_not_another_s(world):
    world.cues.give("gate", "sensor pir", "began")
    gate, yard = world.meets("record@gate"), world.meets("record@yard")
    assert (told(gate)["sensor pir"], told(yard)["sensor pir"]) == ("began", "ended")

    world.cues.give("yard", "rule night", "began")
    world.cues.give("*", "snapshot", "pulse")

    assert told(gate) == {"snapshot": "pulse"}
    assert told(yard) == {"rule night": "began", "snapshot": "pulse"}
    gate.close()
    yard.close()


def test_who_is_no_recorder_is_told_nothing(world):
    body = world.meets("body")
    world.cues.give("*", "alarm", "began")

    assert told(body) == {}
    body.close()
