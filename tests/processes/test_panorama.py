from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes.watching import BEGAN, REFUSED, SECOND, crashed, health, process, status, texts, watched, with_process
from vigil.cameras.frozen import Sight
from vigil.processes.panorama import Panorama, with_message, with_processes, with_remarks
from vigil.processes.panorama_faults import faults
from vigil.processes.supervisor import Child


@pytest.fixture
def sleeper() -> Iterator[Child]:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(command) as running:
        yield Child("record@gate", command, process=running, since_us=BEGAN)
        running.kill()


def test_the_last_minute_is_remembered_second_by_second():
    panorama, _ = watched(90, status(bit_rate=4_000_000))

    camera = panorama.camera("demo")

    assert [second for second, _ in camera.bit_rates] == list(range(1031, 1091))
    assert {rate for _, rate in camera.bit_rates} == {4_000_000}


def test_the_time_in_a_state_begins_when_the_state_changes():
    panorama, now_us = watched(10, status(state="watching", segment=0))
    assert panorama.camera("demo").since_us == BEGAN + SECOND

    panorama = with_message(panorama, status(state="recording"), now_us + SECOND)

    assert panorama.camera("demo").since_us == now_us + SECOND


def test_segments_and_their_bytes_are_counted_over_the_change_of_segment():
    panorama, _ = watched(130, status(segment=7))

    camera = panorama.camera("demo")

    assert (camera.segments, camera.first, camera.last) == (3, 7, 9)
    # 59 s of each whole minute were seen, and 10 s of the third.
    assert camera.written_bytes == (59 + 59 + 10) * 500_000


def test_the_rate_is_what_was_measured_over_all_cameras():
    panorama, now_us = watched(300, status("one"), status("two"))

    rate = panorama.bytes_a_second(now_us)

    assert rate is not None
    assert math.isclose(rate, 1_000_000, rel_tol=0.03)


def test_what_was_written_before_we_looked_is_not_written_in_a_moment():
    panorama = with_message(Panorama(began_us=BEGAN), status(segment_bytes=900_000_000), BEGAN + SECOND)

    assert panorama.bytes_a_second(BEGAN + 60 * SECOND) == 0


def test_there_is_no_rate_before_half_a_minute():
    panorama, now_us = watched(20, status())

    assert panorama.bytes_a_second(now_us) is None


def test_the_rate_forgets_what_is_older_than_an_hour():
    panorama, now_us = watched(120, status())

    assert panorama.bytes_a_second(now_us + 3700 * SECOND) == 0


def test_a_recorder_that_is_killed_does_not_look_as_well_as_it_last_said():
    panorama, now_us = watched(10, status())
    assert panorama.condition(panorama.camera("demo"), now_us) == "recording"

    panorama = with_process(panorama, crashed("record@demo", retry_us=now_us + 4 * SECOND))

    assert panorama.condition(panorama.camera("demo"), now_us) == "down"
    assert texts(faults(panorama, now_us)) == [
        "record@demo ended with signal 9 and is started again in 4 s (1 restart so far)"
    ]


def test_a_recorder_that_was_started_again_is_starting_until_it_speaks():
    panorama, now_us = watched(10, status())
    panorama = with_process(panorama, process("record@demo", since_us=now_us + 20 * SECOND, restarts=1))

    later_us = now_us + 21 * SECOND
    assert panorama.condition(panorama.camera("demo"), later_us) == "starting"

    panorama = with_message(panorama, status(), later_us)
    assert panorama.condition(panorama.camera("demo"), later_us) == "recording"


def test_a_recorder_that_says_nothing_is_told_of():
    panorama, now_us = watched(10, status("one"), status("two"))
    for second in range(1, 8):
        panorama = with_message(panorama, status("two"), now_us + second * SECOND)
        panorama = with_message(panorama, health(), now_us + second * SECOND)

    assert texts(faults(panorama, now_us + 7 * SECOND)) == ["one: no word from its recorder for 7 s"]
    assert panorama.condition(panorama.camera("one"), now_us + 7 * SECOND) == "no word"


def test_a_silent_guard_explains_why_nobody_is_heard():
    panorama, now_us = watched(10, status("one"), status("two"))

    told = texts(faults(panorama, now_us + 9 * SECOND))

    assert len(told) == 1
    assert told[0].startswith("no word from guard for 9 s: the cameras go on recording")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (status(state="lost", fault=REFUSED), f"demo: {REFUSED}"),
        (status(state="lost"), "demo: lost, and its recorder does not say why"),
        (status(state="disk fault", fault="No space left on device"), "demo: No space left on device"),
        (status(picture_check="black"), "demo: its picture has gone black: is something in front of the lens?"),
        (status(picture_check="upside down"), "demo: its picture is not well: upside down"),
        (status(durable_age_s=40.0), "demo: nothing has become safe on the disk for 40 s"),
    ],
)
def test_a_camera_in_trouble_is_told_of_in_a_sentence(words, said):
    panorama, now_us = watched(3, words)

    assert texts(faults(panorama, now_us)) == [said]


@pytest.mark.parametrize("sight", list(Sight))
def test_every_verdict_on_a_picture_has_its_sentence_or_is_none(sight):
    panorama, now_us = watched(3, status(picture_check=sight.value))

    told = texts(faults(panorama, now_us))

    assert len(told) == (sight in (Sight.FROZEN, Sight.BLACK))
    assert not any("not well" in one for one in told)


