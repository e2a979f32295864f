"""The verdict: as the worst of what is known, whatever came in which order, and never well for lack of news."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.health import BEGAN_US, DISK, SECOND, WELL, at, camera
from vigil.events import Health
from vigil.guard.diagnosis import Diagnosis
from vigil.guard.evidence import FORGOTTEN_US, START_US, Evidence
from vigil.guard.faults import Level
from vigil.guard.probes import PROBES
from vigil.guard.probes.card import CardSeen
from vigil.guard.probes.disk import Trouble
from vigil.guard.probes.journal import JournalSeen
from vigil.guard.probes.keys import KeysSeen
from vigil.guard.probes.part import PartSeen
from vigil.guard.probes.power import PowerSeen
from vigil.guard.probes.process import ProcessSeen
from vigil.guard.probes.wear import WearSeen
from vigil.processes.packets import LIMIT_BYTES, decode, encode

LOST = camera(state="lost", fault="nothing answers")
SAID = [
    *WELL, LOST, camera("yard"), camera("yard", picture_check="frozen"), replace(DISK, trouble=Trouble.HELD),
    CardSeen(complaint="bad"), KeysSeen(certified=False, refusal="away"), JournalSeen(open=False, closed="read-only"),
    ProcessSeen(name="body", away_s=90),
]  # fmt: skip


def judged(*said: object) -> Diagnosis:
    """What is thought a second after hearing this."""
    diagnosis = Diagnosis(at(0))
    for one in said:
        diagnosis.hear(one, at(1))
    diagnosis.look(at(2))
    return diagnosis


def seen(diagnosis: Diagnosis) -> list[tuple[str, str, str]]:
    return [(one.id, one.subject, str(one.level)) for one in diagnosis.verdict.readings]


def test_a_box_of_which_all_is_well_is_well():
    diagnosis = judged(*WELL)

    assert diagnosis.verdict.level is Level.OK
    assert (diagnosis.verdict.blinks, diagnosis.verdict.faults()) == (0, [])
    assert {one.level for one in diagnosis.verdict.readings} == {Level.OK}
    assert len(diagnosis.verdict.readings) == len(WELL)


def test_of_a_box_that_has_said_nothing_nothing_is_known():
    assert Diagnosis(at(0)).verdict.level is Level.UNKNOWN
    assert judged().verdict.level is Level.UNKNOWN


def test_the_worst_comes_first_and_is_the_verdict():
    diagnosis = judged(*WELL, KeysSeen(certified=False, refusal="nobody answers"), LOST)

    assert diagnosis.verdict.level is Level.FAILED
    assert seen(diagnosis)[:3] == [
        ("camera.lost", "gate", "failed"), ("keys.signer", "", "warning"), ("board", "", "ok"),
    ]  # fmt: skip
    assert diagnosis.verdict.faults() == ["camera gate: nothing answers", "signer: nobody answers"]
    assert diagnosis.verdict.readings[0].do.startswith("Read why.")


def test_the_lamp_counts_out_the_worst():
    assert judged(*WELL, KeysSeen(certified=False, refusal="away")).verdict.blinks == 6
    assert judged(*WELL, KeysSeen(certified=False, refusal="away"), CardSeen(complaint="bad")).verdict.blinks == 2
    assert judged(*WELL, camera(picture_check="black"), JournalSeen(open=False, closed="full")).verdict.blinks == 6
    assert judged(*WELL, camera(state="paused")).verdict.blinks == 0


def test_the_lamp_counts_a_fault_out_though_others_have_not_spoken_yet():
    judged_so_far = Diagnosis(at(0), expected=[("camera", "gate")])
    judged_so_far.hear(KeysSeen(certified=False, refusal="away"), at(1))
    judged_so_far.look(at(1))

    assert (judged_so_far.verdict.level, judged_so_far.verdict.blinks) == (Level.UNKNOWN, 6)


def test_a_notice_is_no_fault():
    diagnosis = judged(*WELL, camera(state="paused"))

    assert (diagnosis.verdict.level, diagnosis.verdict.faults()) == (Level.NOTICE, [])


@given(st.permutations(range(len(SAID))), st.data())
def test_evidence_may_come_in_any_order(order: list[int], data: st.DataObject):
    # Each piece has a time of its own; late ones come after newer ones.
    times = data.draw(st.permutations(range(len(SAID))))
    one, other = (Evidence(PROBES, expected=[("camera", "yard")], began_us=BEGAN_US) for _ in range(2))
    for index in range(len(SAID)):
        one.take(SAID[index], BEGAN_US + times[index])
    for index in order:
        other.take(SAID[index], BEGAN_US + times[index])

    assert one.looks(BEGAN_US + SECOND) == other.looks(BEGAN_US + SECOND)


@pytest.mark.parametrize(
    "said",
    [one for one in WELL if not isinstance(one, PartSeen | PowerSeen | WearSeen)],
    ids=lambda s: type(s).__name__,
)
def test_what_is_old_is_unknown_and_never_well(said: object):
    (probe,) = (one for one in PROBES if isinstance(said, one.evidence))
    key = probe.name, probe.subject_of(said)
    diagnosis = Diagnosis(at(0), expected=[key])
    diagnosis.hear(said, at(1))
    for seconds in range(2, 2 * probe.lasts_s + 10):
        diagnosis.look(at(seconds))
        assert (diagnosis.verdict.level is Level.OK) == (seconds <= probe.lasts_s + 1)

    assert seen(diagnosis) == [(probe.unknown_id, key[1], "unknown")]
    assert diagnosis.verdict.faults() == [f"{diagnosis.verdict.readings[0].what}: nothing is heard of it any more"]


def test_what_was_expected_and_never_came_is_a_fault_after_a_minute():
    diagnosis = Diagnosis(at(0), expected=[("camera", "gate")])
    diagnosis.look(at(1))
    assert seen(diagnosis) == [("camera.unknown", "gate", "unknown")]
    assert diagnosis.verdict.faults() == [], "it may still be on its way"

    diagnosis.look(at(START_US / SECOND + 1))

    assert diagnosis.verdict.faults() == ["camera gate: nothing has been heard of it"]


def test_what_nobody_expects_and_nobody_speaks_of_is_forgotten():
    diagnosis = judged(*WELL, camera("guest"))
    for seconds in range(3, FORGOTTEN_US // SECOND + 60):
        for one in WELL:
            diagnosis.hear(one, at(seconds))
        diagnosis.look(at(seconds))

    assert diagnosis.verdict.level is Level.OK
    assert "guest" not in {one.subject for one in diagnosis.verdict.readings}


def test_a_probe_that_goes_wrong_costs_itself_alone():
    def look(_):
        raise ZeroDivisionError("oops")

    (card,) = (probe for probe in PROBES if probe.name == "card")
    evidence = Evidence([replace(card, look=look), *PROBES[:2]], expected=(), began_us=0)
    for said in (CardSeen(), camera(), DISK):
        evidence.take(said, 1)

    looks = {look.key[0]: look for look in evidence.looks(1)}
    (finding,) = looks["card"].findings
    assert (finding.id, looks["card"].fresh) == ("card.unknown", False)
    assert "ZeroDivisionError: oops" in finding.why
    assert looks["camera"].fresh and looks["disk"].fresh


def test_a_file_that_was_played_to_its_end_stays_well():
    diagnosis = Diagnosis(at(0), expected=[("camera", "gate")])
    diagnosis.hear(camera(state="ended"), at(1))

    diagnosis.look(at(5000))

    assert diagnosis.verdict.level is Level.OK


def test_since_when_is_kept_while_it_stays_so():
    diagnosis = Diagnosis(at(0))
    for seconds in range(1, 30):
        diagnosis.hear(LOST if seconds >= 10 else camera(), at(seconds))
        diagnosis.look(at(seconds))

    assert diagnosis.verdict.since_us == at(10).steady_us
    assert diagnosis.verdict.readings[0].since_us == at(10).steady_us


def test_what_is_well_is_so_since_it_was_found_well_and_not_since_it_was_last_said():
    diagnosis = Diagnosis(at(0))
    for seconds in range(1, 60):
        diagnosis.hear(LOST if 5 <= seconds < 10 else camera(), at(seconds))
        diagnosis.look(at(seconds))

    (reading,) = diagnosis.verdict.readings
    assert (reading.level, reading.since_us) == (Level.OK, at(20).steady_us)


@pytest.mark.parametrize(
    "why", ["x" * 2000, "\N{VIDEO CAMERA}" * 2000, "\0" * 2000], ids=["plain", "beyond", "control"]
)
def test_however_much_is_wrong_it_fits_into_a_message(why: str):
    verdict = judged(
        *(camera(f"camera-{n}", state="lost", fault=why, picture_check="frozen") for n in range(400))
    ).verdict

    message = Health(
        log_id="x", entries=0, checkpoint=0, free_bytes=0, total_bytes=0, video_bytes=0, segments=0, clock="synced",
        faults=verdict.faults(), level=str(verdict.level), since_us=verdict.since_us, blinks=verdict.blinks,
        probes=verdict.plain(),
    )  # fmt: skip

    assert 100_000 < len(encode(message)) <= LIMIT_BYTES - 10_000
    assert decode(encode(message)) == message
    assert {one["level"] for one in message.probes} == {"failed"}
    assert len(message.probes) > 20 < len(message.faults)
