"""Presence on the hub of a real guard: heard from lookout alone, kept, entered, told to whoever asks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.guards import guarding, signing
from vigil.config.model import Camera, Config
from vigil.config.model_presence import Member, Presence
from vigil.config.write import written
from vigil.events import AskPresence, MemberKnown, Message, PresenceKnown, Sightings
from vigil.processes.household import looked_of, told_of
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.index import index_path
from vigil.store.index_read import IndexReader
from vigil.store.marker import make_store

CONFIG = Config(
    cameras=(Camera(id="gate", source="synthetic"),),
    members=(Member(id="anna", device="10.0.0.2"), Member(id="ben", device="10.0.0.3", role="child")),
    presence=Presence(departure_delay_s=60),
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(CONFIG))
    return place


def peer(place: Place, name: str) -> HubClient:
    client = HubClient(place.hub, name)
    assert client.connect()
    return client


def asked(client: HubClient) -> list[Message]:
    assert client.send(AskPresence())
    told: list[Message] = []
    for message in client.listen(timeout_s=20):
        if isinstance(message, MemberKnown | PresenceKnown):
            told.append(message)
        if isinstance(message, PresenceKnown):
            return told
    raise AssertionError("guard said nothing")


def state(place: Place, said: Sightings, *, by: str = "lookout") -> str:
    lookout = peer(place, by)
    assert lookout.send(said)
    found = asked(lookout)[-1]
    lookout.close()
    assert isinstance(found, PresenceKnown)
    return found.state


def test_who_is_at_home_is_entered_kept_and_told(place):
    with signing(place), guarding(place):
        assert state(place, Sightings(seen={"anna": "ping", "ben": "neighbours"}, witness=True)) == "ALL_HOME"
        client = peer(place, "cli")
        told = asked(client)
        client.close()

    assert [(m.member, m.role, m.state, m.how) for m in told if isinstance(m, MemberKnown)] == [
        ("anna", "adult", "home", "ping"), ("ben", "child", "home", "neighbours"),
    ]  # fmt: skip
    kept = json.loads(place.state_file("presence").read_text())
    assert kept["known"] == "ALL_HOME" and kept["members"]["ben"]["home"] is True
    with IndexReader.read(index_path(place.state)) as reader:
        [row] = reader.events(kinds=("presence.changed",))
    assert {key: row.fields[key] for key in ("before", "after", "who")} == {
        "before": "unknown", "after": "ALL_HOME", "who": "anna, ben",
    }  # fmt: skip


def test_another_process_cannot_say_who_is_at_home(place):
    with guarding(place):
        said = Sightings(seen={"anna": "ping", "ben": "ping"}, witness=True)
        assert state(place, said, by="body") == "unknown"
        assert state(place, said) == "ALL_HOME"


def test_a_guard_that_was_killed_goes_on_from_what_it_kept(place):
    with guarding(place):
        state(place, Sightings(seen={"anna": "ping"}, witness=True))
    with guarding(place):
        assert state(place, Sightings(witness=True)) == "unknown"
        assert state(place, Sightings(seen={"anna": "ping", "ben": "ping"}, witness=True)) == "ALL_HOME"


def test_nonsense_from_lookout_is_nothing():
    looked = looked_of(Sightings(seen={"anna": "smoke signals", "ben": "ping"}, trouble="x" * 9999))

    assert looked.seen == {"ben": "ping"} and len(looked.trouble) == 200


def test_without_members_that_is_what_is_said():
    [told] = told_of(None, 0)

    assert isinstance(told, PresenceKnown)
    assert (told.state, told.why) == ("unknown", "nobody is looked for: configure a [[presence.member]]")
