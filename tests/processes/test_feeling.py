"""Body's sensors at work, on gpiozero's own model of a header and a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vigil.body.pins import simulated
from vigil.clock import HandClock
from vigil.config.model_sensor import Sensor
from vigil.events import Message, SensorSaid
from vigil.processes.feeling import Feeling
from vigil.processes.thermometers import Thermometers

MS = 1000
DOOR = Sensor(id="door", kind="contact", gpio=5)
ATTIC = Sensor(id="attic", kind="temperature", thermometer="cpu_thermal", high_c=40)


def sent_to(said: list[Message]) -> Callable[[Message], bool]:
    """A hub that is there, and keeps what it is told."""

    def send(message: Message) -> bool:
        said.append(message)
        return True

    return send


def test_a_change_is_said_at_once_and_how_it_is_every_ten_seconds():
    clock, pins, said = HandClock(), simulated(), list[Message]()
    feeling = Feeling([DOOR], pins, clock=clock, send=sent_to(said), poke=lambda: None)
    pins.touch(5, high=False)
    clock.forward_us(100 * MS)
    feeling.round(clock.steady_us())
    clock.forward_us(100 * MS)
    feeling.round(clock.steady_us())
    said.clear()

    pins.touch(5, high=True)
    opened_us = clock.steady_us()
    feeling.round(opened_us)
    assert feeling.due_us == opened_us + 50 * MS
    clock.forward_us(50 * MS)
    feeling.round(clock.steady_us())
    assert said == [SensorSaid(sensor="door", active=True, changes=1, at_us=opened_us)]
    for _ in range(12):
        clock.forward_us(1_000 * MS)
        feeling.round(clock.steady_us())
    assert [(m.active, m.changes) for m in said[1:] if isinstance(m, SensorSaid)] == [(True, 0)]
    feeling.close()


def test_without_a_header_each_beat_says_why():
    said: list[Message] = []
    clock = HandClock()
    feeling = Feeling([DOOR], None, clock=clock, send=sent_to(said), poke=lambda: None)
    feeling.round(clock.steady_us())

    assert said == [SensorSaid(sensor="door", fault="no header of this box can be read")]


def board(sys: Path, text: str) -> None:
    place = sys / "class/hwmon/hwmon0"
    place.mkdir(parents=True, exist_ok=True)
    (place / "name").write_text("cpu_thermal\n")
    (place / "temp1_input").write_text(text)


def test_a_thermometer_says_what_it_measures_and_when_it_is_beyond_its_limits(tmp_path):
    clock = HandClock(steady_us=7)
    thermometers = Thermometers([ATTIC, DOOR], now_us=clock.steady_us, poke=lambda: None, sys=tmp_path)
    for text in ("21000", "40100", "39500", "38900", "hot"):
        board(tmp_path, text)
        thermometers.read()

    said = thermometers.said()
    assert [(m.active, m.changes, m.value) for m in said[:4]] == [
        (False, 0, "21.0 °C"), (True, 1, "40.1 °C"), (True, 0, "39.5 °C"), (False, 1, "38.9 °C"),
    ]  # fmt: skip
    assert said[4:] == [SensorSaid(sensor="attic", fault="thermometer cpu_thermal says 'hot', which is no temperature")]
    assert thermometers.said() == []
