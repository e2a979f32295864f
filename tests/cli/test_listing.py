"""`vigil list`, as a new owner reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fakes.owner import START, START_US, Box, vigil
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.layout import segments_of

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A morning with motion, a pause, a hold and a camera that was away."""
    box = Box(tmp_path, segment_s=2)
    box.film("plain")
    box.recording.say("motion", state="began", when_us=START_US + 2_000_000, area_pm=9)
    box.film("plain", begin=False)
    box.recording.say("motion", state="ended", when_us=START_US + 4_500_000, area_pm=0)
    box.recording.end("recording is paused")
    box.recording.say("paused", who="the owner")
    box.clock.forward_us(65_000_000)
    box.recording.say("resumed", who="the owner")
    box.film("plain")
    box.recording.end("the camera is away")
    box.recording.say("gap", from_us=START_US + 74_000_000, why="no packet for 10 s")
    box.clock.forward_us(12_000_000)
    box.recording.say("gap", from_us=START_US + 74_000_000, to_us=START_US + 86_000_000, why="no packet for 10 s")
    box.film("plain")
    first = segments_of(box.video / "gate")[0]
    Holds(Disk(), box.video / "gate").place(first, who="me", why="the bicycle", at_us=1)
    return box


def test_the_table_says_what_there_is_and_what_is_missing(box: Box, capsys: Captured):
    assert vigil("list", "--data", box.data) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert re.sub(r"\d+ kB( *)", lambda found: "?? kB" + (found[1] and 4 * " "), out).splitlines() == [
        "camera gate",
        "  segment   start (UTC)          length      pictures  size     state      notes",
        "  00000001  2026-02-02 02:40:00  2.0 s             50  ?? kB    sealed     held",
        "  00000002  2026-02-02 02:40:02  2.0 s             50  ?? kB    sealed     moving for 2.0 s",
        "  00000003  2026-02-02 02:40:04  2.0 s             50  ?? kB    sealed     moving for 0.5 s",
        "            · 1 min 5 s without pictures: recording was paused by the owner",
        "  00000005  2026-02-02 02:41:11  2.0 s             50  ?? kB    sealed",
        "  00000006  2026-02-02 02:41:13  1.0 s             25  ?? kB    sealed",
        "            ✗ gap: 12.0 s without pictures: no packet for 10 s",
        "  00000008  2026-02-02 02:41:26  2.0 s             50  ?? kB    sealed",
        "  00000009  2026-02-02 02:41:28  0.7 s             18  ?? kB    open",
        "  7 segments, 293 pictures, 11.7 s, ?? kB, 1 held, 1 gap (12.0 s) that nobody wanted",
        "  the clock was unsynced: these times may be off",
    ]


def test_a_range_shows_only_what_lies_in_it(box: Box, capsys: Captured):
    assert vigil("list", "--data", box.data, "--from", f"{START}03", "--to", f"{START}05") == 0

    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows[:2] == ["00000002", "00000003"]
    assert "·" not in rows


def test_a_range_without_recordings_names_the_nearest(box: Box, capsys: Captured):
    assert vigil("list", "--data", box.data, "--from", f"{START}20", "--to", f"{START}40") == 0

    before, after = "the last before it ends at 2026-02-02 02:40:06", "the first after it begins at 2026-02-02 02:41:11"
    assert capsys.readouterr().out.splitlines() == [
        "camera gate",
        f"  nothing was recorded in this time ({before}; {after} UTC)",
        "            · 1 min 5 s without pictures: recording was paused by the owner",
    ]


def test_programs_get_it_as_json(box: Box, capsys: Captured):
    assert vigil("list", "--data", box.data, "--json") == 0

    (camera,) = json.loads(capsys.readouterr().out)["cameras"]
    assert camera["camera"] == "gate"
    assert [one["segment"] for one in camera["segments"]] == [1, 2, 3, 5, 6, 8, 9]
    assert camera["segments"][0]["from_us"] == START_US
    assert camera["segments"][0]["held"] is True
    assert [(gap["expected"], gap["missing_us"]) for gap in camera["gaps"]] == [(True, 65_000_000), (False, 12_000_000)]
    assert camera["marks"] == [{"name": "motion", "from_us": START_US + 2_000_000, "to_us": START_US + 4_500_000}]


def test_several_cameras_are_added_up(box: Box, capsys: Captured):
    other = Box(box.data, camera="yard")
    other.film("plain")
    other.recording.close("stopped")

    assert vigil("list", "--data", box.data) == 0
    out = capsys.readouterr().out.splitlines()
    assert "camera yard" in out
    assert out[-1].startswith("all 2 cameras: 8 segments, 368 pictures, 14.7 s")

    assert vigil("list", "--data", box.data, "--camera", "yard") == 0
    assert "gate" not in capsys.readouterr().out


def test_a_card_alone_can_be_listed(box: Box, capsys: Captured):
    assert vigil("list", "--data", box.video) == 0
    assert "00000001" in capsys.readouterr().out


def test_what_is_not_there_is_said(tmp_path: Path, box: Box, capsys: Captured):
    assert vigil("list", "--data", tmp_path / "nowhere") == 2
    assert "there are no recordings in" in capsys.readouterr().err
    assert vigil("list", "--data", box.data, "--camera", "cellar") == 2
    assert "there are no recordings of cellar" in capsys.readouterr().err
    assert vigil("list", "--data", box.data, "--from", "soon") == 2
    assert "--from soon: this is not a time" in capsys.readouterr().err


def test_looking_changes_nothing(box: Box):
    box.recording.close("stopped")
    before = {path: path.stat().st_mtime_ns for path in box.data.rglob("*")}

    vigil("list", "--data", box.data)
    vigil("check", "--data", box.data)

    assert {path: path.stat().st_mtime_ns for path in box.data.rglob("*")} == before
