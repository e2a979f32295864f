"""What a hardware test came to is told so that nobody has to guess what was tried on what."""

from __future__ import annotations

import json

from hw_tests.report import Board, Result, as_json, as_text

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
