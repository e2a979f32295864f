"""What guard makes of holds and stars of a time: it keeps what is recorded later, and gives up stars where it may."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from fakes.faulty import FaultyCalls
from fakes.guards import guarding, has_no_fault, signing, wait_for
from fakes.recordings import numbered, recording
from vigil.clock import HandClock
from vigil.config.model import Camera, Config, Owner
from vigil.config.model_storage import Storage
from vigil.config.write import written
from vigil.events import Health
from vigil.processes.forgetting import Forgetting
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.segments.age import Identity
from vigil.segments.session import Session
from vigil.store.disk import Disk
from vigil.store.hold_ranges import Ranges
from vigil.store.holds import Holds
from vigil.store.journal_read import read_logs
from vigil.store.keeps import FOREVER_US, How, Span
from vigil.store.layout import segments_of
from vigil.store.marker import make_store
from vigil.store.room import Room

START_US = 1_770_000_000_000_000
CONFIG = Config(
    cameras=(Camera(id="gate", source="synthetic"),),
    owner=Owner(recipients=(str(Identity(bytes(range(32))).recipient),)),
    storage=Storage(free_start_bytes=1 << 20, free_target_bytes=2 << 20, reserve_bytes=1 << 20),
)


@pytest.fixture
def place(tmp_path) -> Place:
    place = Place(tmp_path)
    store_id = make_store(Disk(), place.video, os.urandom)
    place.state.mkdir()
    place.store_id.write_text(store_id)
    place.config_files.owners.write_bytes(written(CONFIG))
    return place


def record(place: Place, count: int) -> None:
    """Segments of a minute each, as far as their times go; two pictures in each."""
    made, clock = recording(place.video, clock=HandClock(wall_us=START_US))
    for number in range(count):
        made.begin("continuous", [numbered(number * 10, clock.steady_us(), size_bytes=90_000)])
        clock.forward_us(59_000_000)
        made.append([numbered(number * 10 + 1, clock.steady_us())])
        made.end("over")
        clock.forward_us(1_000_000)
    made.close("stopped")


def kinds(place: Place) -> list[str]:
    return [entry.kind for entry in read_logs(place.journal)[-1].entries()]


def test_what_is_recorded_while_a_time_is_held_gets_its_own_hold_and_both_are_in_the_journal(place):
    span = Span(START_US + 90_000_000, FOREVER_US)
    with signing(place), guarding(place) as client:
        wait_for(client, has_no_fault)
        Ranges(Disk(), place.video / "gate").place(span, who="me", why="court", at_us=START_US)
        record(place, 4)
        wait_for(client, lambda _: kinds(place).count("segment.kept") == 3)

    held = Holds(Disk(), place.video / "gate").held()
    assert [(one.segment.seq, one.who, one.span) for one in held] == [(number, "me", span) for number in (2, 3, 4)]
    assert kinds(place).count("range.kept") == 1


def test_a_disk_without_room_for_another_hold_is_given_room_all_the_same(place):
    config = replace(CONFIG, storage=replace(CONFIG.storage, maximum_bytes=1 << 20))
    place.config_files.owners.write_bytes(written(config))
    Ranges(Disk(), place.video / "gate").place(Span(0, START_US + 90_000_000), who="me", why="court", at_us=START_US)
    record(place, 20)
    Room(Disk(), place.video, reserve_bytes=1 << 20).make_reserve()
    calls = FaultyCalls(1, mode="ENOSPC", lasting=True, only={"create"})
    made = Forgetting(
        load(place.data, Disk()), disk=Disk(calls), clock=HandClock(wall_us=START_US), session=Session(os.urandom)
    )

    orders = made.due(now_us=START_US, days_count=False, enter=lambda *_: True)

    assert calls.fired
    assert [one.segment for one in orders][:2] == [3, 4]


def test_guard_says_what_it_foresees(place):
    with signing(place), guarding(place) as client:
        told = wait_for(client, lambda message: isinstance(message, Health) and bool(message.forecast))

    assert isinstance(told, Health)
    assert told.fate == "unknown", "nothing was recorded yet"
    assert told.forecast.startswith("how long there is room is not known: ")


@pytest.mark.parametrize("give_up", [False, True])
def test_a_star_outlives_a_limit_and_is_no_reason_to_be_silent(place, give_up):
    storage = replace(CONFIG.storage, maximum_bytes=1 << 20, give_up_stars=give_up)
    place.config_files.owners.write_bytes(written(replace(CONFIG, storage=storage)))
    record(place, 15)
    for one in segments_of(place.video / "gate"):
        Holds(Disk(), place.video / "gate").place(one, who="me", why="a fox", at_us=START_US, how=How.STAR)
    with signing(place), guarding(place) as client:
        told = wait_for(client, lambda m: isinstance(m, Health) and any("starred" in one for one in m.faults))

    assert isinstance(told, Health)
    assert "0 of 15 segments held, 15 starred" in " ".join(told.faults)
    assert len(segments_of(place.video / "gate")) == 15
