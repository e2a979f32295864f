"""Guard's judgement at work: a press is journaled and shown, survives restarts, and no service disarms the box."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.guards import guarding, has_no_fault, signing, wait_for
from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.config.model import Arm, Button, Camera, Config, Owner
from vigil.config.write import written
from vigil.events import Answer, Cue, Display, Health, Message, Pause, Pressed, Senses, SetArm, Status
from vigil.processes.hub import HubClient, HubServer
from vigil.processes.judging import Judging
from vigil.processes.orders import Orders
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.segments.age import Identity
from vigil.store.disk import Calls, Disk
from vigil.store.index import index_path
from vigil.store.index_read import EventRow, IndexReader
from vigil.store.marker import make_store

CONFIG = Config(
    cameras=(Camera(id="gate", source="synthetic"),),
    owner=Owner(recipients=(str(Identity(bytes(range(32))).recipient),)),
    arm=Arm(exit_delay_s=0, entry_delay_s=30),
    button=Button(hold="alarm"),
)


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


def shows(lamp: str, pattern: str):
    return lambda message: isinstance(message, Display) and message.lamps[lamp] == pattern


def arm_is(state: str):
    return lambda message: isinstance(message, Health) and message.arm == state


def press(body: HubClient, gesture: str) -> None:
    assert body.send(Pressed(button="panel", gesture=gesture, at_us=5))


def journal(place: Place, *kinds: str) -> list[EventRow]:
    with IndexReader.read(index_path(place.state)) as reader:
        return reader.events(kinds=kinds)


def states(place: Place) -> list[tuple[str, str]]:
    return [(row.fields["after"], row.fields["how"]) for row in journal(place, "arm.changed")]


def test_a_press_arms_the_box_and_the_journal_has_it_before_the_lamp(place):
    with signing(place), guarding(place) as run:
        body = body_of(place)
        wait_for(body, shows("arm", "off"))
        press(body, "short")
        wait_for(body, shows("arm", "steady"))
        assert states(place) == [("armed_away", "button")]
        assert json.loads(place.state_file("arm").read_bytes())["state"] == "armed_away"
        wait_for(run, arm_is("armed_away"))
        body.close()

    (pressed,) = journal(place, "button.pressed")
    assert pressed.fields == {"button": "panel", "gesture": "short", "action": "arm_away"}


def test_a_restart_resumes_and_says_so(place):
    with signing(place):
        with guarding(place):
            assert body_says(place, SetArm(mode="night")).ok
        with guarding(place) as run:
            wait_for(run, arm_is("armed_night"))

    assert states(place) == [("armed_night", "command"), ("armed_night", "resumed")]


def body_says(place: Place, message: Message, name: str = "cli") -> Answer:
    """Ask as soon as guard knows whether it is armed."""
    client = HubClient(place.hub, name)
    try:
        answer = client.ask(message)[0]
        while "just begun" in answer.words:
            answer = client.ask(message)[0]
        return answer
    finally:
        client.close()


def test_a_state_file_that_is_lost_is_made_up_for_by_the_journal_and_told(place):
    with signing(place):
        with guarding(place):
            assert body_says(place, SetArm(mode="home")).ok
        place.state_file("arm").unlink()
        with guarding(place) as run:
            health = wait_for(run, arm_is("armed_home"))
            assert isinstance(health, Health)
            assert any("its memory is lost; the journal says" in fault for fault in health.faults)
            assert body_says(place, SetArm(mode="home")).ok
            wait_for(run, has_no_fault)


def test_a_state_file_of_nonsense_without_a_journal_arms_the_box(place):
    place.state_file("arm").write_bytes(b"{}")
    with guarding(place) as run:
        health = wait_for(run, arm_is("armed_away"))

    assert isinstance(health, Health)
    assert any(fault.startswith("arm: its memory is lost; nobody knows") for fault in health.faults)


def test_what_happens_before_the_journal_is_open_is_entered_later(place):
    with guarding(place):
        body = body_of(place)
        wait_for(body, shows("arm", "off"))
        press(body, "short")
        wait_for(body, shows("arm", "steady"))
        with signing(place):
            wait_for(body, lambda _: index_path(place.state).exists() and bool(states(place)))
        body.close()

    assert states(place) == [("armed_away", "button")]


def test_only_body_presses_the_button(place):
    with guarding(place) as run:
        body = body_of(place)
        wait_for(run, arm_is("disarmed"))
        run.send(Pressed(button="panel", gesture="short", at_us=5))
        body.send(Pressed(button="panel", gesture="nod", at_us=5))
        body.close()
        healths = [wait_for(run, lambda message: isinstance(message, Health)) for _ in range(3)]

    assert {one.arm for one in healths if isinstance(one, Health)} == {"disarmed"}


def test_a_mode_that_there_is_not_is_refused_in_words(place):
    with guarding(place):
        answer = body_says(place, SetArm(mode="sideways"))

    assert not answer.ok and "disarmed, home, away, night" in answer.words


def test_what_is_refused_is_journaled_with_who_and_why(place):
    with signing(place), guarding(place) as run:
        assert body_says(place, SetArm(mode="away")).ok
        body = body_of(place)
        press(body, "long")
        wait_for(run, lambda _: bool(journal(place, "arm.refused")))
        body.close()

    (refused,) = journal(place, "arm.refused")
    assert refused.fields["how"] == "button" and "does not lower" in refused.fields["why"]
    assert states(place)[-1][0] == "armed_away"


def test_a_call_for_help_sounds_and_lets_every_camera_record(place):
    with guarding(place) as run:
        camera = HubClient(place.hub, "record@gate")
        assert camera.connect()
        body = body_of(place)
        wait_for(run, arm_is("disarmed"))
        press(body, "hold")
        shown = wait_for(body, lambda message: isinstance(message, Display) and message.sound == "siren")
        assert isinstance(shown, Display) and shown.lamps["arm"] == "flicker"
        assert 170_000_000 < shown.sound_left_us <= 180_000_000
        wait_for(camera, lambda one: one == Cue(camera="gate", name="alarm", state="began"))

        assert body_says(place, SetArm(mode="disarmed")).words == "the box is disarmed"
        wait_for(camera, lambda one: one == Cue(camera="gate", name="alarm", state="ended"))
        wait_for(body, lambda message: isinstance(message, Display) and message.sound == "")
        body.close()
        camera.close()


def test_the_breath_comes_and_goes_with_the_recorders_word(place):
    with signing(place), guarding(place):
        camera, body = HubClient(place.hub, "record@gate"), body_of(place)
        assert camera.connect()
        wait_for(body, shows("status", "off"))
        # Ten seconds go by in one: once is not enough to be believed for long.
        camera.send(Status(camera="gate", state="recording", mode="continuous", durable_age_s=0.5))
        body.send(Senses())
        wait_for(body, shows("status", "breath"))
        wait_for(body, shows("status", "off"))
        camera.close()
        body.close()


def test_what_body_finds_wrong_is_a_fault_until_it_is_well(place):
    with signing(place), guarding(place) as run:
        body = body_of(place)
        body.send(Senses(faults={"button": "it is stuck"}))
        wait_for(run, lambda message: isinstance(message, Health) and "button: it is stuck" in message.faults)
        wait_for(body, shows("fault", "count-4"))
        body.send(Senses())
        wait_for(run, lambda message: isinstance(message, Health) and "button: it is stuck" not in message.faults)
        body.close()


def test_a_body_that_goes_away_is_missed(place):
    with guarding(place) as run:
        body = body_of(place)
        body.send(Senses())
        body.close()

        wait_for(run, lambda one: isinstance(one, Health) and any(f.startswith("body: ") for f in one.faults))


class Forgetful(Calls):
    """A disk that keeps everything but one file."""

    refuses = False

    def rename(self, old: Path, new: Path) -> None:
        if self.refuses and new.name == "arm.json":
            raise OSError(errno.EIO, "no")
        super().rename(old, new)


def test_a_disk_that_does_not_keep_the_state_does_not_keep_the_box_from_arming(place):
    calls = Forgetful()
    with signing(place), guarding(place, disk=Disk(calls)) as run:
        wait_for(run, arm_is("disarmed"))
        calls.refuses = True
        assert body_says(place, SetArm(mode="away")).ok
        told = wait_for(run, arm_is("armed_away"))
        assert isinstance(told, Health)
        assert any(fault.startswith("memory of arm: after a power cut") for fault in told.faults)

        calls.refuses = False
        assert body_says(place, SetArm(mode="disarmed")).ok
        wait_for(run, lambda one: has_no_fault(one) and arm_is("disarmed")(one))


def test_what_waited_for_the_journal_is_entered_before_what_came_later(place):
    hub = HubServer(place.hub)
    entered: list[str] = []
    is_open = False

    def enter(kind: str, fields: Mapping[str, Any]) -> bool:
        if is_open:
            entered.append(f"{kind} {fields.get('gesture', fields.get('after'))}")
        return is_open

    judging = Judging(
        load(place.data, Disk()), disk=Disk(), clock=HandClock(), hub=hub, orders=Orders(hub), enter=enter,
        fault=lambda *_: None, faults={},
    )  # fmt: skip
    body = body_of(place)
    while not (peer := hub.named("body")):
        hub.wait(1)
    judging.look(None, Trust.UNSYNCED)
    judging.hears(peer, Pressed(button="panel", gesture="short", at_us=5))
    is_open = True
    judging.hears(peer, Pressed(button="panel", gesture="double", at_us=6))
    judging.look(None, Trust.UNSYNCED)
    body.close()
    hub.close()

    assert entered == ["button.pressed short", "arm.changed armed_away", "button.pressed double"]


def test_what_the_journal_has_no_form_for_is_entered_in_words_and_nothing_waits_behind_it(place):
    with signing(place), guarding(place) as run:
        wait_for(run, arm_is("disarmed"))
        body = body_of(place)
        body.send(Pressed(button="half a \ud83d", gesture="double", at_us=5))
        body.send(Pressed(button="panel", gesture="short", at_us=6))
        wait_for(run, arm_is("armed_away"))
        body.close()

    pressed = [row.fields for row in sorted(journal(place, "button.pressed"), key=lambda row: row.seq)]
    assert [fields["button"] for fields in pressed] == ["half a ?", "panel"]
    assert "half a character" in pressed[0]["mended"] and "mended" not in pressed[1]


def test_a_camera_that_is_private_at_home_is_paused_until_the_box_is_armed(place):
    private = replace(CONFIG, cameras=(replace(CONFIG.cameras[0], private=("disarmed",)),))
    place.config_files.owners.write_bytes(written(private))
    with signing(place), guarding(place) as run:
        wait_for(run, arm_is("disarmed"))
        camera, body = HubClient(place.hub, "record@gate"), body_of(place)
        assert camera.connect()
        watching = Status(camera="gate", state="recording", mode="continuous", durable_age_s=0.5)
        camera.send(watching)
        paused = wait_for(camera, lambda one: isinstance(one, Pause))
        assert paused == Pause(camera="gate", paused=True, who="privacy: the box is disarmed")
        camera.send(Answer(ok=True, words="done"))
        camera.send(replace(watching, state="paused", paused_by="privacy: the box is disarmed"))
        body.send(Senses())
        wait_for(body, shows("status", "wink"))

        assert body_says(place, SetArm(mode="away")).ok
        assert wait_for(camera, lambda one: isinstance(one, Pause)) == Pause(
            camera="gate", paused=False, who="privacy: the box is armed_away"
        )
        camera.close()
        body.close()


def test_a_box_that_was_never_armed_is_disarmed_even_while_its_journal_is_away(place):
    with signing(place), guarding(place) as run:
        wait_for(run, arm_is("disarmed"))
    with guarding(place) as run:
        told = wait_for(run, lambda one: isinstance(one, Health) and one.arm != "")

    assert isinstance(told, Health) and told.arm == "disarmed"
    assert not any(fault.startswith("arm:") for fault in told.faults)
