"""One camera's recorder: gaps say from when to when and why, a pause holds, whatever the disk does."""

from __future__ import annotations

import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.box import until
from fakes.faulty import FaultyCalls
from fakes.guards import signing
from fakes.packets import picture
from fakes.recordings import OWNER, recording
from vigil.cameras.backoff import Backoff
from vigil.cameras.keeper import Keeper
from vigil.cameras.source import Source
from vigil.clock import HandClock, SystemClock
from vigil.config.model import Camera, Config, Motion, Owner
from vigil.config.write import written
from vigil.errors import CameraLost
from vigil.events import Message, Pause, Status, Written
from vigil.frames.instructions import Mode
from vigil.frames.take import Take
from vigil.processes.camera_recorder import CameraRecorder
from vigil.processes.hub import HubServer
from vigil.processes.place import Place
from vigil.processes.privacy import Privacy
from vigil.processes.record import Recorder
from vigil.processes.settings import load
from vigil.segments.sidecar import Statement, read_line, read_lines
from vigil.store.disk import Disk
from vigil.store.layout import segments_of
from vigil.store.marker import make_store

S = 1_000_000


class World(Source):
    """A camera of ten pictures a second, and the recorder that is fed from it by hand, in one thread."""

    def __init__(self, video: Path, *, limit_bytes: int = 1 << 20, wall_us: int = 1_770_000_000_000_000) -> None:
        self.video = video
        self.recording, self.clock = recording(video, clock=HandClock(wall_us=wall_us))
        self.away = ""
        self.closed = self.dumb = False
        self.recorder = CameraRecorder(
            Camera(id="gate", source="synthetic"),
            keeper=lambda changed: Keeper(
                self.opened, self.clock, backoff=Backoff(lambda: 0.0, first_s=1, cap_s=1), on_change=changed
            ),
            take=Take(mode=Mode.CONTINUOUS, started_us=self.clock.steady_us(), pre_roll_s=5, post_roll_s=5,
                      limit_bytes=limit_bytes, recording=True),
            recording=self.recording, watcher=None, clock=self.clock, limit_bytes=limit_bytes,
        )  # fmt: skip
        self._number = 0

    def opened(self) -> Source:
        if self.away:
            raise CameraLost(self.away)
        return self

    def read(self, timeout_s):
        self.clock.forward_us(100_000)
        if self.away:
            raise CameraLost(self.away)
        if self.dumb:
            return []
        self._number += 1
        return [picture(self.clock.steady_us(), key=self._number % 10 == 1, size_bytes=1000)]

    def close(self):
        pass

    def describe(self):
        return {}

    def read_once(self) -> None:
        """One turn of the reader's thread."""
        before = self.clock.steady_us()
        assert self.recorder.read_once(0.1)
        if self.clock.steady_us() == before:
            self.clock.forward_us(100_000)

    def live(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.read_once()
            self.recorder.step()

    def said(self, *types: str) -> list[Statement]:
        found = [read_line(line) for s in segments_of(self.video / "gate") for line in read_lines(s.seal.read_bytes())]
        return [one for one in found if not types or one.type in types]


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path / "video")


def test_a_camera_that_went_and_came_back_leaves_a_gap_with_both_ends_and_the_reason(world):
    world.live(5)
    gone_us = world.clock.wall_us()
    world.away = "no picture for 10 s"
    world.live(20)
    world.away = ""
    world.live(5)
    back_us = world.clock.wall_us()
    world.recorder.close("stopped")

    open_gap, gap = (one.fields for one in world.said("gap"))
    assert open_gap["why"] == gap["why"] == "no picture for 10 s"
    assert open_gap["from_us"] == gap["from_us"]
    assert "to_us" not in open_gap
    assert abs(gap["from_us"] - gone_us) <= S
    assert gap["from_us"] + 19 * S < gap["to_us"] < back_us
    flushed = [one for one in world.said("flushed", "sealed") if one.fields.get("frames")]
    assert {one.fields["end_us"] for one in flushed if gap["from_us"] < one.fields["end_us"] < gap["to_us"]} == set()
    assert all(b - a <= 31 * S for a, b in pairwise([one.steady_us for one in world.said()])), "somebody always speaks"


