"""Guard's own cues for recordings: given to recorders that are there, and said again to those that come."""

from __future__ import annotations

from vigil.clock import Clock
from vigil.config.model import Config
from vigil.events import Cue
from vigil.guard.deeds import CueState
from vigil.processes.hub import HubServer, Peer
from vigil.processes.orders import Orders

_RECORDER = "record@"


class Cues:
    """
    Who records for what, as guard's parts want it.

    A recorder that was away has missed what began, and one that outlived an
    earlier guard may wait for ever for an end: whoever comes is told of every
    cue whether it lasts. To a recorder that is no news, where it knew.
    """

    def __init__(self, config: Config, *, hub: HubServer, orders: Orders, clock: Clock) -> None:
        self._hub = hub
        self._orders = orders
        self._clock = clock
        self._names = [
            "alarm",
            *(f"sensor {sensor.id}" for sensor in config.sensors if sensor.cameras),
            *(f"rule {rule.id}" for rule in config.rules),
        ]
        self._open: dict[str, set[str]] = {name: set() for name in self._names}

    def give(self, camera: str, name: str, state: CueState) -> None:
        """Cue a camera (``*``: each)."""
        if name in self._open and state != "pulse":
            (self._open[name].add if state == "began" else self._open[name].discard)(camera)
        for peer in self._hub.peers:
            one = peer.name.removeprefix(_RECORDER)
            if peer.name.startswith(_RECORDER) and camera in ("*", one):
                self._send(peer, one, name, state)

    def met(self, peer: Peer) -> None:
        """A process is here; where it is a recorder, it is told what lasts and what does not."""
        if not peer.name.startswith(_RECORDER):
            return
        camera = peer.name.removeprefix(_RECORDER)
        for name in self._names:
            lasts = bool(self._open[name] & {camera, "*"})
            self._send(peer, camera, name, "began" if lasts else "ended")

    def _send(self, peer: Peer, camera: str, name: str, state: CueState) -> None:
        self._orders.give_own(peer, Cue(camera=camera, name=name, state=state), self._clock.steady_us())
