"""`vigil status` as one types it."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from fakes.guards import guarding, has_no_fault, signing, wait_for
from fakes.health import camera
from vigil.__main__ import main
from vigil.config.model import Camera, Config
from vigil.config.write import written
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.marker import make_store


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(written(Config(cameras=(Camera(id="gate", source="synthetic"),))))
    return place


def test_a_running_box_says_how_it_is(place: Place, capsys: pytest.CaptureFixture[str]):
    with signing(place), guarding(place) as client:
        recorder = HubClient(place.hub, "record@gate")
        assert recorder.connect()
        wait_for(client, has_no_fault)
        stop = threading.Event()
        speaking = threading.Thread(target=_speak, args=(recorder, stop))
        speaking.start()
        wait_for(client, lambda m: "camera.lost" in str(m))
        code = main(["status", "--data", str(place.data), "--json"])
        stop.set()
        speaking.join()
        recorder.close()

    values = json.loads(capsys.readouterr().out)
    assert (code, values["source"], values["level"]) == (2, "guard", "failed")
    assert [one["camera"] for one in values["cameras"]] == ["gate"]
    assert values["probes"][0]["id"] == "camera.lost"


def _speak(recorder: HubClient, stop: threading.Event) -> None:
    while not stop.wait(0.2):
        recorder.send(camera(state="lost", fault="nothing answers"))


def test_a_box_whose_guard_is_away_is_unknown(place: Place, capsys: pytest.CaptureFixture[str]):
    assert main(["status", "--data", str(place.data)]) == 3

    out = capsys.readouterr().out
    assert out.startswith("unknown: guard does not answer")
    assert "camera gate: nothing was ever recorded" in out


def test_where_there_is_no_box_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["status", "--data", str(tmp_path / "nowhere")]) == 3

    assert "there is no Vigil in" in capsys.readouterr().err
