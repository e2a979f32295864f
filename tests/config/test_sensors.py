"""A sensor that could not work is refused with a sentence; when booting it alone is left out."""

from __future__ import annotations

import pytest

from vigil.config.model import Config
from vigil.config.model_sensor import Sensor
from vigil.config.read import read_lenient, read_strict
from vigil.config.write import written
from vigil.errors import ConfigError

CAMERAS = """
schema = 1
[[camera]]
id = "hall"
source = "synthetic"
location = "indoor"
[[camera]]
id = "blind"
source = "synthetic"
motion = { method = "off" }
"""


def sensor(text: str, name: str = "door", kind: str = "contact") -> str:
    return f'[[sensor]]\nid = "{name}"\nkind = "{kind}"\n{text}\n'


def problems(*texts: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_strict((CAMERAS + "".join(texts)).encode())
    return caught.value.problems


def test_a_right_sensor_is_read_as_written():
    config = read_strict(
        (CAMERAS + sensor("gpio = 25\nentry = true\ncameras = ['hall']\nconfirm_within_s = 5")).encode()
    )

    assert config.sensors == (
        Sensor(id="door", kind="contact", gpio=25, entry=True, cameras=("hall",), confirm_within_s=5),
    )
    assert read_strict(written(config)) == config


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("gpio = 99", "contact", "sensor.door.gpio = 99: give 0 (none), or 2 to 27"),
        ("gpio = 5", "contcat", 'sensor.door.kind = "contcat": give contact, motion, tamper'),
        ("", "contact", "sensor.door: it says nowhere what it is read from; give one of gpio, topic or thermometer"),
        ('gpio = 5\ntopic = "a/b"', "contact", "sensor.door: gpio and topic are given; give one of gpio, topic or "),
        ("gpio = 3", "contact", "sensor.door.gpio = 3: the I²C bus of the clock uses this line"),
        ("gpio = 26", "contact", "sensor.door.gpio = 26: the power button uses this line"),
        ("gpio = 17", "contact", "sensor.door.gpio = 17: button.gpio uses this line already"),
        ("gpio = 27", "contact", "sensor.door.gpio = 27: lamps.arm_gpio uses this line already"),
        ('gpio = 5\npull = "none"', "contact", 'sensor.door.pull = "none": a contact drives nothing; give up or down'),
        ("gpio = 5", "temperature", "sensor.door.gpio: a line is only high or low; give a thermometer or a topic"),
        ('thermometer = "28-1"', "smoke", "sensor.door.thermometer: only for kind temperature; this one is smoke"),
        ('thermometer = "28-1"\nlow_c = 60', "temperature", "sensor.door.low_c = 60: give less than high_c (60)"),
        ("gpio = 5\nheard_at_least_every_s = 60", "contact", "sensor.door.heard_at_least_every_s: only beside a topic"),
        ('gpio = 5\nkey = "x"', "contact", "sensor.door.key: only beside a topic"),
        ("gpio = 5\ncameras = ['hal']", "motion", "sensor.door.cameras: there is no such camera (did you mean hall?)"),
        ("gpio = 5\nconfirm_within_s = 5", "motion", "sensor.door.confirm_within_s = 5: name the cameras that can "),
        ("gpio = 5\nconfirm_within_s = 5\ncameras = ['blind']", "motion", "sensor.door.cameras: blind looks for no "),
        ('gpio = 5\nalarm_in = ["never", "home"]', "motion", "sensor.door.alarm_in: always and never stand alone"),
        ('gpio = 5\nalarm_in = ["nver"]', "motion", "sensor.door.alarm_in: give a list of home, away"),
        ("gpio = 5\nbounce = 3", "motion", "sensor.door.bounce: not a setting (did you mean bounce_ms?)"),
    ],
)  # fmt: skip
def test_what_could_not_work_is_refused(text: str, kind: str, problem: str):
    [told] = problems(sensor(text, kind=kind))

    assert told.startswith(problem)


def test_one_line_one_thermometer_and_one_topic_have_one_sensor():
    found = problems(
        sensor("gpio = 5", "a"), sensor("gpio = 5", "b", "motion"),
        sensor('topic = "z/door"', "c"), sensor('topic = "z/door"', "d"),
        sensor('topic = "z/door"', "tamper-of-c", "tamper"),
        sensor('thermometer = "28-1"', "e", "temperature"), sensor('thermometer = "28-1"', "f", "temperature"),
    )  # fmt: skip

    assert found == [
        "sensor.b.gpio = 5: sensor a uses this line already",
        "sensor.d.topic: sensor c hears the same already",
        "sensor.f.thermometer: sensor e reads 28-1 already",
    ]


def test_ids_are_each_one_s_own_cameras_included():
    assert problems(sensor("gpio = 5", "a"), sensor("gpio = 6", "a"), sensor("gpio = 7", "hall")) == [
        'sensor[2].id = "a": another sensor has this id',
        "sensor.hall.id: a camera has this id; in the journal they could not be told apart",
    ]


def test_a_mistake_costs_one_sensor_when_booting():
    salvage = read_lenient((CAMERAS + sensor("gpio = 99", "a") + sensor("gpio = 5", "b")).encode())

    assert [one.id for one in salvage.config.sensors] == ["b"]
    assert salvage.faults[-1] == "sensor.a: not used until this is corrected"


def test_a_sensor_with_a_mistake_is_used_as_it_was_last_applied_well():
    good = read_strict((CAMERAS + sensor("gpio = 5", "a")).encode())

    salvage = read_lenient((CAMERAS + sensor("gpio = 99", "a")).encode(), written(good))

    assert salvage.config.sensors == good.sensors
    assert "sensor.a: used as it was last applied well" in salvage.faults


def test_single_brackets_and_nonsense_are_explained():
    assert "double brackets" in problems('[sensor]\nid = "a"\nkind = "contact"\ngpio = 5\n')[0]
    assert read_lenient(b"schema = 1\nsensor = 3\n").config == Config()


def test_a_temperature_comes_back_by_a_whole_degree():
    attic = Sensor(id="attic", kind="temperature", thermometer="x", high_c=40, low_c=2)

    assert [attic.beyond(t, before=False) for t in (2.0, 21.0, 40.0, 40.1, 1.9)] == [False, False, False, True, True]
    assert [attic.beyond(t, before=True) for t in (39.5, 39.0, 2.5, 3.0)] == [True, False, True, False]
