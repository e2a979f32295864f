"""`vigil claim` and `vigil takeover`: what they say, and a box that is claimed from its command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.claims import NEW
from fakes.guards import guarding, signing, wait_for
from vigil.__main__ import parser
from vigil.cli.claim import lines
from vigil.config.model import Camera, Config
from vigil.config.read import read_strict
from vigil.config.write import written
from vigil.events import Ownership
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.marker import make_store


def run(data: Path, *words: str) -> int:
    given = parser().parse_args([*words, "--data", str(data)])
    return int(given.run(given))


def test_it_says_whose_the_box_is_and_what_can_be_done():
    assert lines(Ownership(owned="unclaimed"))[0].startswith("owner: nobody's: hold its button for ten seconds")
    said = lines(Ownership(owned="claimed", administrator="anna", open_for="takeover", open_left_s=590))
    assert said[:2] == ["owner: claimed by anna", "claiming: open for 590 s more (takeover)"]
    waits = Ownership(owned="claimed", takeover="waiting", takeover_left_s=86_340, last="takeover.announced", words="x")
    assert lines(waits)[2:] == [
        "takeover: announced, 23 h 59 min of running time to go; `vigil takeover cancel` says no",
        "last: takeover.announced: x",
    ]
    assert "lapses in 1 h 00 min" in lines(Ownership(owned="claimed", takeover="ripe", takeover_left_s=3600))[2]
    assert "taken for somebody's" in lines(Ownership(owned="unknown"))[0]


def test_a_box_is_claimed_from_its_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(Config(cameras=(Camera(id="gate", source="synthetic"),))))
    take = ("claim", "take", "--administrator", "anna", "--recipient", NEW)
    with signing(place), guarding(place) as watcher:
        wait_for(watcher, lambda said: isinstance(said, Ownership) and said.owned == "unclaimed")
        assert run(tmp_path, *take) == 1
        assert "hold the button" in capsys.readouterr().out
        assert run(tmp_path, "claim", "open") == 0
        assert run(tmp_path, *take) == 0
        assert "vigil config set-pin" in capsys.readouterr().out
        assert run(tmp_path, "claim", "status") == 0
        assert capsys.readouterr().out.startswith("owner: claimed by anna\nclaiming: closed\ntakeover: none\n")
        assert run(tmp_path, "claim", "open") == 1
        assert run(tmp_path, "takeover", "cancel") == 1
        assert "there is no takeover to cancel" in capsys.readouterr().out

    assert read_strict(place.config_files.owners.read_bytes()).owner.recipients == (NEW,)
