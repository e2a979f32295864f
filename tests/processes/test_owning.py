"""Whose box it is, by a guard at work: claimed, taken over, refused, and remembered through restarts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.claims import NEW, OLD
from fakes.guards import guarding, signing, wait_for
from vigil.config.model import Arm, Camera, Config, Owner
from vigil.config.secrets import SecretFiles, hash_passphrase, hash_pin, pin_matches
from vigil.config.spoken import new_passphrase
from vigil.config.write import written
from vigil.events import (
    Answer,
    CancelTakeover,
    Display,
    Health,
    Message,
    NewPin,
    OpenClaim,
    Ownership,
    Pressed,
    SetArm,
    TakeClaim,
)
from vigil.guard.ownership import RIPE_US
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.store.disk import Calls, Disk
from vigil.store.index import index_path
from vigil.store.index_read import IndexReader
from vigil.store.marker import make_store

CONFIG = Config(cameras=(Camera(id="gate", source="synthetic"),), arm=Arm(exit_delay_s=0))
KINDS = (
    "claim.opened", "claim.closed", "claim.refused", "claim.taken", "pin.changed",
    "takeover.announced", "takeover.refused", "takeover.ripe", "takeover.cancelled", "takeover.completed",
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(CONFIG))
    return place


def is_(**wanted: str) -> Callable[[Message], bool]:
    return lambda said: (
        isinstance(said, Ownership) and all(getattr(said, name) == value for name, value in wanted.items())
    )


def entries(place: Place) -> list[tuple[str, dict[str, Any]]]:
    with IndexReader.read(index_path(place.state)) as reader:
        return [(row.kind, row.fields) for row in reader.events(kinds=KINDS)]


def kinds(place: Place) -> list[str]:
    return [kind for kind, _ in entries(place)]


class At:
    """Somebody before the box, and at its command line."""

    def __init__(self, place: Place, run: HubClient) -> None:
        self.place = place
        self.run = run
        self.body = HubClient(place.hub, "body")
        assert self.body.connect()

    def sees(self, **wanted: str) -> Ownership:
        found = wait_for(self.run, is_(**wanted))
        assert isinstance(found, Ownership)
        return found

    def presses(self, *gestures: str) -> None:
        for gesture in gestures:
            assert self.body.send(Pressed(button="panel", gesture=gesture, at_us=5))

    def says(self, message: Message, name: str = "cli") -> Answer:
        client = HubClient(self.place.hub, name)
        try:
            return client.ask(message, timeout_s=20)[0]
        finally:
            client.close()

    def lamp(self, lamp: str, pattern: str) -> None:
        wait_for(self.body, lambda message: isinstance(message, Display) and message.lamps[lamp] == pattern)


@contextmanager
def before(place: Place, owned: str, disk: Disk | None = None) -> Iterator[At]:
    with signing(place), guarding(place, disk=disk) as run:
        at = At(place, run)
        at.sees(owned=owned)
        yield at
        at.body.close()


def test_a_new_box_is_claimed_and_stays_claimed(place):
    with before(place, "unclaimed") as at:
        assert not at.says(TakeClaim(administrator="anna", recipients=[NEW])).ok
        at.presses("hold")
        assert at.sees(open_for="unclaimed").open_left_s > 500
        at.lamp("status", "fast")
        assert at.says(TakeClaim(administrator="anna", recipients=[NEW], client="10.0.0.5"), "serve").ok
        at.sees(owned="claimed", administrator="anna", open_for="")
        assert kinds(place) == ["claim.opened", "claim.taken"]
        assert not at.says(TakeClaim(administrator="eve", recipients=[OLD])).ok
    with before(place, "claimed") as at:
        at.presses("hold")
        assert at.says(OpenClaim()).words.startswith("the box is claimed already")
        at.sees(open_for="", administrator="anna")
    assert json.loads(place.state_file("claim").read_bytes())["recipients"] == [NEW]
    assert entries(place)[1][1]["how"] == "page"


def test_a_box_whose_memory_is_gone_is_still_somebodys(place):
    with before(place, "unclaimed") as at:
        assert at.says(OpenClaim()).ok
        assert at.says(TakeClaim(administrator="anna", recipients=[NEW])).ok
    place.state_file("claim").unlink()
    with before(place, "claimed") as at:
        at.sees(administrator="anna")
        found = wait_for(at.run, lambda one: isinstance(one, Health) and bool(one.faults))
        assert isinstance(found, Health)
        assert any(fault.startswith("ownership: its memory is lost; the journal says") for fault in found.faults)


def test_a_box_that_knows_nothing_any_more_is_told_as_unknown(place):
    with before(place, "unclaimed"):
        pass
    place.state_file("claim").write_bytes(b"")
    with before(place, "unknown") as at:
        at.presses("hold")
        at.sees(open_for="")
        assert at.says(OpenClaim()).ok
        at.sees(open_for="unknown")


def announced(place: Place) -> None:
    """A claimed box, whose takeover has five seconds left to wait."""
    place.config_files.owners.write_bytes(written(Config(cameras=CONFIG.cameras, owner=Owner(recipients=(OLD,)))))
    with before(place, "prepared") as at:
        at.presses("hold")
        at.sees(open_for="prepared")
        assert at.says(TakeClaim(administrator="otto")).ok
        at.presses("hold", "very_long")
        assert at.sees(takeover="waiting").takeover_left_s > 86_000
        at.lamp("fault", "calling")
    path = place.state_file("claim")
    read = json.loads(path.read_bytes())
    read["takeover"]["waited_us"] = RIPE_US - 5_000_000
    path.write_text(json.dumps(read))


def test_a_takeover_waits_through_a_restart_and_then_needs_somebody_before_the_box(place):
    announced(place)
    with before(place, "claimed") as at:
        at.sees(takeover="ripe")
        assert not at.says(TakeClaim(administrator="anna", recipients=[NEW])).ok
        at.presses("hold")
        at.sees(open_for="takeover")
        assert at.says(TakeClaim(administrator="anna", recipients=[NEW])).ok
        at.sees(owned="claimed", administrator="anna", takeover="")

    taken = ["claim.opened", "takeover.completed", "claim.taken"]
    assert kinds(place) == ["claim.opened", "claim.taken", "takeover.announced", "takeover.ripe", *taken]


@pytest.mark.parametrize("no", ["page", "command", "armed", "pin"])
def test_an_owner_says_no(place, no):
    announced(place)
    secrets = SecretFiles.below(place.data)
    secrets.of_guard.mkdir(parents=True)
    secrets.pin.write_bytes(hash_pin("2468", os.urandom))
    with before(place, "claimed") as at:
        at.sees(takeover="ripe")
        at.lamp("fault", "calling")
        if no == "armed":
            assert at.says(SetArm(mode="home")).ok
        elif no == "command":
            assert at.says(CancelTakeover()).ok
        elif no == "page":
            assert at.says(CancelTakeover(client="otto"), "serve").ok
        else:
            assert not at.says(CancelTakeover(pin="1357", client="hall", route="keypad"), "uplink").ok
            assert at.says(CancelTakeover(pin="2468", client="hall", route="keypad"), "uplink").ok
        at.sees(takeover="")
        at.presses("hold")
        wait_for(at.body, lambda message: isinstance(message, Display) and message.lamps["fault"] != "calling")
    assert kinds(place)[-1] == "takeover.cancelled"


def test_an_armed_box_refuses(place):
    announced(place)
    with before(place, "claimed") as at:
        assert at.says(SetArm(mode="away")).ok
        at.presses("hold", "very_long")
        at.sees(last="takeover.refused")


def test_what_could_be_taken_back_by_a_cut_is_not_granted(place):
    class Full(Calls):
        full = False

        def rename(self, old: Path, new: Path) -> None:
            if self.full and new.name == "claim.json":
                raise OSError(28, "no room")
            super().rename(old, new)

    calls = Full()
    with before(place, "unclaimed", Disk(calls)) as at:
        assert at.says(OpenClaim()).ok
        calls.full = True
        assert "cannot remember" in at.says(TakeClaim(administrator="anna", recipients=[NEW])).words
        at.sees(owned="unclaimed", open_for="unclaimed")
        calls.full = False
        assert at.says(TakeClaim(administrator="anna", recipients=[NEW])).ok


def test_services_may_neither_open_nor_take_nor_cancel(place, monkeypatch):
    monkeypatch.setattr("vigil.processes.owning.may_own", lambda *_, **__: False)
    monkeypatch.setattr("vigil.processes.owning.may_command", lambda *_, **__: False)
    with before(place, "unclaimed") as at:
        assert "only root" in at.says(OpenClaim(), "uplink").words
        at.presses("hold")
        at.sees(open_for="unclaimed")
        assert "only root" in at.says(TakeClaim(administrator="eve", recipients=[NEW]), "uplink").words
        assert "needs the PIN" in at.says(CancelTakeover(client="eve"), "uplink").words


def test_the_passphrase_sets_a_new_pin_once_and_is_no_pin_itself(place):
    secrets, passphrase = SecretFiles.below(place.data), new_passphrase(os.urandom)
    secrets.of_guard.mkdir(parents=True)
    secrets.pin.write_bytes(hash_pin("2468", os.urandom))
    secrets.pin_recovery.write_bytes(hash_passphrase(passphrase, os.urandom))
    by = {"client": "10.0.0.5", "route": "page"}
    with before(place, "unclaimed") as at:
        assert "look at the paper" in at.says(NewPin(passphrase="b" + "a" * 29, pin="8642", **by), "serve").words
        assert "4 to 12 digits" in at.says(NewPin(passphrase=passphrase, pin="8", **by), "serve").words
        other = new_passphrase(os.urandom)
        assert at.says(NewPin(passphrase=other, pin="8642", **by), "serve").words.endswith("passphrase is wrong")
        assert at.says(NewPin(passphrase=passphrase.upper(), pin="8642", **by), "serve").ok
        assert pin_matches("8642", secrets.pin.read_bytes())
        assert "used up" in at.says(NewPin(passphrase=passphrase, pin="9753", **by), "serve").words
    assert entries(place) == [("pin.changed", {"who": "10.0.0.5", "how": "recovery passphrase, page"})]
