"""
The power goes at every operation of a camera's life, and again at every operation of the recovery.

What a cut leaves is what a journalling file system may leave: nothing that was
not synced, all of it, or any part (`fakes/faulty.py`). All of it in `make torture`.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.power import CutCalls, PowerCut
from fakes.recordings import feed, numbered, recorded, recording
from fakes.verifying import verified
from vigil.clock import HandClock
from vigil.segments.sidecar import read_line, whole_bytes
from vigil.store.check import check_store, nothing_told
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.marker import make_store
from vigil.store.recording import Recording

LOSS_US = 2_000_000
CLOSER_BYTES = 24
DAY_US = 86_400_000_000
MIDNIGHT_US = 20_500 * DAY_US


Left = str | random.Random
Lefts = Callable[[int], Sequence[tuple[str, Left]]]
ENDS: list[tuple[str, Left]] = [("synced", "synced"), ("written", "written")]


@pytest.fixture(autouse=True)
def little_room(monkeypatch):
    """Room for some five statements at a time, so that some overwrite it and some make the file longer."""
    monkeypatch.setattr("vigil.store.sidecar_file.ROOM_BYTES", 4096)


@dataclass
class Life:
    """What the camera's world knows of it: when each picture arrived, what was durable, what was to be deleted."""

    clock: HandClock
    arrived_us: dict[int, int] = field(default_factory=dict)
    durable_at_us: int = 0
    deleting: set[int] = field(default_factory=set)
    over: bool = False

    def watch(self, made: Recording) -> None:
        self.durable_at_us = made.durable_at_us or 0

    @property
    def durable(self) -> set[int]:
        return {number for number, at_us in self.arrived_us.items() if at_us <= self.durable_at_us}


def live(video: Path, calls: CutCalls) -> Life:
    """Nine seconds across midnight: pictures, statements, deletions, segments that end and begin; until the cut."""
    life = Life(HandClock(wall_us=MIDNIGHT_US - 3_000_000))
    calls_at_first = calls.nth
    calls.nth = 0
    make_store(Disk(calls), video, random.Random(1).randbytes)
    calls.seen, calls.nth = 0, calls_at_first
    made = None
    try:
        made, _ = recording(video, disk=Disk(calls), clock=life.clock, segment_s=4)
        made.say("idle", mode="continuous", state="starting")
        begin(made, life, 0)
        pictures(made, life, range(1, 30))
        made.say("motion", state="began", area_pm=12)
        pictures(made, life, range(30, 62))
        delete(made, life, 1)
        pictures(made, life, range(62, 66))
        delete(made, life, 2)
        pictures(made, life, range(66, 70))
        made.end("over")
        made.say("idle", mode="continuous", state="over")
        begin(made, life, 70)
        pictures(made, life, range(71, 88))
        made.close("stopped")
        life.over = True
    except PowerCut:
        pass
    if made:
        life.watch(made)
    return life


def begin(made: Recording, life: Life, number: int) -> None:
    life.clock.forward_us(100_000)
    life.arrived_us[number] = life.clock.steady_us()
    made.begin("continuous", [numbered(number, life.clock.steady_us())])


def pictures(made: Recording, life: Life, numbers: range) -> None:
    for number in numbers:
        life.arrived_us[number] = life.clock.steady_us() + 100_000
        feed(made, life.clock, range(number, number + 1))


def delete(made: Recording, life: Life, seq: int) -> None:
    life.deleting.add(seq)
    made.delete(seq, "too old")


def restart(video: Path, calls: CutCalls | None = None) -> None:
    """The box is back: another boot, another key, a second of pictures, and a proper end."""
    clock = HandClock(wall_us=MIDNIGHT_US + 60_000_000)
    made, _ = recording(video, disk=Disk(calls or FaultyCalls(0)), clock=clock, boot="next", segment_s=4)
    assert made.fault is None
    made.begin("continuous", [numbered(1000, clock.steady_us())])
    feed(made, clock, range(1001, 1012))
    made.close("stopped")
    assert made.fault is None


def between(nth: int, times: int) -> list[tuple[str, Left]]:
    return [(f"between {number}", random.Random(f"{nth} {number}")) for number in range(times)]


