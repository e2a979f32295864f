"""The lines of the header: the one door to gpiozero, on a board through lgpio, elsewhere as a model with hands."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from vigil.errors import DeviceError

DEVICE_TREE = Path("/proc/device-tree")
WIRED = "vigil-button-pins"
"""The node that the overlay `panel` puts into the device tree: the owner says that a panel is wired."""

_CHIPS = 16
_LABEL = "pinctrl-"
"""What the chips of a Raspberry Pi's header are called: pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1."""

_HEADER_OF_40 = 0xA02082
"""A Pi 3: any board with this header does, where the kernel does not say which one this is."""

_FLICKER_FREE_HZ = 100

_PULLS = {"up": "up", "down": "down", "none": "floating"}
"""How gpiozero calls them."""


class Input:
    """One line that is read. `active` is the level that means something: a button to ground is active low."""

    def __init__(self, pin: Any, *, active_low: bool, changed: Callable[[bool], None], pull: str = "") -> None:
        self._pin = pin
        self._active_low = active_low
        self._tell = changed
        # gpiozero itself holds what it calls only weakly.
        self._callback = self._changed
        pin.input_with_pull(_PULLS.get(pull) or ("up" if active_low else "down"))
        pin.edges = "both"
        pin.when_changed = self._callback

    @property
    def active(self) -> bool:
        """How the line is now. Raises `DeviceError`."""
        with _Naming(self._pin):
            return bool(self._pin.state) is not self._active_low

    def close(self) -> None:
        """Hear of no more edges. Raises `DeviceError`."""
        with _Naming(self._pin):
            self._pin.when_changed = None

    def _changed(self, ticks: object, state: object) -> None:  # noqa: ARG002
        self._tell(bool(state) is not self._active_low)


class Output:
    """One line that is driven, from dark (0) to bright (1); dark at first."""

    def __init__(self, pin: Any) -> None:
        self._pin = pin
        self._level = 0.0
        pin.output_with_state(False)

    @property
    def level(self) -> float:
        """What was set last."""
        return self._level

    def set(self, level: float) -> None:
        """Set the level. Raises `DeviceError`."""
        if level == self._level:
            return
        with _Naming(self._pin):
            # A lamp that is quite on or off needs nobody to switch it a hundred times a second.
            wanted = None if level in (0.0, 1.0) else _FLICKER_FREE_HZ
            if self._pin.frequency != wanted:
                self._pin.frequency = wanted
            self._pin.state = level
        self._level = level


class Pins:
    """A header. `simulated` says that it is a model, whose lines `touch` moves and `lit` looks at."""

    def __init__(self, factory: Any, *, simulated: bool) -> None:
        self._factory = factory
        self.simulated = simulated

    def input(self, gpio: int, *, active_low: bool, changed: Callable[[bool], None], pull: str = "") -> Input:
        """
        Open a line for reading; `changed` hears at each edge, in any thread, what is now. Raises `DeviceError`.

        `pull` is ``up``, ``down`` or ``none``; without it the line is pulled to where it rests.
        """
        with _Naming(f"GPIO{gpio}"):
            return Input(self._factory.pin(f"GPIO{gpio}"), active_low=active_low, changed=changed, pull=pull)

    def output(self, gpio: int) -> Output:
        """Open a line for driving. Raises `DeviceError`."""
        with _Naming(f"GPIO{gpio}"):
            return Output(self._factory.pin(f"GPIO{gpio}"))

    def touch(self, gpio: int, *, high: bool) -> None:
        """Move a line of the model, as a finger or a door does."""
        pin = self._factory.pin(f"GPIO{gpio}")
        (pin.drive_high if high else pin.drive_low)()

    def lit(self, gpio: int) -> float:
        """Return how bright a lamp on a line of the model is."""
        pin = self._factory.pin(f"GPIO{gpio}")
        # The model keeps all that ever happened to a line.
        pin.clear_states()
        return float(pin.state)

    def close(self) -> None:
        """Give all lines back: lamps go out."""
        self._factory.close()


def simulated() -> Pins:
    """Return the model of a header that nobody soldered. Raises `DeviceError`."""
    try:
        from gpiozero.pins.mock import MockFactory, MockPWMPin
    except ImportError as error:
        raise DeviceError(f"there is no panel: the library gpiozero cannot be loaded ({error})") from error
    return Pins(MockFactory(revision="a02082", pin_class=MockPWMPin), simulated=True)


def on_board(work: Path) -> Pins:
    """Return the header of this board; lgpio puts a file of its own into `work`. Raises `DeviceError`."""
    os.environ.setdefault("LG_WD", str(work))
    try:
        import gpiozero
        import lgpio
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise DeviceError(f"there is no panel: gpiozero or lgpio cannot be loaded ({error})") from error

    class Header(LGPIOFactory):  # type: ignore[misc]
        def _get_revision(self) -> int:
            try:
                return int(super()._get_revision())
            except gpiozero.PinUnknownPi:
                return _HEADER_OF_40

    with _Naming("the header"):
        return Pins(Header(chip=_chip(lgpio)), simulated=False)


def is_wired(device_tree: Path = DEVICE_TREE) -> bool:
    """Say whether the owner has said that a panel is wired to this board (docs/guide/wiring.md)."""
    return any(WIRED in names for _, names, _ in os.walk(device_tree))


def _chip(lgpio: Any) -> int:
    """Return the number of the chip whose lines are on the header: it differs by board and by kernel."""
    for number in range(_CHIPS):
        if not Path(f"/dev/gpiochip{number}").exists():
            continue
        with suppress(Exception):  # lgpio raises an error of its own: the next chip may be the one
            handle = lgpio.gpiochip_open(number)
            try:
                label = lgpio.gpio_get_chip_info(handle)[3]
            finally:
                lgpio.gpiochip_close(handle)
            if label.startswith(_LABEL):
                return number
    raise DeviceError("no GPIO chip of this board is a Raspberry Pi's header: nothing is read, no lamp is lit")


class _Naming:
    """Whatever gpiozero or lgpio raise becomes a `DeviceError` that names the line."""

    def __init__(self, what: object) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Rename what was raised."""
        if isinstance(error, Exception) and not isinstance(error, DeviceError):
            raise DeviceError(f"{self._what!s} cannot be used: {error}") from error
