"""The panel of a whole recorder: whoever is killed, nothing is armed or disarmed by it, and the lamps never lie."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.box import Box, end, until
from vigil.events import Display, Lit, SetArm, Touch
from vigil.processes.hub import HubClient
from vigil.processes.place import Place

pytestmark = pytest.mark.slow  # whole processes are started and killed

KILLS = 8
ARM = "[arm]\nexit_delay_s = 0\n"
CAMERA = '[[camera]]\nid = "demo"\nsource = "synthetic"\nwidth = 320\nheight = 240\n[camera.motion]\nmethod = "off"\n'


@contextmanager
def running(box: Box, *more: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    processes = {name: start(box, name) for name in ("signer", "guard", "body", *more)}
    try:
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
            process.wait(timeout=20)
            end(process)


def start(box: Box, name: str) -> subprocess.Popen[bytes]:
    return box.start(name, *(["--simulated"] if name == "body" else []), log=f"log-{name}")


def begin_again(box: Box, processes: dict[str, subprocess.Popen[bytes]], name: str) -> None:
    processes[name].kill()
    processes[name].wait()
    processes[name] = start(box, name)


def before_panel(box: Box) -> HubClient:
    hands = HubClient(Place(box.data).panel, "test")
    until(hands.connect)
    return hands


def see(hands: HubClient, **wanted: bool) -> None:
    """Wait until these lamps are lit, or dark."""
    for message in hands.listen(timeout_s=30):
        if isinstance(message, Lit) and all((message.levels[name] != "0") is lit for name, lit in wanted.items()):
            return
    raise AssertionError(f"never seen: {wanted}")


def states(box: Box) -> list[tuple[object, object]]:
    return [(entry["after"], entry["how"]) for entry in box.journal() if entry["kind"] == "arm.changed"]


def command(box: Box, mode: str) -> str:
    client = HubClient(Place(box.data).hub, "cli")
    try:
        (answer,) = client.ask(SetArm(mode=mode))
    finally:
        client.close()
    return answer.words


def test_a_body_that_is_killed_at_any_moment_arms_and_disarms_nobody(tmp_path: Path):
    box, rng = Box(tmp_path / "box", "", ARM), random.Random(5)
    with running(box) as processes:
        for _ in range(KILLS):
            hands = before_panel(box)
            see(hands, fault=False)
            # A press of ten seconds, which does nothing, is cut short wherever it is.
            hands.send(Touch(gesture="hold"))
            threading.Event().wait(rng.uniform(0, 1.2))
            begin_again(box, processes, "body")
            hands.close()
        hands = before_panel(box)
        see(hands, fault=False, arm=False)
        assert states(box) == []

        hands.send(Touch(gesture="short"))
        until(lambda: states(box) == [("armed_away", "button")])
        see(hands, arm=True)
        hands.close()


def test_a_guard_that_is_killed_is_seen_to_be_away_and_the_box_stays_as_it_was(tmp_path: Path):
    box, rng = Box(tmp_path / "box", "", ARM), random.Random(6)
    with running(box) as processes:
        hands = before_panel(box)
        see(hands, fault=False)
        told, wanted = [], "disarmed"
        for number in range(KILLS):
            mode, wanted = ("away", "armed_away") if number % 2 == 0 else ("disarmed", "disarmed")
            until(lambda mode=mode, wanted=wanted: command(box, mode) == f"the box is {wanted}")  # type: ignore[misc]
            threading.Event().wait(rng.uniform(0, 0.5))
            begin_again(box, processes, "guard")
            until(lambda: states(box)[-1][1] == "resumed")
            told.append(states(box)[-1][0] == wanted)
        assert all(told)

        processes["guard"].kill()
        see(hands, fault=True, arm=False, status=False)
        hands.close()


def test_whoever_looks_at_the_journal_first_has_not_seen_less_than_the_lamp(tmp_path: Path):
    box = Box(tmp_path / "box", "", ARM)
    with running(box):
        hands, ear = before_panel(box), HubClient(Place(box.data).hub, "body")
        see(hands, fault=False)
        until(ear.connect)
        hands.send(Touch(gesture="short"))
        for message in ear.listen(timeout_s=20):
            if isinstance(message, Display) and message.lamps["arm"] == "steady":
                break
        journaled = states(box)
        hands.close()
        ear.close()

    assert journaled == [("armed_away", "button")]


def test_the_breath_is_the_recorders_and_goes_when_it_is_killed(tmp_path: Path):
    box = Box(tmp_path / "box", CAMERA, ARM)
    box.run(4)
    with running(box, "record") as processes:
        hands = before_panel(box)
        see(hands, status=True)
        processes["record"].kill()
        processes["record"].wait()
        # Between two breaths it is never dark.
        see(hands, status=False)
        hands.close()


def test_a_private_camera_records_while_the_box_is_armed_and_at_no_other_time(tmp_path: Path):
    camera = CAMERA.replace("width", 'private = ["disarmed"]\nwidth', 1)
    box = Box(tmp_path / "box", camera, ARM)
    box.run(4)

    def said() -> list[tuple[str, object]]:
        return [(one.type, one.fields["who"]) for one in box.statements("demo") if one.type in ("paused", "resumed")]

    with running(box, "record"):
        hands = before_panel(box)
        see(hands, fault=False)
        at_home = ("paused", "privacy: the box is disarmed")
        until(lambda: said() == [at_home])
        until(lambda: command(box, "away") == "the box is armed_away")
        until(lambda: said()[1:] == [("resumed", "privacy: the box is armed_away")])
        see(hands, status=True)
        until(lambda: command(box, "disarmed") == "the box is disarmed")
        until(lambda: said()[2:] == [at_home])
        hands.close()
