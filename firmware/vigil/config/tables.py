"""One table of the file becomes values, and a sentence for each mistake in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vigil.config.kinds import nearest, one_of
from vigil.config.model import Camera, Motion
from vigil.config.redact import as_key, shown
from vigil.config.setting import Mark, Setting, settings_of
from vigil.errors import ConfigError


@dataclass(slots=True)
class Taken:
    """
    What was found in one table.

    `values` are right; `saved` is what remains usable of wrong ones; `bad` are
    the keys that are wrong or missing. A key that is no setting is in
    `problems` alone: ignoring it leaves everything else as written.
    """

    values: dict[str, Any] = field(default_factory=dict)
    saved: dict[str, Any] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def take_table(model: type[Any], table: object, where: str, *, source: str = "", inner: Sequence[str] = ()) -> Taken:
    """Read one table against its model; keys in `inner` (tables within it) are passed over."""
    taken = Taken()
    if not isinstance(table, dict):
        taken.problems.append(f"{where} = {shown(table)}: write it as a table, [{where}]")
        taken.bad.update(settings_of(model))
        return taken
    settings = settings_of(model)
    for key, value in table.items():
        if key in settings:
            _take_value(settings[key], value, where, source, taken)
        elif key not in inner:
            taken.problems.append(not_a_setting(key, [*settings, *inner], where))
    for setting in settings.values():
        if setting.required and setting.key not in table and (setting.only is None or _needs(setting, source)):
            taken.problems.append(f"{where}.{setting.key}: missing; give {setting.kind.accepts}")
            taken.bad.add(setting.key)
    return taken


def _take_value(setting: Setting, value: object, where: str, source: str, taken: Taken) -> None:
    name = f"{where}.{setting.key}"
    if source and setting.only and not setting.fits(source):
        taken.problems.append(f"{name}: only for {one_of(setting.only.sources)} cameras; this one is {source}")
        return
    try:
        taken.values[setting.key] = setting.kind.take(value)
    except ConfigError as error:
        # A list is too long to repeat; its problems say which of its parts they mean.
        given = "" if isinstance(value, list) else f" = {shown(value)}"
        # A problem within a condition or an action begins with its place.
        taken.problems += [
            f"{name}{problem}" if problem[:1] in "[.: " else f"{name}{given}: {problem}" for problem in error.problems
        ]
        taken.bad.add(setting.key)
        if (usable := setting.kind.save(value)) is not None:
            taken.saved[setting.key] = usable


def _needs(setting: Setting, source: str) -> bool:
    return bool(source) and setting.fits(source)


@dataclass(frozen=True, slots=True)
class TakenCamera:
    """
    What was found in one `[[camera]]`.

    `camera` has defaults in place of mistakes, and is None where a mistake
    touches what no default can stand in for; `sound` means that every key it
    has was read as written.
    """

    id: str
    camera: Camera | None
    sound: bool
    problems: list[str]


def take_camera(table: object, number: int) -> TakenCamera:
    """Read the `number`th `[[camera]]` of the file."""
    if not isinstance(table, dict):
        return TakenCamera("", None, False, [f"camera[{number}] = {shown(table)}: write it as a table, [[camera]]"])
    settings = settings_of(Camera)
    name, source = _usable(settings["id"], table), _usable(settings["source"], table)
    where = f"camera.{name}" if name else f"camera[{number}]"
    taken = take_table(Camera, table, where, source=source, inner=["motion"])
    motion = take_table(Motion, table.get("motion", {}), f"{where}.motion")
    essential = {key for key in taken.bad if Mark.ESSENTIAL in settings[key].marks}
    camera = None if essential else Camera(**taken.values, motion=Motion(**motion.values))
    return TakenCamera(name, camera, not taken.bad and not motion.bad, taken.problems + motion.problems)


def _usable(setting: Setting, table: dict[str, Any]) -> str:
    try:
        return str(setting.kind.take(table.get(setting.key)))
    except ConfigError:
        return ""


def not_a_setting(key: str, known: Sequence[str], where: str = "") -> str:
    """Say that there is no such setting, and which one may have been meant."""
    near = nearest(key, known)
    return f"{where}{'.' if where else ''}{as_key(key)}: not a setting" + (f" (did you mean {near}?)" if near else "")
