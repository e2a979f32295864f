"""The sensors, rules and members of a document, each right by itself and beside others; a mistake costs that one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from vigil.config.checks import LINES
from vigil.config.model import Config
from vigil.config.model_presence import Member
from vigil.config.model_rule import Rule
from vigil.config.model_sensor import Sensor
from vigil.config.presence_checks import MEMBERS_AT_MOST, member_problems
from vigil.config.redact import shown
from vigil.config.rule_checks import RULES_AT_MOST, SENSORS_AT_MOST, known_of, rule_problems, sensor_problems
from vigil.config.rule_loops import Circles
from vigil.config.setting import settings_of
from vigil.config.tables import take_table
from vigil.errors import ConfigError

One = TypeVar("One", bound=Sensor | Rule | Member)
Told = Callable[[list[str], str], None]
"""Takes the problems with one table, and what is done about them when booting."""


def build_sensors(tables: object, config: Config, good: Config | None, told: Told) -> tuple[Sensor, ...]:
    """Return the sensors of `[[sensor]]` that can be used beside the rest of `config`."""
    lines = {getattr(getattr(config, table), key): f"{table}.{key}" for table, key in LINES}

    def problems(sensor: Sensor, earlier: Sequence[Sensor]) -> list[str]:
        found = sensor_problems(sensor, earlier, config.cameras)
        if sensor.gpio and sensor.gpio in lines:
            found.append(f"sensor.{sensor.id}.gpio = {sensor.gpio}: {lines[sensor.gpio]} uses this line already")
        return found

    return _Builder("sensor", Sensor, SENSORS_AT_MOST, good.sensors if good else (), problems, told).build(tables)


def build_rules(tables: object, config: Config, good: Config | None, told: Told) -> tuple[Rule, ...]:
    """Return the rules of `[[rule]]` that can be used with the sensors and cameras of `config`."""
    sensors, cameras, site = config.sensors, config.cameras, config.location
    circles = Circles(known_of(sensors, cameras))

    def problems(rule: Rule, earlier: Sequence[Rule]) -> list[str]:
        # A circle closes with its last rule; that one goes, and the others stay.
        return rule_problems(rule, sensors, cameras, site) or circles.closed_by(rule, earlier)

    return _Builder("rule", Rule, RULES_AT_MOST, good.rules if good else (), problems, told).build(tables)


def build_members(tables: object, good: Config | None, told: Told) -> tuple[Member, ...]:
    """Return the members of `[[presence.member]]` that can be looked for."""
    known = good.members if good else ()
    return _Builder("presence.member", Member, MEMBERS_AT_MOST, known, member_problems, told).build(tables)


@dataclass(frozen=True, slots=True)
class _Builder(Generic[One]):
    """Builds one list: what each of its tables makes, beside those before it; `good` are those last applied well."""

    name: str
    model: type[One]
    most: int
    good: Sequence[One]
    problems: Callable[[One, Sequence[One]], list[str]]
    told: Told

    def build(self, tables: object) -> tuple[One, ...]:
        used: list[One] = []
        for number, table in enumerate(self._tables(tables), 1):
            where, read, mistakes = self._read(table, number)
            if read and any(one.id == read.id for one in used):
                twice = f"{self.name}[{number}].id = {shown(read.id)}: another {self.name} has this id"
                self.told([*mistakes, twice], f"{self.name}[{number}]: not used until this is corrected")
                continue
            amiss = self.problems(read, used) if read else []
            sound = read if not amiss else None
            found = sound or self._as_before(where, used)
            if mistakes or amiss:
                remedy = _remedy(used=found is not None, as_read=sound is not None)
                self.told([*mistakes, *amiss], f"{where}: {remedy}")
            if found:
                used.append(found)
        return tuple(used)

    def _tables(self, tables: object) -> Sequence[object]:
        name = self.name
        if isinstance(tables, dict):
            self.told([f"{name}: write [[{name}]], in double brackets, for each {name}"], f"{name}: taken as one")
            return [tables]
        if not isinstance(tables, list):
            self.told([f"{name} = {shown(tables)}: write a table [[{name}]] for each {name}"], f"{name}: none is used")
            return []
        if len(tables) > self.most:
            much = f"{name}: there are {len(tables)}; {self.most} at most are used"
            self.told([much], f"{name}: the first {self.most} are used")
        return tables[: self.most]

    def _read(self, table: object, number: int) -> tuple[str, One | None, list[str]]:
        """Return how the table is called, what it makes (None where a setting is wrong), and what is wrong in it."""
        where = f"{self.name}[{number}]"
        if not isinstance(table, dict):
            return where, None, [f"{where} = {shown(table)}: write it as a table, [[{self.name}]]"]
        with suppress(ConfigError):  # an id that is none is told with the rest
            where = f"{self.name}.{settings_of(self.model)['id'].kind.take(table.get('id'))}"
        taken = take_table(self.model, table, where)
        # A word that is no setting is told, and costs nothing when booting.
        return where, None if taken.bad else self.model(**taken.values), taken.problems

    def _as_before(self, where: str, used: Sequence[One]) -> One | None:
        name = where.rpartition(".")[2]
        before = next((one for one in self.good if one.id == name), None)
        rivals = any(one.id == name for one in used)
        return before if before and not rivals and not self.problems(before, used) else None


def _remedy(*, used: bool, as_read: bool) -> str:
    if as_read:
        return "used without it"
    return "used as it was last applied well" if used else "not used until this is corrected"
