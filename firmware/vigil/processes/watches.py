"""What body looks at beside its panel, and tells guard of: the UPS, the board and its card, the network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from vigil.body.board import BoardSense
from vigil.body.links import links
from vigil.body.ups import UpsWatch
from vigil.clock import Clock
from vigil.clock.kernel import boot_id
from vigil.config.model import Config
from vigil.events import Board, Message, Network
from vigil.upkeep.network import has_way_out

BOARD_EVERY_US = 2_000_000
"""The kernel keeps an under-voltage in mind for as long."""


NETWORK_EVERY_US = 5_000_000


class Watches:
    """
    The UPS is asked by a thread of its own, from `start` on; board and network by whoever calls `taken`.

    `system` and `routes` are where the kernel tells of devices and of the ways out.
    """

    def __init__(
        self, config: Config, clock: Clock, *, system: Path = Path("/sys"), routes: Path = Path("/proc/net")
    ) -> None:
        boot = boot_id()
        self._clock = clock
        self._ups = UpsWatch(config.ups, clock) if config.ups.enabled else None
        self._board = BoardSense(boot, system=system)
        self._system, self._routes = system, routes
        self._board_us = -BOARD_EVERY_US
        self._network_us = -NETWORK_EVERY_US

    def start(self, stop: threading.Event) -> None:
        """Begin to ask the UPS, until `stop`."""
        if self._ups:
            self._ups.start(stop)

    def taken(self) -> list[Message]:
        """Return what is new; to be called every second."""
        now_us = self._clock.steady_us()
        return [*(self._ups.taken() if self._ups else []), *self._of_board(now_us), *self._of_network(now_us)]

    def _of_board(self, now_us: int) -> Iterator[Message]:
        if now_us - self._board_us < BOARD_EVERY_US:
            return
        self._board_us = now_us
        look = self._board.look()
        if look != Board(boot=look.boot):  # of a machine that tells nothing there is nothing to tell
            yield look

    def _of_network(self, now_us: int) -> Iterator[Message]:
        if now_us - self._network_us < NETWORK_EVERY_US:
            return
        self._network_us = now_us
        found = links(self._system)
        yield Network(
            way_out=has_way_out(self._routes), connected=[name for name, is_up in found.items() if is_up],
            apart=[name for name, is_up in found.items() if not is_up],
        )  # fmt: skip
