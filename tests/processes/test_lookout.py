"""Lookout in a real network of namespaces: real answers, phones that sleep or are not there, a cable that is pulled."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.network_namespace import ROUTER, Household, can, hardware_of, household
from fakes.repository import PACKAGE
from vigil.config.model import Camera, Config
from vigil.config.model_presence import Member, Presence
from vigil.config.write import written
from vigil.events import Message, Sightings
from vigil.processes.hub import HubServer
from vigil.processes.place import Place

# A neighbour is given up by the kernel after 8 s, and lookout waits for that.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(can()), reason=can() or "it can")]

ANNA, BEN, CARL = "10.77.0.20", "10.77.0.21", "10.77.0.22"


class Seen:
    """Guard's end of the hub, and all that lookout has said to it."""

    def __init__(self, hub: HubServer) -> None:
        self.hub = hub
        self.said: list[Sightings] = []

    def until(self, wanted: Callable[[Sightings], bool], *, within_s: float = 90) -> Sightings:
        """Return the next word that is `wanted`."""
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            for _, message in self.hub.wait(0.5):
                if isinstance(message, Sightings):
                    self.said.append(message)
                    if wanted(message):
                        return message
        raise AssertionError(f"nothing of the kind was said: {self.said[-3:]}")


@contextmanager
def looking(home: Household, place: Place) -> Iterator[subprocess.Popen[bytes]]:
    command = home.at_box(sys.executable, "-m", "vigil", "lookout", "--data", str(place.data), "--plain")
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    with (place.data / "log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def guarding(tmp_path: Path, *devices: str, **presence: object) -> Iterator[tuple[Place, Seen]]:
    members = tuple(Member(id=f"m{number}", device=device) for number, device in enumerate(devices))
    config = Config(
        cameras=(Camera(id="gate", source="synthetic"),), members=members,
        presence=Presence(ping_interval_s=10, **presence),  # type: ignore[arg-type]
    )  # fmt: skip
    place = Place(tmp_path)
    place.config_files.owners.write_bytes(written(config))
    hub = HubServer(place.hub)
    try:
        yield place, Seen(hub)
    finally:
        hub.close()


def test_who_is_there_is_seen_and_who_is_not_is_missed_and_who_comes_is_told_at_once(tmp_path):
    with household("a") as home, guarding(tmp_path, ANNA, BEN) as (place, seen), looking(home, place):
        home.comes(ANNA)
        seen.until(lambda said: said.seen == {"m0": "ping"})
        seen.until(lambda said: "m1" in said.missed)
        assert all(not said.trouble for said in seen.said)
        assert any(said.witness for said in seen.said)
        assert not any("m0" in said.missed for said in seen.said[1:])

        home.comes(BEN)
        seen.until(lambda said: "m1" in said.seen, within_s=12)
        home.goes(ANNA)
        seen.until(lambda said: "m0" in said.missed)


def test_a_phone_that_sleeps_is_seen_by_its_radio_and_not_where_pings_alone_count(tmp_path):
    (tmp_path / "b").mkdir()
    with household("b") as home, guarding(tmp_path, ANNA, BEN) as (place, seen):
        home.comes(ANNA)
        home.sleeps()
        with looking(home, place):
            assert seen.until(lambda said: "m0" in said.seen).seen == {"m0": "neighbours"}
            seen.until(lambda said: "m1" in said.missed)
        with guarding(tmp_path / "b", ANNA, method="ping") as (place2, seen2), looking(home, place2):
            seen2.until(lambda said: "m0" in said.missed)
            assert not any("m0" in said.seen for said in seen2.said)


def test_a_router_that_answers_for_a_phone_proves_nothing(tmp_path):
    with household("c") as home, guarding(tmp_path, ANNA, BEN) as (place, seen):
        home.comes(BEN)
        home.answered_for(ANNA)
        home.sleeps()
        with looking(home, place):
            seen.until(lambda said: "m1" in said.seen)
            seen.until(lambda said: "m0" in said.missed)
            assert not any("m0" in said.seen for said in seen.said)


def test_a_hardware_address_is_searched_for_and_found(tmp_path):
    near = "10.77.0.9"
    with household("d") as home, guarding(tmp_path, hardware_of(near), hardware_of(CARL)) as (place, seen):
        home.comes(near)
        with looking(home, place):
            seen.until(lambda said: "m0" in said.seen, within_s=30)
            assert not any("m1" in said.seen for said in seen.said)


def test_a_cable_that_is_pulled_is_said_and_ends(tmp_path):
    with household("e") as home, guarding(tmp_path, ANNA) as (place, seen), looking(home, place):
        home.comes(ANNA)
        seen.until(lambda said: "m0" in said.seen)
        home.cable(plugged=False)
        seen.until(lambda said: "no cable is plugged in" in said.trouble)
        seen.until(lambda said: not said.witness)
        home.cable(plugged=True)
        seen.until(lambda said: "m0" in said.seen and not said.trouble)


def test_a_system_that_grants_no_pings_is_told_in_a_sentence(tmp_path):
    with household("f", pings="1 0") as home, guarding(tmp_path, ANNA) as (place, seen), looking(home, place):
        said = seen.until(lambda said: bool(said.trouble))

        assert "net.ipv4.ping_group_range must name its group" in said.trouble


def test_killed_at_any_moment_it_costs_a_look(tmp_path):
    with household("g") as home, guarding(tmp_path, ANNA) as (place, seen):
        home.comes(ANNA)
        for delay_s in (0.0, 0.7, 3.1):
            with looking(home, place) as process:
                seen.until(lambda said: "m0" in said.seen)
                _wait(seen, delay_s)
                process.kill()


def _wait(seen: Seen, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        seen.hub.wait(max(0.0, end_s - time.monotonic()))


def test_200_dead_cost_a_bounded_number_of_packets_and_the_living_are_seen_all_the_same(tmp_path):
    dead = [f"10.77.0.{number}" for number in range(30, 229)]
    with household("h") as home, guarding(tmp_path, ANNA, *dead) as (place, seen):
        home.comes(ANNA)
        with looking(home, place):
            seen.until(lambda said: "m0" in said.seen)
            _gather(seen, 15)
            before, began_s, answers = home.packets(), time.monotonic(), len(seen.said)
            _gather(seen, 30)
            packets_a_second = (home.packets() - before) / (time.monotonic() - began_s)

    # Four asks a second of three broadcasts each, and the asks of Anna and the router with their probes.
    assert 6 < packets_a_second < 16
    assert sum("m0" in said.seen for said in seen.said[answers:]) >= 2
    assert not any("m0" in said.missed for said in seen.said)
    assert len(seen.said) - answers <= 4


def _gather(seen: Seen, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        messages: list[tuple[object, Message]] = list(seen.hub.wait(max(0.0, end_s - time.monotonic())))
        seen.said += [message for _, message in messages if isinstance(message, Sightings)]


def test_the_router_of_this_network_is_no_member(tmp_path):
    """It is the witness, and somebody may name it a member all the same."""
    with household("i") as home, guarding(tmp_path, ROUTER) as (place, seen), looking(home, place):
        assert seen.until(lambda said: "m0" in said.seen).seen["m0"] in ("ping", "neighbours")


@pytest.mark.parametrize(("groups", "granted"), [("809", True), ("810", False)])
def test_pings_are_for_those_of_the_group_though_it_is_not_their_first(groups, granted):
    """As the unit has it: a user of its own, the group all processes share, and that of pings beside it."""
    rights = f"os.setgroups([{groups}]); os.setgid(800); os.setuid(809)"
    program = (
        f"import os; from vigil.body.ping import Pings; {rights}; print(Pings(os.urandom).send('{ROUTER}', 1) or 1)"
    )
    with household("j", pings="809 809") as home:
        done = subprocess.run(
            home.at_box(sys.executable, "-c", program),
            env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert (done.stdout == "1\n") is granted, done.stderr
    assert ("net.ipv4.ping_group_range must name its group" in done.stderr) is not granted