def test_an_unclaimed_recorder_says_what_to_do():
    panorama, now_us = watched(3, status(state="unclaimed", segment=0))

    (told,) = texts(faults(panorama, now_us))

    assert "`vigil claim take`" in told


@pytest.mark.parametrize(
    "words",
    [
        status(),
        status(state="watching", segment=0, durable_age_s=300.0),
        status(picture_check="not checked"),
        status(state="ended", fault="the file came to its end", segment=0),
        status(state="paused", segment=0, durable_age_s=-1.0),
    ],
)
def test_what_is_as_it_should_be_is_no_fault(words):
    panorama, now_us = watched(3, words)

    assert faults(panorama, now_us) == []


def test_a_camera_that_ended_may_be_silent():
    panorama, now_us = watched(3, status(state="ended", fault="the file came to its end"))
    panorama = with_process(panorama, process("record@demo", pid=0, done=True))
    for second in range(60):
        panorama = with_message(panorama, health(), now_us + second * SECOND)

    assert faults(panorama, now_us + 59 * SECOND) == []
    assert panorama.condition(panorama.camera("demo"), now_us + 59 * SECOND) == "ended"


def test_guards_faults_are_told_too():
    panorama, now_us = watched(3, status(), guard=health(faults=["store: the disk is nearly full"]))

    assert texts(faults(panorama, now_us)) == ["store: the disk is nearly full"]


def test_what_guard_repeats_of_a_camera_is_not_told_twice():
    lost = status("gate", state="lost", fault=REFUSED)
    repeated = [f"camera gate: {REFUSED}", "picture of gate: the picture is black"]
    panorama, now_us = watched(3, lost, guard=health(faults=[*repeated, "camera attic: lost"]))

    assert texts(faults(panorama, now_us)) == [f"gate: {REFUSED}", "camera attic: lost"]


def test_a_lost_camera_has_no_motion_rather_than_none():
    panorama, _ = watched(3, status(state="lost", fault=REFUSED))

    assert panorama.camera("demo").motions == ()


def test_a_fault_keeps_its_key_while_its_seconds_are_counted():
    panorama, now_us = watched(10, status())
    first, later = (faults(panorama, now_us + seconds * SECOND) for seconds in (8, 12))

    assert [fault.key for fault in first] == [fault.key for fault in later]
    assert texts(first) != texts(later)


def test_words_of_strangers_cannot_command_the_terminal():
    evil = status(
        state="lost", fault="\x1b[2J\x1b]0;owned\x07bad\nsecond line\x9b31m", source={"encoder": "a\x1b[31mb"}
    )

    panorama, now_us = watched(3, evil)

    said = panorama.camera("demo").status
    assert said is not None
    assert said.fault.isprintable()
    assert said.source["encoder"].isprintable()
    assert "bad second line" in texts(faults(panorama, now_us))[0]


def test_secrets_do_not_reach_the_page():
    panorama, now_us = watched(3, status(state="lost", fault="rtsp://admin:hunter2@10.0.0.7/ refuses"))

    assert "hunter2" not in texts(faults(panorama, now_us))[0]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -7.5, 1e300, 10**400])
def test_a_number_beyond_all_measure_is_unknown(number):
    panorama, _ = watched(1, status(fps=number, durable_age_s=number))

    said = panorama.camera("demo").status
    assert said is not None
    assert (said.fps, said.durable_age_s) == (-1, -1)


def test_a_running_process_is_seen_with_its_number(sleeper):
    panorama = with_processes(Panorama(began_us=BEGAN), [sleeper])

    (seen,) = panorama.processes
    assert sleeper.process is not None
    assert (seen.name, seen.pid, seen.running) == ("record@gate", sleeper.process.pid, True)
    assert [camera.name for camera in panorama.cameras] == ["gate"]


def test_a_dead_process_is_not_running_even_before_the_supervisor_noticed(sleeper):
    assert sleeper.process is not None
    sleeper.process.kill()
    sleeper.process.wait()

    (seen,) = with_processes(Panorama(began_us=BEGAN), [sleeper]).processes

    assert not seen.running


def test_the_same_processes_change_nothing(sleeper):
    """The view draws when the panorama is another one: a look at processes that go on must not make it so."""
    panorama = with_processes(Panorama(began_us=BEGAN), [sleeper])

    assert with_processes(panorama, [sleeper]) is panorama


def test_only_the_newest_remarks_are_kept():
    panorama = Panorama(began_us=BEGAN)
    for number in range(50):
        panorama = with_remarks(panorama, [f"warning {number}"], number)

    assert [remark.words for remark in panorama.remarks] == [f"warning {number}" for number in range(30, 50)]
    assert with_remarks(panorama, [], 99) is panorama


def test_a_camera_nobody_watches_for_motion_has_no_motion_samples():
    unwatched = replace(status(), mode="continuous", motion_area_pm=-1)
    panorama, _ = watched(5, unwatched, status("other", motion=True, motion_area_pm=23))

    assert panorama.camera("demo").motions == ()
    assert {area for _, area in panorama.camera("other").motions} == {23}
