"""A camera that is lost comes back."""

import pytest

from vigil.cameras.backoff import Backoff
from vigil.cameras.keeper import Keeper, Stage
from vigil.cameras.source import Source
from vigil.clock import HandClock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import Packet, VideoCodec

CODEC = VideoCodec("h264", 64, 64, (b"\x67", b"\x68"))
PICTURE = Packet(b"\0\0\0\1\x65", 0, 0, 0, True, CODEC)


class ScriptedSource(Source):
    """Does what its script says, one line a read: a result, or an error to raise."""

    def __init__(self, script):
        self._script = list(script)
        self.closed = 0

    def read(self, timeout_s):
        line = self._script.pop(0)
        if isinstance(line, Exception):
            raise line
        return line

    def close(self):
        self.closed += 1

    def describe(self):
        return {"encoder": "a script"}


class World:
    """A keeper, its clock, and what it was told."""

    def __init__(self, *scripts):
        self.clock = HandClock()
        self.scripts = list(scripts)
        self.sources = []
        self.states = []
        self.opened_at_s = []
        self.keeper = Keeper(
            self.open, self.clock, backoff=Backoff(lambda: 0.0, first_s=1, cap_s=8), on_change=self.states.append
        )

    def open(self):
        self.opened_at_s.append(self.clock.steady_us() / 1_000_000)
        script = self.scripts.pop(0)
        if isinstance(script, Exception):
            raise script
        self.sources.append(ScriptedSource(script))
        return self.sources[-1]

    def read_until(self, count):
        got = []
        while len(got) < count:
            got += self.keeper.read(0.5)
        return got


def test_the_waits_grow_to_their_cap():
    backoff = Backoff(lambda: 0.0, first_s=1, cap_s=5)
    assert [backoff.failed(ran_s=0) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_ten_thousand_failures_do_not_overflow():
    backoff = Backoff(lambda: 0.0)
    assert {backoff.failed(ran_s=0) for _ in range(10_000)} <= {0.5, 1, 2, 4, 8, 16, 30}


def test_jitter_only_shortens():
    backoff = Backoff(lambda: 0.999, first_s=10, jitter=0.3)
    assert 7 <= backoff.failed(ran_s=0) < 7.01


def test_a_stable_run_earns_a_fresh_start():
    backoff = Backoff(lambda: 0.0, first_s=1, stable_s=60)
    assert [backoff.failed(ran_s=s) for s in (0, 0, 59, 60, 0)] == [1, 2, 4, 1, 2]


def test_a_camera_that_cannot_be_opened_is_tried_again_and_again():
    world = World(CameraLost("nothing answers"), CameraLost("nothing answers"), [[PICTURE]])
    began_s = world.clock.steady_us() / 1_000_000

    assert world.read_until(1) == [PICTURE]
    assert [at_s - began_s for at_s in world.opened_at_s] == [0, 1, 3]
    assert [state.stage.value for state in world.states] == [
        "opening", "lost", "opening", "lost", "opening", "up"
    ]  # fmt: skip


def test_a_lost_camera_is_closed_and_opened_again():
    world = World([[PICTURE], CameraLost("no picture for 10 s")], [[PICTURE]])

    assert world.read_until(2) == [PICTURE, PICTURE]
    assert world.sources[0].closed == 1
    lost = next(state for state in world.states if state.stage is Stage.LOST)
    assert lost.reason == "no picture for 10 s"
    assert world.states[-1].stage is Stage.UP
    assert world.states[-1].losses == 0


def test_while_it_is_tried_again_the_reason_stays_known():
    world = World(CameraLost("the cable is out"), [[], [PICTURE]])
    for _ in range(3):
        world.keeper.read(0.5)
    assert world.keeper.state.stage is Stage.OPENING
    assert world.keeper.state.reason == "the cable is out"
    assert world.keeper.state.losses == 1


def test_opening_is_not_up_until_there_is_a_picture():
    world = World([[], [], [PICTURE]])
    world.keeper.read(0.5)
    assert world.keeper.state.stage is Stage.OPENING
    world.keeper.read(0.5)
    world.keeper.read(0.5)
    assert world.keeper.state.stage is Stage.UP


def test_reading_never_waits_longer_than_asked_while_the_camera_is_away():
    world = World(CameraLost("away"), CameraLost("away"), CameraLost("away"), [[PICTURE]])
    while not world.keeper.read(0.25):
        before = world.clock.steady_us()
        if world.keeper.read(0.25):
            break
        assert world.clock.steady_us() - before <= 250_000


def test_the_end_of_a_file_is_told_and_no_loss():
    world = World([[PICTURE], CameraEnded("the file came to its end")])
    world.read_until(1)
    with pytest.raises(CameraEnded):
        world.keeper.read(0.5)
    assert world.keeper.state.stage is Stage.ENDED
    assert world.sources[0].closed == 1


def test_a_closed_keeper_reads_nothing_and_opens_nothing():
    world = World([[PICTURE]])
    world.keeper.close()
    assert world.keeper.read(0.5) == ()
    assert world.opened_at_s == []


def test_closing_while_the_camera_is_being_opened_closes_it_too():
    world = World()
    late = ScriptedSource([])

    def open_while_closed():
        world.keeper.close()
        return late

    world.keeper._open_source = open_while_closed
    assert world.keeper.read(0.5) == ()
    assert late.closed == 1


def test_one_camera_away_leaves_another_alone():
    away = World(CameraLost("away"), CameraLost("away"), CameraLost("away"))
    well = World([[PICTURE]] * 3)
    for _ in range(3):
        away.keeper.read(0.1)
        assert well.keeper.read(0.1) == [PICTURE]
    assert well.keeper.state.stage is Stage.UP
    assert away.keeper.state.stage is Stage.LOST


def test_the_keeper_describes_the_camera_it_holds():
    world = World([[PICTURE]])
    assert world.keeper.describe() == {}
    world.read_until(1)
    assert world.keeper.describe() == {"encoder": "a script"}


def test_a_mistake_in_the_program_does_not_end_a_camera(caplog):
    world = World([[PICTURE], IndexError("garbage nobody thought of")], ValueError("at opening"), [[PICTURE]])

    assert world.read_until(2) == [PICTURE, PICTURE]
    assert [state.stage for state in world.states].count(Stage.LOST) == 2
    assert "garbage nobody thought of" in next(s.reason for s in world.states if s.stage is Stage.LOST)
    assert "IndexError" in caplog.text
