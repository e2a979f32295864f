"""What must hold between rules, sensors and cameras, when each of them is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vigil.config.actions import Picture, Recording
from vigil.config.conditions import ANY, MotionAt, SensorIs, SunIs, leaves
from vigil.config.kinds import nearest
from vigil.config.model_rule import Rule, Site
from vigil.config.model_sensor import Sensor
from vigil.config.redact import shown
from vigil.config.rule_logic import Known, logic_problems

if TYPE_CHECKING:
    from vigil.config.model import Camera

RULES_AT_MOST = 128
SENSORS_AT_MOST = 128

HEADER_BUS = {
    2: "the I²C bus of the clock",
    3: "the I²C bus of the clock",
    4: "the 1-wire bus",
    14: "the serial line",
    15: "the serial line",
    26: "the power button",
}
"""Lines of the header that sensors must leave to others, wired or not: what is plugged in later must still work."""


def sensor_problems(sensor: Sensor, earlier: Sequence[Sensor], cameras: Sequence[Camera]) -> list[str]:
    """Return what is wrong with a sensor by itself, beside those `earlier` in the file, and with its cameras."""
    name = f"sensor.{sensor.id}"
    found = [*_source_problems(sensor), *_rival_problems(sensor, earlier)]
    if any(camera.id == sensor.id for camera in cameras):
        found.append(f"{name}.id: a camera has this id; in the journal they could not be told apart")
    for camera in sensor.cameras:
        found += [f"{name}.cameras: {problem}" for problem in _camera_problems(camera, cameras)]
    if sensor.confirm_within_s and not sensor.cameras:
        found.append(f"{name}.confirm_within_s = {sensor.confirm_within_s}: name the cameras that can confirm it")
    if sensor.confirm_within_s and (blind := [c.id for c in cameras if c.id in sensor.cameras and not _sees(c)]):
        found.append(f"{name}.cameras: {blind[0]} looks for no motion, so it confirms nothing")
    if {"always", "never"} & set(sensor.alarm_in) and len(sensor.alarm_in) > 1:
        found.append(f"{name}.alarm_in: always and never stand alone")
    if sensor.kind == "temperature" and sensor.low_c >= sensor.high_c:
        found.append(f"{name}.low_c = {sensor.low_c:g}: give less than high_c ({sensor.high_c:g})")
    return found


def rule_problems(rule: Rule, sensors: Sequence[Sensor], cameras: Sequence[Camera], place: Site) -> list[str]:
    """Return what is wrong with a rule beside what there is: names that nobody has, and what could never fire."""
    named = [*_name_problems(rule, sensors, cameras, place), *_action_problems(rule, cameras)]
    return named or logic_problems(rule, known_of(sensors, cameras))


def known_of(sensors: Sequence[Sensor], cameras: Sequence[Camera]) -> Known:
    """Return what ``*`` may mean: every sensor, and every camera that looks for motion."""
    return Known(tuple(sensors), tuple((camera.id, camera.location) for camera in cameras if _sees(camera)))


def _source_problems(sensor: Sensor) -> Iterator[str]:
    name = f"sensor.{sensor.id}"
    given = [key for key in ("gpio", "topic", "thermometer") if getattr(sensor, key)]
    if len(given) != 1:
        said = f"{' and '.join(given)} are given" if given else "it says nowhere what it is read from"
        yield f"{name}: {said}; give one of gpio, topic or thermometer"
    if sensor.kind == "temperature" and sensor.gpio:
        yield f"{name}.gpio: a line is only high or low; give a thermometer or a topic"
    if sensor.thermometer and sensor.kind != "temperature":
        yield f"{name}.thermometer: only for kind temperature; this one is {sensor.kind}"
    if sensor.gpio and sensor.pull == "none" and sensor.active in ("open", "closed"):
        yield f'{name}.pull = "none": a contact drives nothing; give up or down, or say whether active is high or low'
    if sensor.key and not sensor.topic:
        yield f"{name}.key: only beside a topic"
    if sensor.heard_at_least_every_s and not sensor.topic:
        yield f"{name}.heard_at_least_every_s: only beside a topic; a wired sensor is heard every ten seconds"


def _rival_problems(sensor: Sensor, earlier: Sequence[Sensor]) -> Iterator[str]:
    name = f"sensor.{sensor.id}"
    if sensor.gpio in HEADER_BUS:
        yield f"{name}.gpio = {sensor.gpio}: {HEADER_BUS[sensor.gpio]} uses this line"
    for other in earlier:
        if sensor.gpio and sensor.gpio == other.gpio:
            yield f"{name}.gpio = {sensor.gpio}: sensor {other.id} uses this line already"
        if sensor.thermometer and sensor.thermometer == other.thermometer:
            yield f"{name}.thermometer: sensor {other.id} reads {sensor.thermometer} already"
        # One device may be two sensors: a door contact has its own tamper contact.
        if sensor.topic and (sensor.topic, sensor.key, sensor.kind) == (other.topic, other.key, other.kind):
            yield f"{name}.topic: sensor {other.id} hears the same already"


def _name_problems(rule: Rule, sensors: Sequence[Sensor], cameras: Sequence[Camera], place: Site) -> Iterator[str]:
    known = known_of(sensors, cameras)
    for leaf in leaves(rule.when):
        at = f"rule.{rule.id}.when{leaf.where}"
        if isinstance(leaf, SunIs) and not place.known:
            yield f"{at}.sun: say where the box stands, in [location]"
        elif isinstance(leaf, MotionAt) and leaf.camera != ANY:
            problems = _camera_problems(leaf.camera, cameras)
            yield from (f"{at}.motion = {shown(leaf.camera)}: {problem}" for problem in problems)
            if not problems and leaf.camera not in [name for name, _ in known.cameras]:
                yield f"{at}.motion = {shown(leaf.camera)}: nobody looks for motion in its pictures (motion.method)"
        elif isinstance(leaf, SensorIs) and leaf.sensor != ANY:
            yield from (f"{at}.sensor = {shown(leaf.sensor)}: {problem}" for problem in _sensor_problems(leaf, sensors))
        elif isinstance(leaf, SensorIs | MotionAt) and not known.meant(leaf):
            what = "sensor" if isinstance(leaf, SensorIs) else "camera that looks for motion"
            yield f'{at}: "*" stands for nothing: there is no such {what}'


def _sensor_problems(leaf: SensorIs, sensors: Sequence[Sensor]) -> list[str]:
    sensor = next((one for one in sensors if one.id == leaf.sensor), None)
    if sensor is None:
        return [_unknown("sensor", leaf.sensor, [one.id for one in sensors])]
    if leaf.state == "confirmed" and not sensor.confirm_within_s:
        return ["nobody confirms it; give it cameras and confirm_within_s"]
    return []


def _action_problems(rule: Rule, cameras: Sequence[Camera]) -> Iterator[str]:
    for number, action in enumerate(rule.do, 1):
        if not isinstance(action, Recording | Picture):
            continue
        at = f"rule.{rule.id}.do[{number}].{'record' if isinstance(action, Recording) else 'snapshot'}"
        if action.camera != ANY:
            yield from (f"{at} = {shown(action.camera)}: {said}" for said in _camera_problems(action.camera, cameras))
        elif not any(camera.enabled for camera in cameras):
            yield f'{at} = "*": there is no camera'


def _camera_problems(name: str, cameras: Sequence[Camera]) -> list[str]:
    camera = next((one for one in cameras if one.id == name), None)
    if camera is None:
        return [_unknown("camera", name, [one.id for one in cameras])]
    return [] if camera.enabled else ["this camera is not enabled"]


def _sees(camera: Camera) -> bool:
    return camera.enabled and camera.motion.method != "off"


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"there is no such {what}" + (f" (did you mean {near}?)" if near else "")
