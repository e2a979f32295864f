"""Orders on their way to recorders: each answer reaches who gave the order, guard's own among them."""

from __future__ import annotations

import pytest

from vigil.events import Answer, Cue, Message
from vigil.processes.hub import HubClient, HubServer, Peer
from vigil.processes.orders import PATIENCE_US, Orders

ALARM = Cue(camera="gate", name="alarm", state="began")
BY_HAND = Cue(camera="gate", name="by hand", state="pulse")
DONE = Answer(ok=True, words="done")


class Meeting:
    """A hub with a recorder and somebody who asks."""

    def __init__(self, path) -> None:
        self.hub = HubServer(path)
        self.orders = Orders(self.hub)
        self.clients = {name: HubClient(path, name) for name in ("record@gate", "cli")}
        assert all(client.connect() for client in self.clients.values())
        while not all(self.hub.named(name) for name in self.clients):
            self.hub.wait(1)

    def peer(self, name: str) -> Peer:
        found = self.hub.named(name)
        assert found
        return found

    def heard(self, name: str) -> list[Message]:
        return self.clients[name].receive()

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
        self.hub.close()


@pytest.fixture
def meeting(tmp_path):
    meeting = Meeting(tmp_path / "run/hub.sock")
    yield meeting
    meeting.close()


def test_the_answer_to_guards_own_order_is_not_taken_for_somebody_elses(meeting):
    recorder = meeting.peer("record@gate")
    meeting.orders.give_own(recorder, ALARM, 0)
    meeting.orders.give(meeting.peer("cli"), BY_HAND, 0)
    assert meeting.heard("record@gate") == [ALARM, BY_HAND]

    meeting.orders.answered(recorder, DONE)
    assert meeting.heard("cli") == []
    meeting.orders.answered(recorder, Answer(ok=False, words="no"))

    assert meeting.heard("cli") == [Answer(ok=False, words="no")]


def test_nobody_waits_for_the_answer_to_guards_own_order(meeting):
    recorder = meeting.peer("record@gate")
    meeting.orders.give_own(recorder, ALARM, 0)
    meeting.orders.look(PATIENCE_US)
    meeting.orders.give(meeting.peer("cli"), BY_HAND, PATIENCE_US)

    meeting.orders.answered(recorder, DONE)

    assert meeting.heard("cli") == [DONE]


def test_an_order_for_nobody_is_answered_at_once(meeting):
    meeting.orders.give(meeting.peer("cli"), Cue(camera="yard", name="x", state="pulse"), 0)

    assert meeting.heard("cli") == [Answer(ok=False, words="no recorder for yard is running")]


def test_a_recorder_that_does_not_obey_is_told_of(meeting):
    meeting.orders.give(meeting.peer("cli"), BY_HAND, 0)
    meeting.orders.look(PATIENCE_US - 1)
    assert meeting.heard("cli") == []

    meeting.orders.look(PATIENCE_US)

    assert meeting.heard("cli") == [Answer(ok=False, words="the recorder of gate has not obeyed yet: ask again")]
