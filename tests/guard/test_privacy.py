"""Privacy by the state of the alarm: paused at home, recording when armed, and nobody's own word is overruled."""

from __future__ import annotations

import pytest

from vigil.clock.trust import Trust
from vigil.guard.deeds import PauseCamera
from vigil.guard.facts import ArmChanged, ArmState, CameraPaused, Fact, ResumedByHand
from vigil.guard.moment import Moment
from vigil.guard.privacy import Privacy

AT_HOME = (ArmState.DISARMED, ArmState.ARMED_HOME)


class House:
    """A living room that is private while people are there, and a gate that never is; recorders obey."""

    def __init__(self, state: ArmState = ArmState.DISARMED, *, paused_by: str = "") -> None:
        self.part = Privacy({"living": ("disarmed", "armed_home"), "gate": ()})
        self.seconds = 0
        self.recorders = {"living": paused_by, "gate": ""}
        self.asked: list[PauseCamera] = []
        self.deaf = False
        self.arm(state, before=state)

    def hear(self, fact: Fact) -> None:
        now = Moment(self.seconds * 1_000_000, 0, Trust.SYNCED)
        for deed in self.part.hear(fact, now):
            assert isinstance(deed, PauseCamera)
            self.asked.append(deed)
            if not self.deaf:
                self.recorders[deed.camera] = deed.who if deed.paused else ""

    def wait(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.seconds += 1
            for camera, who in self.recorders.items():
                self.hear(CameraPaused(camera, who))

    def arm(self, state: ArmState, *, before: ArmState = ArmState.DISARMED) -> None:
        self.hear(ArmChanged(before, state, "anna", "command"))

    @property
    def paused(self) -> set[str]:
        return {camera for camera, who in self.recorders.items() if who}


@pytest.mark.parametrize("state", list(ArmState))
def test_a_private_camera_keeps_nothing_in_its_states_and_all_else_in_the_others(state):
    house = House(state)
    house.wait()

    assert house.paused == ({"living"} if state in {*AT_HOME, ArmState.ARMING} else set())


def test_arming_ends_the_pause_at_once_and_coming_home_begins_it_again():
    house = House()
    house.wait()
    house.arm(ArmState.ARMED_AWAY)
    assert house.paused == set()

    house.arm(ArmState.DISARMED)
    assert house.paused == {"living"}


def test_whoever_leaves_is_still_there():
    house = House()
    house.wait()
    house.arm(ArmState.ARMING)

    assert house.paused == {"living"}


def test_who_comes_in_unasked_has_no_privacy():
    house = House(ArmState.ARMED_HOME)
    house.wait()
    house.arm(ArmState.TRIGGERED)

    assert house.paused == set()


def test_what_somebody_paused_by_hand_stays_paused():
    house = House(ArmState.ARMED_AWAY)
    house.recorders["living"] = "anna (uid 1000) at the command line"
    house.wait(10)
    house.arm(ArmState.DISARMED)
    house.arm(ArmState.ARMED_AWAY)

    assert house.paused == {"living"} and house.asked == []


def test_what_somebody_lets_go_on_by_hand_goes_on_until_the_state_changes():
    house = House()
    house.wait()
    house.hear(ResumedByHand("living"))
    house.recorders["living"] = ""
    house.wait(10)
    assert house.paused == set()

    house.arm(ArmState.ARMED_AWAY)
    house.arm(ArmState.DISARMED)
    assert house.paused == {"living"}


def test_a_recorder_that_did_not_hear_is_told_again_but_not_every_second():
    house = House(ArmState.ARMED_AWAY, paused_by="privacy: the box is disarmed")
    house.deaf = True
    house.wait(7)
    assert len(house.asked) == 3

    house.deaf = False
    house.wait(3)
    assert house.paused == set()


def test_nothing_is_paused_before_the_state_is_known():
    part = Privacy({"living": ("disarmed",)})

    assert part.hear(CameraPaused("living", ""), Moment(0, 0, Trust.SYNCED)) == []
    assert part.look(Moment(0, 0, Trust.SYNCED)) == []


def test_a_camera_that_is_no_longer_private_is_let_go_on():
    house = House(paused_by="privacy: the box is disarmed")
    house.part = Privacy({"gate": ()})
    house.arm(ArmState.DISARMED)
    house.wait()

    assert house.paused == set()


def test_a_pause_by_the_configuration_is_the_owners_own():
    house = House(ArmState.ARMED_AWAY, paused_by="the configuration")
    house.wait(10)

    assert house.asked == []