def unsigned_end(video: Path) -> tuple[SegmentPath, bytes] | None:
    """What lies behind the last signed byte of the newest segment: it must be kept."""
    segments = [segment for segment in segments_of(video / "gate") if segment.seal.exists()]
    if not segments or not segments[-1].media.exists():
        return None
    data = segments[-1].seal.read_bytes()
    said = [read_line(line) for line in data[: whole_bytes(data)].split(b"\n")[:-1]]
    if not said or said[-1].type in ("sealed", "recovered"):
        return None
    covered = max((s.fields["bytes"] for s in said if s.type == "flushed"), default=0)
    rest = segments[-1].media.read_bytes()[covered:]
    return (segments[-1], rest) if len(rest) > CLOSER_BYTES else None


def check_invariants(video: Path) -> None:
    """Every invariant of docs/spec/store.md, on the disk as it lies there."""
    found = check_store(Disk(), video, told=nothing_told)
    assert not found.problems, found.problems


def check_recorded(video: Path, life: Life, *, restarts: int = 1, twice: bool = False) -> None:
    """After the restart: nothing durable is lost, what is lost is young, and a stranger finds everything whole."""
    check_invariants(video)
    verdicts = verified(video).verdicts
    # No signer here, so no session has a certificate; whatever else were wrong would be said instead.
    assert set(verdicts.values()) == {"uncertified"}, verdicts
    media = {segment.seq: numbers for segment, numbers in recorded(video)}
    found = [number for numbers in media.values() for number in numbers]
    of_life = [number for number in found if number < 1000]
    if not twice:
        assert of_life == sorted(set(of_life)), "a picture was recorded twice, or out of order"
    assert all(numbers[0] % 10 == 0 for numbers in media.values() if numbers), "no keyframe first"
    after = [number for number in found if number >= 1000]
    assert after[-12:] == list(range(1000, 1012)), "it does not record any more"
    assert len(after) <= 12 * restarts

    gone = range(40) if 2 in life.deleting and 2 not in media else range(0)
    lost = life.arrived_us.keys() - set(found) - set(gone)
    assert not lost & life.durable, "what was durable is lost"
    now_us = life.clock.steady_us()
    assert all(life.arrived_us[number] >= now_us - LOSS_US for number in lost), "more is lost than was promised"
    if lost:
        assert min(lost) > max(of_life, default=-1), "a hole in the middle"


def recover_and_check(video: Path, life: Life) -> None:
    unsigned = unsigned_end(video)
    restart(video)
    check_recorded(video, life)
    check_kept(video, video, unsigned)


def check_kept(video: Path, seen_in: Path, unsigned: tuple[SegmentPath, bytes] | None) -> None:
    if unsigned:
        segment, rest = unsigned
        kept = video / segment.tail.relative_to(seen_in)
        assert kept.read_bytes() == rest, "what was not signed yet was thrown away"


def operations(tmp_path: Path) -> int:
    (tmp_path / "counted").mkdir()
    calls = CutCalls(tmp_path / "counted", 0)
    life = live(tmp_path / "counted", calls)
    assert life.over
    assert len(life.durable) == 88
    return calls.seen


def cuts(tmp_path: Path, every: Sequence[int], lefts: Lefts) -> Iterator[tuple[str, Path, Life]]:
    """Yield every state that a cut at the operations `every` may leave: its name, where it lies, and what was asked."""
    for nth in every:
        root = tmp_path / f"{nth}"
        root.mkdir()
        calls = CutCalls(root, nth)
        life = live(root, calls)
        assert calls.fired
        for name, left in lefts(nth):
            yield f"cut {nth}, {name}", calls.survivor(tmp_path / f"{nth}-{name}", left), life


def cuts_of_the_restart(video: Path, scratch: Path, lefts: Lefts, *, step: int) -> Iterator[tuple[str, Path]]:
    """Cut the restart on `video` at every `step`-th operation; yield what each cut leaves."""
    for nth in count(1, step):
        again = scratch / f"{nth}"
        shutil.copytree(video, again)
        calls = CutCalls(again, nth)
        calls.adopt()
        try:
            restart(again, calls)
            return
        except PowerCut:
            pass
        for name, left in lefts(nth):
            yield f"restart cut {nth}, {name}", calls.survivor(scratch / f"{nth}-{name}", left)


def check_cuts(tmp_path: Path, every: Sequence[int], lefts: Lefts) -> int:
    """Check what each cut leaves, mended by a restart; return how many states that were."""
    states = 0
    for name, video, life in cuts(tmp_path, every, lefts):
        try:
            check_invariants(video)
            recover_and_check(video, life)
        except AssertionError as error:
            raise AssertionError(f"{name} (after {states} good states): {error}") from error
        shutil.rmtree(video)
        states += 1
    return states


