"""
Pins with hands: who holds a world can press the button and look at the lamp.

*Simulated* is gpiozero's own model of pins. *Emulated* is the kernel's `gpio-sim` under the real lgpio: the same system
calls as on a board, on a header that nobody soldered. *Real* is a Raspberry Pi with one wire from a line to another,
so that the test can drive at one end what the box reads at the other.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hw_tests.worlds.absence import Absent, load_module, need_root, put

BUTTON, LAMP = 17, 27  # as in docs/guide/wiring.md
WIRE = "VIGIL_HW_WIRE"

CONFIG = Path("/sys/kernel/config")
SIMULATED = CONFIG / "gpio-sim" / "vigil-hw"
LINES_OF_A_PI = 54
# Any Pi with a header of 40 pins: gpiozero asks for it to give pins their names.
A_PI_3 = 0xA02082


@dataclass(frozen=True, kw_only=True, slots=True)
class Pins:
    """One button and one lamp, from both sides: `factory` is the box's, all else the world's."""

    factory: Any
    button: int
    lamp: int
    press: Callable[[], None]
    release: Callable[[], None]
    is_lit: Callable[[], bool]
    bounces: bool = True
    """Whether time passes between the edges of a burst, as it does wherever a kernel is asked."""


@contextmanager
def simulated() -> Iterator[Pins]:
    """gpiozero's model. Raises `Absent`."""
    _gpiozero()
    from gpiozero.pins.mock import MockFactory

    factory = MockFactory()
    try:
        button, lamp = factory.pin(BUTTON), factory.pin(LAMP)
        yield Pins(
            factory=factory,
            button=BUTTON,
            lamp=LAMP,
            press=button.drive_low,
            release=button.drive_high,
            is_lit=lambda: bool(lamp.state),
            bounces=False,
        )
    finally:
        factory.close()


@contextmanager
def emulated() -> Iterator[Pins]:
    """The kernel's gpio-sim under lgpio. Raises `Absent`."""
    need_root()
    _gpiozero()
    load_module("gpio-sim")
    with ExitStack() as undo:
        lines, chip = undo.enter_context(_gpio_sim())
        factory = undo.enter_context(_lgpio(chip=chip, revision=A_PI_3))
        pull = lines / f"sim_gpio{BUTTON}" / "pull"
        value = lines / f"sim_gpio{LAMP}" / "value"
        pull.write_text("pull-up")
        yield Pins(
            factory=factory,
            button=BUTTON,
            lamp=LAMP,
            press=lambda: put(pull, "pull-down"),
            release=lambda: put(pull, "pull-up"),
            is_lit=lambda: value.read_text().strip() == "1",
        )


@contextmanager
def real() -> Iterator[Pins]:
    """The header of this board, with a wire between the two lines that VIGIL_HW_WIRE names (`5-6`). Raises `Absent`."""
    ends = os.environ.get(WIRE, "")
    if not ends:
        raise Absent(f"{WIRE} names no two lines that a wire joins (such as 5-6)")
    _gpiozero()
    from gpiozero import DigitalOutputDevice, InputDevice

    box, world = (int(end) for end in ends.split("-"))
    with _lgpio(chip=None, revision=None) as factory, ExitStack() as hand:

        def drive(*, low: bool) -> None:
            # Either hand or eye: a line is an output or an input.
            hand.close()
            hand.enter_context(DigitalOutputDevice(world, initial_value=not low, pin_factory=factory))

        def is_lit() -> bool:
            hand.close()
            with InputDevice(world, pin_factory=factory) as eye:
                return bool(eye.value)

        yield Pins(
            factory=factory,
            button=box,
            lamp=box,
            press=lambda: drive(low=True),
            release=hand.close,
            is_lit=is_lit,
        )


def _gpiozero() -> None:
    try:
        import gpiozero  # noqa: F401
    except ImportError as error:
        raise Absent(f"gpiozero is not installed here: {error}") from error


@contextmanager
def _lgpio(*, chip: int | None, revision: int | None) -> Iterator[Any]:
    # lgpio puts a pipe into the working directory, and where it cannot (a read-only root) it fails.
    with tempfile.TemporaryDirectory() as work, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LG_WD", work)
        try:
            import gpiozero
            from gpiozero.pins.lgpio import LGPIOFactory
        except ImportError as error:
            raise Absent(f"lgpio is not installed here: {error}") from error

        class Factory(LGPIOFactory):  # type: ignore[misc]
            def _get_revision(self) -> int:
                return revision or super()._get_revision()

        try:
            factory = Factory(chip=chip)
        except gpiozero.PinUnknownPi as error:
            raise Absent(f"this board is no Raspberry Pi: {error}") from error
        try:
            yield factory
        finally:
            factory.close()


@contextmanager
def _gpio_sim() -> Iterator[tuple[Path, int]]:
    """A header of the kernel's own: where its lines lie below /sys, and the number of its chip."""
    mounted = not (CONFIG / "gpio-sim").is_dir()
    if mounted:
        subprocess.run(["mount", "-t", "configfs", "none", CONFIG], check=True)
    bank = SIMULATED / "bank0"
    bank.mkdir(parents=True)
    try:
        (bank / "num_lines").write_text(str(LINES_OF_A_PI))
        (bank / "label").write_text("pinctrl-bcm2835")
        (SIMULATED / "live").write_text("1")
        chip = (bank / "chip_name").read_text().strip()
        yield Path("/sys/devices/platform") / (SIMULATED / "dev_name").read_text().strip() / chip, int(chip[8:])
    finally:
        (SIMULATED / "live").write_text("0")
        bank.rmdir()
        SIMULATED.rmdir()
        if mounted:
            subprocess.run(["umount", CONFIG], check=True)


WORLDS = {"simulated": simulated, "emulated": emulated, "real": real}