def test_a_camera_sends_once_there_was_a_picture_since_it_was_opened(world):
    sends = []
    for world.away, world.dumb in (("", True), ("", False), ("unplugged", True), ("", True), ("", False)):
        world.live(3)
        sends.append(world.recorder.sends)

    assert sends == [False, True, False, False, True]


def test_a_camera_that_is_away_at_the_start_is_missing_since_the_last_recording_ended(tmp_path):
    before = World(tmp_path / "video")
    before.live(5)
    before.recorder.close("stopped")
    ended_us = before.clock.wall_us()

    world = World(tmp_path / "video", wall_us=ended_us + 3600 * S)
    world.away = "it refuses the connection"
    world.live(3)
    world.away = ""
    world.live(3)
    world.recorder.close("stopped")

    open_gap, gap = (one.fields for one in world.said("gap"))
    assert open_gap["why"] == gap["why"] == "it refuses the connection"
    assert ended_us - S <= open_gap["from_us"] == gap["from_us"] <= ended_us
    assert gap["to_us"] >= ended_us + 3600 * S


def test_a_clock_that_moves_a_little_does_not_make_two_gaps_of_one(world):
    """The index would take the second for another one, and the first for one that never ended."""
    world.live(5)
    world.away = "no picture for 10 s"
    world.live(3)
    world.clock.step(0.000_001)
    world.away = ""
    world.live(3)
    world.recorder.close("stopped")

    assert len({one.fields["from_us"] for one in world.said("gap")}) == 1


def test_a_hole_on_the_way_is_stated_where_it_was_and_costs_no_more_than_its_group(tmp_path):
    world = World(tmp_path / "video", limit_bytes=20_000)
    world.live(5)
    first_us = world.clock.wall_us() + 100_000
    for _ in range(33):
        world.read_once()  # nobody comes for it: the disk hangs
    world.live(5)
    world.recorder.close("stopped")

    (gap,) = (one.fields for one in world.said("gap"))
    assert gap["pictures"] == 20
    assert gap["from_us"] == first_us + 20 * 100_000, "the oldest were kept"
    assert gap["to_us"] == gap["from_us"] + 19 * 100_000
    recorded = sum(one.fields["frames"] for one in world.said("sealed"))
    assert recorded == 50 + 33 + 50 - 20


def test_a_hole_at_the_very_end_is_stated_too(tmp_path):
    world = World(tmp_path / "video", limit_bytes=20_000)
    world.live(5)
    for _ in range(25):
        world.read_once()
    world.recorder.close("stopped")

    (gap,) = (one.fields for one in world.said("gap"))
    assert gap["pictures"] == 5


def test_a_pause_ends_pictures_at_once_and_both_its_ends_are_stated(world):
    world.live(5)
    world.recorder.pause(paused=True, who="the owner")
    paused_us = world.clock.wall_us()
    world.recorder.pause(paused=True, who="the owner")
    world.live(70)
    world.recorder.pause(paused=False, who="the owner's son")
    resumed_us = world.clock.wall_us()
    world.live(5)
    world.recorder.close("stopped")

    assert [(one.type, one.fields["who"]) for one in world.said("paused", "resumed")] == [
        ("paused", "the owner"), ("resumed", "the owner's son"),
    ]  # fmt: skip
    starts = [one.fields["start_us"] for one in world.said("opened") if one.fields["kind"] == "media"]
    assert not [us for us in starts if paused_us < us <= resumed_us]
    assert len([one for one in world.said("idle") if one.fields["state"]]) >= 2
    assert world.said("gap") == []


# What the process says of itself


def recorder(place: Place) -> Recorder:
    """The process, whose camera is a film that is not there."""
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    camera = Camera(id="gate", source="replay", path="missing.mp4", motion=Motion(method="off"))
    owner = Owner(recipients=(str(OWNER.recipient),))
    place.config_files.owners.write_bytes(written(Config(cameras=(camera,), owner=owner)))
    return Recorder(load(place.data, Disk()), [camera], clock=SystemClock(), disk=Disk())


