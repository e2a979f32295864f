"""A UPS through the hub: what body sees, guard judges, journals and does."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.guards import guarding, signing, wait_for
from vigil.clock import HandClock
from vigil.config.model import Camera, Config, Owner
from vigil.config.model_ups import Ups as UpsSettings
from vigil.config.write import written
from vigil.events import Board, Health, Message, Network, Ups
from vigil.guard.card_wear import SUBJECT, CardWear, Worn
from vigil.guard.power import Power
from vigil.processes.hub import HubClient
from vigil.processes.parts import parts_of, worn_of
from vigil.processes.place import Place
from vigil.processes.watches import BOARD_EVERY_US, Watches
from vigil.segments.age import Identity
from vigil.store.disk import Disk
from vigil.store.index import index_path
from vigil.store.index_read import IndexReader
from vigil.store.marker import make_store

# The least that is allowed between the threshold and nothing: an empty battery switches the box off at once.
UPS = UpsSettings(enabled=True, critical_runtime_threshold_s=90, shutdown_delay_s=0)
CONFIG = Config(
    cameras=(Camera(id="gate", source="synthetic"),),
    owner=Owner(recipients=(str(Identity(bytes(range(32))).recipient),)),
    ups=UPS,
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(CONFIG))
    return place


def kinds(place: Place) -> list[tuple[str, object]]:
    with IndexReader.read(index_path(place.state)) as reader:
        rows = reader.events(kinds=("power.changed", "power.off"))
    return [(row.kind, row.fields.get("after")) for row in rows]


def has_fault(words: str):
    def has(message: Message) -> bool:
        return isinstance(message, Health) and any(words in fault for fault in message.faults)

    return has


def test_an_empty_battery_is_journaled_and_the_system_is_asked_to_switch_off(place, monkeypatch, tmp_path):
    asked = tmp_path / "asked"
    asked.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(asked))
    with signing(place), guarding(place) as run:
        body = HubClient(place.hub, "body")
        assert body.connect()
        body.send(Ups(status=["OL"], charge_pct=100.0, runtime_s=1800))
        body.send(Ups(status=["OB"], charge_pct=80.0, runtime_s=1500))
        wait_for(run, has_fault("the mains are away"))
        body.send(Ups(status=["OB", "LB"], charge_pct=5.0, runtime_s=60))
        wait_for(run, has_fault("nearly empty"))
        body.close()

    assert (asked / "power-off").read_text() == "kill-power\n"
    assert kinds(place) == [
        ("power.changed", "mains"), ("power.changed", "battery"), ("power.changed", "critical"), ("power.off", None),
    ]  # fmt: skip


def test_nobody_but_body_is_believed(place, monkeypatch, tmp_path):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    with signing(place), guarding(place) as run:
        other = HubClient(place.hub, "serve")
        assert other.connect()
        other.send(Ups(status=["OB", "LB"]))
        other.send(Ups(status=["FSD"]))
        # What comes after it on the same connection is heard later.
        body = HubClient(place.hub, "body")
        assert body.connect()
        body.send(Board(flags=["under-voltage"]))
        wait_for(run, has_fault("too little voltage"))
        other.close()
        body.close()

    assert kinds(place) == [] and not (tmp_path / "power-off").exists()


def test_a_box_without_a_ups_judges_none(place):
    without = replace(CONFIG, ups=UpsSettings())

    assert not [part for part in parts_of(without, Disk(), place, now_us=0) if isinstance(part, Power)]
    assert [part for part in parts_of(CONFIG, Disk(), place, now_us=0) if isinstance(part, Power)]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"card":1}', b"\xff"])
def test_a_note_of_the_card_that_is_damaged_is_begun_anew(place, content):
    place.state_file(SUBJECT).write_bytes(content)

    assert worn_of(Disk(), place) == Worn()


def test_what_was_written_to_the_card_outlasts_guard(place):
    with signing(place), guarding(place) as run:
        body = HubClient(place.hub, "body")
        assert body.connect()
        body.send(Board(boot="b0", card="c0", written_bytes=12345, flags=["under-voltage"]))
        wait_for(run, has_fault("too little voltage"))
        body.close()

    assert worn_of(Disk(), place).bytes == 12345
    (wear,) = (part for part in parts_of(CONFIG, Disk(), place, now_us=0) if isinstance(part, CardWear))
    assert wear.worn.card == "c0"


def test_the_board_is_looked_at_every_two_seconds_and_a_pc_says_nothing(tmp_path):
    clock = HandClock()
    silent = Watches(Config(), clock, system=tmp_path)
    assert [type(one) for one in silent.taken()] == [Network]
    (tmp_path / "block/mmcblk0").mkdir(parents=True)
    (tmp_path / "block/mmcblk0/stat").write_text("1 1 1 1 1 1 8 1 1 1 1")
    watches = Watches(Config(), clock, system=tmp_path)

    looks = []
    for _ in range(5):
        looks.append(sum(isinstance(one, Board) for one in watches.taken()))
        clock.forward_us(BOARD_EVERY_US // 2)

    assert looks == [1, 0, 1, 0, 1]


def test_the_network_is_looked_at_every_five_seconds_and_of_body_alone_believed(tmp_path, place):
    (tmp_path / "class/net/eth0/device").mkdir(parents=True)
    (tmp_path / "class/net/eth0/operstate").write_text("down\n")
    clock = HandClock()
    watches = Watches(Config(), clock, system=tmp_path, routes=tmp_path)
    looks = []
    for _ in range(11):
        looks += watches.taken()
        clock.forward_us(1_000_000)
    assert looks == [Network(way_out=False, apart=["eth0"])] * 3

    with signing(place), guarding(place) as run:
        other, body = HubClient(place.hub, "serve"), HubClient(place.hub, "body")
        for client, seen in ((other, Network(way_out=True)), (body, looks[0])):
            assert client.connect()
            client.send(seen)
        told = wait_for(run, lambda one: isinstance(one, Health) and "network." in str(one.probes))
        other.close()
        body.close()

    assert isinstance(told, Health)
    assert [one["id"] for one in told.probes if one["what"] == "network"] == ["network.none"], (
        "nobody heard of a way out"
    )
