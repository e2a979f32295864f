"""The process `body`: the button becomes gestures for guard, and guard's patterns become light."""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path

import vigil
from vigil import logs
from vigil.body.display import Display
from vigil.body.gestures import Gestures
from vigil.body.hotplug_udev import Udev
from vigil.body.panel import Panel
from vigil.body.pins import Pins, is_wired, on_board, simulated
from vigil.clock import Clock, SystemClock
from vigil.errors import DeviceError
from vigil.events import Display as Shown
from vigil.events import LogLevel, Message, Pressed, Senses
from vigil.processes.ending import set_when_asked
from vigil.processes.feeling import Feeling
from vigil.processes.hub import HubClient
from vigil.processes.notify import Notifier
from vigil.processes.plugs import Plugging
from vigil.processes.settings import Settings, load
from vigil.processes.simulated_panel import SimulatedPanel
from vigil.processes.wake import Wake
from vigil.processes.watches import Watches
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_SECOND_US = 1_000_000
_EDGES = 512
"""A line that chatters is told by the levels it has; its edges need not all be kept."""

BUTTON = "panel"


class Body:
    """
    The loop of body.

    It keeps nothing: killed at any moment it costs the gesture that was being
    made, and begins again with what guard says.
    """

    def __init__(
        self, settings: Settings, pins: Pins | None, *, clock: Clock, complaint: str = "", blind: str = "",
        udev: Udev | None = None,
    ) -> None:  # fmt: skip
        config = settings.salvage.config
        self._clock = clock
        self._wake = Wake()
        self._edges: deque[tuple[bool, int]] = deque(maxlen=_EDGES)
        self._hub = HubClient(settings.place.hub, "body", version=vigil.__version__)
        now_us = clock.steady_us()
        self._display = Display(now_us)
        self._complaint = complaint
        self._blind = blind
        self._panel = Panel(pins, config.button, config.lamps, moved=self._moved) if pins else None
        self._gestures = Gestures(
            pressed=self._panel.pressed if self._panel else False, at_us=now_us,
            wants_double=config.button.double != "nothing",
        )  # fmt: skip
        self._hands = (
            SimulatedPanel(pins, config.button, config.lamps, settings.place.panel) if pins and pins.simulated else None
        )
        self._watches = Watches(config, clock)
        self._second_us = now_us - _SECOND_US
        self.poke = self._wake.poke
        self._feeling = Feeling(config.sensors, pins, clock=clock, send=self._hub.send, poke=self._wake.poke)
        self._udev = udev
        self._plugging = Plugging(udev, now_us=now_us, send=self._hub.send) if udev else None

    def run(self, stop: threading.Event) -> None:
        """Feel and show until `stop`."""
        notifier = Notifier.of_this_process(self._clock)
        notifier.ready()
        self._watches.start(stop)
        while not stop.is_set():
            due_us = self.round()
            wait_s = max(0.0, (due_us - self._clock.steady_us()) / _SECOND_US)
            more = [one.fileno() if one else -1 for one in (self._hands, self._udev)]
            self._wake.wait([self._hub.fileno(), *more], wait_s)
            notifier.feed(lambda: "")
        notifier.stopping()
        self.close()

    def round(self) -> int:
        """Do what is due; return when something is due again (steady microseconds)."""
        now_us = self._clock.steady_us()
        if now_us - self._second_us >= _SECOND_US:
            self._second_us = now_us
            self._every_second(now_us)
        if self._hands:
            self._hands.look(now_us)
        for message in self._hub.receive():
            self._hear(message, now_us)
        self._feel(self._clock.steady_us())
        self._feeling.round(self._clock.steady_us())
        if self._plugging:
            self._plugging.round(self._clock.steady_us())
        change_us = self._show(self._clock.steady_us())
        dues = [one.due_us for one in (self._gestures, self._feeling, self._hands, self._plugging) if one]
        times = [change_us, *dues]
        return min([self._second_us + _SECOND_US, *(one for one in times if one is not None)])

    def close(self) -> None:
        """Leave the lamps as they are while nobody is there, and go."""
        if self._panel:
            self._panel.close()
            for name, level in Display(0).levels(0)[0].items():
                self._panel.show(name, level)
        if self._hands:
            self._hands.close()
        self._feeling.close()
        if self._udev:
            self._udev.close()
        self._hub.close()
        self._wake.close()

    def _every_second(self, now_us: int) -> None:
        self._hub.connect()
        if self._panel and not self._edges:
            # An edge that was lost is made up for by looking.
            self._edges.append((self._panel.pressed, now_us))
        faults = dict(self._panel.faults) if self._panel else {}
        if self._complaint:
            faults["panel"] = self._complaint
        if self._blind:
            faults["devices"] = self._blind
        if words := self._gestures.fault(now_us):
            faults.setdefault("button", words)
        self._hub.send(Senses(faults=faults))
        for message in self._watches.taken():
            self._hub.send(message)

    def _moved(self, pressed: bool) -> None:
        """An edge, in whatever thread it is told."""
        self._edges.append((pressed, self._clock.steady_us()))
        self._wake.poke()

    def _feel(self, now_us: int) -> None:
        before = self._gestures.pressed
        while self._edges:
            pressed, at_us = self._edges.popleft()
            for gesture in self._gestures.edge(pressed=pressed, at_us=at_us):
                self._tell(gesture, at_us)
        for gesture in self._gestures.look(now_us):
            self._tell(gesture, now_us)
        if self._gestures.pressed and not before:
            self._display.felt(now_us)

    def _tell(self, gesture: str, at_us: int) -> None:
        log.info("button: %s", gesture)
        if not self._hub.send(Pressed(button=BUTTON, gesture=gesture, at_us=at_us)):
            log.warning("the button was pressed (%s) while guard is away: nothing came of it", gesture)

    def _show(self, now_us: int) -> int | None:
        levels, change_us = self._display.levels(now_us)
        if self._panel:
            for name, level in levels.items():
                self._panel.show(name, level)
        if self._hands:
            self._hands.show()
        return change_us

    def _hear(self, message: Message, now_us: int) -> None:
        if isinstance(message, Shown):
            self._display.hear(
                message.lamps, sound=message.sound, sound_left_us=message.sound_left_us,
                brightness_pct=message.brightness_pct, now_us=now_us,
            )  # fmt: skip
        elif isinstance(message, LogLevel):
            logs.set_level(message.level)


