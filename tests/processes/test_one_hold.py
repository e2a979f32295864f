"""One hold of the button, two wishes: the box and the stick decide which of them it was."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from fakes.guards import guarding, signing, wait_for
from vigil.body.hotplug import Device
from vigil.config.model import Camera, Config, Owner
from vigil.config.write import written
from vigil.events import Display, Message, OpenClaim, Ownership, Plugs, Pressed, TakeClaim
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.processes.plugs import NOTE
from vigil.segments.age import Identity
from vigil.store.disk import Disk
from vigil.store.index import index_path
from vigil.store.index_read import IndexReader
from vigil.store.marker import make_store

OWNER = str(Identity(bytes(range(32))).recipient)
STICK = Device(
    name="0781:5581-4C53", number=5, kind="stick", let_in=True, vendor="0781", product="5581", serial="4C53",
    port="1-1.4", classes="080650", words="SanDisk Ultra",
)  # fmt: skip


def box(at: Path, owned: str) -> Place:
    """A box that is nobody's, whose card names an owner (``prepared``), or one to be claimed below."""
    place = Place(at)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    owner = Owner() if owned == "unclaimed" else Owner(recipients=(OWNER,))
    place.config_files.owners.write_bytes(
        written(Config(cameras=(Camera(id="gate", source="synthetic"),), owner=owner))
    )
    return place


def claimed(place: Place, run: HubClient) -> None:
    for message in (OpenClaim(), TakeClaim(administrator="anna")):
        client = HubClient(place.hub, "cli")
        assert client.ask(message, timeout_s=20)[0].ok
        client.close()
    wait_for(run, lambda one: isinstance(one, Ownership) and one.owned == "claimed" and not one.open_for)


def is_status(*patterns: str):
    def wanted(message: Message) -> bool:
        return isinstance(message, Display) and message.lamps["status"] in patterns

    return wanted


LAMP = {"claim.opened": "fast", "export.began": "filling-0", "nothing": "refused"}


@pytest.mark.parametrize(
    ("owned", "stick", "comes_of_it"),
    [
        ("unclaimed", False, "claim.opened"),
        ("unclaimed", True, "claim.opened"),
        ("prepared", False, "claim.opened"),
        ("prepared", True, "export.began"),
        ("claimed", False, "nothing"),
        ("claimed", True, "export.began"),
    ],
)
def test_a_hold_is_for_claiming_or_for_an_export_and_says_which(tmp_path, monkeypatch, owned, stick, comes_of_it):
    run_directory = tmp_path / "notes"
    run_directory.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(run_directory))
    place = box(tmp_path, owned)
    with signing(place), guarding(place) as run:
        begins = "prepared" if owned == "claimed" else owned
        wait_for(run, lambda one: isinstance(one, Ownership) and one.owned == begins)
        if owned == "claimed":
            claimed(place, run)
        body = HubClient(place.hub, "body")
        assert body.connect()
        wait_for(body, lambda message: isinstance(message, Display) and not is_status("fast")(message))
        assert body.send(Plugs(devices=[json.dumps(asdict(STICK))] if stick else []))
        assert body.send(Pressed(button="panel", gesture="hold", at_us=5))
        shown = wait_for(body, is_status(*LAMP.values()))
        body.close()

    assert isinstance(shown, Display) and shown.lamps["status"] == LAMP[comes_of_it]
    with IndexReader.read(index_path(place.state)) as reader:
        rows = reader.events(kinds=("claim.opened", "export.began"))
    pressed = [row.kind for row in rows if row.fields["who"] == "button panel"]
    assert pressed == ([] if comes_of_it == "nothing" else [comes_of_it])
    assert (run_directory / NOTE).exists() is (comes_of_it == "export.began")
