"""`vigil hold`, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.owner import START, Box, vigil
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.layout import segments_of

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Six seconds in three segments."""
    box = Box(tmp_path, segment_s=2)
    box.film("plain", "plain")
    box.recording.close("stopped")
    return box


def held(box: Box) -> list[int]:
    return [one.segment.seq for one in Holds(Disk(), box.video / "gate").held()]


def hold(box: Box, command: str, *words: object) -> int:
    return vigil("hold", command, "--data", box.data, *words)


def test_a_time_range_is_held_and_released(box: Box, capsys: Captured):
    assert hold(box, "place", "--from", f"{START}02.5", "--to", f"{START}05", "--reason", "the bicycle") == 0

    assert held(box) == [2, 3]
    assert capsys.readouterr().out.splitlines() == [
        "held: 00000002-20260202T024002Z",
        "held: 00000003-20260202T024004Z",
        "2 segments of gate held.",
    ]
    assert hold(box, "list") == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("gate  00000002-20260202T024002Z  by ")
    assert first.endswith("UTC: the bicycle")
    assert "00000003" in second
    assert last == "2 segments held."

    assert hold(box, "release", "--segment", "3", "--reason", "found again") == 0
    assert held(box) == [2]
    assert [act.why for act in Holds(Disk(), box.video / "gate").acts()] == [
        "the bicycle",
        "the bicycle",
        "found again",
    ]


def test_segments_may_be_named_by_number(box: Box):
    assert hold(box, "place", "--segment", 3, "--segment", 1, "--reason", "the bicycle") == 0
    assert held(box) == [1, 3]


def test_what_is_held_already_is_said(box: Box, capsys: Captured):
    hold(box, "place", "--segment", 1, "--reason", "the bicycle")
    capsys.readouterr()

    assert hold(box, "place", "--segment", 1, "--reason", "again") == 0

    out = capsys.readouterr().out
    assert out.startswith("held already: 00000001-20260202T024000Z  by ")
    assert out.endswith(": the bicycle\n0 segments of gate held.\n")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--segment", 9], "gate has no segment 9: see `vigil list`"),
        (
            ["--from", f"{START}30", "--to", f"{START}40"],
            "gate recorded nothing from 2026-02-02 02:40:30.0",
        ),
        (["--from", f"{START}00"], "give both --from and --to"),
        ([], "which recordings? Give --from and --to, or --segment"),
        (["--segment", 1, "--to", f"{START}00"], "which recordings?"),
        (["--segment", 1, "--camera", "yard"], "there are no recordings of yard"),
    ],
)
def test_what_matches_nothing_is_refused(box: Box, capsys: Captured, words: list[object], answer: str):
    for command in ("place", "release"):
        assert hold(box, command, *words, "--reason", "the bicycle") == 2
        assert answer in capsys.readouterr().err
    assert held(box) == []


def test_releasing_what_is_not_held_is_refused(box: Box, capsys: Captured):
    assert hold(box, "release", "--segment", 1, "--segment", 2, "--reason", "found again") == 2
    assert "none of the 2 segments named is held" in capsys.readouterr().err


def test_a_reason_must_be_given(box: Box, capsys: Captured):
    with pytest.raises(SystemExit) as stopped:
        hold(box, "release", "--segment", 1)
    assert stopped.value.code == 2
    assert hold(box, "place", "--segment", 1, "--reason", " ") == 2
    assert "say why" in capsys.readouterr().err
    assert held(box) == []
    assert len(segments_of(box.video / "gate")) == 3


def test_without_holds_nothing_is_held(box: Box, capsys: Captured):
    assert hold(box, "list") == 0
    assert capsys.readouterr().out == "Nothing is held.\n"
