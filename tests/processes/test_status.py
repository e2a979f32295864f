"""What `vigil status` says of a box, from what guard says and from files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.health import WELL, at, camera
from fakes.recordings import numbered, recording
from fakes.watching import health
from vigil.clock import HandClock
from vigil.config.model import Camera, Config
from vigil.config.write import written
from vigil.guard.diagnosis import Diagnosis
from vigil.guard.faults import Level
from vigil.guard.health_memory import Past, saved
from vigil.guard.probes.card import CardSeen
from vigil.guard.probes.process import ProcessSeen
from vigil.guard.verdict import level_of
from vigil.processes import status_lines
from vigil.processes.place import Place
from vigil.processes.status import Told
from vigil.processes.status_files import read_files
from vigil.store.disk import Disk
from vigil.store.marker import make_store
from vigil.upkeep.update_record import Phase, Record, encode

LOST = camera("gate", state="lost", fault="nothing answers at rtsp://me:hunter2@10.0.0.7/", fps=0, durable_age_s=90.0)
WORN = (
    "by what was written to it, the card is estimated to be worn to 12 %, and to last for 4000 days more at this pace"
)


def told(*said) -> Told:
    """What is told ten seconds after guard began, having heard this all the time."""
    diagnosis = Diagnosis(at(0))
    for second in range(10):
        for one in said:
            diagnosis.hear(one, at(second))
        diagnosis.look(at(second))
    found = diagnosis.verdict
    message = health(level=str(found.level), since_us=found.since_us, probes=found.plain(), faults=found.faults())
    return Told(message, {one.camera: one for one in said if isinstance(one, type(LOST))})


def test_a_box_that_is_well_is_said_in_a_few_lines():
    assert status_lines.lines(told(*WELL), at(10).steady_us) == [
        "ok for 10 s",
        "",
        "camera gate: recording, 25.0 fps, –, safe 0.8 s ago",
        "",
        "kept: 212 GB free of 480 GB, 52 segments, 1,204 entries, clock synced",
        "board: the board is at 48 °C",
        "network: reached by eth0",
        "power: there are mains",
        f"wear: {WORN}",
    ]


def test_what_becomes_of_the_disk_is_said_last():
    foreseen = "full in about 12 days; then the oldest go, and recordings reach about 14 days back"

    assert status_lines.lines(Told(health(forecast=foreseen)), at(10).steady_us)[-1] == f"disk: {foreseen}"


def test_a_camera_has_a_verdict_of_its_own_by_what_is_read_of_it_and_of_its_recorder():
    box = told(*WELL, camera("yard"), camera("door", picture_check="black"), ProcessSeen(name="record@yard", away_s=90))

    lines = [line for line in status_lines.lines(box, at(10).steady_us) if line.startswith("camera ")]

    assert [line.partition(", ")[0] for line in lines] == [
        "camera door: warning: recording", "camera gate: recording", "camera yard: failed: recording",
    ]  # fmt: skip
    assert [one["level"] for one in status_lines.as_json(box, 0)["cameras"]] == ["warning", "ok", "failed"]
    assert level_of("attic", []) is Level.UNKNOWN


def test_what_is_wrong_comes_first_with_its_id_and_what_to_do():
    lines = status_lines.lines(told(*WELL[1:], LOST, CardSeen(complaint="it goes bad")), at(70).steady_us)

    assert lines[0] == "failed for 1 min: 2 failed"
    assert lines[1].startswith("× camera gate: nothing answers at rtsp://")
    assert lines[1].endswith("[camera.lost, 1 min]")
    assert lines[2].startswith("    Read why.")
    assert lines[3] == "× card: it goes bad [card.failing, 1 min]"
    assert "hunter2" not in "".join(lines)


def test_a_notice_is_said_and_costs_nothing():
    paused = told(*WELL[1:], camera(state="paused"))
    assert paused.health

    assert status_lines.lines(paused, at(10).steady_us)[0] == "notice for 10 s: 1 notice"
    assert status_lines.EXIT_CODES[status_lines.level_of(paused.health)] == 0


@pytest.mark.parametrize(
    ("level", "code"), [("ok", 0), ("notice", 0), ("warning", 1), ("failed", 2), ("unknown", 3), ("?", 3)]
)
def test_the_exit_code_says_how_it_is(level: str, code: int):
    assert status_lines.EXIT_CODES[status_lines.level_of(health(level=level))] == code


def test_programs_get_all_of_it_without_secrets():
    values = status_lines.as_json(told(*WELL[1:], LOST), at(70).steady_us)

    said = json.dumps(values)
    assert (values["source"], values["level"], values["for_s"]) == ("guard", "failed", 70.0)
    assert values["probes"][0]["id"] == "camera.lost"
    assert values["probes"][0]["for_s"] == 70.0
    assert values["cameras"][0]["state"] == "lost"
    assert "hunter2" not in said
    assert "since_us" not in said


def test_guard_is_listened_to_until_every_camera_that_speaks_has_spoken():
    message = told(*WELL, camera("yard")).health

    assert not Told(message, {"gate": camera()}).complete
    assert Told(message, {"gate": camera(), "yard": camera("yard")}).complete
    assert not Told(None, {"gate": camera()}).complete


# Where guard is away


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    config = Config(cameras=(Camera(id="gate", source="synthetic"), Camera(id="yard", source="synthetic")))
    place.config_files.owners.write_bytes(written(config))
    return place


def test_without_guard_the_files_say_when_each_recorder_last_wrote(place: Place):
    made, clock = recording(place.video, clock=HandClock(), camera="gate")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    made.close("stopped")
    (seal,) = (place.video / "gate").rglob("*.seal")
    os.utime(seal, (clock.wall_us() / 1e6 - 30, clock.wall_us() / 1e6 - 30))

    lines = status_lines.lines_from_files(read_files(place.data, Disk(), clock))

    assert lines[0].startswith("unknown: guard does not answer")
    assert "camera gate: its recorder last wrote 30 s ago, in segment 1" in lines
    assert "camera yard: nothing was ever recorded" in lines
    assert not [line for line in lines if line.startswith("!")]


def test_without_guard_what_stood_and_what_the_files_show_is_said(place: Place):
    diagnosis = Diagnosis(at(0))
    diagnosis.hear(LOST, at(0))
    diagnosis.look(at(0))
    place.health.write_text(json.dumps(saved(Past(), diagnosis.standing)))
    place.config_files.owners.write_text('schema = 1\nmood = "good"\n')
    place.update.mkdir()
    failed = Record(phase=Phase.FAILED, version="2.0.0", why="it panicked")
    (place.update / "record.json").write_bytes(encode(failed))
    (place.video / ".vigil-store").unlink()
    before = sorted(place.data.rglob("*"))

    found = read_files(place.data, Disk(), HandClock())
    lines = status_lines.lines_from_files(found)

    assert "! configuration: mood: not a setting" in lines
    assert "! update: the update to 2.0.0: it panicked" in lines
    assert [line for line in lines if line.startswith("! store: ") and "no marker" in line]
    assert lines[lines.index("when guard was last heard, this was wrong:") + 1].startswith(
        "× camera gate: nothing answers"
    )
    assert "hunter2" not in "".join(lines)
    assert sorted(place.data.rglob("*")) == before, "looking changes nothing"
    values = status_lines.files_as_json(found)
    assert (values["source"], values["level"], values["stood"][0]["id"]) == ("files", Level.UNKNOWN, "camera.lost")
    assert json.dumps(values)


def test_a_directory_with_nothing_in_it_is_no_reason_to_fail(tmp_path: Path):
    found = read_files(tmp_path, Disk(), HandClock())

    assert found.cameras == ()
    assert status_lines.lines_from_files(found)
