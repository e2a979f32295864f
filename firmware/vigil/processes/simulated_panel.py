"""Hands and eyes for a panel that nobody soldered: keys press its button, and whoever asks sees its lamps."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from vigil.body.panel import LAMPS, NOISES
from vigil.body.pins import Pins
from vigil.config.model_panel import Button, Lamps
from vigil.events import Lit, Touch
from vigil.processes.hub import HubServer, Peer

_MS = 1000

# Down and up again, each after so many milliseconds: as people do it.
_MOVES = {
    "short": (0, 150),
    "double": (0, 120, 250, 370),
    "long": (0, 2000),
    "hold": (0, 10_500),
    "very_long": (0, 22_000),
}


class SimulatedPanel:
    """The world's side of a model of pins. Only a model has it: no socket presses the button of a board."""

    def __init__(self, pins: Pins, button: Button, lamps: Lamps, path: Path) -> None:
        self._pins = pins
        self._button = button
        self._lamps = {name: gpio for name in (*LAMPS, *NOISES) if (gpio := getattr(lamps, f"{name}_gpio"))}
        self._hub = HubServer(path)
        self._moves: deque[tuple[int, bool]] = deque()
        self._told: dict[str, str] = {}
        self._known: set[Peer] = set()

    @property
    def due_us(self) -> int | None:
        """When the hand moves next."""
        return self._moves[0][0] if self._moves else None

    def fileno(self) -> int:
        """Return a descriptor that can be read when somebody came or typed."""
        return self._hub.fileno()

    def look(self, now_us: int) -> None:
        """Hear who came, and move the hand."""
        for _, message in self._hub.wait(0):
            if isinstance(message, Touch) and message.gesture in _MOVES and self._button.gpio:
                begin_us = max(now_us, self._moves[-1][0] + 600 * _MS if self._moves else 0)
                moves = _MOVES[message.gesture]
                self._moves += [(begin_us + at * _MS, number % 2 == 0) for number, at in enumerate(moves)]
        while self._moves and self._moves[0][0] <= now_us:
            _, pressed = self._moves.popleft()
            self._pins.touch(self._button.gpio, high=pressed is not (self._button.pressed == "low"))

    def show(self) -> None:
        """Tell whoever looks how bright the lamps are, where that is new to anybody."""
        levels = {name: str(round(100 * self._pins.lit(gpio))) for name, gpio in self._lamps.items()}
        known = set(self._hub.peers)
        if levels != self._told or known - self._known:
            self._told = levels
            self._hub.broadcast(Lit(levels=levels))
        self._known = known

    def close(self) -> None:
        """Take hands and eyes away."""
        self._hub.close()
