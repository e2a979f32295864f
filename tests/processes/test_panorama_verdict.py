"""What `vigil run` shows of guard's verdict, and that nothing is told twice."""

from __future__ import annotations

from fakes.health import WELL, at
from fakes.health import camera as judged_camera
from fakes.watching import REFUSED, SECOND, health, status, texts, watched
from vigil.guard.diagnosis import Diagnosis
from vigil.guard.probes.card import CardSeen
from vigil.guard.probes.process import ProcessSeen
from vigil.processes.panorama_faults import faults
from vigil.processes.panorama_lines import plain
from vigil.processes.panorama_verdict import verdict


def judged(*said: object):
    """What guard says a minute after hearing this for five seconds."""
    diagnosis = Diagnosis(at(0))
    for second in range(5):
        for one in said:
            diagnosis.hear(one, at(second))
        diagnosis.look(at(second))
    found = diagnosis.verdict
    return health(level=str(found.level), since_us=found.since_us, faults=found.faults(), probes=found.plain())


def test_the_verdict_is_said_with_its_age():
    panorama, now_us = watched(130, status(), guard=health(since_us=1_000 * SECOND, level="warning"))

    assert plain(verdict(panorama, now_us)) == "warning for 2 min"


def test_nothing_is_known_while_guard_is_silent():
    panorama, now_us = watched(130, status())
    assert plain(verdict(panorama, now_us)).startswith("ok")

    assert plain(verdict(panorama, now_us + 30 * SECOND)) == "unknown"


def test_a_level_that_this_version_does_not_know_is_no_good_news():
    panorama, now_us = watched(3, status(), guard=health(level="splendid"))

    assert plain(verdict(panorama, now_us)) == "unknown"


def test_what_the_page_hears_of_a_camera_itself_is_not_told_again_by_guard():
    lost = judged_camera("gate", state="lost", fault=REFUSED)
    attic = judged_camera("attic", state="lost", fault="no power")
    away = ProcessSeen(name="record@gate", away_s=99)
    guard = judged(*WELL, lost, attic, away, CardSeen(complaint="it goes bad"))
    panorama, now_us = watched(3, status("gate", state="lost", fault=REFUSED), guard=guard)

    assert texts(faults(panorama, now_us)) == [f"gate: {REFUSED}", "camera attic: no power", "card: it goes bad"]


def test_a_camera_that_is_open_and_sends_nothing_is_guards_to_tell():
    panorama, now_us = watched(3, status("gate"), guard=judged(*WELL, judged_camera("gate", fps=0)))

    assert texts(faults(panorama, now_us)) == ["camera gate: The camera is open and sends no picture."]


def test_a_notice_and_what_is_still_on_its_way_are_no_faults_on_the_page():
    panorama, now_us = watched(3, status("gate"), guard=judged(*WELL[1:], judged_camera("gate", state="paused")))

    assert faults(panorama, now_us) == []


def test_a_fault_keeps_its_key_while_its_words_change():
    panorama, now_us = watched(3, status(), guard=judged(CardSeen(complaint="once")))
    later, later_us = watched(3, status(), guard=judged(CardSeen(complaint="ten times")))

    (one,), (other,) = faults(panorama, now_us), faults(later, later_us)
    assert (one.key, one.words) == (other.key, "card: once")