def open_pins(settings: Settings, *, model: bool) -> tuple[Pins | None, str]:
    """Return the header, or None where there is none to use, and what is wrong about that, if anything is."""
    try:
        if model:
            return simulated(), ""
        if not is_wired():
            log.info("no panel is wired: hardware.env does not name the overlay `panel`")
            return None, ""
        return on_board(settings.place.hub.parent), ""
    except DeviceError as error:
        log.warning("%s", error)
        return None, "" if model else str(error)


def open_udev(*, model: bool) -> tuple[Udev | None, str]:
    """Return the sockets of the box, or None, and what is wrong about that. A model has none."""
    if model:
        return None, ""
    try:
        return Udev(), ""
    except DeviceError as error:
        log.warning("%s", error)
        return None, str(error)


def main(data: Path, *, model: bool, log_level: str | None, plain: bool) -> int:
    """Run body until SIGTERM or SIGINT; with `model` before a simulated panel."""
    settings = load(data, Disk())
    logs.set_up(log_level or settings.salvage.config.system.log_level, plain=plain)
    pins, complaint = open_pins(settings, model=model)
    udev, blind = open_udev(model=model)
    body = Body(settings, pins, clock=SystemClock(), complaint=complaint, blind=blind, udev=udev)
    log.info("body begins", extra={"version": vigil.__version__})
    body.run(set_when_asked(wake=body.poke))
    return 0
