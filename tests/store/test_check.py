"""The invariants of docs/spec/store.md, each broken once by hand; and a store that nothing is wrong with."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.owner import Box
from fakes.recordings import feed, numbered, recording
from fakes.repository import ROOT
from vigil.errors import StoreFault
from vigil.segments.sidecar import read_lines
from vigil.store.check import INVARIANTS, Checked, check_store, nothing_told
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.layout import SegmentPath, segments_of


def check(video: Path) -> Checked:
    return check_store(Disk(), video, told=nothing_told)


def broken(video: Path) -> list[tuple[int, int | None]]:
    """Return (invariant, segment) of each problem."""
    return [(one.invariant, one.seq) for one in check(video).problems]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a history: five segments, the second deleted on purpose, the third held, the fourth recovered."""
    return with_history(tmp_path / "video")


def with_history(video: Path) -> Path:
    made, clock = recording(video)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 350))
    made.delete(2, "space")
    Holds(Disk(), video / "gate").place(segments_of(video / "gate")[1], who="me", why="the bicycle", at_us=1)
    made.store.close()
    again, clock = recording(video, clock=clock)
    again.begin("continuous", [numbered(1000, clock.steady_us())])
    feed(again, clock, range(1001, 1050))
    again.close("stopped")
    assert [one.seq for one in segments_of(video / "gate")] == [1, 3, 4, 5]
    return video


def at(video: Path, seq: int) -> SegmentPath:
    return next(one for one in segments_of(video / "gate") if one.seq == seq)


def without_lines(path: Path, start: int, stop: int | None = None) -> None:
    lines = read_lines(path.read_bytes())
    del lines[start:stop]
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def test_the_list_is_that_of_the_specification():
    page = (ROOT / "docs/spec/store.md").read_text()
    numbered_lines = re.findall(r"^(\d)\. ", page.partition("## Invariants")[2].partition("\n## ")[0], re.MULTILINE)

    assert [int(number) for number in numbered_lines] == [number for number in INVARIANTS if number]


def test_a_store_with_a_history_is_as_it_must_be(store: Path):
    found = check(store)

    assert found.problems == []
    assert (found.cameras, found.segments, found.held) == (1, 4, 1)
    assert found.statements > 20


def take_away(video: Path, seq: int) -> None:
    at(video, seq).media.unlink()
    at(video, seq).seal.unlink()


def put_back(video: Path, seq: int) -> None:
    """Put a sidecar where a deleted one was, with a hold."""
    stem = at(video, 1).directory / f"{seq:08d}-20260202T024010Z"
    stem.with_suffix(".seal").write_bytes(b"")
    stem.with_suffix(".keep").write_text("{}")


def exchange(video: Path, seq: int) -> None:
    """Put another recorder's segment of the same number in a segment's place."""
    theirs = with_history(video.parent / "another")
    for ours, other in ((at(video, seq).seal, at(theirs, seq).seal), (at(video, seq).media, at(theirs, seq).media)):
        ours.write_bytes(other.read_bytes())


