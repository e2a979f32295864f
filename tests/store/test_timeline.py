"""What was recorded, what is missing and why, as it is seen without any key and without guard."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.owner import START_US, Box
from vigil.store.browse import State
from vigil.store.disk import Disk
from vigil.store.timeline import Moved, Timeline, look

SECOND = 1_000_000


def seen(box: Box, from_s: float = 0, to_s: float = 1e6) -> Timeline:
    return look(
        Disk(), box.video, "gate", from_us=START_US + round(from_s * SECOND), to_us=START_US + round(to_s * SECOND)
    )


def spans(line: Timeline) -> list[tuple[float, float]]:
    return [((one.from_us - START_US) / SECOND, (one.to_us - START_US) / SECOND) for one in line.recorded]


def gaps(line: Timeline) -> list[tuple[float, float, tuple[str, ...], bool]]:
    """Each gap: from, length, reasons, whether it was expected."""
    return [((g.from_us - START_US) / SECOND, g.missing_us / SECOND, g.reasons, g.expected) for g in line.gaps]


def test_segments_are_told_with_their_exact_spans(tmp_path: Path):
    box = Box(tmp_path, segment_s=2)
    box.film("plain", "plain")
    box.recording.close("stopped")

    line = seen(box)

    assert spans(line) == [(0, 2), (2, 4), (4, 6)]
    assert {one.state for one in line.recorded} == {State.SEALED}
    assert [one.frames for one in line.recorded] == [50, 50, 50]
    assert line.gaps == ()
    assert line.troubles == ()


def test_the_open_segment_is_seen_as_far_as_it_is_durable(tmp_path: Path):
    box = Box(tmp_path, segment_s=60)
    box.film("plain", "plain")

    (one,) = seen(box).recorded

    assert one.state is State.OPEN
    assert box.recording.durable_at_us
    assert one.to_us - START_US == box.recording.durable_at_us - 1_000_000 + 40_000
    box.recording.close("stopped")


def test_a_time_range_leaves_the_rest_aside_and_names_the_neighbours(tmp_path: Path):
    box = Box(tmp_path, segment_s=1)
    box.film("plain", "plain", "plain")
    box.recording.close("stopped")

    line = seen(box, 3.5, 5.5)

    assert spans(line) == [(3, 4), (4, 5), (5, 6)]
    line = seen(box, 20, 30)
    assert line.recorded == ()
    assert line.before
    assert line.before.seq == 9
    assert line.after is None


def test_a_power_cut_is_a_gap_that_nobody_wanted(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain", "plain")
    box.cut_off()
    box.clock.forward_us(20 * SECOND)
    box.start(boot="another")
    box.recording.say("gap", from_us=START_US + 5 * SECOND, to_us=START_US + 26 * SECOND, why="recording starts")
    box.film("plain")
    box.recording.close("stopped")

    line = seen(box)

    assert [one.state for one in line.recorded] == [State.RECOVERED, State.SEALED]
    ((from_s, length_s, reasons, expected),) = gaps(line)
    assert (from_s, expected) == ((line.recorded[0].to_us - START_US) / SECOND, False)
    assert length_s == pytest.approx(26 - from_s)
    assert reasons == ("the recorder was cut off without warning (power or crash)",)


def test_a_recorder_that_was_stopped_was_not_running(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.close("stopped")
    box.clock.forward_us(20 * SECOND)
    box.start()
    box.recording.say("gap", from_us=START_US + 3 * SECOND, to_us=START_US + 23 * SECOND, why="recording starts")
    box.film("plain")
    box.recording.close("stopped")

    assert gaps(seen(box)) == [(3, 20, ("the recorder was not running",), False)]


def test_a_pause_is_expected_and_a_lost_camera_is_not(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.end("recording is paused")
    box.recording.say("paused", who="the owner")
    box.clock.forward_us(7 * SECOND)
    box.recording.say("resumed", who="the owner")
    box.film("plain")
    box.recording.end("the camera is away")
    box.recording.say("gap", from_us=START_US + 13 * SECOND, why="no packet for 10 s")
    box.clock.forward_us(30 * SECOND)
    box.recording.say("idle", mode="continuous", state="the camera is away")
    box.recording.say("gap", from_us=START_US + 13 * SECOND, to_us=START_US + 43 * SECOND, why="no packet for 10 s")
    box.film("plain")
    box.recording.close("stopped")

    assert gaps(seen(box)) == [
        (3, 7, ("recording was paused by the owner",), True),
        (13, 30, ("no packet for 10 s", "the camera is away"), False),
    ]


def test_between_two_events_nothing_was_due(tmp_path: Path):
    box = Box(tmp_path)
    for _ in range(2):
        box.film("plain", why="motion")
        box.recording.end("nothing moves any more")
        for _ in range(4):
            box.clock.forward_us(25 * SECOND)
            box.recording.say("idle", mode="motion", state="nothing moves")
    box.recording.close("stopped")

    assert gaps(seen(box)) == [(3, 100, ("nothing moves",), True)]


def test_keyframes_may_be_far_apart_without_a_gap(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain", rate="keyframes")
    box.recording.end("an event began")
    box.clock.forward_us(9 * SECOND)
    box.film("plain", why="motion", rate="full")
    box.recording.close("stopped")

    assert gaps(seen(box)) == []


def test_what_was_deleted_on_purpose_is_told_wherever_the_statement_stands(tmp_path: Path):
    box = Box(tmp_path, segment_s=1)
    box.film("plain", "plain", "plain")
    box.recording.delete(3, "space")
    box.recording.delete(4, "space")
    box.film("plain", begin=False)
    box.recording.close("stopped")

    expected = [(2, 2, ("2 segments, 3 to 4, were deleted (space)",), True)]
    assert gaps(seen(box)) == expected
    assert gaps(seen(box, 0, 5)) == expected


def test_what_was_taken_away_is_told_so(tmp_path: Path):
    box = Box(tmp_path, segment_s=1)
    box.film("plain")
    box.recording.close("stopped")
    path = seen(box).recorded[1].path
    path.media.unlink()
    path.seal.unlink()

    ((_, length_s, reasons, expected),) = gaps(seen(box))
    assert (length_s, expected) == (1, False)
    assert reasons == ("segment 2 was taken away and nobody says why: run `vigil verify`",)


def test_a_clock_that_was_set_is_no_gap_but_is_told(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.end("cut")
    box.clock.step(3600)
    box.film("plain")
    box.recording.close("stopped")

    assert gaps(seen(box)) == [(3, 0, ("the clock was set forward by 3600 s",), True)]


def test_after_a_restart_with_a_clock_behind_no_length_is_invented(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain")
    box.cut_off()
    box.clock.step(-86_400)
    box.start(boot="another")
    box.film("plain")
    box.recording.close("stopped")

    ((_, length_s, reasons, _),) = gaps(look(Disk(), box.video, "gate"))
    assert length_s == 0
    assert reasons == ("after a restart the clock was behind: how long nothing was recorded is not known",)


def test_after_a_fault_of_the_disk_nothing_is_missing(tmp_path: Path):
    recorded = []
    for nth in range(20, 40, 3):
        box = Box(tmp_path / str(nth))
        box.recording.close("stopped")
        box.start(disk=Disk(FaultyCalls(nth, mode="EIO")))
        box.film("plain", "plain")
        box.clock.forward_us(5 * SECOND)
        box.recording.tick()
        box.recording.close("stopped")
        line = seen(box)
        recorded.append(len(line.recorded))
        assert line.gaps == ()

    assert max(recorded) == 2


def test_motion_is_joined_over_sidecars(tmp_path: Path):
    box = Box(tmp_path, segment_s=1)
    box.film("plain")
    box.recording.say("motion", state="began", when_us=START_US + 2_500_000, area_pm=9)
    box.film("plain", begin=False)
    box.recording.say("motion", state="ended", when_us=START_US + 5 * SECOND, area_pm=0)
    box.recording.say("event", name="door", state="began")
    box.recording.close("stopped")

    assert seen(box).moved == (
        Moved("motion", START_US + 2_500_000, START_US + 5 * SECOND),
        Moved("door", START_US + 6 * SECOND, None),
    )


def test_a_statement_that_was_altered_is_told(tmp_path: Path):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.close("stopped")
    path = seen(box).recorded[0].path.seal
    path.write_bytes(path.read_bytes().replace(b'"camera":"gate"', b'"camera":"gaze"', 1))

    line = seen(box)

    assert line.recorded == ()
    assert len(line.troubles) == 1
    assert line.troubles[0].startswith("segment 1: line 0 of its statements is not right: ")


@pytest.mark.parametrize("torn", [1, 40])
def test_a_line_that_is_being_written_is_waited_for(tmp_path: Path, torn: int):
    box = Box(tmp_path)
    box.film("plain", "plain")
    before = seen(box)
    path = before.recorded[0].path.seal
    box.cut_off()
    path.write_bytes(path.read_bytes() + b'{"at_us":17700000'[:torn])

    assert spans(seen(box)) == spans(before)
    assert seen(box).troubles == ()
