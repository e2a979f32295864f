"""The part that judges sensors: what is passed on and journaled, what is a fault, and what asks for the alarm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vigil.config.model_sensor import Sensor
from vigil.guard.deeds import Alarm, CueState, Deed, Enter, Fault, Happened, Record, Tell
from vigil.guard.facts import (
    ArmChanged,
    ArmState,
    CameraSees,
    Fact,
    Motion,
    Sensed,
    SensorChanged,
    SensorConfirmed,
    SensorFaulty,
    SensorLost,
)
from vigil.guard.moment import Moment
from vigil.guard.sensor_watch import Counted, Passed, SensorWatch
from vigil.guard.two_witnesses import TwoWitnesses

_MODES = {ArmState.ARMED_HOME: "home", ArmState.ARMED_AWAY: "away", ArmState.ARMED_NIGHT: "night"}
_WHAT = {
    "contact": "was opened",
    "motion": "noticed somebody",
    "tamper": "was tampered with",
    "smoke": "noticed smoke",
    "water": "noticed water",
    "temperature": "is beyond its limits",
}


class Sensors:
    """
    All sensors of the box.

    The first `ArmChanged` says how the alarm stands at a start; what was found
    active before that is judged then. A faulty sensor keeps what it said last.
    """

    due_us: int | None = None

    def __init__(self, sensors: Sequence[Sensor], now_us: int) -> None:
        self._watches = {one.id: SensorWatch(one, now_us) for one in sensors}
        self._witnesses = {one.id: TwoWitnesses(one) for one in sensors if one.confirm_within_s}
        self._faults: dict[str, str] = {}
        self._mode = ""
        self._state: ArmState | None = None

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from what a sensor, a camera or the alarm has done."""
        match fact:
            case Sensed(name, active, changes, at, value) if watch := self._watches.get(name):
                noted = watch.heard(active=active, changes=changes, value=value, now_us=now.steady_us)
                return [*self._noted(watch, noted, at, now), *self._fault(watch, now)]
            case SensorLost(name, why) if watch := self._watches.get(name):
                watch.lost(why)
                return self._fault(watch, now)
            case ArmChanged(after=state):
                return self._armed(state)
            case Motion(camera, active):
                heard = ((name, two.motion(camera, active=active, now_us=now.steady_us)) for name, two in self._two())
                return self._confirmed(heard)
            case CameraSees(camera, sees):
                heard = ((name, two.sees(camera, sees=sees, now_us=now.steady_us)) for name, two in self._two())
                return self._confirmed(heard)
        return []

    def look(self, now: Moment) -> list[Deed]:
        """Return what follows from time alone: silence, stillness, and chattering that has gone on or ended."""
        deeds: list[Deed] = []
        for watch in self._watches.values():
            deeds += self._noted(watch, watch.look(now.steady_us), now.steady_us, now)
            deeds += self._fault(watch, now)
        over = [name for name, two in self._two() if two.look(now.steady_us)]
        return [*deeds, *(Happened(SensorConfirmed(name, confirmed=False)) for name in over)]

    def _armed(self, state: ArmState) -> list[Deed]:
        before, self._state = self._state, state
        if state in _MODES:
            self._mode = _MODES[state]
        elif state in (ArmState.DISARMED, ArmState.ARMING):
            self._mode = ""
        elif not self._mode:
            self._mode = "away"  # an alarm that outlived a restart: nobody knows in which way the box was armed
        if before is not None:
            return self._left_open(state) if state is not before else []
        active = [watch.sensor for watch in self._watches.values() if watch.active]
        believed = [one for one in active if one.id not in self._witnesses or self._witnesses[one.id].believed]
        return [deed for sensor in believed for deed in self._alarm(sensor, "")]

    def _left_open(self, state: ArmState) -> list[Deed]:
        """Tell people what is open while it should be guarded: it is, only once it was closed."""
        mode = _MODES.get(state, "")
        open_ = [
            name
            for name, watch in self._watches.items()
            if watch.active and watch.sensor.kind == "contact" and mode in watch.sensor.alarms()
        ]
        return [Tell("sensors", f"the box is {state}, and open is: {', '.join(open_)}")] if open_ else []

    def _two(self) -> list[tuple[str, TwoWitnesses]]:
        return list(self._witnesses.items())

    def _noted(self, watch: SensorWatch, noted: Sequence[Passed | Counted], at_us: int, now: Moment) -> list[Deed]:
        deeds: list[Deed] = []
        for one in noted:
            if isinstance(one, Counted):
                deeds.append(Enter("sensor.changed", {"sensor": watch.sensor.id, "changes": one.changes}))
            else:
                deeds += self._changed(watch, one, at_us, now)
        return deeds

    def _changed(self, watch: SensorWatch, change: Passed, at_us: int, now: Moment) -> list[Deed]:
        sensor = watch.sensor
        fields = {"sensor": sensor.id, "active": change.active}
        fields |= {"first": True} if change.first else {}
        fields |= {"value": watch.value} if watch.value else {}
        deeds: list[Deed] = [
            Enter("sensor.changed", fields),
            Happened(SensorChanged(sensor.id, change.active, at_us)),
        ]
        if change.active or not change.first:
            cue: CueState = "began" if change.active else "ended"
            deeds += [Record(camera, f"sensor {sensor.id}", cue) for camera in sensor.cameras]
        if two := self._witnesses.get(sensor.id):
            why = two.sensor(active=change.active, now_us=now.steady_us)
            return [*deeds, *self._confirmed([(sensor.id, why)])]
        return [*deeds, *self._alarm(sensor, "")] if change.active else deeds

    def _confirmed(self, heard: Iterable[tuple[str, str]]) -> list[Deed]:
        deeds: list[Deed] = []
        for name, why in heard:
            if why:
                deeds.append(Enter("sensor.confirmed", {"sensor": name, "why": why}))
                deeds.append(Happened(SensorConfirmed(name, confirmed=True)))
                deeds += self._alarm(self._watches[name].sensor, f" ({why})")
        return deeds

    def _alarm(self, sensor: Sensor, more: str) -> list[Deed]:
        modes = sensor.alarms()
        words = f"sensor {sensor.id} {_WHAT[sensor.kind]}{more}"
        if self._state is None:
            return []  # told again as soon as it is known
        if "always" in modes:
            return [Alarm(words, delayed=False, always=True)]
        return [Alarm(words, delayed=sensor.entry)] if self._mode in modes else []

    def _fault(self, watch: SensorWatch, now: Moment) -> list[Deed]:
        name = watch.sensor.id
        before, words = self._faults.get(name, ""), watch.fault(now.steady_us)
        if words == before:
            return []
        self._faults[name] = words
        deeds: list[Deed] = []
        if bool(words) is not bool(before):
            deeds = [
                Enter("sensor.fault", {"sensor": name, "faulty": bool(words), "why": words or before}),
                Happened(SensorFaulty(name, faulty=bool(words))),
            ]
        return [*deeds, Fault(f"sensor {name}", words)]