BREAK: dict[str, tuple[Callable[[Path], object], list[tuple[int, int | None]]]] = {
    "no marker": (lambda v: (v / ".vigil-store").unlink(), [(0, None)]),
    "sidecar taken": (lambda v: at(v, 3).seal.unlink(), [(1, 3), (5, 3)]),
    "sidecar and pictures taken, hold left": (
        lambda v: take_away(v, 3),
        [(6, 3), (5, 3)],
    ),
    "last line taken": (lambda v: without_lines(at(v, 3).seal, -1), [(2, 3), (3, 4)]),
    "last line torn": (lambda v: cut(at(v, 3).seal), [(2, 3), (3, 4)]),
    "a line in the middle taken": (lambda v: without_lines(at(v, 3).seal, 3, 4), [(3, 3)]),
    "a line altered": (lambda v: flip(at(v, 3).seal, b'"why":"continuous"', b'"why":"contiguous"'), [(3, 3)]),
    "pictures taken": (lambda v: at(v, 3).media.unlink(), [(4, 3)]),
    "pictures cut short": (lambda v: cut(at(v, 3).media), [(4, 3)]),
    "pictures made longer": (lambda v: grow(at(v, 3).media), [(4, 3)]),
    "segment taken": (
        lambda v: take_away(v, 4),
        [(5, 2), (5, 4)],  # with it went the statement that 2 was deleted
    ),
    "segment exchanged": (lambda v: exchange(v, 3), [(3, 4), (3, 3)]),
    "segment copied": (
        lambda v: (at(v, 5).directory / "00000005-20270101T000000Z.seal").write_bytes(at(v, 5).seal.read_bytes()),
        [(5, 5)],
    ),
    "hold placed on what is deleted": (
        lambda v: (at(v, 1).directory / "00000002-20260202T024010Z.keep").write_text("{}"),
        [(6, 2)],
    ),
    "hold taken away by hand": (lambda v: at(v, 3).keep.unlink(), [(6, 3)]),
    "deleted, and held by hand": (lambda v: put_back(v, 2), [(2, 2), (6, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAK)
def test_what_is_broken_is_found_and_nothing_else(store: Path, name: str):
    do, expected = BREAK[name]
    do(store)

    assert broken(store) == expected


def test_that_the_newest_were_taken_only_the_journal_can_tell(store: Path):
    take_away(store, 5)

    assert broken(store) == []


def test_every_problem_says_what_to_do(store: Path):
    for name, (do, expected) in BREAK.items():
        if name in ("no marker", "pictures taken", "segment taken"):
            do(store)
            assert expected
    found = check(store).problems

    assert len(found) == 4
    assert all(one.says and one.todo for one in found)


def test_the_newest_may_not_be_one_that_was_deleted(tmp_path: Path):
    video = tmp_path / "video"
    made, clock = recording(video)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 300))
    made.close("stopped")
    made, clock = recording(video, clock=clock)
    made.delete(3, "space")
    made.close("stopped")
    # Whoever puts 1 and 2 and the statement back in another place than the newest leaves a deletion without a newest.
    newest = at(video, 4)
    statements = newest.seal.read_bytes()
    newest.seal.unlink()
    (newest.directory / "00000002-20990101T000000Z.seal").write_bytes(statements)
    at(video, 2).media.unlink()
    at(video, 2).seal.unlink()

    assert 7 in {invariant for invariant, _ in broken(video)}


def test_while_it_records_nothing_looks_broken(tmp_path: Path):
    box = Box(tmp_path, segment_s=1)
    for number in range(4):
        box.film("plain", begin=number == 0)
        box.recording.delete(number + 1, "space")
        box.recording.say("idle", mode="continuous", state="nothing moves")
        assert broken(box.video) == []
    box.cut_off()
    assert broken(box.video) == []
    box.start()
    assert broken(box.video) == []
    box.recording.close("stopped")
    assert broken(box.video) == []


class Dying(Disk):
    """A disk that cannot read one file any more."""

    def __init__(self, lost: Path) -> None:
        super().__init__()
        self._lost = lost

    def read_bytes(self, path: Path) -> bytes:
        if path == self._lost:
            raise StoreFault(f"cannot read {path}: Input/output error")
        return super().read_bytes(path)


def test_statements_that_the_disk_cannot_read_are_one_problem_not_many(store: Path):
    found = check_store(Dying(at(store, 3).seal), store, told=nothing_told).problems

    assert [(one.invariant, one.seq) for one in found] == [(3, 3)]
    assert "Input/output error" in found[0].says
    assert "replace it" in found[0].todo


class Busy(Disk):
    """A disk at which a recorder is at work: when the first sidecar is read, it does something."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._acts = [act]

    def read_bytes(self, path: Path) -> bytes:
        data = super().read_bytes(path)
        if path.suffix == ".seal" and self._acts:
            self._acts.pop()()
        return data


def test_what_a_recorder_does_while_it_is_checked_is_no_problem(tmp_path: Path):
    box = Box(tmp_path, segment_s=1)
    box.film("plain", "plain")

    def go_on() -> None:
        box.film("plain", begin=False)
        box.recording.delete(2, "space")
        box.recording.delete(3, "space")

    assert check_store(Busy(go_on), box.video, told=nothing_told).problems == []
    assert not segments_of(box.video / "gate")[1].seal.name.startswith("00000002")
    box.recording.close("stopped")


@pytest.mark.slow  # a store made anew for each operation that fails
def test_whatever_operation_of_the_disk_failed_the_store_is_as_it_must_be(tmp_path: Path):
    for nth in count(1):
        video = tmp_path / str(nth)
        calls = FaultyCalls(nth, mode="EIO")
        made, clock = recording(video, disk=Disk(calls), segment_s=2)
        made.begin("continuous", [numbered(0, clock.steady_us())])
        feed(made, clock, range(1, 45))
        made.delete(1, "space")
        clock.forward_us(3_000_000)
        made.tick()
        made.close("stopped")
        assert broken(video) == [], calls.befell
        if not calls.fired:
            break
    assert nth > 20
