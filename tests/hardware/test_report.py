"""What a hardware test came to is told so that nobody has to guess what was tried on what."""

from __future__ import annotations

import json

from hw_tests.report import Board, Notes, Result, as_json, as_text

BOARD = Board(
    model="Raspberry Pi 3 Model B Rev 1.2",
    emulator="",
    kernel="7.3.4+deb13-arm64",
    python="3.13.5",
    vigil="0.1.0",
    date="2026-11-22 21:00:00 UTC",
)


def result(part, world, outcome, why="", test="a press is seen"):
    return Result(part=part, test=test, world=world, outcome=outcome, why=why, seconds=0.1)


RESULTS = [
    result("panel", "emulated", "passed"),
    result("panel", "emulated", "failed", "E  assert not True", "a lamp goes on"),
    result("panel", "real", "skipped", "no wire"),
    result("panel", "real", "skipped", "no wire", "a lamp goes on"),
]


def test_the_board_and_the_total_come_first():
    lines = as_text(BOARD, RESULTS).splitlines()
    assert "model     Raspberry Pi 3 Model B Rev 1.2" in lines
    assert "emulator  -" in lines
    assert "result    1 passed, 1 failed, 2 skipped" in lines


def test_each_part_in_each_world_has_a_line_and_a_reason_is_told_once():
    lines = as_text(BOARD, RESULTS).splitlines()
    assert "panel     emulated             1 failed, 1 passed" in lines
    assert "panel     real                 2 skipped; no wire" in lines


def test_a_failure_is_told_whole():
    assert as_text(BOARD, RESULTS).endswith("FAILED panel, emulated: a lamp goes on\nE  assert not True\n")


def test_programs_get_the_same():
    told = json.loads(as_json(BOARD, RESULTS))
    assert told["board"]["kernel"] == "7.3.4+deb13-arm64"
    assert [one["outcome"] for one in told["tests"]] == ["passed", "failed", "skipped", "skipped"]


def test_a_test_that_takes_its_process_down_has_failed_and_the_others_are_kept(tmp_path):
    notes = Notes(tmp_path / "notes")
    notes.begun("hw_tests/test_panel.py::test_one[real]")
    notes.ended("hw_tests/test_panel.py::test_one[real]", "passed", "", 0.1)
    notes.finished()
    assert not notes.crashed("nothing ran")
    notes.begun("hw_tests/test_panel.py::test_two[real]")
    notes.ended("hw_tests/test_panel.py::test_two[real]", "passed", "", 0.1)  # its set-up

    assert notes.crashed("signal 6")

    assert [(one.test, one.world, one.outcome, one.why) for one in notes.results()] == [
        ("one", "real", "passed", ""),
        ("two", "real", "failed", "signal 6"),
    ]
    assert notes.deselected() == [f"--deselect=hw_tests/test_panel.py::test_{name}[real]" for name in ("one", "two")]
