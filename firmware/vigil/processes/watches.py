"""What body looks at beside its panel, and tells guard of: the UPS, the board and its card."""

from __future__ import annotations

import threading

from vigil.body.board import BoardSense
from vigil.body.ups import UpsWatch
from vigil.clock import Clock
from vigil.clock.kernel import boot_id
from vigil.config.model import Config
from vigil.events import Board, Message

BOARD_EVERY_US = 2_000_000
"""The kernel keeps an under-voltage in mind for as long."""


class Watches:
    """The UPS is asked by a thread of its own, from `start` on; the board by whoever calls `taken`."""

    def __init__(self, config: Config, clock: Clock, *, board: BoardSense | None = None) -> None:
        boot = boot_id()
        self._clock = clock
        self._ups = UpsWatch(config.ups, clock) if config.ups.enabled else None
        self._board = board or BoardSense(boot)
        self._board_us = -BOARD_EVERY_US

    def start(self, stop: threading.Event) -> None:
        """Begin to ask the UPS, until `stop`."""
        if self._ups:
            self._ups.start(stop)

    def taken(self) -> list[Message]:
        """Return what is new; to be called every second."""
        new: list[Message] = list(self._ups.taken()) if self._ups else []
        now_us = self._clock.steady_us()
        if now_us - self._board_us >= BOARD_EVERY_US:
            self._board_us = now_us
            look = self._board.look()
            if look != Board(boot=look.boot):  # of a machine that tells nothing there is nothing to tell
                new.append(look)
        return new
