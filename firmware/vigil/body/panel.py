"""The panel on the wall: one button, some lamps, a buzzer, a siren. What cannot be opened costs itself alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from vigil.body.pins import Input, Output, Pins
from vigil.config.model_panel import Button, Lamps
from vigil.errors import DeviceError

LAMPS = ("status", "arm", "fault")
NOISES = ("buzzer", "siren")


class Panel:
    """The devices. `moved` hears of each edge of the button, in any thread. `faults` are by what is at fault."""

    def __init__(self, pins: Pins, button: Button, lamps: Lamps, *, moved: Callable[[bool], None]) -> None:
        self.faults: dict[str, str] = {}
        self._button: Input | None = None
        self._lines: dict[str, Output] = {}
        if button.gpio:
            try:
                self._button = pins.input(button.gpio, active_low=button.pressed == "low", changed=moved)
            except DeviceError as error:
                self.faults["button"] = str(error)
        for name in (*LAMPS, *NOISES):
            if gpio := getattr(lamps, f"{name}_gpio"):
                try:
                    self._lines[name] = pins.output(gpio)
                except DeviceError as error:
                    self.faults[f"lamp {name}"] = str(error)

    @property
    def pressed(self) -> bool:
        """Whether the button is down at this moment; False where there is none."""
        if self._button is None:
            return False
        try:
            pressed = self._button.active
        except DeviceError as error:
            self.faults["button"] = str(error)
            return False
        self.faults.pop("button", None)
        return pressed

    def show(self, name: str, level: float) -> None:
        """Set a lamp or a noise; one that is not wired is passed over."""
        if line := self._lines.get(name):
            try:
                line.set(level)
            except DeviceError as error:
                self.faults[f"lamp {name}"] = str(error)
            else:
                self.faults.pop(f"lamp {name}", None)

    def levels(self) -> dict[str, float]:
        """Return how bright everything that is wired was set."""
        return {name: line.level for name, line in self._lines.items()}

    def close(self) -> None:
        """Hear of no more edges; lamps stay as they are."""
        if self._button:
            with suppress(DeviceError):
                self._button.close()