def check_cuts_of_restarts(tmp_path: Path, every: Sequence[int], lefts: Lefts, *, step: int) -> int:
    """Check what each cut of the restart after each cut leaves, mended by another restart; return how many states."""
    states = 0
    for name, video, life in cuts(tmp_path, every, lefts):
        unsigned = unsigned_end(video)
        scratch = tmp_path / "restarts"
        for which, again in cuts_of_the_restart(video, scratch, lefts, step=step):
            try:
                check_invariants(again)
                restart(again)
                check_recorded(again, life, restarts=2)
                check_kept(again, video, unsigned)
            except AssertionError as error:
                raise AssertionError(f"{name}, {which} (after {states} good states): {error}") from error
            states += 1
        shutil.rmtree(scratch)
    return states


@pytest.mark.slow  # every state that a disk could be left in, each recovered
def test_wherever_the_power_goes_all_that_was_durable_is_found_again(tmp_path):
    def lefts(nth: int) -> list[tuple[str, Left]]:
        return [("written", "written"), *between(nth, 1)] if nth % 4 else [("synced", "synced"), *between(nth, 1)]

    states = check_cuts(tmp_path, range(1, operations(tmp_path) + 1), lefts)

    assert states > 200


def test_the_power_may_go_again_while_the_last_cut_is_mended(tmp_path):
    every = range(20, operations(tmp_path) + 1, 23)

    states = check_cuts_of_restarts(tmp_path, every, lambda nth: between(nth, 1), step=4)

    assert states > 20


def test_what_is_not_signed_yet_is_kept_wherever_the_power_goes_while_it_is_put_aside(tmp_path):
    (tmp_path / "tried").mkdir()
    tried = cuts(tmp_path / "tried", range(20, operations(tmp_path) + 1), lambda _: [("written", "written")])
    nth = next(int(name.split()[1].strip(",")) for name, video, _ in tried if unsigned_end(video))

    states = check_cuts_of_restarts(tmp_path, [nth], lambda _: [("written", "written")], step=1)

    assert states > 20


class SickCalls(CutCalls):
    """Fails one operation with EIO, the `sick`-th, and cuts the power at a later one."""

    def __init__(self, root: Path, nth: int, *, sick: int) -> None:
        super().__init__(root, nth)
        self.sick = sick

    def _count(self) -> None:
        super()._count()
        if self.seen == self.sick and self.nth:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def check_faults_before_cuts(tmp_path: Path, pairs: Sequence[tuple[int, int]]) -> int:
    """Check what a cut leaves soon after the disk failed an operation, for each (failed, cut) of `pairs`."""
    for sick, nth in pairs:
        root = tmp_path / f"{sick}-{nth}"
        root.mkdir()
        calls = SickCalls(root, nth, sick=sick)
        life = live(root, calls)
        video = calls.survivor(tmp_path / f"{sick}-{nth}-left", random.Random(f"{sick} {nth}"))
        try:
            check_invariants(video)
            restart(video)
            check_recorded(video, life, twice=True)
        except AssertionError as error:
            raise AssertionError(f"operation {sick} failed, power cut at {nth}: {error}") from error
        shutil.rmtree(root)
        shutil.rmtree(video)
    return len(pairs)


@pytest.mark.slow  # every operation that fails, and every cut after it
def test_the_power_may_go_while_a_fault_is_mended(tmp_path):
    rng = random.Random(11)
    pairs = [(sick := rng.randint(5, 90), sick + rng.randint(1, 15)) for _ in range(60)]

    assert check_faults_before_cuts(tmp_path, pairs) == 60


@pytest.mark.torture
@pytest.mark.timeout(4 * 3600)
def test_every_cut_soon_after_every_fault(tmp_path):
    pairs = [(sick, nth) for sick in range(1, operations(tmp_path)) for nth in range(sick + 1, sick + 40)]

    assert check_faults_before_cuts(tmp_path, pairs) > 3000


@pytest.mark.torture  # an hour of states
@pytest.mark.timeout(4 * 3600)
def test_every_cut_and_every_cut_of_the_restart_after_it(tmp_path):
    every = range(1, operations(tmp_path) + 1)

    for name in ("once", "twice"):
        (tmp_path / name).mkdir()
    states = check_cuts(tmp_path / "once", every, lambda nth: [*ENDS, *between(nth, 20)])
    again = check_cuts_of_restarts(tmp_path / "twice", every, lambda nth: [*ENDS, *between(nth, 1)], step=1)

    print(f"{states} states of a cut, {again} of a cut and another one while that was mended")
    assert states > 2000
    assert again > 10_000
