"""A house that lives through a script: guard's own parts on a clock moved by hand, and what they did of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.rules_at_work import SECOND, at, utc_local
from vigil.clock.trust import Trust
from vigil.config.model import Config
from vigil.config.read import read_strict
from vigil.config.rule_checks import known_of
from vigil.guard.arm_memory import Found, resumed
from vigil.guard.arm_table import Delays
from vigil.guard.arming import Arming
from vigil.guard.deeds import Alarm, Arm, Deed, Enter, Fault, Happened, Keep, Part, Record, Sound, Tell
from vigil.guard.facts import ArmChanged, CameraSees, Fact, Looked, Motion, PowerChanged, PresenceChanged, Sensed
from vigil.guard.moment import Moment
from vigil.guard.presence import Home
from vigil.guard.rule_state import World
from vigil.guard.rules import Rules
from vigil.guard.sensors import Sensors

MONDAY = at(2026, 11, 23)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTE = 60 * SECOND
_LINE = re.compile(r"(\d\d):(\d\d)(?::(\d\d))?\s+(expect )?(.*)")


@dataclass(frozen=True)
class Line:
    """One line of a script: when (UTC microseconds), whether it is expected or done, and in words what."""

    number: int
    at_us: int
    expected: bool
    words: str


def script(path: Path) -> list[Line]:
    """The lines of a scenario file."""
    found, day_us = [], MONDAY
    for number, written in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = written.partition("#")[0].strip()
        if text in DAYS:
            day_us = MONDAY + DAYS.index(text) * 1440 * MINUTE
        elif text:
            line = _LINE.fullmatch(text)
            assert line, f"{path.name}:{number}: {text}"
            hours, minutes, seconds = (int(line[n] or 0) for n in (1, 2, 3))
            at_us = day_us + (hours * 3600 + minutes * 60 + seconds) * SECOND
            assert not found or found[-1].at_us <= at_us, f"{path.name}:{number}: before the line above"
            found.append(Line(number, at_us, bool(line[4]), line[5]))
    return found


class Household:
    """The house, from Monday, 06:00 UTC. `happened` are the things that people would notice: when, and in words."""

    def __init__(self, path: Path) -> None:
        self.config: Config = read_strict(path.read_bytes())
        self.wall_us = MONDAY + 6 * 60 * MINUTE
        self.steady_us = 0
        self.happened: list[tuple[int, str]] = []
        self.journal: list[tuple[int, str, Mapping[str, Any]]] = []
        self._kept: dict[str, Mapping[str, Any]] = {}
        self._says: dict[str, bool] = {}
        self._silent: set[str] = set()
        self._there: set[str] = set()
        self._router = True
        self._arm = ""
        self._begin()

    def _begin(self) -> None:
        """Guard starts, with what the disk has kept."""
        arm = self.config.arm
        delays = Delays(
            exit_us=arm.exit_delay_s * SECOND, entry_us=arm.entry_delay_s * SECOND, trigger_us=arm.trigger_s * SECOND
        )
        self._cues: dict[str, set[str]] = {camera.id: set() for camera in self.config.cameras}
        kept = json.dumps(dict(self._kept["arm"])).encode() if "arm" in self._kept else None
        found = Found(kept=kept, journaled="" if kept is None else None)
        standing, complaint = resumed(found, delays, boot=f"boot {self.steady_us}", now_us=self.steady_us)
        assert not complaint
        self._arming = Arming(standing, delays, siren_s=arm.siren_s, boot=f"boot {self.steady_us}")
        self._sensors = Sensors(self.config.sensors, self.steady_us)
        world = World(self.config.location, utc_local, known_of(self.config.sensors, self.config.cameras))
        self._rules = Rules(self.config.rules, world, self._kept.get("rules"))
        home = Home(self.config.presence, self.config.members, self._kept.get("presence"), self.steady_us)
        self._parts: tuple[Part, ...] = (self._sensors, *([home] if self.config.members else []), self._rules)
        if kept is not None:
            self._do(self._arming.begin(self._now(), ""))
        else:
            self.tell(ArmChanged(standing.state, standing.state, "guard", "resumed"))
        for camera in self.config.cameras:
            self.tell(CameraSees(camera.id, sees=True))

    def run(self, lines: Iterable[Line]) -> None:
        """Live through a script; anything that was not expected, and anything expected that was not, fails."""
        for line in lines:
            self.until(line.at_us)
            if line.expected:
                self.until(line.at_us - line.at_us % MINUTE + MINUTE - 1) if not self._has(line) else None
                self._expect(line)
            else:
                self._nothing_else(line)
                self.do(line.words)
        self.until(self.wall_us + 60 * MINUTE)
        assert self.happened == []

    def until(self, wall_us: int) -> None:
        """Let time pass; sensors say every minute how they are, and guard looks."""
        while self.wall_us < wall_us:
            dues = [due for part in (*self._parts, self._arming) if (due := part.due_us) is not None]
            step_us = min([wall_us - self.wall_us, MINUTE, *(max(1, due - self.steady_us) for due in dues)])
            self.wall_us += step_us
            self.steady_us += step_us
            for sensor, active in self._says.items():
                if sensor not in self._silent:
                    self.tell(Sensed(sensor, active, 0, self.steady_us))
            if self.config.members:
                self._look_for_members()
            self._do(self._arming.look(self._now()))
            for part in self._parts:
                self._do(part.look(self._now()))

    def do(self, words: str) -> None:
        """Do what a line of the script says."""
        who, _, what = words.partition(" ")
        if words == "all sensors rest":
            for sensor in self.config.sensors:
                self._sense(sensor.id, active=False)
        elif who in {sensor.id for sensor in self.config.sensors}:
            self._sensor(who, what)
        elif who in self._cues:
            seen: dict[str, Fact] = {
                "sees motion": Motion(who, True), "sees nothing": Motion(who, False),
                "is blind": CameraSees(who, False), "sees again": CameraSees(who, True),
            }  # fmt: skip
            self.tell(seen[what])
        elif who in {member.id for member in self.config.members}:
            (self._there.add if what == "comes" else self._there.discard)(who)
            if what == "comes":
                self.tell(Looked({who: "ping"}))
        elif who == "router":
            self._router = what == "is back"
        elif who == "presence":
            self.tell(PresenceChanged(what))  # type: ignore[arg-type]
        elif who == "power":
            self.tell(PowerChanged(what))  # type: ignore[arg-type]
        elif words == "the owner disarms":
            self._do([Arm("disarmed", "the owner", "command")])
        elif found := re.fullmatch(r"the box is off for (\d+) minutes", words):
            self._off(int(found[1]))
        else:
            raise AssertionError(f"nobody here knows how to do this: {words}")

    def tell(self, fact: Fact) -> None:
        """Let every part hear of something."""
        for part in self._parts:
            self._do(part.hear(fact, self._now()))

    def _look_for_members(self) -> None:
        """Where the router is away nobody answers; phones come back when it does."""
        there = self._there if self._router else set()
        missed = tuple(member.id for member in self.config.members if member.id not in there)
        self.tell(Looked(dict.fromkeys(there, "ping"), missed, witness=self._router))

    def _sensor(self, sensor: str, what: str) -> None:
        if what == "falls silent":
            self._silent.add(sensor)
        elif what == "swings for 60 s":
            for _ in range(60):
                self.until(self.wall_us + SECOND)
                self.tell(Sensed(sensor, self._says[sensor], 1000, self.steady_us))
        else:
            self._sense(sensor, active={"opens": True, "notices": True, "rests": False}[what])

    def _sense(self, sensor: str, *, active: bool) -> None:
        changes = int(self._says.get(sensor, active) is not active)
        self._says[sensor] = active
        self._silent.discard(sensor)
        self.tell(Sensed(sensor, active, changes, self.steady_us))

    def _off(self, minutes: int) -> None:
        """Neither clock nor sensor is looked at; afterwards the steady clock begins anew, and nothing was heard yet."""
        self.wall_us += minutes * MINUTE
        self.steady_us = 30 * SECOND
        self._says.clear()
        self._begin()

    def _do(self, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            match deed:
                case Happened(fact):
                    self._notice_change(fact)
                    self.tell(fact)
                case Arm():
                    self._do(self._arming.demand(deed, self._now()))
                case Alarm():
                    self._do(self._arming.alarm(deed, self._now()))
                case Keep(subject, state):
                    self._kept[subject] = state
                case Enter(kind, fields):
                    self.journal.append((self.wall_us, kind, fields))
                    if kind == "rule.fired":
                        self._notice(f"rule {fields['rule']} fires")
                case Fault(what, words):
                    self._notice(f"{what.removeprefix('sensor ')} is {'at fault' if words else 'well again'}")
                case Sound("siren"):
                    self._notice("siren")
                case Tell(_, words):
                    self._notice(f"told {words}")
                case Record(camera, name, state):
                    self._record(camera, name, state)

    def _notice_change(self, fact: Fact) -> None:
        if isinstance(fact, ArmChanged) and fact.after != self._arm:
            self._arm = fact.after
            self._notice(f"arm is {fact.after}")
        elif isinstance(fact, PresenceChanged):
            self._notice(f"presence is {fact.state}")

    def _record(self, camera: str, name: str, state: str) -> None:
        for one in self._cues if camera == "*" else [camera]:
            before = bool(self._cues[one])
            (self._cues[one].add if state == "began" else self._cues[one].discard)(name)
            if bool(self._cues[one]) is not before:
                self._notice(f"{one} {'stops' if before else 'records'}")

    def _notice(self, words: str) -> None:
        self.happened.append((self.wall_us, words))

    def _has(self, line: Line) -> bool:
        return any(words == line.words and when // MINUTE == line.at_us // MINUTE for when, words in self.happened)

    def _expect(self, line: Line) -> None:
        assert self._has(line), f"line {line.number}: {line.words}: instead there was {self._told()}"
        self.happened.remove(next(
            one for one in self.happened if one[1] == line.words and one[0] // MINUTE == line.at_us // MINUTE
        ))  # fmt: skip

    def _nothing_else(self, line: Line) -> None:
        assert not [one for one in self.happened if one[0] < line.at_us], f"before line {line.number}: {self._told()}"

    def _told(self) -> list[str]:
        return [f"{(when - MONDAY) / (60 * MINUTE):.2f} h: {words}" for when, words in self.happened]

    def _now(self) -> Moment:
        return Moment(self.steady_us, self.wall_us, Trust.SYNCED)