def test_a_signer_that_comes_at_the_very_end_is_in_time(tmp_path):
    place, stop = Place(tmp_path), threading.Event()
    process = recorder(place)
    thread = threading.Thread(target=process.run, args=(stop,))
    thread.start()
    try:
        until(lambda: [one for one in segments_of(place.video / "gate") if one.seal.exists()])
        with signing(place):
            stop.set()
            thread.join()
    finally:
        stop.set()
        thread.join()

    (segment,) = segments_of(place.video / "gate")
    said = [read_line(line) for line in read_lines(segment.seal.read_bytes())]
    assert [one.type for one in said] == ["opened", "gap", "certified", "sealed"]


def test_each_status_says_since_when_and_the_last_one_that_it_stopped(tmp_path):
    place = Place(tmp_path)
    process = recorder(place)
    hub, stop, clock = HubServer(place.hub), threading.Event(), SystemClock()
    thread = threading.Thread(target=process.run, args=(stop,))
    begun_us = clock.steady_us()
    thread.start()
    heard: list[Message] = []
    try:
        while not [m for m in heard if isinstance(m, Status) and m.state == "lost"]:
            heard += [message for _, message in hub.wait(0.1)]
            assert clock.steady_us() < begun_us + 20 * S
        stop.set()
        while not [m for m in heard if isinstance(m, Status) and m.state == "stopped"]:
            heard += [message for _, message in hub.wait(0.1)]
            assert clock.steady_us() < begun_us + 40 * S
    finally:
        stop.set()
        thread.join()
        hub.close()

    statuses = [message for message in heard if isinstance(message, Status)]
    assert all(begun_us <= one.since_us <= clock.steady_us() for one in statuses)
    of_a_kind = {one.state: {other.since_us for other in statuses if other.state == one.state} for one in statuses}
    assert all(len(moments) == 1 for moments in of_a_kind.values()), "a state begins once"
    assert statuses[-1].state == "stopped"
    *_, announced = (message for message in heard if isinstance(message, Written))
    (segment,) = segments_of(place.video / "gate")
    assert (announced.segment, announced.line) == (1, len(read_lines(segment.seal.read_bytes())) - 1), "all is durable"


# What the disk remembers of a pause


@pytest.fixture
def place(tmp_path) -> Place:
    make_store(Disk(), tmp_path / "video", os.urandom)
    return Place(tmp_path)


def pause(*, paused: bool = True) -> Pause:
    return Pause(camera="gate", paused=paused, who="the owner")


def privacy(place: Place, disk: Disk | None = None) -> Privacy:
    return Privacy(disk or Disk(), place, "gate")


def test_a_pause_survives_restarts_until_it_ends(place):
    first = privacy(place)
    first.order(pause())
    assert first.who == privacy(place).who == privacy(place).paused_by() == "the owner"

    privacy(place).order(pause(paused=False))
    assert privacy(place).who == privacy(place).paused_by() == ""


def test_a_pause_that_the_disk_refuses_is_kept_as_soon_as_it_takes_it(place):
    calls = FaultyCalls(1, mode="EROFS", lasting=True)
    ours = privacy(place, Disk(calls))
    ours.order(pause())
    ours.look()
    assert privacy(place).paused_by() == ""

    calls.heal()
    assert ours.look() == ""
    assert privacy(place).paused_by() == "the owner"


def test_a_pause_is_never_written_to_a_disk_that_is_not_ours(place, tmp_path):
    ours = place.video.rename(tmp_path / "away")
    place.video.mkdir()
    kept = privacy(place)
    kept.order(pause())
    kept.look()
    assert list(place.video.iterdir()) == []

    place.video.rmdir()
    ours.rename(place.video)
    kept.look()
    assert privacy(place).paused_by() == "the owner"


def test_a_disk_that_comes_late_brings_its_pause_with_it(place, tmp_path):
    privacy(place).order(pause())
    away = place.video.rename(tmp_path / "away")
    place.video.mkdir()
    late = privacy(place)
    assert (late.paused_by(), late.look()) == ("", "")

    place.video.rmdir()
    away.rename(place.video)
    assert late.look() == "the owner"
    assert late.look() == "", "once: whoever resumes after that is obeyed"


def test_what_was_ordered_counts_more_than_what_a_late_disk_remembers(place, tmp_path):
    privacy(place).order(pause())
    away = place.video.rename(tmp_path / "away")
    place.video.mkdir()
    late = privacy(place)
    late.order(pause(paused=False))
    place.video.rmdir()
    away.rename(place.video)

    assert late.look() == ""
    assert privacy(place).paused_by() == ""
