"""A service of the box arms and disarms by the right PIN alone, and guessing ends soon."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.guards import guarding, signing, wait_for
from vigil.config.model import Arm, Camera, Config
from vigil.config.secrets import SecretFiles, hash_pin
from vigil.config.write import written
from vigil.events import Answer, Health, SetArm
from vigil.guard.pin import FREE_TRIES
from vigil.processes.hub import HubClient
from vigil.processes.pin_door import PinDoor
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.index import index_path
from vigil.store.index_read import IndexReader
from vigil.store.marker import make_store

CONFIG = Config(cameras=(Camera(id="gate", source="synthetic"),), arm=Arm(exit_delay_s=0))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    secrets = SecretFiles.below(tmp_path)
    secrets.of_guard.mkdir(parents=True)
    secrets.pin.write_bytes(hash_pin("2468", os.urandom))
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(CONFIG))
    return place


@pytest.fixture
def page(place, monkeypatch) -> Iterator[HubClient]:
    """Somebody whom the kernel calls a service."""
    monkeypatch.setattr("vigil.processes.demands.may_command", lambda *_, **__: False)
    with signing(place), guarding(place) as run:
        wait_for(run, lambda message: isinstance(message, Health) and message.arm == "disarmed")
        client = HubClient(place.hub, "serve")
        yield client
        client.close()


def ask(page: HubClient, mode: str = "away", **given: Any) -> Answer:
    said = {"pin": "2468", "client": "10.0.0.5", "route": "page", **given}
    return page.ask(SetArm(mode=mode, **said), timeout_s=20)[0]


def entries(place: Place, kind: str) -> list[dict[str, Any]]:
    with IndexReader.read(index_path(place.state)) as reader:
        return [row.fields for row in reader.events(kinds=[kind])]


def test_the_right_pin_arms_and_disarms_and_the_journal_says_who_and_how(page, place):
    assert ask(page) == Answer(ok=True, words="the box is armed_away")
    assert ask(page, "disarmed").ok

    changed = [(entry["after"], entry["who"], entry["how"]) for entry in entries(place, "arm.changed")]
    assert changed == [("armed_away", "10.0.0.5", "page"), ("disarmed", "10.0.0.5", "page")]


def test_guessing_is_refused_after_a_few_and_journaled_once(page, place):
    wrong = [ask(page, pin=f"100{number}") for number in range(FREE_TRIES + 2)]

    assert [one.words for one in wrong[:FREE_TRIES]] == ["the PIN is wrong"] * FREE_TRIES
    assert all("too many wrong PINs from here" in one.words for one in wrong[FREE_TRIES:])
    assert "too many" in ask(page).words
    assert ask(page, client="10.0.0.6").ok
    (told,) = entries(place, "arm.refused")
    assert told["who"] == "10.0.0.5" and told["how"] == "page" and "1000" not in str(told)


@pytest.mark.parametrize("given", [{"pin": ""}, {"route": "rumour"}, {"client": ""}])
def test_who_does_not_say_what_is_needed_is_not_even_heard(page, given):
    assert not ask(page, **given).ok


def test_without_a_pin_there_is_no_right_one(page, place):
    SecretFiles.below(place.data).pin.unlink()

    assert ask(page).words == "no PIN is set: `vigil config set-pin` sets one"


def test_a_damaged_pin_is_told_and_opens_nothing(page, place):
    SecretFiles.below(place.data).pin.write_bytes(b"2468")

    assert "damaged" in ask(page).words


def test_who_knocks_while_many_wait_is_sent_away(tmp_path):
    door = PinDoor(Disk(), tmp_path / "pin")
    door._thread = object()  # type: ignore[assignment]  # nobody tries any
    peer: Any = None

    said = [door.knock(peer, SetArm(mode="away", pin="1", client=f"{n}", route="page"), 0) for n in range(10)]

    assert said == [""] * 8 + ["others are trying PINs: wait a moment"] * 2
