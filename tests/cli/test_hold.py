"""`vigil hold`, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.owner import START, START_US, Box, vigil
from vigil.store.disk import Disk
from vigil.store.hold_ranges import Ranges
from vigil.store.holds import Holds
from vigil.store.keeps import How, Span
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
        f"It is released as a whole: vigil hold release --camera gate --from {START}02.500000Z --to {START}05Z",
    ]
    assert hold(box, "list") == 0
    range_, first, second, last = capsys.readouterr().out.splitlines()
    assert range_.startswith("gate  2026-02-02 02:40:02.5 to 02:40:05.0 UTC, also what is recorded later  by ")
    assert first.startswith("gate  00000002-20260202T024002Z  by ")
    assert first.endswith("UTC: the bicycle")
    assert "00000003" in second
    assert last == "1 time and 2 segments held."

    assert hold(box, "release", "--segment", "3", "--reason", "found again") == 2
    err = capsys.readouterr().err
    assert "segment 3 is held with all of 2026-02-02 02:40:02.5 to 02:40:05.0 UTC: release that (--from " in err
    assert hold(box, "release", "--from", f"{START}02", "--to", f"{START}04", "--reason", "found again") == 2
    assert "is held as a whole, by " in capsys.readouterr().err
    assert held(box) == [2, 3]

    assert vigil("release", "--data", box.data, "--from", f"{START}02", "--to", f"{START}06", "--reason", "found") == 0
    assert held(box) == []
    assert "2 segments of gate released." in capsys.readouterr().out
    acts = [(act.act, act.seq, act.why) for act in Holds(Disk(), box.video / "gate").acts()]
    assert acts == [
        ("kept", None, "the bicycle"), ("kept", 2, "the bicycle"), ("kept", 3, "the bicycle"),
        ("released", None, "found"), ("released", 2, "found"), ("released", 3, "found"),
    ]  # fmt: skip


def test_a_time_to_come_may_be_held(box: Box, capsys: Captured):
    assert hold(box, "place", "--from", f"{START}02.5", "--to", "2200-01-01", "--reason", "court") == 0
    assert held(box) == [2, 3]
    assert "What is recorded later of gate, 2026-02-02 02:40:02.5 to 2200-01-01 " in capsys.readouterr().out
    assert hold(box, "place", "--from", "2199-01-01", "--to", "2200-01-01", "--reason", "court") == 0
    assert capsys.readouterr().out.startswith(
        "There is nothing yet of gate in that time.\nWhat is recorded later of gate"
    )
    assert hold(box, "place", "--from", "2199-01-01", "--to", "2200-01-01", "--reason", "another reason") == 0
    already, *_ = capsys.readouterr().out.splitlines()
    assert already.startswith("held already as a whole: 2199-01-01 00:00:00.0 to 2200-01-01 00:00:00.0 UTC  by ")
    assert already.endswith(": court")
    assert hold(box, "release", "--from", f"{START}02.5", "--to", "2200-01-01", "--reason", "over") == 0
    assert held(box) == []
    assert Ranges(Disk(), box.video / "gate").all() == []


def test_a_whole_camera_may_be_held(box: Box, capsys: Captured):
    assert hold(box, "place", "--all", "--reason", "court") == 0
    assert held(box) == [1, 2, 3]
    hold(box, "list")
    assert "gate  everything, for ever, also what is recorded later  by " in capsys.readouterr().out
    assert hold(box, "release", "--all", "--reason", "over") == 0
    assert held(box) == []


def test_an_event_is_held_with_what_led_to_it(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path, segment_s=2)
    box.film(*["plain"] * 5)
    box.recording.say("motion", state="began", when_us=START_US + 14_500_000, area_pm=9)
    box.film("plain", begin=False)
    box.recording.say("motion", state="ended", when_us=START_US + 16_500_000, area_pm=0)
    box.film(*["plain"] * 5, begin=False)
    box.recording.close("stopped")

    assert hold(box, "place", "--event", f"{START}15", "--reason", "a fox") == 0

    first_us, last_us = START_US + 4_000_000, START_US + 27_000_000
    assert [one.span for one in Ranges(Disk(), box.video / "gate").all()] == [Span(first_us, last_us)]
    assert 3 in held(box)
    assert 1 not in held(box)
    *_, command = capsys.readouterr().out.splitlines()
    options = command.partition("--camera gate ")[2].split()
    assert hold(box, "release", *options, "--reason", "as it was printed") == 0
    assert held(box) == []
    assert hold(box, "place", "--event", f"{START}02", "--reason", "a fox") == 2
    assert "there was no event of gate at 2026-02-02 02:40:02 UTC; the nearest event began at 2026-02-02 02:40:14" in (
        capsys.readouterr().err
    )


def test_a_star_is_placed_listed_and_released_beside_a_hold(box: Box, capsys: Captured):
    assert vigil("star", "place", "--data", box.data, "--segment", 2, "--reason", "a fox") == 0
    assert hold(box, "place", "--segment", 2, "--reason", "court") == 0
    assert vigil("star", "list", "--data", box.data) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["starred: 00000002-20260202T024002Z", "1 segment of gate starred."]
    assert out[-2].endswith("UTC: a fox")
    assert out[-1] == "1 segment starred."

    assert vigil("release", "--data", box.data, "--segment", 2, "--reason", "over") == 0
    assert held(box) == []
    assert [one.why for one in Holds(Disk(), box.video / "gate").held(How.STAR)] == ["a fox"]
    assert vigil("star", "release", "--data", box.data, "--segment", 2, "--reason", "enough") == 0
    assert not segments_of(box.video / "gate")[1].keep.exists()


def test_segments_may_be_named_by_number(box: Box):
    assert hold(box, "place", "--segment", 3, "--segment", 1, "--reason", "the bicycle") == 0
    assert held(box) == [1, 3]


def test_what_is_held_already_is_said(box: Box, capsys: Captured):
    hold(box, "place", "--segment", 1, "--reason", "the bicycle")
    capsys.readouterr()

    assert hold(box, "place", "--segment", 1, "--reason", "again") == 0

    out = capsys.readouterr().out
    assert out.startswith("held already: 00000001-20260202T024000Z  by ")
    assert out.endswith(": the bicycle\n")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--segment", 9], "gate has no segment 9: see `vigil list`"),
        (
            ["--from", f"{START}30", "--to", f"{START}40"],
            "gate recorded nothing from 2026-02-02 02:40:30.0",
        ),
        (["--from", f"{START}00"], "give both --from and --to"),
        ([], "which recordings? Give --from and --to, or --segment, or --event, or --all"),
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
    assert "none of these 2 segments is held: see `vigil hold list`" in capsys.readouterr().err
    assert vigil("star", "release", "--data", box.data, "--segment", 1, "--reason", "found again") == 2
    assert "nothing of segment 1 is starred: see `vigil star list`" in capsys.readouterr().err
    assert hold(box, "release", "--from", "2199-01-01", "--to", "2200-01-01", "--reason", "over") == 2
    assert "nothing of that time is held" in capsys.readouterr().err


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
