"""Orders on their way to a recorder: whoever gave one is told when it was obeyed, and not before."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.events import Answer, Cue, Pause
from vigil.processes.hub import HubServer, Peer

PATIENCE_US = 4_000_000
"""Less than those who ask wait for an answer of any kind."""


@dataclass(frozen=True, slots=True)
class _Order:
    asker: Peer | None  # None: guard itself
    recorder: Peer
    camera: str
    until_us: int


class Orders:
    """A recorder answers each order in its turn, so the oldest one that waits for it is meant."""

    def __init__(self, hub: HubServer) -> None:
        self._hub = hub
        self._waiting: list[_Order] = []

    def give(self, asker: Peer, order: Pause | Cue, now_us: int) -> None:
        """Pass an order on; where nobody is there to obey it, say so."""
        recorder = self._hub.named(f"record@{order.camera}")
        if recorder and recorder.send(order):
            self._waiting.append(_Order(asker, recorder, order.camera, now_us + PATIENCE_US))
        else:
            asker.send(Answer(ok=False, words=f"no recorder for {order.camera} is running"))

    def give_own(self, recorder: Peer, order: Pause | Cue, now_us: int) -> None:
        """Give an order of guard's own; its answer is nobody's, but must not be taken for another's."""
        if recorder.send(order):
            self._waiting.append(_Order(None, recorder, order.camera, now_us + PATIENCE_US))

    def answered(self, recorder: Peer, answer: Answer) -> None:
        """A recorder says what became of an order."""
        if order := next((one for one in self._waiting if one.recorder is recorder), None):
            self._waiting.remove(order)
            if order.asker:
                order.asker.send(answer)

    def look(self, now_us: int) -> None:
        """Tell those who have waited for too long, or for somebody who is gone. To be called every second."""
        for order in [one for one in self._waiting if now_us >= one.until_us or one.recorder not in self._hub.peers]:
            self._waiting.remove(order)
            if order.asker:
                order.asker.send(
                    Answer(ok=False, words=f"the recorder of {order.camera} has not obeyed yet: ask again")
                )
