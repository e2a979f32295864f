"""Guard and the verdict: it goes to whoever listens, and what changed is in the journal, also what came before that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.guards import guarding, has_fault, signing, wait_for
from fakes.health import camera
from vigil.clock import HandClock
from vigil.config.model import Camera, Config, Owner
from vigil.config.write import written
from vigil.events import Health, Message
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.processes.update import Records
from vigil.segments.age import Identity
from vigil.store.disk import Disk
from vigil.store.journal_read import read_logs
from vigil.store.marker import make_store

CONFIG = Config(
    cameras=(Camera(id="gate", source="synthetic"),),
    owner=Owner(recipients=(str(Identity(bytes(range(32))).recipient),)),
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(CONFIG))
    return place


def reading(message: Message, id_: str) -> dict[str, str | int] | None:
    probes = message.probes if isinstance(message, Health) else []
    return next((one for one in probes if one["id"] == id_), None)


def entered(place: Place) -> list[tuple[str, str]]:
    entries = [entry for log in read_logs(place.journal) for entry in log.entries()]
    return [(one.kind, str(one.fields["id"])) for one in entries if one.kind.startswith("fault.")]


def test_a_camera_that_dies_is_in_the_verdict_with_why_and_what_to_do_and_in_the_journal(place: Place):
    with signing(place), guarding(place) as client:
        recorder = HubClient(place.hub, "record@gate")
        assert recorder.connect()
        recorder.send(camera(state="lost", fault="nothing answers"))
        message = wait_for(client, lambda m: reading(m, "camera.lost") is not None)
        wait_for(client, lambda _: ("fault.raised", "camera.lost") in entered(place))
        recorder.close()

    assert isinstance(message, Health)
    assert (message.level, message.blinks) == ("failed", 1)
    assert message.probes[0]["id"] == "camera.lost"
    assert message.probes[0]["why"] == "nothing answers"
    assert str(message.probes[0]["do"]).startswith("Read why.")
    assert "camera gate: nothing answers" in message.faults


def test_what_was_wrong_before_there_was_a_journal_is_entered_when_it_is_opened(place: Place):
    place.config_files.owners.write_text('schema = 1\nmood = "good"\n')
    with guarding(place) as client:
        wait_for(client, has_fault("configuration"))
        wait_for(client, has_fault("signer"))
        assert not place.journal.exists()
        with signing(place):
            wait_for(client, lambda m: isinstance(m, Health) and m.entries > 0)
            wait_for(client, lambda _: ("fault.cleared", "keys.signer") in entered(place))

    assert ("fault.raised", "configuration.salvaged") in entered(place)
    assert ("fault.raised", "keys.signer") in entered(place)


def test_guard_that_is_started_again_goes_on_with_what_stood(place: Place):
    place.config_files.owners.write_text('schema = 1\nmood = "good"\n')
    with signing(place):
        for _ in range(2):
            with guarding(place) as client:
                wait_for(client, lambda m: reading(m, "configuration.salvaged") is not None)
                wait_for(client, lambda _: bool(entered(place)))

    assert entered(place).count(("fault.raised", "configuration.salvaged")) == 1


def test_a_box_with_one_system_left_says_so_until_an_update_is_installed_also_over_a_restart_of_guard(place: Place):
    records = Records(place, Disk(), HandClock())
    records.tell("slot.spent", {"slot": "B", "why": "it does not start any more"})
    with signing(place):
        for _ in range(2):
            with guarding(place) as client:
                message = wait_for(client, lambda m: reading(m, "update.one-system") is not None)
                wait_for(client, lambda _: ("fault.raised", "update.one-system") in entered(place))
        assert isinstance(message, Health)
        assert "update: it does not start any more" in message.faults
        with guarding(place) as client:
            records.tell("update.installed", {"version": "2.0.0"})
            wait_for(client, lambda _: ("fault.cleared", "update.one-system") in entered(place))

    assert entered(place).count(("fault.raised", "update.one-system")) == 1


def test_a_change_of_the_settings_that_is_on_trial_is_a_notice(place: Place):
    place.config_files.owners.with_name("vigil.toml.before").write_bytes(b"")
    with guarding(place) as client:
        message = wait_for(client, lambda m: reading(m, "configuration.trial") is not None)

    assert isinstance(message, Health)
    assert not [fault for fault in message.faults if fault.startswith("configuration")]
